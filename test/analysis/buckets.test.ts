import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BucketSums,
  bucketsOfRollUps,
  bucketsOfSeries,
  holdMsOf,
  readableStepMs,
} from '../../src/analysis/buckets.ts';

const series = (...points: [number, number][]) => ({
  atMs: Float64Array.from(points, ([at]) => at),
  values: Float64Array.from(points, ([, value]) => value),
});

describe('buckets of raw points', () => {
  it('weigh by time and carry the value before the range in', () => {
    const buckets = bucketsOfSeries(series([-500, 10], [500, 20], [1500, 40]), 0, 2000, 1000, 10_000);
    expect([...buckets.mean]).toEqual([15, 30]);
    expect([...buckets.min]).toEqual([10, 20]);
    expect([...buckets.max]).toEqual([20, 40]);
  });

  it('leave what is beyond the hold unobserved', () => {
    const buckets = bucketsOfSeries(series([0, 10]), 0, 4000, 1000, 1500);
    expect([...buckets.mean].map((v) => (Number.isNaN(v) ? null : v))).toEqual([10, 10, null, null]);
  });

  it('keep a peak of no length', () => {
    const buckets = bucketsOfSeries(series([0, 10], [500, 900], [500, 10]), 0, 1000, 1000, 10_000);
    expect(buckets.max[0]).toBe(900);
  });

  it('lie between the least and the greatest value, and lose no time', () => {
    const points = fc.uniqueArray(
      fc.tuple(fc.integer({ min: 0, max: 10_000 }), fc.float({ min: -1000, max: 1000, noNaN: true })),
      {
        selector: ([at]) => at,
        minLength: 1,
      },
    );
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 3000 }), (list, stepMs) => {
        const sorted = list.sort(([a], [b]) => a - b);
        const from = sorted[0]![0];
        const buckets = bucketsOfSeries(series(...sorted), from, 10_001, stepMs, 1e9);
        for (let b = 0; b < buckets.atMs.length; b += 1) {
          expect(buckets.mean[b]).toBeGreaterThanOrEqual(buckets.min[b]! - 1e-6);
          expect(buckets.mean[b]).toBeLessThanOrEqual(buckets.max[b]! + 1e-6);
        }
        const peak = Math.max(...sorted.map(([, value]) => value));
        expect(Math.max(...buckets.max)).toBe(peak);
      }),
    );
  });
});

describe('buckets of roll-ups', () => {
  it('weigh by observed time and keep the extremes', () => {
    const rows = {
      fromMs: Float64Array.of(0, 60_000),
      wattsMean: Float64Array.of(100, 400),
      wattsMin: Float64Array.of(90, 300),
      wattsMax: Float64Array.of(110, 900),
      wattHours: Float64Array.of(1, 2),
      observedMs: Float64Array.of(60_000, 20_000),
    };
    const buckets = bucketsOfRollUps([rows], 0, 240_000, 120_000);
    expect(buckets.mean[0]).toBe(175);
    expect(buckets.min[0]).toBe(90);
    expect(buckets.max[0]).toBe(900);
    expect(buckets.mean[1]).toBeNaN();
  });
});

describe('the step of a chart', () => {
  it.each([
    [0, 3_600_000, 600, 10_000],
    [0, 86_400_000, 600, 180_000],
    [0, 400 * 86_400_000, 10, 40 * 86_400_000],
    [0, 1000, 5000, 1000],
    [0, 600_000, 60, 10_000],
    [1, 600_001, 60, 15_000],
    [1, 600_001, 61, 10_000],
    [1, 400 * 86_400_000, 1, 400 * 86_400_000],
  ])('from %d to %d in %d points is %d ms', (fromMs, toMs, points, stepMs) => {
    expect(readableStepMs(fromMs, toMs, points)).toBe(stepMs);
  });

  it('never needs more buckets than were asked for, wherever the range begins; of one, two', () => {
    const at = fc.integer({ min: 1, max: 2_000_000_000_000 });
    fc.assert(
      fc.property(
        at,
        fc.integer({ min: 1, max: 1e11 }),
        fc.integer({ min: 1, max: 5000 }),
        (fromMs, rangeMs, points) => {
          const stepMs = readableStepMs(fromMs, fromMs + rangeMs, points);
          expect(new BucketSums(fromMs, fromMs + rangeMs, stepMs).buckets().atMs.length).toBeLessThanOrEqual(
            Math.max(2, points),
          );
        },
      ),
    );
  });
});

describe('how long a value holds', () => {
  it('is three times the usual gap, at least a minute', () => {
    const every = (gapMs: number) =>
      series(...Array.from({ length: 50 }, (_, i): [number, number] => [i * gapMs, 1]));
    expect(holdMsOf(every(1000))).toBe(60_000);
    expect(holdMsOf(every(300_000))).toBe(900_000);
    expect(holdMsOf(series())).toBe(60_000);
  });
});
