import { describe, expect, it } from 'vitest';
import { makeFullRoom, makeNewStart } from './full-room.ts';
import { makeRoom } from './made-room.ts';
import { eventually, hashOf, soon, textOf, useBrowser } from './opened-page.ts';

const browser = useBrowser();

describe('one server', () => {
  it('shows what it draws now, its inputs with their shares, its idle limit and its starts', async () => {
    await using opened = await browser.open(makeFullRoom(), '#/server/srv-003');
    const { page, server, complaints } = opened;
    await eventually(page, '#server-title').toBe('srv-003');
    await eventually(page, '.link').toBe('Live');
    expect(await textOf(page, '.server-state')).toBe('active');
    await eventually(page, '.server-inputs-panel li').toMatch(
      /^Feed A A2 pdu-a\/3 \d+ W 50% .*Feed B B2 pdu-b\/3 \d+ W 50%/,
    );
    await eventually(page, '.server-idle').toMatch(
      /^Idle high 206 W of 190 W Limit: yardstick EU 2019\/424.*1,498 kWh/,
    );
    await eventually(page, '.chart .chart-legend').toMatch(/start idle 206 W its limit 190 W/);
    // The newest start shows its trace by itself.
    await eventually(page, '.start-facts').toContain('Peaks before');
    expect(await page.locator('.start').count()).toBe(4);
    server.frame({
      'server:srv-003': { watts: 301.2, state: 'starting' },
      'outlet:pdu-a/3': { watts: 0 },
      'outlet:pdu-b/3': { watts: 301.2 },
    });
    await eventually(page, '.server-facts .total-watts').toBe('301 W');
    expect(await textOf(page, '.server-state')).toBe('starting');
    await eventually(page, '.server-inputs-panel li >> nth=0').toContain('carries nothing');
    await eventually(page, '.server-inputs-panel li >> nth=1').toContain('100%');
    const asked = () => server.asked.filter((path) => path.startsWith('history?scope=server%3Asrv-003'));
    await page.getByRole('radio', { name: '30 d', exact: true }).check();
    await expect
      .poll(() => {
        const ask = new URLSearchParams(asked().at(-1)!.split('?')[1]);
        return Math.round((Number(ask.get('to')) - Number(ask.get('from'))) / 86_400_000);
      }, soon)
      .toBe(30);
    expect(complaints).toEqual([]);
  });

  it('folds its newest start when asked to, and shows a live one above', async () => {
    await using opened = await browser.open(makeFullRoom(), '#/server/srv-003');
    const { page, server } = opened;
    await eventually(page, '.start-facts').toContain('Peaks before');
    await page.locator('.start .unfold').first().click();
    await expect.poll(() => page.locator('.start-open').count(), soon).toBe(0);
    server.tellStart(makeNewStart(3));
    await eventually(page, '.start >> nth=0').toContain('starting');
  });

  it('that is silent is shown grey, with what it drew last and how long ago', async () => {
    const script = makeFullRoom();
    const figure = script.figures.get('server:srv-004')!;
    script.figures.set('server:srv-004', {
      ...figure,
      watts: 233,
      stale: true,
      state: 'unknown',
      basis: 'unknown',
      atMs: Date.now() - 240_000,
    });
    await using opened = await browser.open(script, '#/server/srv-004');
    const { page } = opened;
    await eventually(page, '.server-facts').toMatch(
      /unknown stale 233 W .*Newest reading 4 min ago\. What is shown is what it drew then\./,
    );
    expect(await page.locator('.server-facts').getAttribute('data-stale')).toBe('true');
  });

  it('may be an outlet that no server claims', async () => {
    const script = makeRoom(2);
    script.tree.unclaimed = [{ outlet: 'plug/7/0', device: 'plug/7', name: 'Kettle' }];
    const figure = { ...script.figures.get('server:srv-000')!, watts: 1_900 };
    script.figures.set('server:plug/7/0', figure);
    await using opened = await browser.open(script, '');
    const { page } = opened;
    await page.locator('.server-link[title="Kettle"]').click();
    expect(await hashOf(page)).toBe('#/server/plug%2F7%2F0');
    await eventually(page, '.server-facts').toMatch(
      /Kettle .*1\.90 kW .*No server of the settings claims this outlet/,
    );
    await eventually(page, '.server-idle').toContain('Nothing is learnt of it yet');
    await eventually(page, '.starts-panel').toContain('It was not seen to start');
  });

  it('that is not known says so, with those that are called alike', async () => {
    await using opened = await browser.open(makeFullRoom(), '#/server/srv-00x');
    const { page } = opened;
    await eventually(page, 'main').toMatch(/There is no server srv-00x.*Did you mean srv-000, srv-001/);
    await page.getByRole('link', { name: 'srv-001' }).click();
    await eventually(page, '#server-title').toBe('srv-001');
  });
});
