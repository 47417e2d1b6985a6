import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChromium } from '../servers/chromium.ts';
import { type BuiltPage, buildPage } from './built-page.ts';
import { makeFullRoom, makeNewStart, scopeOf } from './full-room.ts';
import { makeRoom, serverName } from './made-room.ts';
import { makeStart } from './made-starts.ts';
import { axeFindings, eventually, openPage, soon, textOf } from './opened-page.ts';
import type { RoomScript } from './room-server.ts';

let browser: Browser;
let built: BuiltPage;

beforeAll(async () => {
  [browser, built] = await Promise.all([startChromium(), buildPage()]);
});

afterAll(async () => {
  await browser?.close();
  await built?.[Symbol.asyncDispose]();
});

const open = (script: RoomScript, hash: string, options?: BrowserContextOptions) =>
  openPage(browser, built.folder, script, options, hash);
const startRow = (number: number) => `.start:has(a[title="${serverName(number)}"])`;
const addressOf = (page: Page) => page.evaluate(() => location.hash);

describe('the way between the views', () => {
  it('is walked with the keyboard, says where one is, and back leads back', async () => {
    await using opened = await open(makeFullRoom(), '');
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
    await using opened = await open(makeFullRoom(), '');
    const { page } = opened;
    await eventually(page, '.link').toBe('Live');
    for (const [i, hash] of ['#/', '#/energy', '#/starts', '#/idle', '#/alerts', '#/devices'].entries()) {
      await page.keyboard.press(String(i + 1));
      await expect.poll(() => addressOf(page), soon).toBe(hash);
    }
    await page.keyboard.press('1');
    await expect.poll(() => page.locator('.server').count(), soon).toBeGreaterThan(0);
    await page.keyboard.press('/');
    await page.keyboard.type('2');
    expect(await addressOf(page)).toMatch(/^#\/(\?q=2)?$/);
    await page.keyboard.press('Escape');
    await page.locator('main').focus();
    await page.keyboard.press('?');
    await eventually(page, 'dialog[open]').toContain('Filter the list');
    await page.keyboard.press('2');
    expect(await addressOf(page)).toBe('#/');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('dialog[open]').count(), soon).toBe(0);
  });

  it('goes to the top of the next view, and back to where one was', async () => {
    await using opened = await open(makeFullRoom(60), '');
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

describe('starts', () => {
  it('are listed newest first with all that is known of them, and no more', async () => {
    const script = makeFullRoom();
    script.starts.push(makeStart(scopeOf(1), Date.now() - 60_000_000, { settledWatts: 100 }));
    await using opened = await open(script, '#/starts');
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
    await using opened = await open(makeFullRoom(), '#/starts');
    const { page, server, complaints } = opened;
    await eventually(page, '.link').toBe('Live');
    await expect.poll(() => page.locator('.start').count(), soon).toBe(9);
    const started = makeNewStart(6);
    const seen = page.locator(`${startRow(6)}[data-phase="starting"]`).waitFor({ timeout: 1_000 });
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
    await using opened = await open(makeFullRoom(), '#/starts');
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
    await using opened = await open(makeFullRoom(), '#/starts');
    const { page, server, complaints } = opened;
    await page
      .locator(`${startRow(3)} .unfold`)
      .first()
      .click();
    await eventually(page, '.start-facts').toMatch(
      /the true peak was at least 429 W.*Peaks before 484 W, 502 W, 556 W/,
    );
    await eventually(page, '.start-chart .chart-legend').toContain('3 earlier ones');
    const address = await addressOf(page);
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
    expect(await addressOf(page)).toBe('#/starts');
    expect(complaints).toEqual([]);
  });

  it('show a trace that grows while the start is under way', async () => {
    const script = makeFullRoom();
    const started = makeNewStart(6);
    script.starts.push(started);
    await using opened = await open(script, `#/starts?open=${started.id}`);
    const { page, server } = opened;
    const asked = () => server.asked.filter((path) => path === `starts/${started.id}`).length;
    await expect.poll(asked, soon).toBeGreaterThan(2);
    const complete = makeStart(started.scope, started.atMs, { settledWatts: 150 });
    server.tellStart({ ...complete, id: started.id });
    await eventually(page, startRow(6)).toContain('150 W');
    await expect.poll(() => page.locator('.start-chart canvas').count(), soon).toBe(1);
  });

  it('of a part of the room are listed alone, live ones too', async () => {
    await using opened = await open(makeFullRoom(), '#/starts?scope=server%3Asrv-003');
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    await expect.poll(() => page.locator('.start').count(), soon).toBe(4);
    expect(await page.locator('.scope-choice select').inputValue()).toBe('server:srv-003');
    server.tellStart(makeNewStart(6));
    server.tellStart(makeNewStart(3));
    await expect.poll(() => page.locator('.start').count(), soon).toBe(5);
    expect(new Set(await page.locator('.start .server-link').allInnerTexts())).toEqual(new Set(['srv-003']));
    await page.locator('.scope-choice select').selectOption('rack:r1');
    expect(await addressOf(page)).toBe('#/starts?scope=rack%3Ar1');
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
    await using opened = await open(script, '#/starts');
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
    expect(await addressOf(page)).toBe('#/starts?scope=breaker%3AA1');
    await page.goto(`${server.url}#/starts`);
    await expect.poll(() => page.locator('.start').count(), soon).toBe(9);
  });

  it('of several loads of one device come into the open list as they are told', async () => {
    const script = makeFullRoom();
    script.tree.feeds = [];
    await using opened = await open(script, `#/starts?scope=${encodeURIComponent('device:*')}`);
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    await eventually(page, '.starts-panel .empty').toContain('Nothing started at the same time');
    server.tellStart(makeStart('device:pdu-a', Date.now() - 1_000, { concurrent: [scopeOf(1), scopeOf(3)] }));
    await eventually(page, '.start').toContain('Device pdu-a 2 together');
  });

  it('say so when there are none, and when they cannot be read', async () => {
    const script = makeRoom(3);
    await using none = await open(script, '#/starts');
    await eventually(none.page, '.starts-panel .empty').toContain('No start in the last 7 days');
    const away = makeRoom(3);
    away.failing.add('starts');
    await using failed = await open(away, '#/starts');
    await eventually(failed.page, '.problem').toBe(
      'The list of starts could not be read: the store is away. Asking again.',
    );
    await failed.page.goto(`${failed.server.url}#/`);
    await eventually(failed.page, '.last-starts').toContain('could not be read: the store is away');
  });

  it('stand in short in the room, and a live one comes there too', async () => {
    await using opened = await open(makeFullRoom(), '');
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    await eventually(page, '.last-starts li >> nth=0').toMatch(
      /srv-003 [\d:]+ 8\.4 → to ≥ at least 429 → to 165 W/,
    );
    expect(await page.locator('.last-starts li').count()).toBe(4);
    server.tellStart(makeNewStart(6));
    await eventually(page, '.last-starts li >> nth=0').toMatch(/srv-006 .*starting/);
    await page.locator('.last-start-when').first().click();
    await eventually(page, '.start-facts').toContain('at least 390 W');
  });
});

describe('idle draw', () => {
  it('is ranked, with limit, rule, verdict and what it costs; what is not known is a dash', async () => {
    await using opened = await open(makeFullRoom(), '#/idle');
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
    await using opened = await open(script, '#/idle');
    await eventually(opened.page, '.idle tbody tr >> nth=0').toMatch(/8,160 2,448 1,224 kg$/);
    expect(await textOf(opened.page, '.idle tbody tr >> nth=1')).toMatch(/– unknown – unknown$/);
    expect(await textOf(opened.page, '.big-facts')).toMatch(/Cost 2,448 CO₂ 1,224 kg/);
  });

  it('is asked for again as soon as a baseline is told to have moved', async () => {
    await using opened = await open(makeFullRoom(), '#/idle');
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    const [first, ...others] = server.script.idle.rows;
    server.script.idle = { rows: [{ ...first!, idleWatts: 777 }, ...others] };
    const scope = first!.scope;
    server.event({ kind: 'idle', scope, atMs: Date.now(), change: 'moved', idleWatts: 777, sinceMs: 1 });
    await eventually(page, '.idle tbody tr >> nth=0').toContain('777 W');
  });

  it('says so when nothing is learnt yet, and when it cannot be read', async () => {
    await using opened = await open(makeRoom(2), '#/idle');
    await eventually(opened.page, 'main').toContain('No server has been heard yet');
    const script = makeRoom(2);
    script.failing.add('idle');
    await using failed = await open(script, '#/idle');
    await eventually(failed.page, '.notice-bad').toContain('could not be read: the store is away');
  });
});

describe('one server', () => {
  it('shows what it draws now, its inputs with their shares, its idle limit and its starts', async () => {
    await using opened = await open(makeFullRoom(), '#/server/srv-003');
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
    await using opened = await open(makeFullRoom(), '#/server/srv-003');
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
    await using opened = await open(script, '#/server/srv-004');
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
    await using opened = await open(script, '');
    const { page } = opened;
    await page.locator('.server-link[title="Kettle"]').click();
    expect(await addressOf(page)).toBe('#/server/plug%2F7%2F0');
    await eventually(page, '.server-facts').toMatch(
      /Kettle .*1\.90 kW .*No server of the settings claims this outlet/,
    );
    await eventually(page, '.server-idle').toContain('Nothing is learnt of it yet');
    await eventually(page, '.starts-panel').toContain('It was not seen to start');
  });

  it('that is not known says so, with those that are called alike', async () => {
    await using opened = await open(makeFullRoom(), '#/server/srv-00x');
    const { page } = opened;
    await eventually(page, 'main').toMatch(/There is no server srv-00x.*Did you mean srv-000, srv-001/);
    await page.getByRole('link', { name: 'srv-001' }).click();
    await eventually(page, '#server-title').toBe('srv-001');
  });
});

describe('devices', () => {
  it('are listed with what they are, when they were heard, and what could not be read and why', async () => {
    await using opened = await open(makeFullRoom(), '#/devices');
    const { page } = opened;
    const device = (name: string) => textOf(page, `.device-grid:has(strong:text-is("${name}"))`);
    await eventually(page, '#devices-title + .count').toBe('5 devices · 17 outlets · 1 offline · 1 silent');
    expect(await page.locator('.device-name strong').allInnerTexts()).toEqual([
      'plug-lab',
      'plug-mute',
      'kettle',
      'pdu-b',
      'pdu-a',
    ]);
    expect(await device('plug-lab')).toMatch(/^plug-lab tasmota offline 6 min ago 17/);
    expect(await device('plug-mute')).toMatch(/silent 3 min ago/);
    expect(await device('kettle')).toMatch(/not heard live never live 1/);
    expect(await device('pdu-a')).toMatch(
      /Rack PDU A tasmota Metering strip · 14\.4\.1 heard \d s ago 123,456 12 outlets nothing/,
    );
    expect(await device('pdu-b')).toMatch(
      /watts out of range 3 more than an outlet can draw.*not json 2 the payload is no JSON/,
    );
    expect(await textOf(page, '.panel:has(#unread-title)')).toMatch(
      /1,234 messages unknown topic 1,234 no family reads/,
    );
    await page.locator('.device-outlets summary').click();
    await page.locator('.outlets a[title="srv-002"]').first().click();
    await eventually(page, '#server-title').toBe('srv-002');
  });

  it('say so when they cannot be read; none at all tells how to make one speak', async () => {
    const script = makeRoom(2);
    script.failing.add('devices');
    await using failed = await open(script, '#/devices');
    await eventually(failed.page, 'main').toContain('could not be read: the store is away');
    await using none = await open(makeRoom(0), '#/devices');
    await eventually(none.page, '.first-run').toContain('No device heard yet');
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
    await using opened = await open(script, '');
    await eventually(opened.page, '.link').toBe('Broker away');
    expect(await opened.page.locator('.link').getAttribute('data-phase')).toBe('away');
    expect((await axeFindings(opened.page)).join('\n')).toBe('');
  });
});

const sizes = [
  [320, 640],
  [390, 844],
  [768, 1024],
  [1024, 768],
  [1280, 800],
  [1920, 1080],
  [3840, 2160],
] as const;
const hashes = ['#/starts', '#/idle', '#/devices', '#/server/srv-003', '#/server/nobody'];

describe('each view', () => {
  it('fits at every size, live and lost, with long names and other numbers', async () => {
    const script = makeFullRoom();
    script.tree.demo = true;
    script.tree.name = 'The server room with the longest name in the whole building';
    const long = 'a-host-name-that-somebody-made-very-long-indeed.example.internal';
    script.tree.servers[3]!.name = long;
    script.devices.rows[1] = { ...script.devices.rows[1]!, device: `gateway/${long}`, model: long };
    await using opened = await open(script, '', { locale: 'de-DE' });
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    const overflows = async () => {
      const found: string[] = [];
      for (const hash of hashes) {
        await page.goto(`${server.url}${hash}${hash === '#/starts' ? `?open=${script.starts[0]!.id}` : ''}`);
        for (const [width, height] of sizes) {
          await page.setViewportSize({ width, height });
          const beyondPx = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          if (beyondPx > 0) found.push(`${hash} at ${width}: ${beyondPx} px`);
        }
      }
      return found;
    };
    expect(await overflows()).toEqual([]);
    await server.stop();
    await eventually(page, '.link').toContain('Reconnecting');
    expect(await overflows()).toEqual([]);
  }, 60_000);

  it('greys when the link is lost, and keeps what it showed', async () => {
    for (const [hash, figure] of [
      ['#/starts', '.start-levels'],
      ['#/idle', '.idle-watts'],
      ['#/server/srv-003', '.server-facts .total-watts'],
    ] as const) {
      await using opened = await open(makeFullRoom(), hash);
      const { page, server } = opened;
      await eventually(page, '.link').toBe('Live');
      await page.locator(figure).first().waitFor();
      const look = () =>
        page
          .locator(figure)
          .first()
          .evaluate((element) => [getComputedStyle(element).color, element.textContent]);
      const [live, text] = await look();
      await server.stop();
      await eventually(page, '.link').toContain('Reconnecting');
      await expect.poll(async () => (await look())[0], soon).not.toBe(live);
      expect((await look())[1]).toBe(text);
    }
  });

  it.each(hashes)(
    'axe finds nothing serious at "%s", in dark and light, on laptop and phone',
    async (hash) => {
      const script = makeFullRoom();
      script.starts.push(makeNewStart(6));
      await using opened = await open(script, hash);
      const { page, server, complaints } = opened;
      await eventually(page, '.link').toBe('Live');
      if (hash === '#/starts')
        await page
          .locator(`${startRow(3)} .unfold`)
          .first()
          .click();
      await page.waitForLoadState('networkidle');
      const found: string[] = [];
      const look = async (colorScheme: 'dark' | 'light', width: number) => {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        found.push(...(await axeFindings(page)).map((finding) => `${colorScheme} ${width} ${finding}`));
      };
      await look('dark', 1280);
      await look('light', 390);
      expect(complaints).toEqual([]);
      await server.stop();
      await eventually(page, '.link').toContain('Reconnecting');
      await look('light', 1280);
      await look('dark', 390);
      expect(found).toEqual([]);
    },
    60_000,
  );
});
