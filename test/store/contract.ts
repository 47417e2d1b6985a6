import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketsOfRollUps } from '../../src/analysis/buckets.ts';
import { type Quantity, quantities } from '../../src/model/quantity.ts';
import type { Reading } from '../../src/model/reading.ts';
import { type RollUp, type RollUpTier, tierStepMs } from '../../src/model/roll-up.ts';
import { cellStart } from '../../src/model/sum-grid.ts';
import type { RollUpColumns, Series, Store, WriteOutcome } from '../../src/store/store.ts';
import { eventContract } from './event-contract.ts';
import { reading, rollUp } from './made-readings.ts';
import { rawContract } from './raw-contract.ts';

export { reading, rollUp } from './made-readings.ts';

/** An opened store, empty, keeping raw readings for 30 days and minutes for 400. */
export interface MadeStore {
  readonly store: Store;
  /** Closes the store and opens what it kept as a new one. */
  reopen(): Promise<Store>;
  /** Closes whatever is open and removes what was kept. */
  dispose(): Promise<void>;
}

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Scopes of one test of many. */
let groups = 0;

/** Computed figures may be rounded when kept, but no coarser than this. */
const wattsTolerance = 0.001;
const wattHoursTolerance = 0.000_01;

/**
 * What every store must do, whoever made it: the same calls, the same answers. All tests but the last few
 * share one store, each with outlets, scopes and (for sums over all scopes) days of its own.
 */
export function storeContract(name: string, make: () => Promise<MadeStore>): void {
  describe(`store contract: ${name}`, () => {
    let made: MadeStore;
    let store: Store;
    // Stores that keep a limited past refuse what is older, so the made days lie shortly before today.
    const todayMs = Math.floor(Date.now() / dayMs) * dayMs;
    const baseMs = todayMs - 5 * dayMs;

    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(async () => {
      await made?.dispose();
    });

    describe('readings', () => {
      it('keeps every quantity to its last digit', async () => {
        const outlet = freshOutlet();
        const rows: Partial<Reading>[] = [
          {
            watts: 104.3,
            volts: 230.1,
            amps: 0.453,
            voltAmps: 107.25,
            voltAmpsReactive: -12.5,
            powerFactor: 0.97,
            hertz: 49.98,
            wattHoursTotal: 1_234_567.891,
            wattHoursReturnedTotal: 0.004,
          },
          {
            watts: -3.7,
            volts: 229.95,
            amps: 16.001,
            voltAmps: 0,
            voltAmpsReactive: 0.1,
            powerFactor: -1,
            hertz: 50,
            wattHoursTotal: 98_765_432_109.8,
            wattHoursReturnedTotal: 3,
          },
        ];
        await writeReadings(
          store,
          rows.map((row, i) => reading(outlet, baseMs + i * 10 * secondMs, row)),
        );
        for (const quantity of quantities) {
          const got = await store.series({ outlet, quantity, fromMs: baseMs, toMs: baseMs + hourMs });
          expect(points(got), quantity).toEqual(
            rows.map((row, i) => [baseMs + i * 10 * secondMs, row[quantity]]),
          );
        }
      });

      it('keeps figures that have no short decimal form', async () => {
        const outlet = freshOutlet();
        const odd = [
          1 / 3,
          0.1 + 0.2,
          1e-7,
          123_456.123_456_789,
          5e-324,
          1.797e308,
          -2.5e-9,
          2 ** 53,
          1e21,
          104.3,
        ];
        await writeReadings(
          store,
          odd.map((watts, i) => reading(outlet, baseMs + i * secondMs, { watts })),
        );
        const got = await store.series({ outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs });
        expect([...got.values]).toEqual(odd);
      });

      it('leaves absent what a reading did not bring', async () => {
        const outlet = freshOutlet();
        await writeReadings(store, [
          reading(outlet, baseMs, { watts: 1 }),
          reading(outlet, baseMs + 1000, { volts: 230 }),
          reading(outlet, baseMs + 2000, { watts: 0, volts: 231 }),
        ]);
        const range = { outlet, fromMs: baseMs, toMs: baseMs + hourMs };
        expect(points(await store.series({ ...range, quantity: 'watts' }))).toEqual([
          [baseMs, 1],
          [baseMs + 2000, 0],
        ]);
        expect(points(await store.series({ ...range, quantity: 'volts' }))).toEqual([
          [baseMs + 1000, 230],
          [baseMs + 2000, 231],
        ]);
        expect(points(await store.series({ ...range, quantity: 'amps' }))).toEqual([]);
      });

      it('takes readings that bring nothing but the relay', async () => {
        const outlet = freshOutlet();
        const { count, outcome } = await writeReadings(store, [
          reading(outlet, baseMs, { on: true }),
          reading(outlet, baseMs + 1000, { on: false, watts: 0 }),
        ]);
        expect(count).toBe(2);
        expect(outcome.refused).toEqual({});
        const got = await store.series({ outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs });
        expect(points(got)).toEqual([[baseMs + 1000, 0]]);
      });

      it('takes neither retained readings nor empty ones', async () => {
        const outlet = freshOutlet();
        const { count } = await writeReadings(store, [
          reading(outlet, baseMs, {}),
          reading(outlet, baseMs + 1000, { watts: 5, retained: true }),
          reading(outlet, baseMs + 2000, { watts: 7 }),
        ]);
        expect(count).toBe(1);
        const got = await store.series({ outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs });
        expect(points(got)).toEqual([[baseMs + 2000, 7]]);
      });

      it('takes an empty batch', async () => {
        const { count, outcome } = await writeReadings(store, []);
        expect(count).toBe(0);
        expect(outcome.refused).toEqual({});
      });

      it('keeps nothing of the reading object itself', async () => {
        const outlet = freshOutlet();
        const batch = store.readingBatch();
        const reused = reading(outlet, baseMs, { watts: 1 });
        batch.add(reused);
        reused.atMs = baseMs + 1000;
        reused.watts = 2;
        batch.add(reused);
        reused.watts = 99;
        await store.write(batch.encode());
        const got = await store.series({ outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs });
        expect(points(got)).toEqual([
          [baseMs, 1],
          [baseMs + 1000, 2],
        ]);
      });

      it('lets several batches be filled side by side', async () => {
        const outlet = freshOutlet();
        const one = store.readingBatch();
        const two = store.readingBatch();
        for (let i = 0; i < 10; i += 1) {
          (i % 2 === 0 ? one : two).add(reading(outlet, baseMs + i * 1000, { watts: i }));
          (i % 2 === 0 ? two : one).add(reading(`${outlet}-other`, baseMs + i * 1000, { watts: 0 - i }));
        }
        await Promise.all([store.write(two.encode()), store.write(one.encode())]);
        const range = { quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs } as const;
        expect([...(await store.series({ ...range, outlet })).values]).toEqual([
          0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
        ]);
        expect([...(await store.series({ ...range, outlet: `${outlet}-other` })).values]).toEqual(
          [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => 0 - i),
        );
      });

      it('keeps readings apart that differ by a microsecond', async () => {
        const outlet = freshOutlet();
        const atMs = [0, 1, 2, 999, 1000, 1001, 500_500].map((micros) => microsLater(baseMs, micros));
        await writeReadings(
          store,
          atMs.map((at, i) => reading(outlet, at, { watts: i })),
        );
        const got = await store.series({ outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs });
        expect(points(got)).toEqual(atMs.map((at, i) => [at, i]));
      });

      it('honours microseconds at the ends of the range', async () => {
        const outlet = freshOutlet();
        const atMs = [0, 1, 2, 3].map((micros) => microsLater(baseMs, micros));
        await writeReadings(
          store,
          atMs.map((at, i) => reading(outlet, at, { watts: i })),
        );
        const got = await store.series({
          outlet,
          quantity: 'watts',
          fromMs: microsLater(baseMs, 2),
          toMs: microsLater(baseMs, 3),
        });
        expect([...got.values]).toEqual([1, 2]);
      });

      it('is not changed by the same write again', async () => {
        const outlet = freshOutlet();
        const readings = Array.from({ length: 50 }, (_, i) =>
          reading(outlet, baseMs + i * 1000, { watts: 100 + i / 10, wattHoursTotal: i }),
        );
        const query = { outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs } as const;
        await writeReadings(store, readings);
        const once = points(await store.series(query));
        await writeReadings(store, readings);
        await writeReadings(store, readings.slice(10, 20));
        expect(once).toHaveLength(50);
        expect(points(await store.series(query))).toEqual(once);
      });

      it('can write the same encoded bytes again, also from a copy at an odd address', async () => {
        const outlet = freshOutlet();
        const batch = store.readingBatch();
        batch.add(reading(outlet, baseMs, { watts: 1.5 }));
        batch.add(reading(outlet, baseMs + 1000, { watts: 2.5 }));
        const write = batch.encode();
        const roomy = new Uint8Array(write.bytes.length + 3);
        roomy.set(write.bytes, 3);
        await store.write(write);
        await store.write(write);
        await store.write({ ...write, bytes: roomy.subarray(3) });
        const got = await store.series({ outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs });
        expect([...got.values]).toEqual([1.5, 2.5]);
      });

      it('merges two writes of one moment field by field, the later wins', async () => {
        const outlet = freshOutlet();
        await writeReadings(store, [reading(outlet, baseMs, { watts: 1, volts: 230 })]);
        await writeReadings(store, [reading(outlet, baseMs, { watts: 2, amps: 0.5 })]);
        await writeReadings(store, [
          reading(outlet, baseMs, { hertz: 50 }),
          reading(outlet, baseMs, { amps: 0.7, powerFactor: 0.9 }),
        ]);
        const range = { outlet, fromMs: baseMs, toMs: baseMs + hourMs };
        const expected = { watts: 2, volts: 230, amps: 0.7, hertz: 50, powerFactor: 0.9 };
        for (const [quantity, value] of Object.entries(expected)) {
          const got = await store.series({ ...range, quantity: quantity as Quantity });
          expect(points(got), quantity).toEqual([[baseMs, value]]);
        }
      });

      it('sorts what comes out of order and late', async () => {
        const outlet = freshOutlet();
        const at = (i: number) => baseMs + i * secondMs;
        await writeReadings(
          store,
          [9, 3, 7, 5].map((i) => reading(outlet, at(i), { watts: i })),
        );
        await writeReadings(
          store,
          [8, 1].map((i) => reading(outlet, at(i), { watts: i })),
        );
        await writeReadings(store, [reading(outlet, at(-dayMs / secondMs), { watts: -1 })]);
        const got = await store.series({
          outlet,
          quantity: 'watts',
          fromMs: baseMs - 2 * dayMs,
          toMs: baseMs + hourMs,
        });
        expect(points(got)).toEqual([
          [baseMs - dayMs, -1],
          ...[1, 3, 5, 7, 8, 9].map((i): [number, number] => [at(i), i]),
        ]);
      });

      it('answers an unknown outlet, an empty and a backward range with nothing', async () => {
        const outlet = freshOutlet();
        await writeReadings(store, [reading(outlet, baseMs + 1000, { watts: 1 })]);
        const query = { outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs } as const;
        expect(points(await store.series({ ...query, outlet: 'no such outlet/0' }))).toEqual([]);
        expect(points(await store.series({ ...query, toMs: baseMs }))).toEqual([]);
        expect(points(await store.series({ ...query, toMs: baseMs - hourMs }))).toEqual([]);
        expect(points(await store.series({ ...query, toMs: baseMs + 500 }))).toEqual([]);
      });

      it('includes the start of the range and excludes its end', async () => {
        const outlet = freshOutlet();
        await writeReadings(
          store,
          [0, 1, 2, 3].map((i) => reading(outlet, baseMs + i * minuteMs, { watts: i })),
        );
        const got = await store.series({
          outlet,
          quantity: 'watts',
          fromMs: baseMs,
          toMs: baseMs + 2 * minuteMs,
        });
        expect([...got.values]).toEqual([0, 1]);
      });

      it('adds the last point before the range, of that very quantity', async () => {
        const outlet = freshOutlet();
        const at = (minute: number) => baseMs + minute * minuteMs;
        await writeReadings(store, [
          reading(outlet, at(0) - 3 * dayMs, { volts: 231 }),
          reading(outlet, at(1), { watts: 1 }),
          reading(outlet, at(2), { watts: 2 }),
          reading(outlet, at(3), { amps: 3 }),
          reading(outlet, at(10), { watts: 10, volts: 230 }),
        ]);
        const range = { outlet, fromMs: at(5), toMs: at(20) };
        expect(points(await store.series({ ...range, quantity: 'watts' }))).toEqual([
          [at(2), 2],
          [at(10), 10],
        ]);
        expect(points(await store.series({ ...range, quantity: 'volts' }))).toEqual([
          [at(0) - 3 * dayMs, 231],
          [at(10), 230],
        ]);
        expect(points(await store.series({ ...range, quantity: 'amps' }))).toEqual([[at(3), 3]]);
        expect(points(await store.series({ ...range, quantity: 'hertz' }))).toEqual([]);
        const atStart = await store.series({ ...range, fromMs: at(2), quantity: 'watts' });
        expect([...atStart.values]).toEqual([1, 2, 10]);
        const after = await store.series({ ...range, fromMs: at(15), quantity: 'watts' });
        expect([...after.values]).toEqual([10]);
      });

      it('adds the last point before the range also when its moment was written twice', async () => {
        const outlet = freshOutlet();
        await writeReadings(store, [
          reading(outlet, baseMs, { watts: 1 }),
          reading(outlet, baseMs - minuteMs, { watts: 3 }),
        ]);
        await writeReadings(store, [reading(outlet, baseMs, { watts: 2 })]);
        const got = await store.series({
          outlet,
          quantity: 'watts',
          fromMs: baseMs + 1,
          toMs: baseMs + minuteMs,
        });
        expect(points(got)).toEqual([[baseMs, 2]]);
      });

      it.each(awkwardNames)(
        'keeps the readings of an outlet named %j apart from all others',
        async (awkward) => {
          const outlet = `${freshOutlet()}${awkward}/7`;
          await writeReadings(store, [
            reading(outlet, baseMs, { watts: 1.5 }),
            reading(`${outlet}x`, baseMs, { watts: 2.5 }),
            reading(outlet.replaceAll('\\', '').replaceAll('\n', ' '), baseMs + 5000, { watts: 3.5 }),
          ]);
          const got = await store.series({ outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + 5000 });
          expect(points(got)).toEqual([[baseMs, 1.5]]);
        },
      );

      it('keeps 20,000 readings of one batch', async () => {
        const prefix = freshOutlet();
        const outlets = 40;
        const each = 500;
        const batch = store.readingBatch();
        for (let i = 0; i < each; i += 1)
          for (let o = 0; o < outlets; o += 1)
            batch.add(
              reading(`${prefix}-${o}`, baseMs + i * secondMs, {
                watts: (o * each + i) / 10,
                volts: 230,
                on: true,
              }),
            );
        expect(batch.count).toBe(20_000);
        const write = batch.encode();
        expect(write).toMatchObject({ tier: 'raw', count: 20_000 });
        expect((await store.write(write)).refused).toEqual({});
        for (const o of [0, 17, 39]) {
          const got = await store.series({
            outlet: `${prefix}-${o}`,
            quantity: 'watts',
            fromMs: baseMs,
            toMs: baseMs + dayMs,
          });
          expect(points(got)).toEqual(
            Array.from({ length: each }, (_, i) => [baseMs + i * secondMs, (o * each + i) / 10]),
          );
        }
      });

      it('keeps long series across many writes', async () => {
        const outlet = freshOutlet();
        const truth: [number, number][] = [];
        for (let part = 0; part < 10; part += 1) {
          const readings = Array.from({ length: 700 }, (_, i) => {
            const at = baseMs + (part * 700 + i) * 10 * secondMs;
            const watts = Math.round(1000 + 500 * Math.sin(at / 1e6)) / 10;
            truth.push([at, watts]);
            return reading(outlet, at, { watts, volts: 230.1 });
          });
          await writeReadings(store, readings);
        }
        const got = await store.series({
          outlet,
          quantity: 'watts',
          fromMs: baseMs,
          toMs: baseMs + 2 * dayMs,
        });
        expect(points(got)).toEqual(truth);
        const middle = await store.series({
          outlet,
          quantity: 'watts',
          fromMs: truth[2500]![0],
          toMs: truth[2600]![0],
        });
        expect(points(middle)).toEqual(truth.slice(2499, 2600));
      });

      it('counts readings older than it keeps as refused and keeps the rest of the batch', async () => {
        const outlet = freshOutlet();
        const { outcome } = await writeReadings(store, [
          reading(outlet, todayMs - 40 * dayMs, { watts: 1 }),
          reading(outlet, baseMs, { watts: 2 }),
          reading(outlet, todayMs - 1000 * dayMs, { watts: 3 }),
        ]);
        expect(outcome.refused).toEqual({ 'too-old': 2 });
        const got = await store.series({ outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs });
        expect(points(got)).toEqual([[baseMs, 2]]);
      });

      it('reads back the merged truth of random writes in any order', async () => {
        await fc.assert(
          fc.asyncProperty(randomWrites, randomRange, async (writes, [fromS, lengthS]) => {
            const outlet = freshOutlet();
            const truth = new Map<number, Map<Quantity, number>>();
            for (const batch of writes) {
              await writeReadings(
                store,
                batch.map((point) => reading(outlet, microsLater(baseMs, point.micros), point.values)),
              );
              for (const point of batch) remember(truth, point.micros, point.values);
            }
            const fromMs = baseMs + fromS * secondMs;
            const toMs = fromMs + lengthS * secondMs;
            for (const quantity of ['watts', 'amps', 'wattHoursTotal'] as const) {
              const got = await store.series({ outlet, quantity, fromMs, toMs });
              expect(points(got)).toEqual(expectedSeries(truth, baseMs, quantity, fromMs, toMs));
            }
          }),
          { numRuns: 30 },
        );
      });
    });

    describe.each(['minute', 'quarter'] as const)('%s roll-ups', (tier) => {
      const stepMs = tierStepMs[tier];

      it('come back as they were written', async () => {
        const scope = freshScope();
        const rows = [
          rollUp(scope, baseMs, stepMs, 104.3, 90.1, 250.7),
          rollUp(scope, baseMs + stepMs, stepMs, 1 / 3, 0, 1),
          { ...rollUp(scope, baseMs + 2 * stepMs, stepMs, -20.25, -30.5, -1), observedMs: 12_345 },
          rollUp(scope, baseMs + 5 * stepMs, stepMs, 123_456.789, 100_000.001, 654_321.123),
        ];
        const write = store.encodeRollUps(tier, rows);
        expect(write).toMatchObject({ tier, count: 4 });
        expect((await store.write(write)).refused).toEqual({});
        expectRows(await store.rollUps({ tier, scope, fromMs: baseMs, toMs: baseMs + dayMs }), rows);
      });

      it('are replaced as a whole when a bucket is written again', async () => {
        const scope = freshScope();
        const first = [0, 1, 2, 3].map((i) => rollUp(scope, baseMs + i * stepMs, stepMs, 100 + i, 90, 110));
        const second = [1, 3].map((i) => rollUp(scope, baseMs + i * stepMs, stepMs, 200 + i, 150, 300));
        await store.write(store.encodeRollUps(tier, first));
        await store.write(store.encodeRollUps(tier, second));
        const rows = [first[0]!, second[0]!, first[2]!, second[1]!];
        expectRows(await store.rollUps({ tier, scope, fromMs: baseMs, toMs: baseMs + dayMs }), rows);
      });

      it('may come out of order, several scopes at once and twice in one write', async () => {
        const one = freshScope();
        const two = `${one} two`;
        const at = (i: number) => baseMs + i * stepMs;
        await store.write(
          store.encodeRollUps(tier, [
            rollUp(one, at(3), stepMs, 3, 3, 3),
            rollUp(two, at(1), stepMs, 11, 11, 11),
            rollUp(one, at(1), stepMs, 1, 1, 1),
            rollUp(one, at(2), stepMs, 99, 99, 99),
            rollUp(one, at(2), stepMs, 2, 2, 2),
          ]),
        );
        const range = { tier, fromMs: baseMs, toMs: baseMs + dayMs };
        expectRows(
          await store.rollUps({ ...range, scope: one }),
          [1, 2, 3].map((i) => rollUp(one, at(i), stepMs, i, i, i)),
        );
        expectRows(await store.rollUps({ ...range, scope: two }), [rollUp(two, at(1), stepMs, 11, 11, 11)]);
      });

      it('answer half-open ranges, and nothing before the range', async () => {
        const scope = freshScope();
        const rows = Array.from({ length: 10 }, (_, i) =>
          rollUp(scope, baseMs + i * stepMs, stepMs, i, i, i),
        );
        await store.write(store.encodeRollUps(tier, rows));
        const range = { tier, scope, fromMs: baseMs + 3 * stepMs, toMs: baseMs + 6 * stepMs };
        expectRows(await store.rollUps(range), rows.slice(3, 6));
        expectRows(await store.rollUps({ ...range, fromMs: range.fromMs + 1 }), rows.slice(4, 6));
        expectRows(await store.rollUps({ ...range, scope: 'server:nobody' }), []);
        expectRows(await store.rollUps({ ...range, toMs: range.fromMs }), []);
        expectRows(await store.rollUps({ ...range, toMs: baseMs }), []);
      });

      it('are apart from those of the other tier', async () => {
        const scope = freshScope();
        const other: RollUpTier = tier === 'minute' ? 'quarter' : 'minute';
        await store.write(store.encodeRollUps(tier, [rollUp(scope, baseMs, stepMs, 5, 5, 5)]));
        expectRows(await store.rollUps({ tier: other, scope, fromMs: baseMs, toMs: baseMs + dayMs }), []);
      });

      it.each(awkwardNames)('keep a scope named %j apart from all others', async (awkward) => {
        const scope = `${freshScope()}${awkward}`;
        await store.write(
          store.encodeRollUps(tier, [
            rollUp(scope, baseMs, stepMs, 5, 5, 5),
            rollUp(`${scope}x`, baseMs, stepMs, 6, 6, 6),
          ]),
        );
        expectRows(await store.rollUps({ tier, scope, fromMs: baseMs, toMs: baseMs + dayMs }), [
          rollUp(scope, baseMs, stepMs, 5, 5, 5),
        ]);
      });

      it('of many buckets come back in order', async () => {
        const scope = freshScope();
        const rows = Array.from({ length: 4000 }, (_, i) => {
          const watts = Math.round(2000 + 500 * Math.sin(i / 50)) / 10;
          return rollUp(
            scope,
            baseMs - (4000 - i) * stepMs,
            stepMs,
            watts + 0.037,
            watts - 3.2,
            watts + 11.9,
          );
        });
        await store.write(store.encodeRollUps(tier, rows.slice(0, 3000)));
        await store.write(store.encodeRollUps(tier, rows.slice(2500)));
        expectRows(await store.rollUps({ tier, scope, fromMs: baseMs - 4000 * stepMs, toMs: baseMs }), rows);
      });

      it('take an empty write', async () => {
        expect((await store.write(store.encodeRollUps(tier, []))).refused).toEqual({});
      });

      it('sum to the energy of each scope', async () => {
        // A day on which no other test writes: the answer names every scope there is.
        const emptyDayMs = todayMs - (tier === 'minute' ? 100 : 200) * dayMs;
        const one = freshScope();
        const two = freshScope();
        const at = (i: number) => emptyDayMs + i * stepMs;
        const rows = [0, 1, 2, 3, 4].flatMap((i) => [
          rollUp(one, at(i), stepMs, 100 + i, 0, 200),
          rollUp(two, at(i), stepMs, 1000.5, 0, 2000),
        ]);
        await store.write(store.encodeRollUps(tier, rows));
        await store.write(store.encodeRollUps(tier, [rollUp(one, at(2), stepMs, 500, 0, 600)]));
        const got = await store.energyByScope(tier, at(1), at(4));
        expect([...got.keys()].sort()).toEqual([one, two].sort());
        const bucketHours = stepMs / hourMs;
        expect(got.get(one)).toBeCloseTo((101 + 500 + 103) * bucketHours, 4);
        expect(got.get(two)).toBeCloseTo(3 * 1000.5 * bucketHours, 4);
        expect(await store.energyByScope(tier, at(5), at(50))).toEqual(new Map());
        expect(await store.energyByScope(tier, at(4), at(1))).toEqual(new Map());
      });

      it('tell the energy of many scopes bucket by bucket in one go', async () => {
        const one = freshScope();
        const group = `server:group ${++groups}-`;
        const at = (i: number) => baseMs - 2 * dayMs + i * stepMs;
        const rows = [0, 1, 2, 3].map((i) => rollUp(one, at(i), stepMs, 100 + i, 0, 200));
        for (let n = 0; n < 40; n += 1)
          for (let i = 0; i < 400; i += 1) rows.push(rollUp(`${group}${n}`, at(i), stepMs, 10 + n, 0, 200));
        await store.write(store.encodeRollUps(tier, rows));
        const inOne = await store.energyRows({ tier, scopes: [one], fromMs: at(1), toMs: at(3) });
        expect([...inOne.keys()]).toEqual([one]);
        const got = inOne.get(one)!;
        expect([...got.fromMs]).toEqual([at(1), at(2)]);
        expect(got.wattHours[0]).toBeCloseTo((101 * stepMs) / hourMs, 4);
        expect([...got.observedMs]).toEqual([stepMs, stepMs]);
        expect(got.counterWattHours?.some((value) => !Number.isNaN(value)) ?? false).toBe(false);

        const all = await store.energyRows({ tier, scopes: ['server:*', one], fromMs: at(0), toMs: at(400) });
        expect(all.has(one)).toBe(true);
        const members = [...all].filter(([scope]) => scope.startsWith(group));
        expect(members).toHaveLength(40);
        for (const [scope, { fromMs, wattHours }] of members) {
          expect([...fromMs], scope).toEqual(Array.from({ length: 400 }, (_, i) => at(i)));
          const each = ((10 + Number(scope.slice(group.length))) * stepMs) / hourMs;
          expect(wattHours.every((value) => Math.abs(value - each) < wattHoursTolerance)).toBe(true);
        }
        const ofEach = await store.energyRows({ tier, scopes: ['*'], fromMs: at(3), toMs: at(4) });
        expect(ofEach.has(one)).toBe(true);
        const nothing = [
          { scopes: [], fromMs: at(0), toMs: at(4) },
          { scopes: ['rack:no such'], fromMs: at(0), toMs: at(4) },
          { scopes: [one], fromMs: at(4), toMs: at(0) },
          { scopes: [one], fromMs: at(4), toMs: at(400) },
        ];
        for (const query of nothing) expect(await store.energyRows({ tier, ...query })).toEqual(new Map());
      });

      it('add up over the cells of a grid, which the range may cut', async () => {
        const [one, two, away] = [freshScope(), freshScope(), freshScope()];
        const startMs = todayMs - 40 * dayMs;
        const at = (i: number) => startMs + i * stepMs;
        const rows = [one, two].flatMap((scope, n) =>
          Array.from({ length: 700 }, (_, i) => rollUp(scope, at(i), stepMs, 64 * (n + 1), 0, 200)),
        );
        await store.write(store.encodeRollUps(tier, rows));
        await store.write(store.encodeRollUps(tier, [rollUp(one, at(100), stepMs, 640, 0, 900)]));
        const scopes = [one, two, away];
        const grid = { stepMs: 64 * stepMs, offsetMs: 7 * stepMs };
        const [fromMs, toMs] = [at(3), at(650)];
        const got = await store.energyRows({ tier, scopes, fromMs, toMs, grid });
        expect([...got.keys()].sort()).toEqual([one, two].sort());
        for (const [scope, sums] of got) {
          const plain = (await store.energyRows({ tier, scopes: [scope], fromMs, toMs })).get(scope)!;
          const cells = new Map<number, [number, number]>();
          for (const [i, rowMs] of plain.fromMs.entries()) {
            const cellMs = Math.max(fromMs, cellStart(grid, rowMs));
            const [wattHours, observedMs] = cells.get(cellMs) ?? [0, 0];
            cells.set(cellMs, [wattHours + plain.wattHours[i]!, observedMs + plain.observedMs[i]!]);
          }
          expect([...sums.fromMs]).toEqual([...cells.keys()]);
          expect([...sums.observedMs]).toEqual([...cells.values()].map(([, observedMs]) => observedMs));
          for (const [i, [wattHours]] of [...cells.values()].entries())
            expect(sums.wattHours[i]).toBeCloseTo(wattHours, 6);
        }
      });

      it('make the same chart when they may be joined, also with holes and minutes half observed', async () => {
        const scope = freshScope();
        const count = 4000;
        const startMs = todayMs - 60 * dayMs;
        const rows = Array.from({ length: count }, (_, i) => {
          const watts = 100 + (i % 97) + (i % 7) / 8;
          const row = rollUp(scope, startMs + i * stepMs, stepMs, watts, watts - (i % 5), watts + (i % 11));
          const isPart = (i >= 1500 && i < 1510) || i === count - 2;
          return isPart ? { ...row, wattHours: row.wattHours / 4, observedMs: stepMs / 4 } : row;
        }).filter((_, i) => i < 700 || i >= 900);
        await store.write(store.encodeRollUps(tier, rows));
        for (const [fromMs, joinMs] of [
          [startMs, 4 * stepMs],
          [startMs - 10 * dayMs, 20 * stepMs],
          [startMs + 5 * stepMs, 96 * stepMs],
        ] as const) {
          const query = { tier, scope, fromMs, toMs: startMs + count * stepMs };
          const plain = await store.rollUps(query);
          const joined = await store.rollUps({ ...query, joinMs });
          expect(joined.fromMs.at(-1)).toBe(plain.fromMs.at(-1));
          const charts = [plain, joined].map((part) => bucketsOfRollUps([part], fromMs, query.toMs, joinMs));
          expect(charts[1]!.min).toEqual(charts[0]!.min);
          expect(charts[1]!.max).toEqual(charts[0]!.max);
          for (const [i, mean] of charts[0]!.mean.entries())
            if (Number.isNaN(mean)) expect(charts[1]!.mean[i]).toBeNaN();
            else expect(charts[1]!.mean[i]).toBeCloseTo(mean, 6);
        }
      });

      it('tell what was written again since the same was asked before', async () => {
        const scope = freshScope();
        const dayBeforeMs = baseMs - 2 * dayMs;
        const ask = async (fromMs: number, toMs: number) => {
          const rows = (await store.energyRows({ tier, scopes: [scope], fromMs, toMs })).get(scope);
          return rows === undefined
            ? []
            : [...rows.wattHours].map((value) => Math.round(value * 1000) / 1000);
        };
        const range = [dayBeforeMs, dayBeforeMs + 2 * dayMs] as const;
        const perHour = stepMs / hourMs;
        const rows = [0, 1].map((i) => rollUp(scope, dayBeforeMs + i * dayMs, stepMs, 400, 0, 900));
        await store.write(store.encodeRollUps(tier, rows));
        expect(await ask(...range)).toEqual(
          [400, 400].map((watts) => Math.round(watts * perHour * 1000) / 1000),
        );
        await store.write(
          store.encodeRollUps(tier, [rollUp(scope, dayBeforeMs + dayMs, stepMs, 600, 0, 900)]),
        );
        const changed = [400, 600].map((watts) => Math.round(watts * perHour * 1000) / 1000);
        expect(await ask(...range)).toEqual(changed);
        expect(await ask(...range)).toEqual(changed);
        expect(await ask(dayBeforeMs + 1, range[1])).toEqual(changed.slice(1));
        // As a backlog of an earlier process hands it in: nobody knows what is in it.
        const encoded = store.encodeRollUps(tier, [rollUp(scope, dayBeforeMs, stepMs, 800, 0, 900)]);
        await store.write({ tier: encoded.tier, count: encoded.count, bytes: encoded.bytes });
        expect((await ask(...range))[0]).toBeCloseTo(800 * perHour, 2);
      });
    });

    it('quarters take the parts of their energy later, figure by figure, also where nothing was known before', async () => {
      const scope = freshScope();
      const at = (i: number) => baseMs + i * tierStepMs.quarter;
      const range = { tier: 'quarter', scope, fromMs: baseMs, toMs: baseMs + dayMs } as const;
      const plain = [0, 1, 2].map((i) => rollUp(scope, at(i), tierStepMs.quarter, 100 + i, 90, 250.75));
      await store.write(store.encodeRollUps('quarter', plain));
      const parts = {
        counterWattHours: 20.5,
        integratedWattHours: 0,
        spreadWattHours: 5.25,
        spreadMs: 12_500,
      };
      await store.write(
        store.encodeRollUps('quarter', [
          { scope, fromMs: at(1), wattHours: 25.75, ...parts },
          { scope, fromMs: at(4), wattHours: 25.75, observedMs: 0, ...parts },
        ]),
      );
      await store.write(store.encodeRollUps('quarter', [{ scope, fromMs: at(1), wattsMax: 300.125 }]));
      const got = await store.rollUps(range);
      expect([...got.fromMs]).toEqual([at(0), at(1), at(2), at(4)]);
      expect([...got.wattsMean]).toEqual([100, 101, 102, Number.NaN]);
      expect([...got.wattsMax]).toEqual([250.75, 300.125, 250.75, Number.NaN]);
      expect([...got.wattHours]).toEqual([25, 25.75, 25.5, 25.75]);
      for (const [name, value] of Object.entries(parts))
        expect([...got[name as keyof typeof parts]!], name).toEqual([Number.NaN, value, Number.NaN, value]);
      expect((await store.energyByScope('quarter', at(1), at(5))).get(scope)).toBeCloseTo(77, 6);
      const energy = (await store.energyRows({ ...range, scopes: [scope] })).get(scope)!;
      expect([...energy.fromMs]).toEqual([...got.fromMs]);
      for (const name of ['wattHours', 'observedMs', 'counterWattHours', 'spreadMs'] as const)
        expect([...energy[name]!], name).toEqual([...got[name]!]);
    });

    describe('raw readings of all outlets', () => rawContract(() => store));

    describe('events', () => eventContract(() => store));

    it('minutes and raw readings have an age limit, quarters are kept for ever', async () => {
      const scope = freshScope();
      const oldMs = todayMs - 800 * dayMs;
      const minutes = store.encodeRollUps('minute', [rollUp(scope, oldMs, minuteMs, 1, 1, 1)]);
      expect((await store.write(minutes)).refused).toEqual({ 'too-old': 1 });
      const row = rollUp(scope, oldMs, tierStepMs.quarter, 1, 1, 1);
      expect((await store.write(store.encodeRollUps('quarter', [row]))).refused).toEqual({});
      expectRows(await store.rollUps({ tier: 'quarter', scope, fromMs: oldMs, toMs: oldMs + dayMs }), [row]);
    });

    it('takes many writes and questions at once', async () => {
      const outlet = freshOutlet();
      const writes = Array.from({ length: 30 }, (_, i) =>
        writeReadings(store, [reading(outlet, baseMs + i * secondMs, { watts: i })]),
      );
      const questions = Array.from({ length: 10 }, () =>
        store.series({ outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs }),
      );
      await Promise.all([...writes, ...questions]);
      const got = await store.series({ outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs });
      expect([...got.values]).toEqual(Array.from({ length: 30 }, (_, i) => i));
    });

    it('says what it is when asked', async () => {
      expect((await store.ping()).version).toMatch(/\d+\.\d+/);
      expect(['embedded', 'influx']).toContain(store.kind);
    });

    it('has everything after it was closed and opened again, and goes on', async () => {
      const own = await make();
      try {
        const outlet = freshOutlet();
        const scope = freshScope();
        const readings = Array.from({ length: 3000 }, (_, i) =>
          reading(outlet, baseMs + i * secondMs, { watts: i / 10, volts: 230.1, on: i % 2 === 0 }),
        );
        await writeReadings(own.store, readings.slice(0, 2000));
        await writeReadings(own.store, readings.slice(2000));
        const rows = [0, 1, 2].map((i) => rollUp(scope, baseMs + i * minuteMs, minuteMs, 100 + i, 90, 120));
        await own.store.write(own.store.encodeRollUps('minute', rows));

        const again = await own.reopen();
        const query = { outlet, quantity: 'watts', fromMs: baseMs, toMs: baseMs + dayMs } as const;
        expect([...(await again.series(query)).values]).toEqual(readings.map((row) => row.watts));
        expectRows(
          await again.rollUps({ tier: 'minute', scope, fromMs: baseMs, toMs: baseMs + dayMs }),
          rows,
        );

        await writeReadings(again, [
          reading(outlet, baseMs + 1500 * secondMs, { watts: -1 }),
          reading(outlet, baseMs + 3000 * secondMs, { watts: -2 }),
        ]);
        const third = await own.reopen();
        const values = [...(await third.series(query)).values];
        expect(values).toHaveLength(3001);
        expect([values[1499], values[1500], values[1501], values[3000]]).toEqual([149.9, -1, 150.1, -2]);
        const volts = await third.series({ ...query, quantity: 'volts' });
        expect(volts.values).toHaveLength(3000);
      } finally {
        await own.dispose();
      }
    });

    it('takes bytes that another instance encoded before a restart', async () => {
      const own = await make();
      try {
        const outlet = freshOutlet();
        const batch = own.store.readingBatch();
        batch.add(reading(outlet, baseMs, { watts: 12.5 }));
        batch.add(reading(`${outlet} é,=\\"`, baseMs, { watts: 13.5 }));
        const kept = batch.encode();
        const rollUps = own.store.encodeRollUps('minute', [rollUp('server:x', baseMs, minuteMs, 7, 7, 7)]);
        const again = await own.reopen();
        await again.write({ ...kept, bytes: Uint8Array.from(kept.bytes) });
        await again.write({ ...rollUps, bytes: Uint8Array.from(rollUps.bytes) });
        const range = { quantity: 'watts', fromMs: baseMs, toMs: baseMs + hourMs } as const;
        expect(points(await again.series({ ...range, outlet }))).toEqual([[baseMs, 12.5]]);
        expect(points(await again.series({ ...range, outlet: `${outlet} é,=\\"` }))).toEqual([
          [baseMs, 13.5],
        ]);
        expectRows(
          await again.rollUps({ tier: 'minute', scope: 'server:x', fromMs: baseMs, toMs: baseMs + hourMs }),
          [rollUp('server:x', baseMs, minuteMs, 7, 7, 7)],
        );
      } finally {
        await own.dispose();
      }
    });

    it('may be closed twice', async () => {
      const own = await make();
      await own.store.close();
      await own.store.close();
      await own.dispose();
    });
  });
}

const awkwardNames = [
  'a name with spaces ',
  'commas,and=equals',
  'single \' and double " quotes',
  'back\\slash\\',
  'back\\\\slash\\ ',
  'slashes/in/it',
  'line\nfeed',
  '\ttab',
  'Ünïcödé ☃ 電源 🔌',
  "'; DROP TABLE block; --",
  '%_*.$[]{}()|^',
  '#comment',
];

let made = 0;

/** A name no other test has used; the stem is the same so that look-ups by prefix would be found out. */
function freshOutlet(): string {
  made += 1;
  return `pdu-${made}/${made % 8}`;
}

function freshScope(): string {
  made += 1;
  return `server:hv-${made}`;
}

export async function writeReadings(
  store: Store,
  readings: readonly Reading[],
): Promise<{ count: number; outcome: WriteOutcome }> {
  const batch = store.readingBatch();
  for (const one of readings) batch.add(one);
  const count = batch.count;
  return { count, outcome: await store.write(batch.encode()) };
}

export function points(series: Series): [number, number][] {
  expect(series.values).toHaveLength(series.atMs.length);
  return Array.from(series.atMs, (at, i) => [at, series.values[i]!]);
}

/** The nearest number to so many microseconds after a whole millisecond. */
function microsLater(atMs: number, micros: number): number {
  return (atMs * 1000 + micros) / 1000;
}

function expectRows(got: RollUpColumns, rows: readonly RollUp[]): void {
  expect([...got.fromMs]).toEqual(rows.map((row) => row.fromMs));
  const columns = [
    ['wattsMean', wattsTolerance],
    ['wattsMin', wattsTolerance],
    ['wattsMax', wattsTolerance],
    ['wattHours', wattHoursTolerance],
    ['observedMs', 0],
  ] as const;
  for (const [column, tolerance] of columns) {
    expect(got[column]).toHaveLength(rows.length);
    for (const [i, row] of rows.entries())
      if (!(Math.abs(got[column][i]! - row[column]) <= tolerance))
        expect(got[column][i], `${column} of row ${i}`).toBe(row[column]);
  }
}

interface RandomPoint {
  readonly micros: number;
  readonly values: Partial<Record<Quantity, number>>;
}

/** Few distinct moments, so that points meet; most on whole seconds, some a few microseconds beside. */
const moment = fc
  .tuple(fc.integer({ min: 0, max: 120 }), fc.constantFrom(0, 0, 0, 0, 1, 2, 1000))
  .map(([second, micros]) => second * 1_000_000 + micros);
const decimal = (max: number, digits: number) =>
  fc.integer({ min: -max, max }).map((scaled) => scaled / 10 ** digits + 0);
const values = fc.record(
  { watts: decimal(50_000, 1), amps: decimal(200_000, 3), wattHoursTotal: decimal(2 ** 40, 2) },
  { requiredKeys: [] },
);
const randomWrites: fc.Arbitrary<RandomPoint[][]> = fc.array(
  fc.array(fc.record({ micros: moment, values }), { maxLength: 60 }),
  { minLength: 1, maxLength: 6 },
);
const randomRange = fc.tuple(fc.integer({ min: -10, max: 130 }), fc.integer({ min: 1, max: 140 }));

function remember(
  truth: Map<number, Map<Quantity, number>>,
  micros: number,
  brought: Partial<Record<Quantity, number>>,
): void {
  const fields = truth.get(micros) ?? new Map<Quantity, number>();
  truth.set(micros, fields);
  for (const [quantity, value] of Object.entries(brought)) fields.set(quantity as Quantity, value);
}

function expectedSeries(
  truth: Map<number, Map<Quantity, number>>,
  baseMs: number,
  quantity: Quantity,
  fromMs: number,
  toMs: number,
): [number, number][] {
  const all = [...truth]
    .filter(([, fields]) => fields.has(quantity))
    .map(([micros, fields]): [number, number] => [microsLater(baseMs, micros), fields.get(quantity)!])
    .sort(([a], [b]) => a - b);
  const before = all.filter(([at]) => at < fromMs).slice(-1);
  return [...before, ...all.filter(([at]) => at >= fromMs && at < toMs)];
}
