import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gramsOf, makeCarbon, withFactors } from '../../src/analysis/carbon.ts';
import { EnergyBuckets } from '../../src/analysis/energy-buckets.ts';
import { costOf } from '../../src/analysis/energy-cost.ts';
import { localEdges } from '../../src/analysis/local-time.ts';
import { meanRates, quarterRates } from '../../src/analysis/quarter-rates.ts';
import { makeTariff } from '../../src/analysis/tariff.ts';
import { makeYearPrices } from '../../src/year-prices.ts';

const zone = 'Europe/London';
const quarterMs = 900_000;
const dayMs = 86_400_000;
const tariff = makeTariff(
  {
    currency: 'GBP',
    versions: [
      {
        validFrom: '2026-03-01T00:05',
        validTo: '2026-06-01',
        pricePerKwh: 0.2,
        taxPercent: 20,
        timeOfUse: [{ name: 'peak', from: '07:10', to: '19:00', pricePerKwh: 0.5 }],
      },
    ],
    corrections: [{ from: '2026-03-29', to: '2026-03-30', pricePerKwh: 0.1, why: 'x', at: '2026-05-01' }],
  },
  zone,
);
const carbon = withFactors(
  makeCarbon({ pue: 1.5 }, zone),
  [0, 7, 1000, 1010].map((minutes) => ({
    fromMs: Date.UTC(2026, 3, 1) + minutes * 60_000,
    gramsPerKwh: 100 + minutes,
    source: 'fed',
  })),
  Date.UTC(2026, 3, 20),
);

describe('rates by the quarter', () => {
  it('come to the same as pricing each interval by itself', () => {
    const firstMs = Date.UTC(2026, 1, 25);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9_000 }),
        fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (skipped, energies) => {
          const fromMs = firstMs + skipped * quarterMs;
          const toMs = fromMs + energies.length * quarterMs;
          const starts = Float64Array.from(energies, (_, i) => fromMs + i * quarterMs);
          const buckets = new EnergyBuckets(
            Float64Array.of(fromMs, toMs),
            quarterRates(tariff, carbon, fromMs, toMs),
            toMs,
          );
          const wattHours = Float64Array.from(energies);
          const observedMs = new Float64Array(energies.length).fill(quarterMs);
          buckets.add({ fromMs: starts, wattHours, observedMs }, quarterMs);
          const intervals = energies.map((energy, i) => ({
            fromMs: starts[i]!,
            toMs: starts[i]! + quarterMs,
            wattHours: energy,
          }));
          const cost = costOf(tariff, intervals);
          const grams = gramsOf(carbon, intervals);
          const total = buckets.total();
          expect(total.unpricedWattHours).toBeCloseTo(cost.unpricedWattHours, 4);
          expect(total.uncountedWattHours).toBeCloseTo(grams.uncountedWattHours, 4);
          if (cost.pricedWattHours > 1e-3) expect(total.cost).toBeCloseTo(cost.cost!, 4);
          if (grams.grams !== undefined && grams.grams > 1e-3)
            expect(total.grams).toBeCloseTo(grams.grams, 3);
        },
      ),
    );
  });

  it('lose nothing between buckets of any length and zone, however edges cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Asia/Kathmandu', 'Australia/Lord_Howe', 'America/New_York', 'Pacific/Chatham'),
        fc.constantFrom('hour', 'day', 'week', 'month'),
        fc.integer({ min: 0, max: 300 * 96 }),
        fc.integer({ min: 1, max: 20 * 96 }),
        (timezone, by, skipped, count) => {
          const fromMs = Date.UTC(2026, 0, 1) + skipped * quarterMs;
          const toMs = fromMs + count * quarterMs;
          const edges = localEdges(by as 'hour', fromMs, toMs, timezone);
          const buckets = new EnergyBuckets(
            edges,
            quarterRates(undefined, makeCarbon({}, zone), edges[0]!, edges.at(-1)!),
            edges.at(-1)!,
          );
          const starts = Float64Array.from({ length: count }, (_, i) => fromMs + i * quarterMs);
          const ones = new Float64Array(count).fill(1);
          buckets.add({ fromMs: starts, wattHours: ones, observedMs: ones.map(() => quarterMs) }, quarterMs);
          const rows = buckets.rows();
          expect(rows.reduce((sum, row) => sum + (row.wattHours ?? 0), 0)).toBeCloseTo(count, 4);
          for (const row of rows) {
            const expected = starts.filter((atMs) => atMs >= row.fromMs && atMs < row.toMs).length;
            expect(row.wattHours ?? 0).toBeCloseTo(expected, 4);
            expect(row.cost).toBeUndefined();
            expect(row.grams).toBeUndefined();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('know nothing where there is no tariff and no factor', () => {
    const rates = quarterRates(undefined, makeCarbon({}, zone), 0, dayMs);
    expect(meanRates(rates)).toEqual({ costPerWattHour: undefined, gramsPerWattHour: undefined });
    const before = quarterRates(tariff, carbon, 0, dayMs);
    expect(meanRates(before)).toEqual({ costPerWattHour: undefined, gramsPerWattHour: undefined });
  });
});

describe('what a year costs', () => {
  it('is the mean of the year ahead, and moves with the days', () => {
    const flat = makeTariff(
      {
        currency: 'EUR',
        versions: [
          { pricePerKwh: 0.3, taxPercent: 20 },
          { validFrom: '2027-01-01', pricePerKwh: 0.6, taxPercent: 20 },
        ],
      },
      'UTC',
    );
    let nowMs = Date.UTC(2025, 0, 1, 15);
    const prices = makeYearPrices(
      flat,
      () => makeCarbon({ country: 'GB', pue: 2 }, 'UTC'),
      () => nowMs,
    );
    expect(prices.yearCost!(100)).toBeCloseTo(876 * 0.36, 2);
    expect(prices.yearGrams!(100)).toBeCloseTo(876 * 216 * 2, 2);
    nowMs = Date.UTC(2027, 0, 1, 15);
    expect(prices.yearCost!(100)).toBeCloseTo(876 * 0.72, 2);
    const none = makeYearPrices(
      undefined,
      () => makeCarbon({}, 'UTC'),
      () => nowMs,
    );
    expect([none.yearCost!(100), none.yearGrams!(100)]).toEqual([undefined, undefined]);
  });
});
