import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeviceRow, ReadyAnswer } from '../../src/api/shapes.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { Figure } from '../../src/model/figure.ts';
import { attentionList } from '../../src/web/attention-list.ts';
import { breakerLoad, feedCircuits, summedFigure } from '../../src/web/breaker-load.ts';
import { noBreak } from '../../src/web/format.ts';
import { cellGrid, cellSize, heatLevel } from '../../src/web/heat.ts';
import { lossSentences } from '../../src/web/losses.ts';
import { powerRange } from '../../src/web/power-scale.ts';
import { readinessSentences } from '../../src/web/readiness.ts';
import { parseRoute } from '../../src/web/routes.ts';
import { rowsAllDrawnMax, rowWindow } from '../../src/web/row-window.ts';
import { parseFilter, parseSort, sortByDefault, sortQuery } from '../../src/web/servers-query.ts';

const figure = (fields: Partial<Figure>): Figure => ({
  state: 'active',
  stale: false,
  basis: 'measured',
  ...fields,
});

describe('the load of a breaker', () => {
  it.each([
    [8, 'normal'],
    [11.2, 'high'],
    [12.8, 'critical'],
    [16, 'critical'],
    [16.1, 'over'],
  ])('of %d A at 16 A is %s', (amps, level) => {
    expect(breakerLoad(figure({ amps }), 16)).toEqual({
      amps,
      share: amps / 16,
      usedShare: amps / 16 / 0.8,
      level,
    });
  });

  it('comes from apparent power when no amps are metered, and never from watts', () => {
    expect(breakerLoad(figure({ voltAmps: 2_300, volts: 230, watts: 1 }), 16).amps).toBe(10);
    expect(breakerLoad(figure({ watts: 2_300, volts: 230 }), 16)).toEqual({ level: 'unknown' });
  });

  it('is unknown without a figure, and has no share without a rating', () => {
    expect(breakerLoad(undefined, 16)).toEqual({ level: 'unknown' });
    expect(breakerLoad(figure({ amps: 3 }), undefined)).toEqual({ amps: 3, level: 'unknown' });
    expect(breakerLoad(figure({ amps: 0 }), 16)).toMatchObject({ amps: 0, share: 0, level: 'normal' });
  });
});

describe('the circuits of a feed', () => {
  const breakers = [
    { name: 'A1', amps: 16 },
    { name: 'A2', amps: 32 },
  ];

  it('are the whole of it, against its own rating, or else those of its breakers', () => {
    expect(feedCircuits({ name: 'A', amps: 40, breakers })).toEqual([
      { name: 'all', scopes: ['feed:A'], ratingAmps: 40 },
    ]);
    expect(feedCircuits({ name: 'A', breakers })[0]).toMatchObject({ ratingAmps: 48 });
    expect(feedCircuits({ name: 'A', breakers: [...breakers, { name: 'A3' }] })[0]!.ratingAmps).toBe(
      undefined,
    );
  });

  it('are none besides its only breaker, unless it has a rating of its own', () => {
    const one = { name: 'A', breakers: breakers.slice(0, 1) };
    expect(feedCircuits(one)).toEqual([]);
    expect(feedCircuits({ ...one, amps: 10 })).toMatchObject([{ name: 'all', ratingAmps: 10 }]);
  });

  it('are its phases where it has several, each against the rating of a phase', () => {
    const phased = [
      { name: 'A3', amps: 16, phase: 'L2' as const },
      ...breakers.map((breaker) => ({ ...breaker, phase: 'L1' as const })),
    ];
    expect(feedCircuits({ name: 'A', amps: 32, breakers: phased })).toEqual([
      { name: 'L1', scopes: ['breaker:A1', 'breaker:A2'], ratingAmps: 32 },
      { name: 'L2', scopes: ['breaker:A3'], ratingAmps: 32 },
    ]);
    expect(feedCircuits({ name: 'A', breakers: phased }).map(({ ratingAmps }) => ratingAmps)).toEqual([
      48, 16,
    ]);
  });

  it('carry what their breakers do, at least that while one of them is not heard', () => {
    const [one, other] = [figure({ amps: 3, atMs: 2_000 }), figure({ amps: 4, atMs: 1_000 })];
    expect(summedFigure([one, other])).toMatchObject({ amps: 7, basis: 'measured', atMs: 1_000 });
    expect(summedFigure([one, figure({ amps: 4, stale: true })])).toMatchObject({
      amps: 3,
      basis: 'partial',
    });
    expect(summedFigure([one, undefined])).toMatchObject({ amps: 3, basis: 'partial' });
    expect(summedFigure([undefined, figure({ amps: 4, stale: true })])).toBe(undefined);
    expect(summedFigure([one])).toBe(one);
  });
});

describe('the heat of a rack', () => {
  it('goes from nothing to the most in steps that small draws share, too', () => {
    expect([0, 0.1, 40, 250, 1_000, 5_000].map((watts) => heatLevel(watts, 1_000))).toEqual([
      0, 0, 1, 3, 5, 5,
    ]);
    expect(heatLevel(7, 0)).toBe(0);
  });

  it('is drawn in smaller cells where a rack holds hundreds', () => {
    expect([0, 40, 100].map((count) => cellSize(count, 300, 20))).toEqual([20, 20, 20]);
    const cell = cellSize(600, 300, 20);
    expect(cellGrid(600, 300, cell).lines * cell).toBeLessThanOrEqual(8 * 20 + cell);
    expect(cellSize(100_000, 300, 20)).toBe(5);
  });

  it('is laid out in lines as wide as there is room', () => {
    expect(cellGrid(20, 100, 16)).toEqual({ columns: 5, lines: 4 });
    expect(cellGrid(0, 100, 16)).toEqual({ columns: 6, lines: 1 });
    expect(cellGrid(3, 5, 16)).toEqual({ columns: 1, lines: 3 });
  });

  it('is not broken into two lines for the sake of a cell or two', () => {
    const oneLine = cellSize(15, 230, 16);
    expect(oneLine).toBe(15);
    expect(cellGrid(15, 230, oneLine)).toEqual({ columns: 15, lines: 1 });
    expect(cellGrid(20, 230, cellSize(20, 230, 16))).toEqual({ columns: 10, lines: 2 });
  });
});

describe('how the servers are looked at', () => {
  it('is read from the address; what makes no sense there is the usual order and all of them', () => {
    expect(parseSort({})).toEqual(sortByDefault);
    expect(parseSort({ sort: '-age' })).toEqual({ key: 'age', direction: 'descending' });
    for (const sort of ['toString', '--watts', 'volts', '-'])
      expect(parseSort({ sort })).toEqual(sortByDefault);
    expect(parseFilter({ q: 'a b', state: 'idle', rack: 'r1' })).toEqual({
      text: 'a b',
      state: 'idle',
      rack: 'r1',
    });
    expect(parseFilter({ state: 'toString' })).toEqual({ text: '' });
  });

  it('is put into the address in the same words, the usual order with none', () => {
    for (const sort of ['name', '-name', 'watts', '-age', 'idle']) {
      expect(sortQuery(parseSort({ sort }))).toEqual({ sort });
    }
    expect(sortQuery(sortByDefault)).toEqual({ sort: undefined });
  });
});

describe('the watts axis', () => {
  it('does not make drama of noise', () => {
    const [low, high] = powerRange(9_990, 10_010);
    expect(high - low).toBeGreaterThanOrEqual(600);
  });

  it('begins at 0 when the load comes near it, and not when it does not', () => {
    expect(powerRange(20, 400)[0]).toBe(0);
    expect(powerRange(9_000, 10_000)[0]).toBeGreaterThan(5_000);
    expect(powerRange(0, 0)[0]).toBe(0);
  });

  it('has a range when nothing is known', () => {
    expect(powerRange(null, null)).toEqual([0, 100]);
  });

  it('always holds what it shows', () => {
    const watts = fc.double({ min: -1e5, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(watts, watts, (a, b) => {
        const [low, high] = powerRange(Math.min(a, b), Math.max(a, b));
        expect(low).toBeLessThanOrEqual(Math.min(a, b));
        expect(high).toBeGreaterThanOrEqual(Math.max(a, b));
        expect(high).toBeGreaterThan(low);
      }),
    );
  });
});

describe('the window of rows', () => {
  it('draws all of a small room', () => {
    expect(rowWindow(rowsAllDrawnMax, 30, { topPx: 0, heightPx: 100 })).toEqual({
      first: 0,
      end: rowsAllDrawnMax,
      abovePx: 0,
      belowPx: 0,
    });
  });

  it('covers what is seen, stands for the rest, and the whole is as high as all rows', () => {
    const input = fc.record({
      count: fc.integer({ min: rowsAllDrawnMax + 1, max: 5_000 }),
      rowPx: fc.integer({ min: 20, max: 80 }),
      topPx: fc.integer({ min: -2_000, max: 400_000 }),
      heightPx: fc.integer({ min: 100, max: 3_000 }),
      index: fc.integer({ min: -1, max: 5_000 }),
      extraPx: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(input, ({ count, rowPx, topPx, heightPx, index, extraPx }) => {
        const seen = rowWindow(count, rowPx, { topPx, heightPx }, { index, extraPx });
        const unfolded = index >= 0 && index < count;
        const drawnPx =
          (seen.end - seen.first) * rowPx +
          (unfolded && index >= seen.first && index < seen.end ? extraPx : 0);
        const allPx = count * rowPx + (unfolded ? extraPx : 0);
        expect(seen.abovePx + drawnPx + seen.belowPx).toBe(allPx);
        expect(seen.abovePx).toBeLessThanOrEqual(Math.max(0, Math.min(topPx, allPx)));
        expect(seen.abovePx + drawnPx).toBeGreaterThanOrEqual(Math.min(allPx, Math.max(0, topPx + heightPx)));
        expect(seen.end - seen.first).toBeLessThanOrEqual(heightPx / rowPx + 20);
      }),
    );
  });
});

describe('devices that need a look', () => {
  const row = (fields: Partial<DeviceRow>): DeviceRow => ({
    device: 'pdu',
    family: 'tasmota',
    outlets: [],
    silent: false,
    messages: 9,
    rejects: {},
    ...fields,
  });

  it('are none when all is well, and a sample said on two topics is well', () => {
    expect(attentionList([row({}), row({ rejects: { duplicate: 4, 'not-json': 0 } })], [])).toEqual([]);
  });

  it('are listed the gravest first, with the reasons in words', () => {
    const items = attentionList(
      [
        row({ device: 'c', rejects: { 'not-json': 3, 'watts-out-of-range': 12 } }),
        row({ device: 'b', silent: true, lastAtMs: 5 }),
        row({ device: 'a', name: 'Rack 1 left', online: false, silent: true }),
        row({ device: '?', rejects: { 'unknown-topic': 1 } }),
      ],
      [],
    );
    const said = items.map((item) => item.what !== 'alert' && [item.what, item.device, item.detail]);
    expect(said).toEqual([
      ['offline', 'Rack 1 left', undefined],
      ['silent', 'b', undefined],
      ['unreadable', 'c', '12 × watts out of range, 3 × not json'],
      ['unreadable', 'Topics nobody can read', '1 × unknown topic'],
    ]);
  });
});

describe('alerts that need a look', () => {
  const alert = (text: string, fields: Partial<Alert>): Alert => ({
    id: text,
    rule: 'circuit-load',
    scope: 'breaker:A1',
    severity: 'warning',
    state: 'firing',
    sinceMs: 1,
    text,
    ...fields,
  });

  it('stand before devices, the gravest and newest first, taken on ones last; what nobody is told of is left out', () => {
    const silent = { device: 'b', family: 'tasmota', outlets: [], silent: true, messages: 9, rejects: {} };
    const items = attentionList(
      [silent],
      [
        alert('known', { severity: 'critical', ackedBy: 'ann' }),
        alert('old', {}),
        alert('new', { sinceMs: 2 }),
        alert('grave', { severity: 'critical' }),
        alert('over', { state: 'resolved' }),
        alert('soon', { state: 'pending' }),
        alert('silenced', { suppressedBy: 'silenced' }),
      ],
    );
    const said = items.map((item) => (item.what === 'alert' ? item.text : item.device));
    expect(said).toEqual(['grave', 'new', 'old', 'known', 'b']);
  });

  it('say of a silent device what the list of devices would say once more', () => {
    const silent = { device: 'b', family: 'tasmota', outlets: [], silent: true, messages: 9, rejects: {} };
    const items = attentionList(
      [silent],
      [alert('b is silent', { rule: 'device-silent', scope: 'device:b' })],
    );
    expect(items.map(({ what }) => what)).toEqual(['alert']);
  });
});

describe('readiness in sentences', () => {
  const ready: ReadyAnswer = {
    ready: true,
    broker: { ok: true, state: 'subscribed', url: 'mqtt://broker:1883' },
    store: { ok: true, kind: 'influx' },
    backlog: { ok: true, readings: 0, bytes: 0 },
    intake: { waiting: 0, dropped: { repeats: 0, newest: 0 } },
  };

  it('says nothing when all is well', () => {
    expect(readinessSentences(ready)).toEqual([]);
  });

  it('names the broker and why it is away', () => {
    const [sentence] = readinessSentences({
      ...ready,
      broker: { ok: false, state: 'connecting', url: 'mqtt://broker:1883', problem: 'connection refused' },
    });
    expect(sentence).toContain('mqtt://broker:1883 is away (connection refused)');
  });

  it('says what was let go of or set aside, the gravest first, and nothing while there is none', () => {
    expect(lossSentences(ready)).toEqual([]);
    const lossy: ReadyAnswer = {
      ...ready,
      store: { ...ready.store, refused: { bytes: 2_300, notKept: 1 }, setAside: ['a.sqlite'] },
      backlog: { ...ready.backlog, dropped: 1_234, damaged: 2, setAside: 3 },
      intake: { waiting: 0, dropped: { repeats: 12_345, newest: 6 } },
    };
    const sentences = lossSentences(lossy).map((text) => text.replaceAll(noBreak, ' '));
    expect(sentences.map((text) => /^[\d,]+ \S+/.exec(text)![0])).toEqual([
      '1,234 readings',
      '6 messages',
      '1 point',
      '2 damaged',
      '12,345 messages',
      '3 kB',
      '3 parts',
      '1 damaged',
    ]);
    const [item] = attentionList([], [], sentences);
    expect(item).toMatchObject({ what: 'lost', detail: expect.stringContaining('6 messages lost because') });
  });

  it('tells what waits for the store, and when nothing more can be kept', () => {
    const sentences = readinessSentences({
      ...ready,
      store: { ok: false, kind: 'influx' },
      backlog: { ok: false, readings: 7, bytes: 1, problem: 'disk full' },
    });
    expect(sentences).toHaveLength(2);
    expect(sentences[0]).toContain('influx store is away');
    expect(sentences[0]).toContain('7 readings wait');
    expect(sentences[1]).toContain('disk full');
  });
});

it('an address without a path is the room, and one nobody knows is said to be so', () => {
  for (const hash of ['', '#', '#/', '#//']) expect(parseRoute(hash)).toEqual({ view: 'room', query: {} });
  expect(parseRoute('#/nowhere')).toEqual({ view: 'not-found', path: 'nowhere', query: {} });
});
