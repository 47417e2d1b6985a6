import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { remakeBuckets } from '../../src/bucket-remake.ts';
import { EnergyMarks } from '../../src/energy-marks.ts';
import { remakeOutlet } from '../../src/energy-remake.ts';
import { LateBuckets } from '../../src/late-buckets.ts';
import type { PowerTree } from '../../src/model/power-tree.ts';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { reading, rollUp } from '../store/made-readings.ts';
import { scratchFolder } from './running.ts';

const quarterMs = 900_000;
const minuteMs = 60_000;
const fromMs = Math.floor(Date.now() / quarterMs) * quarterMs - 8 * quarterMs;
const tree: PowerTree = {
  name: 'Room',
  timezone: 'UTC',
  feeds: [],
  racks: [],
  servers: [{ name: 'hv-01', inputs: [{ outlet: 'pdu-a/1' }, { outlet: 'pdu-b/1' }] }],
};

describe('minutes and peaks of late readings', () => {
  let folder: string;
  let store: EmbeddedStore;
  beforeEach(async () => {
    folder = scratchFolder();
    store = new EmbeddedStore({ path: folder, retention: { rawMs: Infinity, minuteMs: Infinity } });
    await store.open();
    const batch = store.readingBatch();
    for (let at = fromMs - quarterMs; at < fromMs + 2 * quarterMs; at += 10_000) {
      batch.add(reading('pdu-a/1', at, { watts: at === fromMs + 130_000 ? 900 : 100 }));
      batch.add(reading('pdu-b/1', at, { watts: 50 }));
    }
    await store.write(batch.encode());
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const remake = (scopes: string[]) =>
    remakeBuckets({
      tree,
      store,
      fromMs,
      toMs: fromMs + 900_000,
      scopes: new Set(scopes),
      expectedIntervalMs: () => 10_000,
    });

  it('are those of the scopes sums, made by the rules of the live room', async () => {
    const made = await remake(['server:hv-01', 'outlet:pdu-a/1']);
    const minutes = made!.minute.filter(({ scope }) => scope === 'server:hv-01');
    expect(minutes.map((row) => row.fromMs)).toEqual(
      Array.from({ length: 15 }, (_, i) => fromMs + i * minuteMs),
    );
    expect(minutes[2]).toMatchObject({ wattsMin: 150, wattsMax: 950, observedMs: minuteMs });
    expect(minutes[2]!.wattHours).toBeCloseTo((150 * 50 + 950 * 10) / 3600, 6);
    expect(made!.quarter.map(({ scope, wattsMax }) => [scope, wattsMax]).sort()).toEqual([
      ['outlet:pdu-a/1', 900],
      ['server:hv-01', 950],
    ]);
    // Its energy is the ledger's.
    expect(made!.quarter.every((row) => row.wattHours === undefined)).toBe(true);
  });

  it('are 0 where a meter told only that its relay opened, as live', async () => {
    const batch = store.readingBatch();
    for (let at = fromMs; at < fromMs + 60_000; at += 10_000)
      batch.add(reading('plug/0', at, { watts: 300, on: true }));
    for (let at = fromMs + minuteMs; at < fromMs + 15 * minuteMs; at += 10_000)
      batch.add(reading('plug/0', at, { on: false }));
    await store.write(batch.encode());
    const made = await remake(['outlet:plug/0']);
    expect(made!.minute.map(({ wattsMean }) => wattsMean)).toEqual([300, ...Array(14).fill(0)]);
    const [quarter] = await remakeOutlet({
      store,
      outlet: 'plug/0',
      mark: { outlet: 'plug/0', fromMs, toMs: fromMs + 10 * minuteMs, markedMs: 0 },
      expectedIntervalMs: 10_000,
      nowMs: fromMs + quarterMs,
      untilMs: fromMs + quarterMs,
    });
    expect(quarter).toMatchObject({ fromMs, wattHours: expect.closeTo(4.58, 1) });
    expect(quarter!.observedMs).toBe(890_000);
  });

  it('never take the place of rows that know more', async () => {
    const scope = 'outlet:pdu-c/1';
    const batch = store.readingBatch();
    batch.add(reading('pdu-c/1', fromMs + 65_000, { watts: 30 }));
    await store.write(batch.encode());
    await store.write(
      store.encodeRollUps('minute', [rollUp(scope, fromMs + minuteMs, minuteMs, 20, 20, 20)]),
    );
    const made = await remake([scope]);
    expect(made!.minute.map((row) => row.fromMs)).not.toContain(fromMs + minuteMs);
  });
});

describe('what waits to be made again', () => {
  it('is bounded for each outlet, and nothing of it is forgotten', () => {
    const stretch = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 200 }));
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 60 }), (added) => {
        const marks = new EnergyMarks();
        for (const [outlet, hours] of added)
          marks.add(`pdu/${outlet}`, hours * 7_200_000, hours * 7_200_000 + 1_000, 0);
        expect(marks.count).toBeLessThanOrEqual(4 * 8);
        for (const [outlet, hours] of added)
          expect(marks.touches(`pdu/${outlet}`, hours * 7_200_000, hours * 7_200_000 + 1)).toBe(true);
        const taken = marks.take(Number.POSITIVE_INFINITY, 1, 1_000);
        expect(marks.count).toBe(0);
        for (const [outlet, hours] of added)
          expect(
            taken.some(
              (mark) =>
                mark.outlet === `pdu/${outlet}` &&
                mark.fromMs <= hours * 7_200_000 &&
                mark.toMs >= hours * 7_200_000 + 1_000,
            ),
          ).toBe(true);
      }),
    );
  });

  it('is not taken while more of it comes', () => {
    const late = new LateBuckets();
    late.add('pdu/1', fromMs, 1_000);
    late.add('pdu/2', fromMs, 5_000);
    expect(late.take(Number.POSITIVE_INFINITY, 5_000)).toBeUndefined();
    expect(late.take(fromMs, 6_000)).toBeUndefined();
    expect(late.take(fromMs + 1, 6_000)).toEqual({ quarterMs: fromMs, outlets: ['pdu/1', 'pdu/2'] });
    expect(late.take(Number.POSITIVE_INFINITY, 6_000)).toBeUndefined();
  });
});
