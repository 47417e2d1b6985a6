import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DemandBucket, demandBuckets, loadFactor, peakDemand } from '../../src/analysis/demand.ts';
import { ledgerStepMs } from '../../src/analysis/ledger-row.ts';

const startMs = Date.parse('2026-06-01T00:00Z');
/** Quarters by their mean watts; `undefined`: none. */
const buckets = (...watts: (number | undefined)[]): DemandBucket[] =>
  watts.flatMap((mean, i) =>
    mean === undefined ? [] : [{ fromMs: startMs + i * ledgerStepMs, wattHours: mean / 4, coverage: 1 }],
  );

describe('the highest demand', () => {
  it.each<[string, DemandBucket[], 15 | 30, string, number | undefined]>([
    ['of quarters', buckets(100, 900, 300, 200), 15, 'UTC', 900],
    ['of half hours', buckets(100, 900, 300, 200), 30, 'UTC', 500],
    ['of half hours of a zone of quarters', buckets(100, 900, 300, 200), 30, 'Asia/Kathmandu', 600],
    ['of half hours that are whole', buckets(100, undefined, 300, 200), 30, 'UTC', 250],
    ['of nothing', [], 15, 'UTC', undefined],
    [
      'of single quarters, by the half hour',
      buckets(undefined, 100, undefined, undefined),
      30,
      'UTC',
      undefined,
    ],
    [
      'of a quarter of which a tenth is unknown',
      [{ fromMs: startMs, wattHours: 90, coverage: 0.9 }],
      15,
      'UTC',
      400,
    ],
    [
      'of a quarter of which more is unknown',
      [{ fromMs: startMs, wattHours: 80, coverage: 0.8 }],
      15,
      'UTC',
      undefined,
    ],
  ])('%s', (_name, list, minutes, zone, watts) => {
    const peak = peakDemand(list, minutes, zone);
    if (watts === undefined) expect(peak).toBeUndefined();
    else expect(peak?.watts).toBeCloseTo(watts, 9);
    if (peak !== undefined) expect(peak.toMs - peak.fromMs).toBe(minutes * 60_000);
  });

  it('leaves what a counter proves for a gap out', () => {
    const row = {
      fromMs: startMs,
      counterWattHours: 10,
      integratedWattHours: 5,
      spreadWattHours: 400,
      observedMs: ledgerStepMs / 2,
      spreadMs: ledgerStepMs / 2,
      checkCounterWattHours: 0,
      checkIntegralWattHours: 0,
    };
    expect(demandBuckets([row])).toEqual([{ fromMs: startMs, wattHours: 15, coverage: 0.5 }]);
  });

  it('of half hours is never above that of quarters, and the load factor is between 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.double({ min: 0, max: 10_000, noNaN: true }), { nil: undefined })),
        (watts) => {
          const list = buckets(...watts);
          const quarter = peakDemand(list, 15, 'UTC')?.watts ?? 0;
          expect(peakDemand(list, 30, 'UTC')?.watts ?? 0).toBeLessThanOrEqual(quarter + 1e-9);
          const factor = loadFactor(list, 15, 'UTC');
          if (quarter === 0) expect(factor).toBeUndefined();
          else {
            expect(factor).toBeGreaterThanOrEqual(0);
            expect(factor).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });

  it('against the mean is the load factor', () => {
    expect(loadFactor(buckets(100, 300), 15, 'UTC')).toBeCloseTo(2 / 3, 12);
    expect(loadFactor(buckets(0, 0), 15, 'UTC')).toBeUndefined();
  });
});
