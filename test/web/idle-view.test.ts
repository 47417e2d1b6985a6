import { describe, expect, it } from 'vitest';
import { makeFullRoom } from './full-room.ts';
import { makeRoom } from './made-room.ts';
import { eventually, textOf, useBrowser } from './opened-page.ts';

const browser = useBrowser();

describe('idle draw', () => {
  it('is ranked, with limit, rule, verdict and what it costs; what is not known is a dash', async () => {
    await using opened = await browser.open(makeFullRoom(), '#/idle');
    const { page } = opened;
    await eventually(page, '.idle tbody tr >> nth=0').toMatch(
      /^srv-000 1,013 W 350 W set for this server \(idleLimitWatts\) high 92% 40 h rough 8,160$/,
    );
    expect(await page.locator('.idle tbody tr').count()).toBe(10);
    expect(await page.locator('.idle tbody tr[data-verdict="high"]').count()).toBe(4);
    expect(await textOf(page, '.big-facts')).toMatch(/Energy 18,764 kWh Cost – unknown CO₂ – unknown/);
    expect(await textOf(page, '.idle-totals .hint')).toContain('not known without a tariff');
    expect(await textOf(page, '.idle-learning')).toMatch(
      /srv-010 88 W on for 42 min so far.*srv-011 – unknown no time on/,
    );
  });

  it('costs and emissions are shown where they are known', async () => {
    const script = makeFullRoom();
    const [first, ...others] = script.idle.rows;
    script.idle = { rows: [{ ...first!, yearCost: 2_448.1, yearGrams: 1_224_000 }, ...others] };
    await using opened = await browser.open(script, '#/idle');
    await eventually(opened.page, '.idle tbody tr >> nth=0').toMatch(/8,160 2,448 1,224 kg$/);
    expect(await textOf(opened.page, '.idle tbody tr >> nth=1')).toMatch(/– unknown – unknown$/);
    expect(await textOf(opened.page, '.big-facts')).toMatch(/Cost 2,448 CO₂ 1,224 kg/);
  });

  it('is asked for again as soon as a baseline is told to have moved', async () => {
    await using opened = await browser.open(makeFullRoom(), '#/idle');
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    const [first, ...others] = server.script.idle.rows;
    server.script.idle = { rows: [{ ...first!, idleWatts: 777 }, ...others] };
    const scope = first!.scope;
    server.event({ kind: 'idle', scope, atMs: Date.now(), change: 'moved', idleWatts: 777, sinceMs: 1 });
    await eventually(page, '.idle tbody tr >> nth=0').toContain('777 W');
  });

  it('says so when nothing is learnt yet, and when it cannot be read', async () => {
    await using opened = await browser.open(makeRoom(2), '#/idle');
    await eventually(opened.page, 'main').toContain('No server has been heard yet');
    const script = makeRoom(2);
    script.failing.add('idle');
    await using failed = await browser.open(script, '#/idle');
    await eventually(failed.page, '.notice-bad').toContain('could not be read: the store is away');
  });
});
