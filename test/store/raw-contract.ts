import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReadingFigure } from '../../src/model/quantity.ts';
import type { Reading } from '../../src/model/reading.ts';
import type { Store } from '../../src/store/store.ts';
import { reading, seeded } from './made-readings.ts';

const secondMs = 1000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type Taken = [outlet: string, atMs: number, ...values: (number | undefined)[]];

let made = 0;

/** How every store must read raw readings back for those who look at all of them; part of the store contract. */
export function rawContract(opened: () => Store): void {
  const todayMs = Math.floor(Date.now() / dayMs) * dayMs;
  /** Each test has an hour and more of its own, where no other test writes. */
  const freshMs = () => {
    made += 1;
    return todayMs - 25 * dayMs + (made % 220) * 2 * hourMs;
  };

  it('come in the order of their times, those of one moment by outlet', async () => {
    const store = opened();
    const atMs = freshMs();
    await write(store, [
      reading('raw-b/1', atMs + 2000, { watts: 22.5, volts: 230 }),
      reading('raw-a/1', atMs + 2000, { watts: 12.5 }),
      reading('raw-a/2', atMs + 1000, { volts: 231.1, hertz: 50 }),
      reading('raw-b/1', atMs, { watts: 20.1 }),
      reading('raw-a/2', atMs + 2500, { hertz: 50, on: true }),
      reading('raw-a/2', (atMs * 1000 + 2_000_001) / 1000, { watts: 0 }),
    ]);
    expect(await taken(store, atMs, atMs + hourMs, ['volts', 'watts'])).toEqual([
      ['raw-b/1', atMs, undefined, 20.1],
      ['raw-a/2', atMs + 1000, 231.1, undefined],
      ['raw-a/1', atMs + 2000, undefined, 12.5],
      ['raw-b/1', atMs + 2000, 230, 22.5],
      ['raw-a/2', (atMs * 1000 + 2_000_001) / 1000, undefined, 0],
    ]);
    expect(await taken(store, atMs + 2000, atMs + hourMs, ['on', 'hertz'])).toEqual([
      ['raw-a/2', atMs + 2500, 1, 50],
    ]);
    expect(await taken(store, atMs + 1000, atMs + 2000, ['watts'])).toEqual([]);
    expect(await taken(store, atMs + 2000, (atMs * 1000 + 2_000_001) / 1000, ['watts'])).toHaveLength(2);
    expect(await taken(store, atMs, atMs + hourMs, [])).toEqual([]);
    expect(await taken(store, atMs + hourMs, atMs, ['watts'])).toEqual([]);
  });

  it('are all there, once each, across gaps and many writes', async () => {
    const store = opened();
    const atMs = freshMs();
    const random = seeded(7);
    const rows: Reading[] = [];
    // Dense, then a gap, sparse, then dense again, so that slices must grow and shrink.
    for (const [fromS, count, stepS] of [
      [0, 2500, 0.1],
      [600, 300, 1],
      [3000, 40, 60],
      [5700, 3000, 0.05],
    ] as const)
      for (let i = 0; i < count; i += 1)
        for (const outlet of ['a/1', 'a/2', 'b/1'])
          rows.push(
            reading(`replay-${outlet}`, Math.round(atMs + (fromS + i * stepS) * secondMs), {
              watts: Math.round(random() * 5000) / 10,
              volts: random() < 0.5 ? undefined : 230,
            }),
          );
    for (let from = 0; from < rows.length; from += 4000) await write(store, rows.slice(from, from + 4000));
    const got = await taken(store, atMs, atMs + 2 * hourMs, ['watts', 'volts']);
    const expected = rows
      .map((row): Taken => [row.outlet, row.atMs, row.watts, row.volts])
      .sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
    expect(got).toHaveLength(expected.length);
    expect(got).toEqual(expected);
  });

  it('can be asked for since ever', async () => {
    const store = opened();
    const atMs = freshMs();
    await write(store, [reading('ever/1', atMs, { powerFactor: 0.5 })]);
    const got: string[] = [];
    await store.rawReadings({ fromMs: 0, toMs: todayMs + dayMs, quantities: ['powerFactor'] }, (outlet) =>
      got.push(outlet),
    );
    expect(got.filter((outlet) => outlet === 'ever/1')).toHaveLength(1);
  });

  it('end when the taker throws, with what it threw', async () => {
    const store = opened();
    const atMs = freshMs();
    await write(
      store,
      Array.from({ length: 100 }, (_, i) => reading('thrown/1', atMs + i * 1000, { watts: i })),
    );
    let count = 0;
    const replay = store.rawReadings({ fromMs: atMs, toMs: atMs + hourMs, quantities: ['watts'] }, () => {
      count += 1;
      if (count === 10) throw new Error('enough');
    });
    await expect(replay).rejects.toThrow('enough');
    expect(count).toBe(10);
  });

  it('are the merged truth of random writes in any order', async () => {
    const point = fc.record({
      outlet: fc.constantFrom('one/1', 'one/2', 'two/1'),
      second: fc.integer({ min: 0, max: 30 }),
      watts: fc.option(fc.integer({ min: 0, max: 9999 }), { nil: undefined }),
      volts: fc.option(fc.integer({ min: 200, max: 250 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(point, { maxLength: 40 }), { maxLength: 4 }), async (writes) => {
        const store = opened();
        const atMs = freshMs() + hourMs;
        made += 1;
        const prefix = `random-${made}-`;
        const truth = new Map<string, Taken>();
        for (const points of writes) {
          await write(
            store,
            points.map((p) =>
              reading(prefix + p.outlet, atMs + p.second * 1000, { watts: p.watts, volts: p.volts }),
            ),
          );
          for (const { outlet, second, watts, volts } of points) {
            if (watts === undefined && volts === undefined) continue;
            const before = truth.get(`${outlet} ${second}`);
            truth.set(`${outlet} ${second}`, [
              prefix + outlet,
              atMs + second * 1000,
              watts ?? before?.[2],
              volts ?? before?.[3],
            ]);
          }
        }
        const got = await taken(store, atMs, atMs + 31_000, ['watts', 'volts']);
        expect(got.filter(([outlet]) => outlet.startsWith(prefix))).toEqual(
          [...truth.values()].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1)),
        );
      }),
      { numRuns: 25 },
    );
  });
}

async function taken(
  store: Store,
  fromMs: number,
  toMs: number,
  quantities: ReadingFigure[],
): Promise<Taken[]> {
  const all: Taken[] = [];
  await store.rawReadings({ fromMs, toMs, quantities }, (outlet, atMs, values) => {
    all.push([outlet, atMs, ...Array.from(values, (value) => (Number.isNaN(value) ? undefined : value))]);
  });
  return all;
}

async function write(store: Store, readings: readonly Reading[]): Promise<void> {
  const batch = store.readingBatch();
  for (const one of readings) batch.add(one);
  await store.write(batch.encode());
}
