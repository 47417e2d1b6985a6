import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveSeries } from '../../src/web/live-series.ts';
import { StepSeries } from '../../src/web/series.ts';

function means(series: StepSeries): number[] {
  return Array.from({ length: series.length }, (_, i) => series.mean(i));
}

describe('a series of steps', () => {
  it('keeps mean, lowest and highest of each step', () => {
    const series = new StepSeries(1_000, 10);
    for (const [atMs, watts] of [
      [5_000, 10],
      [5_400, 40],
      [5_999, 25],
      [6_000, 7],
    ] as const) {
      series.add(atMs, watts);
    }
    expect(series.length).toBe(2);
    expect([series.startMs(0), series.mean(0), series.min(0), series.max(0)]).toEqual([5_000, 25, 10, 40]);
    expect([series.startMs(1), series.mean(1)]).toEqual([6_000, 7]);
  });

  it('knows a step in which nothing was known from one nobody saw, and from 0', () => {
    const series = new StepSeries(1_000, 10);
    series.add(1_000, 0);
    series.add(2_000, undefined);
    series.add(9_000, 5);
    expect(means(series)).toEqual([0, Number.NaN, 5]);
    expect(Array.from({ length: 3 }, (_, i) => series.startMs(i))).toEqual([1_000, 2_000, 9_000]);
    expect([series.min(1), series.max(1)]).toEqual([Number.NaN, Number.NaN]);
  });

  it('lets the oldest fall off when it is full', () => {
    const series = new StepSeries(1_000, 3);
    for (let second = 0; second < 8; second += 1) series.add(second * 1_000, second);
    expect(series.length).toBe(3);
    expect(means(series)).toEqual([5, 6, 7]);
  });

  it('takes what comes a little late into the newest step, and starts again when the clock went far back', () => {
    const series = new StepSeries(1_000, 10);
    series.add(100_000, 1);
    series.add(98_000, 3);
    expect([series.length, series.mean(0)]).toEqual([1, 2]);
    series.add(10_000, 9);
    expect([series.length, series.startMs(0), series.mean(0)]).toEqual([1, 10_000, 9]);
  });

  it('never holds more than its capacity, rises in time, and means lie between lowest and highest', () => {
    const sample = fc.tuple(
      fc.integer({ min: 0, max: 500_000 }),
      fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { nil: undefined }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(sample), (capacity, samples) => {
        const series = new StepSeries(1_000, capacity);
        for (const [atMs, watts] of samples) series.add(atMs, watts);
        expect(series.length).toBeLessThanOrEqual(capacity);
        for (let i = 0; i < series.length; i += 1) {
          if (i > 0) expect(series.startMs(i)).toBeGreaterThan(series.startMs(i - 1));
          const mean = series.mean(i);
          if (Number.isNaN(mean)) continue;
          expect(mean).toBeGreaterThanOrEqual(series.min(i) - 1e-6);
          expect(mean).toBeLessThanOrEqual(series.max(i) + 1e-6);
        }
      }),
    );
  });
});

describe('a scope as it was seen live', () => {
  it('does not take a stale figure for what is drawn now', () => {
    const live = new LiveSeries('room');
    live.sample(1_000, { watts: 100, state: 'active', stale: false, basis: 'measured' });
    live.sample(2_000, { watts: 100, state: 'unknown', stale: true, basis: 'unknown' });
    live.sample(3_000, undefined);
    expect(means(live.of('15min'))).toEqual([100, Number.NaN, Number.NaN]);
  });

  it('holds a whole day at one frame a second in bounded space', () => {
    const live = new LiveSeries('room');
    for (let second = 0; second < 90_000; second += 1) {
      live.sample(second * 1_000, { watts: second, state: 'active', stale: false, basis: 'measured' });
    }
    const day = live.of('24h');
    expect(day.length).toBeLessThanOrEqual(722);
    expect(day.startMs(day.length - 1) - day.startMs(0)).toBeGreaterThanOrEqual(86_400_000 - 120_000);
  });
});
