import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binCount } from '../../src/detect/idle-histogram.ts';
import { stateColumns } from '../../src/detect/load-state.ts';
import { readSaved } from '../../src/detect/saved-watch.ts';
import { Watch } from '../../src/detect/watch.ts';
import type { PowerEvent } from '../../src/model/event.ts';
import { beginMs, boot, chance, day, noTree, observe, type Part, type Reading, wave } from './waves.ts';

const joined = (parts: Iterable<Uint8Array>) => new Uint8Array(Buffer.concat([...parts]));

/** Stretches off, in standby, booting, at rest, at work, with wild readings among them. */
function anyDay(seed: number): Reading[] {
  const next = chance(seed);
  const parts = Array.from({ length: 25 }, (): Part[] => {
    const kind = Math.floor(next() * 5);
    const seconds = 30 + 2_000 * next() ** 2;
    if (kind === 0) return [[seconds, 2, 1]];
    if (kind === 1) return [[seconds, 14, 0.5]];
    if (kind === 2) return [...boot(150), [seconds, 150, 3]];
    if (kind === 3) return [[seconds, 150, 3]];
    return [[seconds, 150 + 300 * next(), 20]];
  }).flat();
  return wave(parts, 1 + 4 * next()).flatMap((one) => {
    const dice = next();
    if (dice < 0.002) return [{ ...one, watts: dice < 0.001 ? 25_000 : 0 }];
    if (dice < 0.01) return [];
    return [{ ...one, volts: 231 - one.watts / 200, amps: one.watts / 230 }];
  });
}

/** The bytes as another build would have written them. */
function withHead(bytes: Uint8Array, changes: object): Uint8Array {
  const length = Buffer.from(bytes).readUInt32LE(0);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const text = Buffer.from(JSON.stringify({ ...head, ...changes }));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  return joined([size, text, bytes.subarray(4 + length)]);
}

/** The bytes as a build with so many columns would have written them. */
function withColumns(bytes: Uint8Array, columns: number): Uint8Array {
  const headLength = 4 + Buffer.from(bytes).readUInt32LE(0);
  const parts = [bytes.subarray(0, headLength)];
  const [stateBytes, binBytes] = [stateColumns * 8, binCount * 4];
  for (let from = headLength; from < bytes.length; from += stateBytes + binBytes) {
    parts.push(bytes.subarray(from, from + columns * 8));
    parts.push(bytes.subarray(from + stateBytes, from + stateBytes + binBytes));
  }
  return withHead(joined(parts), { stateColumns: columns });
}

function run(readings: readonly Reading[], cuts: readonly number[]) {
  const events: PowerEvent[] = [];
  const begin = () => new Watch({ tree: noTree, event: (event) => events.push(event) });
  let watch = begin();
  watch.opened(0, 'server:a', ['pdu/1']);
  for (const [index, { atMs, watts, volts = Number.NaN, amps = Number.NaN }] of readings.entries()) {
    if (cuts.includes(index)) {
      const bytes = joined(watch.save(0));
      watch = begin();
      watch.load(bytes);
      watch.opened(0, 'server:a', ['pdu/1']);
    }
    watch.tick(atMs);
    observe(watch, 0, atMs, watts, volts, amps);
  }
  return { events, open: watch.openStarts(), idle: watch.idle() };
}

describe('what is saved at any reading and taken up again', () => {
  it('goes on as if nothing had been', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (seed, at) => {
          const readings = anyDay(seed);
          const cuts = at.map((share) => Math.floor(share * readings.length));
          expect(run(readings, cuts)).toEqual(run(readings, []));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('goes on in the middle of a surge, at each of its readings', () => {
    const readings = wave([[600, 1, 0.5], ...boot(250), [1200, 250, 4]], 2);
    const whole = run(readings, []);
    expect(whole.events.length).toBeGreaterThan(2);
    for (let cut = 298; cut < 380; cut += 1) expect(run(readings, [cut])).toEqual(whole);
  });

  it('keeps loads that have not come back, over two restarts', () => {
    const first = new Watch({ tree: noTree, event: () => {} });
    first.opened(0, 'server:gone', ['pdu/9']);
    for (const { atMs, watts } of wave([[20_000, 80, 2]], 10))
      observe(first, 0, atMs, watts, Number.NaN, Number.NaN);
    const second = new Watch({ tree: noTree, event: () => {} });
    second.load(joined(first.save(0)));
    const third = new Watch({ tree: noTree, event: () => {} });
    third.load(joined(second.save(0)));
    third.opened(4, 'server:gone', ['pdu/9']);
    expect(third.idleOf('server:gone')).toEqual(first.idleOf('server:gone'));
  });

  it('keeps loads that do not come back for thirty days after their last reading', () => {
    const first = new Watch({ tree: noTree, event: () => {} });
    first.opened(0, 'server:gone', ['pdu/9']);
    first.opened(1, 'server:never-read', ['pdu/8']);
    for (const { atMs, watts } of wave([[20_000, 80, 2]], 10))
      observe(first, 0, atMs, watts, Number.NaN, Number.NaN);
    const lastMs = beginMs + 19_990_000;
    const second = new Watch({ tree: noTree, event: () => {} });
    // Its own loads are kept, however long they have been silent.
    second.load(joined(first.save(lastMs + 90 * day * 1000)));
    const kept = (nowMs: number) => [...readSaved(joined(second.save(nowMs))).rest.keys()];
    expect(kept(lastMs + 30 * day * 1000)).toEqual(['server:gone']);
    expect(kept(lastMs + 30 * day * 1000 + 1)).toEqual([]);
  });

  it('thins the traces of very many open starts, keeping onset, peak, spacing and end', () => {
    const seconds = 600;
    const readings = wave([[200, 1], ...boot(250), [seconds - 345, 250, 4]], 0.5);
    const peakAt = 420;
    const watts = readings.map((reading, at) => (at === peakAt ? 700 : reading.watts));
    const saved = (loads: number) => {
      const watch = new Watch({ tree: noTree, event: () => {} });
      for (let scope = 0; scope < loads; scope += 1) {
        watch.opened(scope, `server:${scope}`, [`pdu-${scope}/1`]);
        // Only one of them goes on beyond the onset.
        for (const [at, { atMs }] of readings.slice(0, scope === 7 ? undefined : 410).entries())
          observe(watch, scope, atMs, watts[at]!, 230, watts[at]! / 230);
      }
      return { watch, bytes: joined(watch.save(readings.at(-1)!.atMs)) };
    };
    const few = readSaved(saved(500).bytes).rest.get('server:7')!.start!;
    const many = saved(501);
    const start = readSaved(many.bytes).rest.get('server:7')!.start!;
    expect(few.trace.atMs.length).toBeGreaterThan(700);
    expect(start.trace.atMs.length).toBeLessThanOrEqual(200);
    expect(start.trace.watts).toHaveLength(start.trace.atMs.length);
    expect(start.trace.volts).toHaveLength(start.trace.atMs.length);
    const points = (trace: typeof start.trace) => trace.atMs.map((atMs, at) => `${atMs} ${trace.watts[at]}`);
    expect(points(few.trace)).toEqual(expect.arrayContaining(points(start.trace)));
    expect(start.trace.atMs).toEqual(start.trace.atMs.toSorted((a, b) => a - b));
    expect(start.trace.watts).toContain(700);
    expect([start.trace.atMs[0], start.trace.atMs.at(-1)]).toEqual([
      few.trace.atMs[0],
      few.trace.atMs.at(-1),
    ]);
    // V8's longest string has 2^29 characters.
    expect(JSON.stringify(start).length * 20_000).toBeLessThan(2 ** 29 / 2);

    const next = new Watch({ tree: noTree, event: () => {} });
    next.load(many.bytes);
    next.opened(7, 'server:7', ['pdu-7/1']);
    const before = many.watch.openStarts().find(({ scope }) => scope === 'server:7')!;
    const { trace: _, wattHours, settleMs: __, settledWatts, ...same } = before;
    const [after] = next.openStarts();
    expect(after).toMatchObject(same);
    expect(after!.settledWatts! / settledWatts!).toBeCloseTo(1, 1);
    expect(after!.wattHours! / wattHours!).toBeCloseTo(1, 1);
  });

  it('is taken up from a build whose states had fewer columns: what is new there is not known yet', () => {
    const first = new Watch({ tree: noTree, event: () => {} });
    for (const [scope, id] of ['server:a', 'server:b'].entries()) {
      first.opened(scope, id, [`pdu/${scope}`]);
      for (const { atMs, watts } of wave([[20_000, 80 + 50 * scope, 2]], 10))
        observe(first, scope, atMs, watts, Number.NaN, Number.NaN);
    }
    const earlier = readSaved(withColumns(joined(first.save(0)), stateColumns - 2));
    const now = readSaved(joined(first.save(0)));
    for (const id of ['server:a', 'server:b']) {
      const [before, after] = [now.take(id)!, earlier.take(id)!];
      expect(after.state).toEqual(before.state.map((value, at) => (at < stateColumns - 2 ? value : 0)));
      expect(after.bins).toEqual(before.bins);
    }
    const second = new Watch({ tree: noTree, event: () => {} });
    second.load(withColumns(joined(first.save(0)), stateColumns - 2));
    second.opened(4, 'server:b', ['pdu/1']);
    expect(second.idleOf('server:b')?.idleWatts).toBeCloseTo(130, 0);
  });

  it.each<[string, object]>([
    ['of a later build', { stateColumns: stateColumns + 1 }],
    ['with no columns', { stateColumns: 0 }],
    ['with half a column', { stateColumns: 1.5 }],
    ['that does not say its columns', { stateColumns: undefined }],
    ['with other bins', { binCount: 95 }],
  ])('is refused when it is one %s', (_, changes) => {
    const watch = new Watch({ tree: noTree, event: () => {} });
    watch.opened(0, 'server:a', ['pdu/1']);
    const bytes = withHead(joined(watch.save(0)), changes);
    expect(() => new Watch({ tree: noTree, event: () => {} }).load(bytes)).toThrow('another version');
  });

  it('is refused when it is cut off, or of another kind', () => {
    const watch = new Watch({ tree: noTree, event: () => {} });
    watch.opened(0, 'server:a', ['pdu/1']);
    const bytes = joined(watch.save(0));
    const other = new Watch({ tree: noTree, event: () => {} });
    expect(() => other.load(bytes.subarray(0, bytes.length - 1))).toThrow('cut off');
    expect(() => other.load(new TextEncoder().encode('nothing of ours'))).toThrow();
  });
});
