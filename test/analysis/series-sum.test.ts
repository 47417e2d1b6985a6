import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinSeries } from '../../src/analysis/series-sum.ts';

const series = (...points: [number, number][]) => ({
  atMs: Float64Array.from(points, ([at]) => at),
  values: Float64Array.from(points, ([, value]) => value),
});
const shown = ({ atMs, values }: { atMs: Float64Array; values: Float64Array }) =>
  [...atMs].map((at, i) => [at, Number.isNaN(values[i]!) ? null : values[i]]);

describe('outlets joined', () => {
  it('are a sum only while all that tell it are heard', () => {
    const parts = [
      { series: series([0, 1], [10, 2], [50, 4]), holdMs: 20 },
      { series: series([5, 10], [25, 20]), holdMs: 100 },
      { series: series(), holdMs: 100 },
    ];
    expect(shown(joinSeries(parts, 'sum'))).toEqual([
      [0, null],
      [5, 11],
      [10, 12],
      [25, 22],
      [30, null],
      [50, 24],
      [70, null],
      [125, null],
    ]);
  });

  it('are a mean of those that are heard', () => {
    const parts = [
      { series: series([0, 230], [100, 232]), holdMs: 50 },
      { series: series([0, 234]), holdMs: 1000 },
    ];
    expect(shown(joinSeries(parts, 'mean'))).toEqual([
      [0, 232],
      [50, 234],
      [100, 233],
      [150, 234],
      [1000, null],
    ]);
  });

  it('come to what looking at each moment by itself comes to', () => {
    const part = fc
      .record({
        points: fc.uniqueArray(fc.tuple(fc.nat(200), fc.integer({ min: -50, max: 50 })), {
          selector: ([at]) => at,
          maxLength: 20,
        }),
        holdMs: fc.integer({ min: 1, max: 60 }),
      })
      .map(({ points, holdMs }) => ({ series: series(...points.sort(([a], [b]) => a - b)), holdMs }));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.constantFrom('sum', 'mean'), (parts, kind) => {
        const joined = joinSeries(parts, kind as 'sum');
        const told = parts.filter((one) => one.series.atMs.length > 0);
        for (let at = 0; at < 270; at += 1) {
          const values = told.flatMap(({ series: of, holdMs }) => {
            const i = of.atMs.findLastIndex((pointMs) => pointMs <= at);
            return i >= 0 && at < of.atMs[i]! + holdMs ? [of.values[i]!] : [];
          });
          const sum = values.reduce((all, value) => all + value, 0);
          const isKnown = values.length > 0 && (kind === 'mean' || values.length === told.length);
          const i = joined.atMs.findLastIndex((pointMs) => pointMs <= at);
          const found = i < 0 ? Number.NaN : joined.values[i]!;
          if (isKnown) expect(found).toBeCloseTo(kind === 'sum' ? sum : sum / values.length, 9);
          else expect(found).toBeNaN();
        }
      }),
    );
  });
});
