import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { makeFullRoom, makeNewStart } from './full-room.ts';
import { makeRoom, serverName } from './made-room.ts';
import { axeFindings, eventually, findingsIn, overflows, useBrowser, viewports } from './opened-page.ts';
import type { RoomScript } from './room-server.ts';
import { troubledRoom } from './troubled-room.ts';

const browser = useBrowser();

const longName = 'a-host-name-that-somebody-made-very-long-indeed.example.internal';

/** All that can be ill at once, a start under way, and names as long as they come. */
function worstRoom(): RoomScript {
  const script = troubledRoom(makeFullRoom());
  const set = (scope: string, change: object) =>
    script.figures.set(scope, { ...script.figures.get(scope)!, ...change });
  set('breaker:A1', { amps: 13.4 });
  set('breaker:A2', { amps: 11.4 });
  set('room', { basis: 'partial' });
  set('server:srv-001', { stale: true });
  script.tree.demo = true;
  script.tree.name = 'The server room with the longest name in the whole building';
  script.tree.servers[3]!.name = longName;
  script.devices.rows[1] = { ...script.devices.rows[1]!, device: `gateway/${longName}`, model: longName };
  script.alerts.alerts[0] = { ...script.alerts.alerts[0]!, text: `${longName} draws too much` };
  script.starts.push(makeNewStart(6));
  script.ready = { ...script.ready, ready: false, store: { ok: false, kind: 'influx' } };
  return script;
}

interface View {
  readonly hash: string;
  /** What shows that it is drawn. */
  readonly drawn: string;
  /** A figure of it that greys when nothing more is heard. */
  readonly figure?: string;
  /** Unfolds what can be unfolded. */
  unfold?(page: Page): Promise<unknown>;
}

const views: View[] = [
  {
    hash: '',
    drawn: '.server',
    figure: '.total-watts',
    async unfold(page) {
      await page.locator('.notice-demo summary').click();
      await page.getByRole('button', { name: serverName(2) }).click();
      await eventually(page, '.server-inputs li').toContain('pdu-b/2');
    },
  },
  { hash: '#/server/srv-003', drawn: '.start-facts', figure: '.server-facts .total-watts' },
  { hash: '#/server/nobody', drawn: 'main .empty, main p' },
  { hash: '#/energy?date=2026-03&by=server', drawn: '.energy-ranking' },
  { hash: '#/energy?period=day&date=2026-03-03&by=room', drawn: '.energy-bar' },
  {
    hash: '#/starts',
    drawn: '.start',
    figure: '.start-levels',
    async unfold(page) {
      await page.locator('.start .unfold').nth(2).click();
      await page.locator('.start-facts').waitFor();
    },
  },
  { hash: '#/idle', drawn: '.idle tbody tr', figure: '.idle-watts' },
  {
    hash: '#/alerts?rule=circuit-load',
    drawn: '.rule-open',
    async unfold(page) {
      await page.getByRole('button', { name: 'Acknowledge' }).first().click();
      await page.getByRole('button', { name: 'Silence', exact: true }).nth(1).click();
    },
  },
  {
    hash: '#/devices',
    drawn: '.device-grid',
    unfold: (page) => page.locator('.device-outlets summary').click(),
  },
];

const colourOf = (page: Page, selector: string) =>
  page
    .locator(selector)
    .first()
    .evaluate((element) => getComputedStyle(element).color);

describe('each view', () => {
  it.each(views)(
    '"$hash" fits from small phone to wall and has nothing serious for axe, live and lost; then it greys',
    async ({ hash, drawn, figure, unfold }) => {
      await using opened = await browser.open(worstRoom(), hash, { locale: 'de-DE' });
      const { page, server, complaints } = opened;
      await eventually(page, '.link').toBe('Store away');
      await page.locator(drawn).first().waitFor();
      const live = figure && (await colourOf(page, figure));
      const text = figure && (await page.locator(figure).first().textContent());
      await unfold?.(page);
      const found = [...(await overflows(page)), ...(await findingsIn(page, ['dark', 390]))];
      // That the service is not ready is told by a status, of which the browser itself complains.
      expect(complaints.filter((complaint) => !complaint.includes('/readyz'))).toEqual([]);
      await server.stop();
      await eventually(page, '.link').toContain('Reconnecting');
      await page.emulateMedia({ colorScheme: 'light' });
      if (figure) {
        await expect.poll(() => colourOf(page, figure)).not.toBe(live);
        expect(await page.locator(figure).first().textContent()).toBe(text);
      }
      // Of the loss only head and notices say something.
      found.push(
        ...(await overflows(page, viewports.slice(0, 2))),
        ...(await findingsIn(page, ['light', 1280])),
      );
      expect(found).toEqual([]);
    },
    120_000,
  );

  it('would be found to be wrong: text that is too pale, a part that is too wide', async () => {
    await using opened = await browser.open(makeRoom(1));
    const { page } = opened;
    await eventually(page, '.link').toBe('Live');
    await page.evaluate(() => {
      const pale = document.createElement('p');
      pale.textContent = 'pale';
      pale.style.cssText = 'color: #888; background: #777; width: 700px';
      document.querySelector('main')!.append(pale);
    });
    expect((await axeFindings(page)).join()).toContain('color-contrast');
    expect((await overflows(page)).length).toBe(2);
  });
});
