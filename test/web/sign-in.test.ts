import { describe, expect, it } from 'vitest';
import { hashOfToken } from '../../src/base/token.ts';
import { runApp, scratchFolder } from '../room/running.ts';
import { makeAlert } from './alert-desk.ts';
import { makeRoom } from './made-room.ts';
import { axeFindings, eventually, soon, textOf, useBrowser } from './opened-page.ts';
import type { RoomScript } from './room-server.ts';

const browser = useBrowser();

function lockedRoom(): RoomScript {
  const script = makeRoom(3);
  script.session = undefined;
  script.tokens.set('right', { name: 'ops', role: 'operate', basis: 'session' });
  script.tokens.set('look', { name: 'wall', role: 'view', basis: 'session' });
  script.alerts.alerts = [makeAlert('hot')];
  return script;
}

describe('signing in', () => {
  it('stands in place of the views until the token is right, and leads to the view that was asked for', async () => {
    await using opened = await browser.open(lockedRoom(), '#/alerts');
    const { page } = opened;
    await eventually(page, '#sign-in-title').toBe('Sign in');
    expect(await page.locator('.views, .link').count()).toBe(0);
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).type)).toBe('password');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('Access token').fill('wrong');
    await page.keyboard.press('Enter');
    await eventually(page, '.problem').toBe('This token is not known.');
    await page.getByLabel('Access token').fill('right');
    await page.keyboard.press('Enter');
    await eventually(page, '.alert-text').toContain('Breaker A1');
    expect(await textOf(page, '.signed-in')).toBe('ops Sign out');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await eventually(page, '#sign-in-title').toBe('Sign in');
    expect(opened.server.script.session).toBeUndefined();
  });

  it('to look only offers nothing that would be refused', async () => {
    const script = lockedRoom();
    script.session = script.tokens.get('look');
    await using opened = await browser.open(script, '#/alerts');
    const { page } = opened;
    await eventually(page, '.signed-in').toBe('wall view only Sign out');
    await eventually(page, '.alert-text').toContain('Breaker A1');
    expect(await page.getByRole('button', { name: /Acknowledge|Silence/ }).count()).toBe(0);
    expect(await page.getByText('New silence').count()).toBe(0);
  });

  it('is asked for again when the session has ended', async () => {
    const script = lockedRoom();
    script.session = script.tokens.get('right');
    await using opened = await browser.open(script, '#/energy');
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    server.script.session = undefined;
    await page.evaluate(() => (location.hash = '#/idle'));
    await eventually(page, '#sign-in-title').toBe('Sign in');
  });

  it('is not mentioned where everybody may come in', async () => {
    await using opened = await browser.open(makeRoom(3));
    const { page, complaints } = opened;
    await eventually(page, '.link').toBe('Live');
    expect(await page.locator('.signed-in, #sign-in-title').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

it('the real service lets a browser in with its token, and shows the room live', async () => {
  const token = `rackwatt_${'a'.repeat(43)}`;
  const tokens = [{ name: 'wall', hash: hashOfToken(token), role: 'view' }];
  const app = await runApp(
    { RACKWATT_ACCESS_TOKENS: JSON.stringify(tokens) },
    scratchFolder(),
    browser.folder,
  );
  try {
    await using looked = await browser.look(app.httpUrl);
    const { page } = looked;
    await eventually(page, '#sign-in-title').toBe('Sign in');
    await page.getByLabel('Access token').fill(`${token.slice(0, -1)}b`);
    await page.keyboard.press('Enter');
    await expect.poll(() => textOf(page, '.problem'), soon).not.toBe('');
    await page.getByLabel('Access token').fill(token);
    await page.keyboard.press('Enter');
    // Its store may still be opening.
    await expect.poll(() => textOf(page, '.link'), soon).toBe('Live');
    expect(await textOf(page, '.signed-in')).toBe('wall view only Sign out');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await eventually(page, '#sign-in-title').toBe('Sign in');
  } finally {
    await app.dispose();
  }
});
