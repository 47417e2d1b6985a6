import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { FirstBuckets } from '../../src/first-buckets.ts';
import type { RollUp, RollUpTier } from '../../src/model/roll-up.ts';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';

const quarterMs = 900_000;
const patienceMs = 10_000;
const fromMs = Math.floor(Date.now() / quarterMs) * quarterMs;
const startedMs = fromMs + 5 * 60_000 + 20_000;
const row = (at: number, watts: number, observedMs: number): RollUp => ({
  scope: 'room',
  fromMs: at,
  wattsMean: watts,
  wattsMin: watts - 10,
  wattsMax: watts + 10,
  wattHours: (watts * observedMs) / 3_600_000,
  observedMs,
});

describe('the buckets that were open at the start', () => {
  let folder: string;
  let store: EmbeddedStore;
  let written: [RollUpTier, RollUp][];
  let buckets: FirstBuckets;
  const record = (tier: RollUpTier, made: RollUp) => written.push([tier, made]);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'first-buckets-'));
    store = new EmbeddedStore({ path: folder, retention: { rawMs: Infinity, minuteMs: Infinity } });
    await store.open();
    // The earlier run: five whole minutes at 100 W, and 15 s of the minute it was stopped in.
    const earlier = Array.from({ length: 5 }, (_, i) => row(fromMs + i * 60_000, 100, 60_000));
    await store.write(store.encodeRollUps('minute', [...earlier, row(fromMs + 300_000, 100, 15_000)]));
    written = [];
    buckets = new FirstBuckets({ store, startedMs, record, clock: systemClock });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('are joined with what the earlier run observed in them', async () => {
    buckets.take('minute', row(fromMs + 300_000, 400, 40_000));
    buckets.take('quarter', row(fromMs, 400, 580_000));
    await buckets.settled(patienceMs);
    const [minute, quarter] = written.map(([, made]) => made);
    expect(minute).toMatchObject({ observedMs: 55_000, wattsMin: 90, wattsMax: 410 });
    expect(minute!.wattHours).toBeCloseTo((100 * 15 + 400 * 40) / 3600, 5);
    expect(minute!.wattsMean).toBeCloseTo((100 * 15 + 400 * 40) / 55, 3);
    expect(quarter).toMatchObject({ observedMs: 895_000, wattsMin: 90, wattsMax: 410 });
    expect(quarter!.wattHours).toBeCloseTo((100 * 315 + 400 * 580) / 3600, 5);
  });

  it('ask for several scopes at once, eight at most, and keep the order of each', async () => {
    let asking = 0;
    let most = 0;
    const slow = {
      async rollUps(...question: Parameters<EmbeddedStore['rollUps']>) {
        asking += 1;
        most = Math.max(most, asking);
        const answer = await store.rollUps(...question);
        asking -= 1;
        return answer;
      },
    } as unknown as EmbeddedStore;
    buckets = new FirstBuckets({ store: slow, startedMs, record, clock: systemClock });
    for (let i = 0; i < 40; i += 1) {
      buckets.take('minute', { ...row(fromMs + 300_000, 400, 40_000), scope: `server:${i}` });
      buckets.take('quarter', { ...row(fromMs, 400, 580_000), scope: `server:${i}` });
    }
    await buckets.settled(patienceMs);
    expect(most).toBeGreaterThan(4);
    expect(most).toBeLessThanOrEqual(8);
    for (let i = 0; i < 40; i += 1)
      expect(written.filter(([, { scope }]) => scope === `server:${i}`).map(([tier]) => tier)).toEqual([
        'minute',
        'quarter',
      ]);
  });

  it('are written as they are while the store is away', async () => {
    await store.close();
    buckets.take('minute', row(fromMs + 300_000, 400, 40_000));
    await buckets.settled(patienceMs);
    expect(written).toEqual([['minute', row(fromMs + 300_000, 400, 40_000)]]);
  });

  it('are written as they are, once, when the store does not answer in time', async () => {
    let answer = () => {};
    const frozen = {
      rollUps: (...question: Parameters<EmbeddedStore['rollUps']>) =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }).then(() => store.rollUps(...question)),
    } as unknown as EmbeddedStore;
    buckets = new FirstBuckets({ store: frozen, startedMs, record, clock: systemClock });
    buckets.take('minute', row(fromMs + 300_000, 400, 40_000));
    buckets.take('quarter', row(fromMs, 400, 580_000));
    await buckets.settled(1);
    const asTheyAre = [
      ['minute', row(fromMs + 300_000, 400, 40_000)],
      ['quarter', row(fromMs, 400, 580_000)],
    ];
    expect(written).toEqual(asTheyAre);
    answer();
    await buckets.settled(patienceMs);
    expect(written).toEqual(asTheyAre);
  });

  it('hold up no later bucket', () => {
    buckets.take('minute', row(fromMs + 360_000, 400, 60_000));
    buckets.take('quarter', row(fromMs + quarterMs, 400, quarterMs));
    expect(written.map(([tier]) => tier)).toEqual(['minute', 'quarter']);
  });
});
