import { describe, expect, it } from 'vitest';
import { makeAlert } from './alert-desk.ts';
import { makeEnergy } from './made-energy.ts';
import { makeRoom, serverName } from './made-room.ts';
import { eventually, rowNames, soon, textOf, useBrowser } from './opened-page.ts';

const browser = useBrowser();

const row = (number: number) => `.server:has(a[title="${serverName(number)}"])`;

describe('the room', () => {
  it('is shown with its total, feeds, racks and servers, the largest consumer first', async () => {
    const script = makeRoom(12);
    const room = script.figures.get('room')!;
    await using opened = await browser.open(script);
    const { page, server, complaints } = opened;
    await eventually(page, '.link').toBe('Live');
    await eventually(page, '.total-watts').toBe(`${(room.watts! / 1000).toFixed(2)} kW`);
    expect(await page.title()).toBe('Test room · rackwatt');
    expect(await textOf(page, '.total .tag')).toBe('Measured');
    expect(await textOf(page, '.facts')).toContain('Today');
    expect(await page.locator('.gauge').count()).toBe(2 + 4);
    expect(await page.locator('.rack').count()).toBe(3);
    expect(await textOf(page, '.gauge >> nth=0')).toMatch(/^all [\d.]+ of 25\.6 A \d+(\.\d)?%/);
    const watts = (name: string) => script.figures.get(`server:${name}`)!.watts!;
    const bySize = script.tree.servers.map(({ name }) => name).sort((a, b) => watts(b) - watts(a));
    expect(await rowNames(page)).toEqual(bySize);
    expect(server.subscriptions).toEqual([
      {
        type: 'subscribe',
        scopes: ['room', 'feed:*', 'breaker:*', 'rack:*', 'server:*', 'device:*'],
        intervalMs: 1_000,
      },
    ]);
    expect(complaints).toEqual([]);
  });

  it('asks once for what it draws first', async () => {
    await using opened = await browser.open(makeRoom(12));
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    await eventually(page, '.chart-note').toBe('A break in the line: nothing known.');
    await eventually(page, '.zone').toContain('Europe/London');
    const askedFor = (beginning: string) => server.asked.filter((path) => path.startsWith(beginning)).length;
    expect(['session', 'tree', 'idle', 'history?scope=room&'].map(askedFor)).toEqual([1, 1, 1, 1]);
    expect(opened.complaints).toEqual([]);
  });

  it('stands there with all its figures when it is drawn for the first time', async () => {
    await using opened = await browser.open(makeRoom(12));
    const { page } = opened;
    await eventually(page, '.link').toBe('Live');
    await using _ = await page.addInitScript(() => {
      new MutationObserver((_changes, observer) => {
        if (!document.querySelector('.page')) return;
        observer.disconnect();
        document.documentElement.dataset.first = String(
          document.querySelectorAll('.server .quantity').length,
        );
      }).observe(document, { childList: true, subtree: true });
    });
    const firstDrawn = async () => {
      await page.reload();
      return page.locator('html[data-first]').getAttribute('data-first');
    };
    // A machine so busy that the page gives up waiting may need several looks.
    await expect.poll(firstDrawn, soon).toBe(String(12 * 2));
  });

  it('marks a feed by the most that each of its phases may carry', async () => {
    const script = makeRoom(4);
    const [feed] = script.tree.feeds;
    feed!.amps = 20;
    feed!.breakers[0]!.phase = 'L1';
    feed!.breakers[1]!.phase = 'L2';
    script.figures.get('breaker:A1')!.amps = 13;
    await using opened = await browser.open(script);
    await eventually(opened.page, '.gauge >> nth=0').toBe('L1 13.0 of 16 A 81%');
  });

  it('tells the time of the room, and names its zone, wherever the reader is', async () => {
    await using opened = await browser.open(makeRoom(1));
    const { page } = opened;
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: 'Europe/London',
      hour: '2-digit',
      minute: '2-digit',
    });
    await eventually(page, '.room-time').toContain('Europe/London');
    // A minute may end between the two looks.
    const isNow = async () => (await textOf(page, '.clock')).includes(format.format(Date.now()));
    await expect.poll(isNow, soon).toBe(true);
  });

  it('changes with the frames; what is no longer known becomes a dash, not 0', async () => {
    await using opened = await browser.open(makeRoom(3));
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    server.frame({ 'server:srv-001': { watts: 731.4, state: 'starting' }, room: { watts: 2_345 } });
    await eventually(page, `${row(1)} .col-watts`).toBe('731 W');
    await eventually(page, `${row(1)} .col-state`).toBe('starting');
    await eventually(page, '.total-watts').toBe('2.35 kW');
    server.frame({
      'breaker:B2': { amps: 4 },
      'feed:B': { watts: 1_234 },
      'rack:r3': { watts: 56 },
      room: { todayWattHours: 7_654, basis: 'partial' },
    });
    await eventually(page, '.gauge >> nth=5').toBe('B2 4.00 of 12.8 A 31%');
    await eventually(page, '.feed h3 >> nth=1').toContain('1.23 kW');
    await eventually(page, '.rack >> nth=2').toMatch(/^r3 \d servers? 56 W$/);
    await eventually(page, '.facts').toContain('7.65 kWh');
    await eventually(page, '.total .tag').toBe('Partial');
    server.frame({ 'server:srv-001': { watts: null, state: null, stale: true, basis: 'unknown' } });
    await eventually(page, `${row(1)} .col-watts`).toMatch(/^–/);
    await eventually(page, `${row(1)} .col-state`).toBe('unknown stale');
    await eventually(page, `${row(1)} .col-share`).toMatch(/^–/);
  });

  it('says in words what a figure lacks', async () => {
    const script = makeRoom(4);
    const set = (scope: string, change: object) =>
      script.figures.set(scope, { ...script.figures.get(scope)!, ...change });
    set('room', { basis: 'partial', watts: 500 });
    set('server:srv-000', { basis: 'partial', watts: 100 });
    set('server:srv-001', { stale: true, basis: 'unknown', state: 'unknown' });
    set('server:srv-002', { basis: 'estimated' });
    script.figures.delete('server:srv-003');
    set('feed:A', { basis: 'partial' });
    set('rack:r1', { stale: true });
    script.energy = (asked) => makeEnergy(script, asked, () => ({ coverage: 0.5 }));
    await using opened = await browser.open(script);
    const { page } = opened;
    await eventually(page, '.total .tag').toBe('Partial');
    await eventually(page, '.total-watts').toContain('at least 500 W');
    expect(await textOf(page, '.total .hint >> nth=0')).toMatch(
      /^The truth is more than 500 W, \d+ s ago: 2 servers without a fresh reading, 1 server with an input missing\.$/,
    );
    await eventually(page, '.total .known').toBe(
      'Today is summed up from the watts read, known for 50% of the time.',
    );
    expect(await textOf(page, '.total .facts')).toMatch(/^Today ≥ at least [\d.]+ kWh/);
    expect(await textOf(page, '.feeds .known')).toMatch(
      /^5 measured, 1 at least \(≥\); each heard within \d+ s\.$/,
    );
    expect(await textOf(page, '.racks-panel .known')).toMatch(/^2 measured, 1 unknown \(–\); each heard/);
    expect(await textOf(page, `${row(0)} .col-state`)).toContain('partial');
    expect(await textOf(page, `${row(0)} .col-watts`)).toContain('at least 100 W');
    expect(await textOf(page, `${row(1)} .col-state`)).toBe('unknown stale');
    expect(await textOf(page, `${row(2)} .col-state`)).toContain('estimated');
    expect(await textOf(page, `${row(3)} .col-watts`)).toMatch(/^–/);
    expect(await textOf(page, `${row(3)} .col-age`)).toBe('never');
  });

  it('says so at once when a plug falls silent and when it speaks again', async () => {
    await using opened = await browser.open(makeRoom(3));
    const { page, server } = opened;
    await eventually(page, `${row(1)} .col-state`).toBe('idle');
    await eventually(page, '.total .tag').toBe('Measured');
    server.frame({
      'server:srv-001': { stale: true, state: 'unknown', basis: 'unknown' },
      room: { basis: 'partial' },
    });
    await eventually(page, `${row(1)} .col-state`).toBe('unknown stale');
    await eventually(page, '.total .tag').toBe('Partial');
    expect(await page.locator(row(1)).getAttribute('data-stale')).toBe('true');
    server.frame({
      'server:srv-001': { stale: false, state: 'idle', basis: 'measured' },
      room: { basis: 'measured' },
    });
    await eventually(page, `${row(1)} .col-state`).toBe('idle');
    await eventually(page, '.total .tag').toBe('Measured');
  });

  it('marks a breaker that is loaded too much with a word', async () => {
    const script = makeRoom(2);
    script.figures.set('breaker:A1', { ...script.figures.get('breaker:A1')!, amps: 13.4 });
    await using opened = await browser.open(script);
    await eventually(opened.page, '.gauge >> nth=1').toBe('A1 13.4 of 12.8 A 105% critical');
  });

  it('lists the devices that are silent or cannot be read', async () => {
    const script = makeRoom(2);
    const device = { family: 'tasmota', outlets: [], messages: 3, rejects: {}, silent: false };
    script.devices.rows = [
      { ...device, device: 'plug-9', silent: true, lastAtMs: Date.now() - 200_000 },
      { ...device, device: 'pdu-b', rejects: { 'not-json': 3 } },
    ];
    await using opened = await browser.open(script);
    await eventually(opened.page, '.attention li').toBe(
      'plug-9 silent for 3 min | pdu-b not readable: 3 × not json',
    );
  });

  it('gathers what is wrong now under one heading, the gravest first, and has none while all is well', async () => {
    const script = makeRoom(2);
    await using opened = await browser.open(script);
    const { page, server } = opened;
    await eventually(page, '.server .server-link').toContain('srv-001');
    expect(await page.getByRole('heading', { name: 'Attention' }).count()).toBe(0);
    server.tellAlert(makeAlert('hot'));
    server.tellAlert(makeAlert('feed', { rule: 'feed-lost', scope: 'feed:A', severity: 'critical' }));
    await page.getByRole('heading', { name: 'Attention' }).waitFor();
    await eventually(page, '.attention .panel-head').toBe('Attention 2');
    await eventually(page, '.attention li').toMatch(/^Feed lost: .*, critical .* \| Circuit load: /);
  });
});

describe('the link', () => {
  it('lost: the page says so, greys, counts the age, and is live again when the server is back', async () => {
    await using opened = await browser.open(makeRoom(3), '', { reducedMotion: 'reduce' });
    const { page, server, complaints } = opened;
    await eventually(page, '.link').toBe('Live');
    const colour = () => page.locator('.total-watts').evaluate((element) => getComputedStyle(element).color);
    const liveColour = await colour();
    await server.stop();
    await eventually(page, '.link').toMatch(/^Reconnecting · figures \d s old$/);
    await expect.poll(colour, soon).not.toBe(liveColour);
    // Who wants no motion gets none; others see that it tries.
    const moving = () => page.evaluate(() => document.getAnimations().length);
    expect(await moving()).toBe(0);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await moving()).toBeGreaterThan(0);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await eventually(page, '.link').toMatch(/figures [2-9] s old/);
    expect(await textOf(page, '.total-watts')).toMatch(/^[\d.]+ k?W$/);
    server.script.figures.set('room', { ...server.script.figures.get('room')!, watts: 4_321 });
    await server.start();
    await eventually(page, '.link').toBe('Live');
    await eventually(page, '.total-watts').toBe('4.32 kW');
    await expect.poll(colour, soon).toBe(liveColour);
    // The browser itself reports each refused connection; nothing else may be said.
    expect(complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
  });

  it('with a missing number: the page asks for a snapshot and shows what it says', async () => {
    await using opened = await browser.open(makeRoom(3));
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    server.script.figures.set('server:srv-002', {
      ...server.script.figures.get('server:srv-002')!,
      watts: 999,
    });
    server.loseMessage();
    expect(server.subscriptions).toHaveLength(1);
    server.frame({ 'server:srv-001': { watts: 55 } });
    await expect.poll(() => server.subscriptions.length, soon).toBe(2);
    await eventually(page, `${row(2)} .col-watts`).toBe('999 W');
    await eventually(page, `${row(1)} .col-watts`).toBe('55 W');
    expect(await textOf(page, '.link')).toBe('Live');
  });

  it('closed by the server with a word: the word is shown', async () => {
    await using opened = await browser.open(makeRoom(1));
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    server.goodbye('not-allowed');
    await eventually(page, '.link').toMatch(/^Not allowed/);
  });
});

describe('notices', () => {
  it('say that a demo is one, and how to show what is real', async () => {
    const script = makeRoom(2);
    script.tree.demo = true;
    await using opened = await browser.open(script);
    const { page } = opened;
    await eventually(page, '.notice-demo summary').toContain('This room is simulated');
    await page.locator('.notice-demo summary').click();
    await eventually(page, '.notice-demo').toContain('RACKWATT_MQTT_URL=mqtt://broker:1883 npm start');
    await eventually(page, '.notice-demo').toContain('mqtt://127.0.0.1:1883');
  });

  it('are none in a real room in which all is well', async () => {
    await using opened = await browser.open(makeRoom(2));
    await eventually(opened.page, '.link').toBe('Live');
    expect(await opened.page.locator('.notice').count()).toBe(0);
  });

  it('say plainly when broker or store is away', async () => {
    const script = makeRoom(2);
    script.ready = {
      ready: false,
      broker: { ok: false, state: 'connecting', url: 'mqtt://broker:1883', problem: 'connection refused' },
      store: { ok: false, kind: 'influx' },
      backlog: { ok: true, readings: 12, bytes: 1 },
      intake: { waiting: 0, dropped: { repeats: 0, newest: 0 } },
    };
    await using opened = await browser.open(script);
    await eventually(opened.page, '.notice').toContain(
      'broker mqtt://broker:1883 is away (connection refused)',
    );
    await eventually(opened.page, '.notice').toContain('influx store is away');
  });

  it('tell how to point a plug at the broker while no device was heard, and give way to the first one', async () => {
    const script = makeRoom(0);
    script.figures.clear();
    await using opened = await browser.open(script);
    const { page, server } = opened;
    await eventually(page, '.first-run').toContain('No device heard yet');
    expect(await textOf(page, '.first-run')).toContain('mqtt://127.0.0.1:1883');
    const found = { watts: 42, state: 'active', stale: false, basis: 'measured', atMs: Date.now() } as const;
    server.frame({ 'server:plug-1/0': found, room: found });
    await eventually(page, '.server .server-link').toBe('plug-1/0');
    expect(await page.locator('.first-run').count()).toBe(0);
  });

  it('say what could not be read, while live figures go on', async () => {
    const script = makeRoom(2);
    for (const resource of ['tree', 'history', 'devices']) script.failing.add(resource);
    await using opened = await browser.open(script);
    const { page } = opened;
    await eventually(page, '.notice-bad').toContain(
      "The room's layout could not be read: the store is away.",
    );
    await eventually(page, '.chart-note').toContain('History could not be read (the store is away)');
    await eventually(page, '.room-side').toContain('list of devices could not be read');
    await eventually(page, '.server .server-link').toContain('srv-001');
  });

  it('an address that leads nowhere says so and leads back', async () => {
    await using opened = await browser.open(makeRoom(2));
    const { page } = opened;
    await page.goto(`${opened.server.url}#/nowhere`);
    await eventually(page, 'main').toContain('There is no view at #/nowhere');
    await page.getByRole('link', { name: 'Back to the room' }).click();
    await eventually(page, '.link').toBe('Live');
    await eventually(page, '.server .server-link').toContain('srv-001');
  });
});

describe('on a wall', () => {
  it.each([
    [1920, 1080, '.total, .chart'],
    [3840, 2160, '.total, .chart, .room-places .feeds, .room-places .racks, .server:nth-of-type(6)'],
  ])(
    'of %i × %i what matters is in sight without scrolling, over the whole width',
    async (width, height, parts) => {
      await using opened = await browser.open(makeRoom(48), '', { viewport: { width, height } });
      const { page } = opened;
      await eventually(page, '.link').toBe('Live');
      await expect.poll(() => page.locator('.server').count(), soon).toBeGreaterThan(6);
      const boxes = await page.locator(parts).evaluateAll((elements) =>
        elements.map((element) => {
          const { right, bottom } = element.getBoundingClientRect();
          return { name: element.className, right, bottom };
        }),
      );
      expect(boxes.length).toBe(parts.split(',').length);
      expect(boxes.filter(({ bottom }) => bottom > height)).toEqual([]);
      const panels = await page
        .locator('.panel')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect()));
      expect(Math.max(...panels.map(({ right }) => right))).toBeGreaterThan(width * 0.95);
      expect(Math.min(...panels.map(({ left }) => left))).toBeLessThan(width * 0.05);
    },
  );

  it('text is larger than on a desk, since it is read from farther away', async () => {
    await using opened = await browser.open(makeRoom(2));
    const { page } = opened;
    await eventually(page, '.link').toBe('Live');
    const textPx = () =>
      page
        .locator('.server-link')
        .first()
        .evaluate((name) => Number.parseFloat(getComputedStyle(name).fontSize));
    const onDesk = await textPx();
    await page.setViewportSize({ width: 3840, height: 2160 });
    expect(await textPx()).toBeGreaterThan(onDesk * 1.6);
  });

  it('times below the chart stand apart, also where they are written long', async () => {
    const look = { locale: 'en-US', viewport: { width: 3840, height: 2160 } };
    await using opened = await browser.open(makeRoom(2), '', look);
    const { page } = opened;
    await eventually(page, '.link').toBe('Live');
    const drawn = await page.evaluateHandle(() => {
      const labels: { text: string; x: number; y: number; width: number }[] = [];
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        labels.push({ text, x, y, width: this.measureText(text).width });
        fillText.call(this, text, x, y);
      };
      return labels;
    });
    for (const [query, name] of [
      ['?range=1h', '1 h'],
      ['', '15 min'],
    ] as const) {
      await page.evaluate((hash) => (location.hash = hash), `#/${query}`);
      await expect.poll(() => page.getByRole('radio', { name, exact: true }).isChecked()).toBe(true);
    }
    const times = async () => (await drawn.jsonValue()).filter(({ text }) => /[AP]M$/.test(text));
    await expect.poll(async () => (await times()).length, soon).toBeGreaterThan(8);
    const tight = (await times()).filter(({ x, y, width }, i, all) => {
      const next = all[i + 1];
      return next?.y === y && next.x > x && next.x - x < (width + next.width) / 2 + 8;
    });
    expect(tight).toEqual([]);
  });
});
