import { describe, expect, it } from 'vitest';
import { makeFullRoom } from './full-room.ts';
import { makeRoom, serverName } from './made-room.ts';
import { axeFindings, eventually, hashOf, soon, useBrowser } from './opened-page.ts';

const browser = useBrowser();

describe('the way between the views', () => {
  it('is walked with the keyboard, says where one is, and back leads back', async () => {
    await using opened = await browser.open(makeFullRoom(), '');
    const { page, complaints } = opened;
    await eventually(page, '.link').toBe('Live');
    const current = () => page.locator('.views [aria-current="page"]').allInnerTexts();
    expect(await current()).toEqual(['Room']);
    await page.getByRole('link', { name: 'Idle', exact: true }).focus();
    await page.keyboard.press('Enter');
    await eventually(page, '#idle-title').toContain('Idling costs this room');
    expect(await current()).toEqual(['Idle']);
    expect(await page.title()).toBe('Idle · Test room · rackwatt');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
    await page.locator('.idle .server-link').first().click();
    await eventually(page, '#server-title').toBe('srv-000');
    expect(await page.title()).toBe('srv-000 · Test room · rackwatt');
    expect(await current()).toEqual([]);
    await page.goBack();
    await eventually(page, '#idle-title').toContain('Idling costs this room');
    await page.goBack();
    await eventually(page, '.server .server-link').toContain('srv-001');
    expect(complaints).toEqual([]);
  });

  it('is a digit each, but not while one types, and the keys are listed', async () => {
    await using opened = await browser.open(makeFullRoom(), '');
    const { page } = opened;
    await eventually(page, '.link').toBe('Live');
    for (const [i, hash] of ['#/', '#/energy', '#/starts', '#/idle', '#/alerts', '#/devices'].entries()) {
      await page.keyboard.press(String(i + 1));
      await expect.poll(() => hashOf(page), soon).toBe(hash);
    }
    await page.keyboard.press('1');
    await expect.poll(() => page.locator('.server').count(), soon).toBeGreaterThan(0);
    await page.keyboard.press('/');
    await page.keyboard.type('2');
    expect(await hashOf(page)).toMatch(/^#\/(\?q=2)?$/);
    await page.keyboard.press('Escape');
    await page.locator('main').focus();
    await page.keyboard.press('?');
    await eventually(page, 'dialog[open]').toContain('Filter the list');
    await page.keyboard.press('2');
    expect(await hashOf(page)).toBe('#/');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('dialog[open]').count(), soon).toBe(0);
  });

  it('goes to the top of the next view, and back to where one was', async () => {
    await using opened = await browser.open(makeFullRoom(60), '');
    const { page } = opened;
    await expect.poll(() => page.locator('.server').count(), soon).toBe(60);
    const scrollTop = () => page.evaluate(() => Math.round(scrollY));
    await page.locator(`.server-link[title="${serverName(0)}"]`).scrollIntoViewIfNeeded();
    const left = await scrollTop();
    expect(left).toBeGreaterThan(500);
    await page.locator(`.server-link[title="${serverName(0)}"]`).click();
    await eventually(page, '#server-title').toBe('srv-000');
    await expect.poll(scrollTop, soon).toBe(0);
    await page.goBack();
    await expect.poll(scrollTop, soon).toBeGreaterThan(left - 100);
  });
});

describe('the badge', () => {
  it('does not say live while the broker is away', async () => {
    const script = makeRoom(2);
    script.ready = {
      ...script.ready,
      ready: false,
      broker: { ok: false, state: 'connecting', url: 'mqtt://broker:1883' },
    };
    await using opened = await browser.open(script, '');
    await eventually(opened.page, '.link').toBe('Broker away');
    expect(await opened.page.locator('.link').getAttribute('data-phase')).toBe('away');
    expect((await axeFindings(opened.page)).join('\n')).toBe('');
  });
});
