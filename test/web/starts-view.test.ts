import { describe, expect, it } from 'vitest';
import { makeFullRoom, makeNewStart, scopeOf } from './full-room.ts';
import { makeRoom, serverName } from './made-room.ts';
import { makeStart } from './made-starts.ts';
import { eventually, hashOf, soon, textOf, useBrowser } from './opened-page.ts';

const browser = useBrowser();

const startRow = (number: number) => `.start:has(a[title="${serverName(number)}"])`;

describe('starts', () => {
  it('are listed newest first with all that is known of them, and no more', async () => {
    const script = makeFullRoom();
    script.starts.push(makeStart(scopeOf(1), Date.now() - 60_000_000, { settledWatts: 100 }));
    await using opened = await browser.open(script, '#/starts');
    const { page } = opened;
    await eventually(page, '#starts-title + .count').toBe('10 in the last 7 days');
    expect((await page.locator('.start .server-link').allInnerTexts()).slice(0, 3)).toEqual([
      'srv-003',
      'srv-004',
      'srv-005',
    ]);
    expect(await textOf(page, startRow(1))).toMatch(
      /8\.4 → to ≥ at least 260 → to 100 W 2\.6 × 3 min 6\.75 Wh lower bound, read every 1 s 231\.0 → to 229\.4 V −0\.7%/,
    );
    expect(await textOf(page, startRow(7))).toContain('read every 10 s');
    await page.setViewportSize({ width: 1920, height: 900 });
    expect(await textOf(page, `${startRow(5)} >> nth=0`)).toContain('3 others');
  });

  it('appear at once at the top while they are under way, are told further, and settle in their place', async () => {
    await using opened = await browser.open(makeFullRoom(), '#/starts');
    const { page, server, complaints } = opened;
    await eventually(page, '.link').toBe('Live');
    await expect.poll(() => page.locator('.start').count(), soon).toBe(9);
    const started = makeNewStart(6);
    const seen = page.locator(`${startRow(6)}[data-phase="starting"]`).waitFor();
    server.tellStart(started);
    await seen;
    expect(await textOf(page, '.start >> nth=0')).toMatch(
      /srv-006 8\.4 → to ≥ at least 390 W starting – unknown/,
    );
    expect(await textOf(page, '.starts-panel [role="status"]')).toBe('Starting now: srv-006');
    server.tellStart({ ...started, peakWatts: 410 });
    await eventually(page, startRow(6)).toContain('410 W');
    server.tellStart({ ...started, settledWatts: 164, settleMs: 95_000, wattHours: 5.4, complete: true });
    await eventually(page, startRow(6)).toContain('164 W 2.4 × 95 s 5.40 Wh');
    expect(await page.locator('.start').count()).toBe(10);
    expect(await page.locator('[data-phase="starting"]').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('of before are asked again when the link comes back: what was told meanwhile is not missed', async () => {
    await using opened = await browser.open(makeFullRoom(), '#/starts');
    const { page, server } = opened;
    await expect.poll(() => page.locator('.start').count(), soon).toBe(9);
    await eventually(page, '.link').toBe('Live');
    await server.stop();
    await eventually(page, '.link').toContain('Reconnecting');
    server.script.starts.push(makeStart(scopeOf(8), Date.now() - 1_000));
    await server.start();
    await eventually(page, '.link').toBe('Live');
    await expect.poll(() => page.locator('.start').count(), soon).toBe(10);
  });

  it('show their trace over the earlier ones; the address leads there again', async () => {
    await using opened = await browser.open(makeFullRoom(), '#/starts');
    const { page, server, complaints } = opened;
    await page
      .locator(`${startRow(3)} .unfold`)
      .first()
      .click();
    await eventually(page, '.start-facts').toMatch(
      /the true peak was at least 429 W.*Peaks before 484 W, 502 W, 556 W/,
    );
    await eventually(page, '.start-chart .chart-legend').toContain('3 earlier ones');
    const address = await hashOf(page);
    expect(address).toMatch(/^#\/starts\?open=/);
    await page.locator('.start-chart .chart-host').focus();
    await page.keyboard.press('PageDown');
    await eventually(page, '.start-chart .readout').toMatch(/^\d+ s after the onset · \d+ W/);
    await page.getByRole('radio', { name: 'Surge' }).check();
    await page.goto(`${server.url}${address}`);
    await page.reload();
    await eventually(page, '.start-facts').toContain('at least 429 W');
    await page.locator('.start .unfold[aria-expanded="true"]').press('Enter');
    await expect.poll(() => page.locator('.start-open').count(), soon).toBe(0);
    expect(await hashOf(page)).toBe('#/starts');
    expect(complaints).toEqual([]);
  });

  it('show a trace that grows while the start is under way', async () => {
    const script = makeFullRoom();
    const started = makeNewStart(6);
    script.starts.push(started);
    await using opened = await browser.open(script, `#/starts?open=${started.id}`);
    const { page, server } = opened;
    const asked = () => server.asked.filter((path) => path === `starts/${started.id}`).length;
    await expect.poll(asked, soon).toBeGreaterThan(2);
    const complete = makeStart(started.scope, started.atMs, { settledWatts: 150 });
    server.tellStart({ ...complete, id: started.id });
    await eventually(page, startRow(6)).toContain('150 W');
    await expect.poll(() => page.locator('.start-chart canvas').count(), soon).toBe(1);
  });

  it('of a part of the room are listed alone, live ones too', async () => {
    await using opened = await browser.open(makeFullRoom(), '#/starts?scope=server%3Asrv-003');
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    await expect.poll(() => page.locator('.start').count(), soon).toBe(4);
    expect(await page.locator('.scope-choice select').inputValue()).toBe('server:srv-003');
    server.tellStart(makeNewStart(6));
    server.tellStart(makeNewStart(3));
    await expect.poll(() => page.locator('.start').count(), soon).toBe(5);
    expect(new Set(await page.locator('.start .server-link').allInnerTexts())).toEqual(new Set(['srv-003']));
    await page.locator('.scope-choice select').selectOption('rack:r1');
    expect(await hashOf(page)).toBe('#/starts?scope=rack%3Ar1');
    await expect.poll(() => server.asked.join(), soon).toContain('scope=rack%3Ar1');
  });

  it('of several loads at once stand under what they share, and not among those of the servers', async () => {
    const script = makeFullRoom();
    const group = (scope: string, agoMs: number) =>
      makeStart(scope, Date.now() - agoMs, {
        settledWatts: 400,
        concurrent: [scopeOf(1), scopeOf(3), scopeOf(5)],
      });
    script.starts.push(group('breaker:A1', 60_000_000));
    await using opened = await browser.open(script, '#/starts');
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    await expect.poll(() => page.locator('.start').count(), soon).toBe(9);
    server.tellStart(group('breaker:A1', 5_000));
    await page.locator('.scope-choice select').selectOption({ label: 'Several at once' });
    await expect.poll(() => page.locator('.start').count(), soon).toBe(2);
    await eventually(page, '.start >> nth=0').toMatch(/Breaker A1 3 together 8\.4/);
    server.tellStart(group('breaker:B1', 1_000));
    await eventually(page, '.start >> nth=0').toContain('Breaker B1 3 together');
    await page.locator('.start .unfold').nth(1).click();
    await eventually(page, '.start-facts').toMatch(/Started there srv-001, srv-003, srv-005/);
    await page.locator('.start .server-link').nth(1).click();
    expect(await hashOf(page)).toBe('#/starts?scope=breaker%3AA1');
    await page.goto(`${server.url}#/starts`);
    await expect.poll(() => page.locator('.start').count(), soon).toBe(9);
  });

  it('of several loads of one device come into the open list as they are told', async () => {
    const script = makeFullRoom();
    script.tree.feeds = [];
    await using opened = await browser.open(script, `#/starts?scope=${encodeURIComponent('device:*')}`);
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    await eventually(page, '.starts-panel .empty').toContain('Nothing started at the same time');
    server.tellStart(makeStart('device:pdu-a', Date.now() - 1_000, { concurrent: [scopeOf(1), scopeOf(3)] }));
    await eventually(page, '.start').toContain('Device pdu-a 2 together');
  });

  it('say so when there are none, and when they cannot be read', async () => {
    const script = makeRoom(3);
    await using none = await browser.open(script, '#/starts');
    await eventually(none.page, '.starts-panel .empty').toContain('No start in the last 7 days');
    const away = makeRoom(3);
    away.failing.add('starts');
    await using failed = await browser.open(away, '#/starts');
    await eventually(failed.page, '.problem').toBe(
      'The list of starts could not be read: the store is away. Asking again.',
    );
    await failed.page.goto(`${failed.server.url}#/`);
    await eventually(failed.page, '.last-starts').toContain('could not be read: the store is away');
  });

  it('stand in short in the room, and a live one comes there too', async () => {
    await using opened = await browser.open(makeFullRoom(), '');
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    await eventually(page, '.last-starts li >> nth=0').toMatch(
      /srv-003 [\w ,:]+ 8\.4 → to ≥ at least 429 → to 165 W/,
    );
    expect(await page.locator('.last-starts li').count()).toBe(4);
    server.tellStart(makeNewStart(6));
    await eventually(page, '.last-starts li >> nth=0').toMatch(/srv-006 .*starting/);
    await page.locator('.last-start-when').first().click();
    await eventually(page, '.start-facts').toContain('at least 390 W');
  });
});
