import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GridFactor, laidAgain, laidOver, makeCarbon } from '../../src/analysis/carbon.ts';
import { readFactorCsv, spansOfCsv } from '../../src/analysis/factor-csv.ts';
import { factorOfMessage } from '../../src/analysis/factor-message.ts';
import { FactorSeries, seriesPointsMax } from '../../src/analysis/factor-series.ts';
import { quarterRates } from '../../src/analysis/quarter-rates.ts';

const hourMs = 3_600_000;
const nowMs = Date.UTC(2026, 10, 20, 10);

describe('a published factor', () => {
  const read = (payload: string) => factorOfMessage(Buffer.from(payload));

  it.each([
    ['187', 187, undefined],
    [' 187.5 ', 187.5, undefined],
    ['"187"', 187, undefined],
    ['{"gramsPerKwh": 12, "from": "2026-11-20T10:00Z"}', 12, nowMs],
    ['{"value": 12, "time": 1795168800}', 12, nowMs],
    ['{"state": "12", "atMs": 1795168800000}', 12, nowMs],
    ['{"zone":"DE","carbonIntensity":302,"datetime":"2026-11-20T11:00:00.000+01:00"}', 302, nowMs],
    [
      '{"data":[{"from":"2026-11-20T10:00Z","to":"2026-11-20T10:30Z","intensity":{"forecast":266,"actual":263,"index":"moderate"}}]}',
      263,
      nowMs,
    ],
    [
      '{"data":[{"from":"2026-11-20T10:00Z","intensity":{"forecast":266,"actual":null,"index":"moderate"}}]}',
      266,
      nowMs,
    ],
  ])('is read from %s', (payload, gramsPerKwh, fromMs) => {
    expect(read(payload)).toEqual({ gramsPerKwh, fromMs });
  });

  it.each([
    '',
    'abc',
    '{}',
    '[]',
    'null',
    '{"gramsPerKwh": "a lot"}',
    '{"value": 5, "time": "10:00"}',
    'NaN',
    '1e999',
  ])('is not read from %s', (payload) => expect(read(payload)).toBeUndefined());

  it('is a number or nothing, whatever is published', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json({ maxDepth: 6 }), fc.string(), fc.uint8Array().map(String)), (payload) => {
        const found = read(payload);
        if (found !== undefined) expect(Number.isFinite(found.gramsPerKwh)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a series of factors', () => {
  const fed = (...points: [number, number][]) => {
    const series = new FactorSeries();
    const outcomes = points.map(([hour, gramsPerKwh]) =>
      series.take({ fromMs: nowMs + hour * hourMs, gramsPerKwh }, nowMs),
    );
    return { series, outcomes };
  };

  it('holds each until the next, and no longer than it is to', () => {
    const { series } = fed([-10, 100], [-9, 200], [-2, 300]);
    const carbon = laidOver(makeCarbon({ country: 'GB' }, 'UTC').factors, series.spans(3 * hourMs, 'topic'));
    const at = (hour: number) =>
      carbon.find(({ fromMs, toMs }) => fromMs <= nowMs + hour * hourMs && toMs > nowMs + hour * hourMs);
    expect([-11, -10, -9, -6.1, -6, -2, 0.9, 1].map((hour) => at(hour)!.gramsPerKwh)).toEqual([
      216, 100, 200, 200, 216, 300, 300, 216,
    ]);
    expect(at(-9)).toMatchObject({ source: 'topic', isStandIn: false });
  });

  it('changes the past by corrections alone, and says which they are', () => {
    const { series, outcomes } = fed(
      [-3, 100],
      [-2, 110],
      [-1, 120],
      [-2, 110],
      [-2, 115],
      [-2.5, 105],
      [1, 90],
      [1, 95],
    );
    expect(outcomes).toEqual([
      'taken',
      'taken',
      'taken',
      'known',
      'correction',
      'correction',
      'taken',
      'taken',
    ]);
    expect(series.points.map(({ gramsPerKwh }) => gramsPerKwh)).toEqual([100, 105, 115, 120, 95]);
  });

  it('tells the same, whether it was asked in between or not', () => {
    const told = fc.record({
      fromMs: fc.integer({ min: 0, max: 40 }),
      gramsPerKwh: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(told, { maxLength: 40 }), (all) => {
        const asked = new FactorSeries();
        const unasked = new FactorSeries();
        const below = makeCarbon({ country: 'GB' }, 'UTC').factors;
        let laid = laidOver(below, []);
        for (const { fromMs, gramsPerKwh } of all) {
          const point = { fromMs: nowMs - fromMs * 300_000, gramsPerKwh };
          expect(asked.take(point, nowMs)).toBe(unasked.take(point, nowMs));
          laid = laidAgain(laid, below, asked.spans(hourMs, 'grid', 3), point.fromMs);
          laid = laidAgain(laid, below, asked.spans(hourMs, 'grid'), point.fromMs);
          // Only what changed was laid again, and it is as if all of it had been.
          expect(laid).toEqual(laidOver(below, asked.spans(hourMs, 'grid')));
        }
        expect(asked.spans(hourMs, 'grid')).toEqual(unasked.spans(hourMs, 'grid'));
      }),
    );
  });

  it('refuses what cannot be', () => {
    const { outcomes } = fed(
      [0, -1],
      [0, 2001],
      [0, Number.NaN],
      [0, 2000],
      [0.05, 5],
      [-41 * 24, 5],
      [73, 5],
      [0.07, 0],
    );
    expect(outcomes).toEqual([
      'implausible',
      'implausible',
      'implausible',
      'taken',
      'tooOften',
      'tooOld',
      'tooFarAhead',
      'taken',
    ]);
  });

  it('is, when laid over another, without overlap, and everywhere the upper one where that says something', () => {
    const spans = fc
      .uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 12 })
      .map((edges) => edges.sort((a, b) => a - b))
      .map((edges) =>
        edges.flatMap((fromMs, i): GridFactor[] =>
          i % 2 === 1 || edges[i + 1] === undefined
            ? []
            : [
                {
                  fromMs,
                  toMs: edges[i + 1]!,
                  gramsPerKwh: i,
                  source: `${i}`,
                  year: undefined,
                  isStandIn: false,
                },
              ],
        ),
      );
    fc.assert(
      fc.property(spans, spans, (below, above) => {
        const laid = laidOver(
          below,
          above.map((factor) => ({ ...factor, gramsPerKwh: 1000 + factor.gramsPerKwh })),
        );
        const at = (factors: readonly GridFactor[], ms: number) =>
          factors
            .filter(({ fromMs, toMs }) => fromMs <= ms && toMs > ms)
            .map(({ gramsPerKwh }) => gramsPerKwh);
        for (let ms = 0; ms <= 60; ms += 1) {
          const upper = at(above, ms).map((grams) => 1000 + grams);
          expect(at(laid, ms)).toEqual(upper.length > 0 ? upper : at(below, ms));
        }
      }),
    );
  });

  it('by five minutes prices a quarter by the mean of its three, and remembers a bounded number', () => {
    const series = new FactorSeries();
    const load = (count: number) => {
      const firstMs = nowMs - count * 300_000;
      series.load(
        Array.from({ length: count }, (_, i) => ({ fromMs: firstMs + i * 300_000, gramsPerKwh: i % 300 })),
      );
      return firstMs;
    };
    const fromMs = load(3_000);
    const factors = series.spans(hourMs, 'grid');
    const { grams, uncounted } = quarterRates(undefined, { factors, pue: undefined }, fromMs, nowMs);
    expect(uncounted).toEqual(new Float64Array(1000));
    const mean = factors.slice(-3).reduce((sum, { gramsPerKwh }) => sum + gramsPerKwh / 3, 0);
    expect(grams!.at(-1)).toBeCloseTo(mean / 1000, 9);
    load(seriesPointsMax + 5);
    expect([series.points.length, series.forgotten]).toEqual([seriesPointsMax, 5]);
    series.spans(hourMs, 'grid');
    expect(series.take({ fromMs: nowMs, gramsPerKwh: 7 }, nowMs)).toBe('taken');
    expect(series.forgotten).toBe(5_005);
    expect(series.points.length).toBe(seriesPointsMax + 1 - 5_000);
    const spans = series.spans(hourMs, 'grid');
    expect(spans.map(({ fromMs: atMs }) => atMs)).toEqual(series.points.map(({ fromMs: atMs }) => atMs));
  });
});

describe('a file of factors', () => {
  const read = (text: string) => {
    const reader = readFactorCsv(text, 'Europe/London', 'carbon.csv');
    for (;;) {
      const step = reader.next();
      if (step.done === true) return step.value;
    }
  };

  it('is read in any order, by the clock of the room, each line with its source', () => {
    const { points, mistakes } = read(
      '\uFEFFfrom,gramsPerKwh,source\r\n# spring\r\n2026-07-01,150,"grid, operator"\r\n\r\n2026-01-01T06:00Z,140\r\n',
    );
    expect(mistakes).toEqual([]);
    expect(points).toEqual([
      { fromMs: Date.UTC(2026, 0, 1, 6), gramsPerKwh: 140, source: 'carbon.csv' },
      { fromMs: Date.UTC(2026, 5, 30, 23), gramsPerKwh: 150, source: 'grid,operator' },
    ]);
  });

  it('tells its mistakes with the number of the line', () => {
    const { mistakes } = read(
      '2026-01-01,150\nsoon,1\n2026-02-31,1\n2026-01-02,lots\n2026-01-03,2001\n2026-01-04\n2026-01-01,7',
    );
    expect(mistakes).toEqual([
      expect.stringMatching(/^line 2: "soon" is no time: write 2026-01-01/),
      expect.stringMatching(/^line 3: "2026-02-31" is no time/),
      expect.stringMatching(/^line 4: "lots" is no factor: write g\/kWh, a number from 0 to 2000/),
      expect.stringMatching(/^line 5: "2001" is no factor/),
      expect.stringMatching(/^line 6: "" is no factor/),
      'line 7: begins when line 1 begins: leave one of them out',
    ]);
  });

  it('holds each until the next, the last as long as the one before', () => {
    const points = read('2026-01-01,100\n2026-01-02,200').points;
    expect(spansOfCsv(points).map(({ toMs }) => toMs)).toEqual([Date.UTC(2026, 0, 2), Date.UTC(2026, 0, 3)]);
    expect(spansOfCsv(points.slice(0, 1))[0]!.toMs).toBe(Number.POSITIVE_INFINITY);
  });
});
