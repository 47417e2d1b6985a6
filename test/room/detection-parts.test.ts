import { afterEach, expect, it, vi } from 'vitest';
import { makeLog } from '../../src/base/log.ts';
import { Watch } from '../../src/detect/watch.ts';
import { Detection, type DetectionParts } from '../../src/detection.ts';
import type { PowerEvent } from '../../src/model/event.ts';
import type { IdleVerdict } from '../../src/model/idle.ts';
import type { StartRecord } from '../../src/model/start.ts';
import type { CheckpointSection } from '../../src/store/checkpoint.ts';
import type { EventQuery, Store } from '../../src/store/store.ts';
import { HandClock } from '../base/hand-clock.ts';
import { until } from '../base/until.ts';
import { observe } from '../detect/waves.ts';

const startedMs = Date.UTC(2026, 5, 15, 11, 50);
const second = 1000;
afterEach(() => void vi.restoreAllMocks());

/** One server, told of by hand; a checkpoint file in memory, and a store that has nothing. */
function made(saved?: { atMs: number; chunks: Uint8Array[] }, more: Partial<DetectionParts> = {}) {
  const idle: { rows: readonly IdleVerdict[]; atMs: number }[] = [];
  const file = {
    saved,
    writes: 0,
    warnings: [] as string[],
    recorded: [] as PowerEvent[],
    told: [] as PowerEvent[],
    asked: [] as { fromMs: number; toMs: number }[],
  };
  const clock = new HandClock(startedMs);
  const log = makeLog('silent');
  log.warn = (...of: unknown[]) => void file.warnings.push(String(of.at(-1)));
  const store = {
    starts: async () => [],
    idleEvents: async () => [],
    rawReadings: async ({ fromMs, toMs }: { fromMs: number; toMs: number }) =>
      void file.asked.push({ fromMs, toMs }),
  } as unknown as Store;
  const detection = new Detection({
    // Its midnight is half an hour off everybody's hours.
    tree: { name: 'x', timezone: 'Australia/Eucla', feeds: [], racks: [], servers: [] },
    rules: { idleLimitWatts: 300, peerFactor: 1.5, idleLimitShare: 0.4 },
    store,
    checkpoint: {
      read: async () =>
        file.saved && {
          savedAtMs: file.saved.atMs,
          sections: ['watch'],
          async *chunks() {
            for (const chunk of file.saved!.chunks) yield Buffer.from(chunk);
          },
          close: async () => {},
        },
      async write(sections: readonly CheckpointSection[], atMs = 0) {
        file.writes += 1;
        file.saved = { atMs, chunks: [...(sections[0]!.chunks as Iterable<Uint8Array>)] };
      },
    },
    clock,
    log,
    startedMs,
    record: (event) => file.recorded.push(event),
    recordIdle: (rows, atMs) => idle.push({ rows, atMs }),
    tell: (event) => file.told.push(event),
    changed: () => {},
    ...more,
  });
  detection.observer.opened(0, 'server:a', ['a/0']);
  return { detection, file, idle };
}

/** Steady draw of a machine that does nothing, a reading every 10 s. */
function rest(detection: Detection, fromMs: number, hours: number): void {
  for (let atMs = fromMs; atMs < fromMs + hours * 3_600_000; atMs += 10 * second)
    observe(detection.observer, 0, atMs, 120 + (atMs % 3), 230, 0.6);
}

it('every hour and at local midnight the baselines are recorded, for that very moment', async () => {
  const { detection, idle } = made();
  await detection.start();
  await detection.takeUpPast();
  rest(detection, startedMs - 8 * 3_600_000, 8);
  for (let atMs = startedMs; atMs < startedMs + 5 * 3_600_000; atMs += second) detection.tick(atMs);
  // 15:15 UTC is midnight at UTC+08:45.
  expect(idle.map(({ atMs }) => new Date(atMs).toISOString().slice(11, 16))).toEqual([
    '12:00',
    '13:00',
    '14:00',
    '15:00',
    '15:15',
    '16:00',
  ]);
  expect(idle[0]!.rows).toMatchObject([{ scope: 'server:a', limitWatts: 300, verdict: 'ok' }]);
  expect(idle[0]!.rows[0]!.idleWatts).toBeCloseTo(121, 0);
});

it('what was learnt is saved every minute and at the end, and the next run goes on with it from there', async () => {
  const first = made();
  await first.detection.start();
  await first.detection.takeUpPast();
  rest(first.detection, startedMs - 8 * 3_600_000, 8);
  for (let at = 0; at <= 150; at += 1) {
    first.detection.tick(startedMs + at * second);
    await Promise.resolve();
  }
  await until(() => first.file.writes === 2, 'two checkpoints');
  await first.detection.stop(startedMs + 200 * second);
  expect(first.file.saved!.atMs).toBe(startedMs + 200 * second);

  const next = made(first.file.saved, { startedMs: startedMs + 300 * second });
  await next.detection.start();
  await next.detection.takeUpPast();
  expect(next.file.asked).toEqual([{ fromMs: startedMs + 80 * second, toMs: startedMs + 300 * second }]);
  expect(next.detection.idle()).toEqual(first.detection.idle());
});

it('a store that stays away is not waited for, and nothing is saved before the past was taken up', async () => {
  const { detection, file } = made();
  await detection.start();
  rest(detection, startedMs - 8 * 3_600_000, 8);
  for (let at = 0; at < 30; at += 1) detection.tick(startedMs + at * second);
  await detection.stop(startedMs + 29 * second);
  expect([detection.idle(), file.writes]).toEqual([[], 0]);
  detection.tick(startedMs + 30 * second);
  await until(() => detection.idle().length === 1, 'what waited is observed');
  expect(file.warnings).toEqual([
    'the store was not ready in time: what was read since the last checkpoint is not observed again',
  ]);
});

it('a checkpoint that cannot be read is said, and everything is learnt anew', async () => {
  const { detection, file } = made({ atMs: startedMs, chunks: [Buffer.from('nonsense, and much of it')] });
  await detection.start();
  await detection.takeUpPast();
  expect(file.warnings).toEqual(['the checkpoint cannot be read: idle levels are learnt anew']);
  expect(file.asked).toEqual([{ fromMs: startedMs - 600_000, toMs: startedMs }]);
});

it('a state that cannot be saved stops nothing: it is said once, and tried again every minute', async () => {
  const { detection, file } = made();
  await detection.start();
  await detection.takeUpPast();
  const save = vi.spyOn(Watch.prototype, 'save').mockImplementation(() => {
    throw new RangeError('Invalid string length');
  });
  for (let at = 0; at <= 130; at += 1) {
    detection.tick(startedMs + at * second);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([save.mock.calls.length, file.writes]).toEqual([2, 0]);
  expect(file.warnings).toEqual(['no checkpoint could be saved; tried again every minute']);
  save.mockRestore();
  await detection.stop(startedMs + 200 * second);
  expect(file.writes).toBe(1);
});

it('however old the checkpoint is, no more than an hour is observed again', async () => {
  const saved = made();
  await saved.detection.start();
  await saved.detection.takeUpPast();
  await saved.detection.stop(startedMs);
  const later = made(saved.file.saved, { startedMs: startedMs + 7 * 86_400_000 });
  await later.detection.start();
  await later.detection.takeUpPast();
  expect(later.file.asked[0]!.fromMs).toBe(startedMs + 7 * 86_400_000 - 3_600_000);
});

it.each<[string, Partial<Store>]>([
  [
    'a store that does not answer',
    { starts: () => Promise.reject(new Error('away')), idleEvents: async () => [] },
  ],
  ['a store that never comes', { starts: () => new Promise(() => {}), idleEvents: async () => [] }],
])(
  'after %s a machine that came on meanwhile is no start, since nobody saw it; the next one is',
  async (_, broken) => {
    const first = made();
    await first.detection.start();
    await first.detection.takeUpPast();
    for (let at = 0; at < 600; at += 1)
      observe(first.detection.observer, 0, startedMs + at * second, 1, 230, 0);
    await first.detection.stop(startedMs + 600 * second);

    const restartMs = startedMs + 640 * second;
    const next = made(first.file.saved, { startedMs: restartMs, store: broken as Store });
    await next.detection.start();
    void next.detection.takeUpPast().catch(() => {});
    for (let at = 0; at <= 40; at += 1) {
      observe(next.detection.observer, 0, restartMs + at * second, 200 + (at % 3), 230, 0.9);
      next.detection.tick(restartMs + at * second);
      await Promise.resolve();
    }
    await until(() => next.detection.idle().length === 1, 'what waited is observed');
    expect(next.detection.starts()).toEqual([]);

    const draw = (at: number) => (at < 100 ? 1 : 300);
    for (let at = 41; at < 160; at += 1)
      observe(next.detection.observer, 0, restartMs + at * second, draw(at), 230, 0.9);
    expect(next.detection.starts()).toMatchObject([{ atMs: restartMs + 100 * second }]);
  },
);

/** As a store has a start, of server `x`. */
const stored = (atMs: number, more: Partial<StartRecord> = {}): StartRecord => ({
  id: `${atMs}-x`,
  scope: 'server:x',
  outlets: ['x/0'],
  atMs,
  detectedAtMs: atMs + 3 * second,
  fromWatts: 1,
  peakWatts: 400,
  peakAtMs: atMs + second,
  peakIs: 'lower-bound',
  sampleMs: second,
  concurrent: [],
  complete: false,
  ...more,
});

/** A store that has these starts, and tells them as asked for. */
const storeOf = (starts: readonly StartRecord[], questions: EventQuery[] = []) =>
  ({
    starts: async (query: EventQuery) => {
      questions.push(query);
      return starts.filter(({ atMs }) => atMs >= query.fromMs && atMs < query.toMs).slice(0, query.limit);
    },
    idleEvents: async () => [],
    rawReadings: async () => {},
  }) as unknown as Store;

const hour = 3_600 * second;

it('starts that nobody would complete any more are closed with what the store has of them, and told to nobody', async () => {
  const lost = stored(startedMs - 2 * hour, { settledWatts: 210 });
  const starts = [
    stored(startedMs - 14 * 60 * second),
    lost,
    stored(startedMs - 3 * hour, { complete: true }),
    stored(startedMs - 49 * hour),
  ];
  const questions: EventQuery[] = [];
  const { detection, file } = made(undefined, { store: storeOf(starts, questions) });
  await detection.start();
  await detection.takeUpPast();
  detection.tick(startedMs + second);
  detection.tick(startedMs + 2 * second);
  expect(file.recorded).toEqual([
    { kind: 'start', scope: 'server:x', atMs: lost.atMs, start: { ...lost, complete: true } },
  ]);
  expect(file.told).toEqual([]);
  expect(detection.starts()).toEqual([]);
  expect(Math.max(...questions.map(({ limit }) => limit))).toBeLessThanOrEqual(10_000);
});

it('very many starts are closed some at a time, so that the recorder need not drop anything', async () => {
  const starts = Array.from({ length: 1_050 }, (_, i) => stored(startedMs - hour - i * second));
  const { detection, file } = made(undefined, { store: storeOf(starts) });
  await detection.start();
  await detection.takeUpPast();
  detection.tick(startedMs + second);
  expect(file.recorded.length).toBeLessThanOrEqual(100);
  for (let at = 2; at < 20; at += 1) detection.tick(startedMs + at * second);
  expect(new Set(file.recorded.map(({ atMs }) => atMs)).size).toBe(1_050);
  expect(file.recorded).toHaveLength(1_050);
});

it('a start that the watch itself completes after a restart is not closed with the little the store had', async () => {
  const first = made();
  await first.detection.start();
  await first.detection.takeUpPast();
  for (let at = 0; at < 300; at += 1)
    observe(first.detection.observer, 0, startedMs + at * second, at < 100 ? 1 : 300, 230, 0.9);
  await first.detection.stop(startedMs + 300 * second);
  const [announced] = first.file.recorded.flatMap((event) => (event.kind === 'start' ? [event.start] : []));
  expect(announced).toMatchObject({ scope: 'server:a', complete: false });

  const restartMs = startedMs + 2 * hour;
  const { trace: _, ...kept } = announced!;
  const next = made(first.file.saved, { startedMs: restartMs, store: storeOf([kept]) });
  await next.detection.start();
  await next.detection.takeUpPast();
  for (let at = 0; at < 5; at += 1) next.detection.tick(restartMs + at * second);
  expect(next.file.recorded).toHaveLength(1);
  expect(next.file.recorded[0]).toMatchObject({ start: { id: kept.id, complete: true } });
  expect(next.file.recorded[0]).toHaveProperty('start.trace');
});

it('a start completed while the store did not answer yet is not closed again', async () => {
  const first = made();
  await first.detection.start();
  await first.detection.takeUpPast();
  for (let at = 0; at < 300; at += 1)
    observe(first.detection.observer, 0, startedMs + at * second, at < 100 ? 1 : 300, 230, 0.9);
  await first.detection.stop(startedMs + 300 * second);
  const announced = first.file.recorded.flatMap((event) => (event.kind === 'start' ? [event.start] : []))[0]!;

  const restartMs = startedMs + 2 * hour;
  const next = made(first.file.saved, { startedMs: restartMs, store: storeOf([announced]) });
  await next.detection.start();
  for (let at = 0; at < 60; at += 1) {
    next.detection.tick(restartMs + at * second);
    await Promise.resolve();
  }
  expect(next.file.recorded).toMatchObject([{ start: { id: announced.id, complete: true } }]);
  await next.detection.takeUpPast();
  for (let at = 60; at < 65; at += 1) next.detection.tick(restartMs + at * second);
  expect(next.file.recorded).toHaveLength(1);
});

it('asks for the past again when the store goes away within it, and observes nothing of it twice', async () => {
  const atMs = startedMs - 60 * second;
  const clock = new HandClock(startedMs);
  let asked = 0;
  const rows = Array.from({ length: 40 }, (_, i) => atMs + i * second);
  const drawn = (ms: number) => (ms < atMs + 20 * second ? 0 : ms < atMs + 23 * second ? 300 : 180);
  const store = {
    starts: async () => [],
    idleEvents: async () => [],
    async rawReadings(_: unknown, take: (outlet: string, atMs: number, values: Float64Array) => void) {
      asked += 1;
      for (const ms of asked === 1 ? rows.slice(0, 30) : rows)
        take('b/0', ms, Float64Array.of(drawn(ms), 230, 1));
      if (asked === 1) throw new Error('away');
    },
  } as unknown as Store;
  const { detection, file } = made(undefined, { store, clock });
  await detection.start();
  await expect(detection.takeUpPast()).rejects.toThrow('away');
  await detection.takeUpPast();
  expect([asked, file.warnings]).toEqual([2, []]);
  const starts = file.recorded.filter((event) => event.kind === 'start');
  expect(new Set(starts.map(({ start }) => start.id)).size).toBe(1);
  expect(starts[0]).toMatchObject({ scope: 'server:b/0', start: { atMs: atMs + 20 * second } });
});

it('tells a start once though it was measured before the last checkpoint and came after it, and a crash followed', async () => {
  const onsetMs = startedMs + 30 * second;
  const rows = Array.from({ length: 80 }, (_, i) => startedMs + i * 500);
  const drawn = (ms: number) => (ms < onsetMs ? 0 : ms < onsetMs + 2 * second ? 470 : 295);
  const watched = (detection: Detection, from: number, to: number) => {
    for (const ms of rows.slice(from, to)) observe(detection.observer, 1, ms, drawn(ms), 230, 0.9);
  };
  const startsOf = (file: { recorded: PowerEvent[] }) =>
    file.recorded.flatMap((event) => (event.kind === 'start' ? [event.start] : []));

  const first = made();
  await first.detection.start();
  await first.detection.takeUpPast();
  first.detection.observer.opened(1, 'server:b/0', ['b/0']);
  watched(first.detection, 0, 60);
  await first.detection.stop(onsetMs + 100);
  watched(first.detection, 60, 70);
  const [told] = startsOf(first.file);
  expect(told).toMatchObject({ atMs: onsetMs });

  const store = {
    ...storeOf([told!]),
    async rawReadings(
      { fromMs }: { fromMs: number },
      take: (outlet: string, atMs: number, values: Float64Array) => void,
    ) {
      for (const ms of rows.slice(0, 70))
        if (ms >= fromMs) take('b/0', ms, Float64Array.of(drawn(ms), 230, 1, Number.NaN));
    },
  } as unknown as Store;
  const next = made(first.file.saved, { startedMs: startedMs + 35 * second, store });
  await next.detection.start();
  next.detection.observer.opened(1, 'server:b/0', ['b/0']);
  await next.detection.takeUpPast();
  watched(next.detection, 70, 80);
  next.detection.tick(startedMs + hour);
  const ids = [...startsOf(next.file), ...next.detection.starts()].map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(0);
  expect(new Set(ids)).toEqual(new Set([told!.id]));
});

it('gives the past up when the store goes away within it for too long', async () => {
  const clock = new HandClock(startedMs);
  const away = () => Promise.reject(new Error('away'));
  const store = { starts: away, idleEvents: away } as unknown as Store;
  const { detection, file } = made(undefined, { store, clock });
  await detection.start();
  await expect(detection.takeUpPast()).rejects.toThrow('away');
  clock.advance(30 * second);
  await detection.takeUpPast();
  expect(file.warnings).toContain('readings since the last checkpoint could not be observed again');
});

it.each([
  ['while it goes on', Number.POSITIVE_INFINITY],
  ['also when it ends just before', 55],
])('tells of starts after a made-up past was given up: %s', async (_, endsAt) => {
  let end = () => {};
  const madeUpPast = () =>
    new Promise<void>((resolve) => {
      end = resolve;
    });
  const { detection, file } = made(undefined, { madeUpPast });
  await detection.start();
  const taken = detection.takeUpPast();
  for (let at = 0; at < 120; at += 5) {
    const watts = at < 60 ? 4 : at < 65 ? 410 : 160;
    observe(detection.observer, 0, startedMs + at * second, watts, 230, 0.9);
    detection.tick(startedMs + at * second);
    await new Promise(setImmediate);
    if (at === endsAt) end();
  }
  expect(file.told).toMatchObject([{ kind: 'start', atMs: startedMs + 60 * second }]);
  end();
  await taken;
});
