import { expect, it } from 'vitest';
import { makeCarbon } from '../../src/analysis/carbon.ts';
import { localEdges } from '../../src/analysis/local-time.ts';
import { quarterRates } from '../../src/analysis/quarter-rates.ts';
import { sumGridOf } from '../../src/analysis/sum-grid.ts';
import { makeTariff } from '../../src/analysis/tariff.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const none = makeCarbon({}, 'UTC');

/** The grid of local days or months of a zone, in hours. */
function gridOf(
  by: 'hour' | 'day' | 'month',
  timezone: string,
  [fromMs, toMs]: readonly [number, number],
  prices: { tariff?: ReturnType<typeof makeTariff>; carbon?: ReturnType<typeof makeCarbon> } = {},
): { hours: number; offset: number } | undefined {
  const edges = localEdges(by, fromMs, toMs, timezone);
  const rates = quarterRates(prices.tariff, prices.carbon ?? none, edges[0]!, edges.at(-1)!);
  const grid = sumGridOf(edges, rates);
  return grid && { hours: grid.stepMs / hourMs, offset: grid.offsetMs / hourMs };
}

const june = [Date.UTC(2026, 5, 2), Date.UTC(2026, 5, 20)] as const;
const october = [Date.UTC(2026, 9, 2), Date.UTC(2026, 9, 30)] as const;

it.each([
  ['one month, whatever its zone', 'month', 'Asia/Kolkata', june, { hours: 24, offset: 0 }],
  ['local days', 'day', 'Asia/Kolkata', june, { hours: 24, offset: 18.5 }],
  ['local days, one of them of 25 hours', 'day', 'Europe/London', october, { hours: 1, offset: 0 }],
  ['hours', 'hour', 'Europe/London', june, { hours: 1, offset: 0 }],
  ['hours of a zone of half hours', 'hour', 'Asia/Kolkata', june, { hours: 1, offset: 0.5 }],
] as const)('whole days are added up where no edge cuts them: %s', (_what, by, timezone, range, grid) => {
  expect(gridOf(by, timezone, range)).toEqual(grid);
});

it('a price or factor that changes cuts them too', () => {
  const tariff = makeTariff(
    {
      currency: 'GBP',
      versions: [
        {
          validFrom: '2026-01-01',
          pricePerKwh: 0.2,
          timeOfUse: [{ name: 'peak', from: '16:00', to: '20:00', pricePerKwh: 0.4 }],
        },
      ],
    },
    'UTC',
  );
  expect(gridOf('month', 'UTC', june, { tariff })).toEqual({ hours: 4, offset: 0 });
  const own = (...from: string[]) => ({
    carbon: makeCarbon(
      { factors: from.map((text, i) => ({ from: text, gramsPerKwh: 100 + i, source: 'ours' })) },
      'UTC',
    ),
  });
  expect(gridOf('month', 'UTC', june, own('2026-01-01'))).toEqual({ hours: 24, offset: 0 });
  expect(gridOf('month', 'UTC', june, own('2026-01-01', '2026-06-03T09:15'))).toEqual({
    hours: 24,
    offset: 9.25,
  });
  expect(gridOf('day', 'UTC', june, own('2026-01-01', '2026-06-03T09:15'))).toBeUndefined();
  expect(gridOf('month', 'UTC', june, own('2026-01-01', '2026-06-03T09:10'))).toBeUndefined();
});

it('an edge within a quarter leaves nothing to add up', () => {
  const rates = quarterRates(undefined, none, 0, dayMs);
  expect(sumGridOf(Float64Array.of(0, 600_000, dayMs), rates)).toBeUndefined();
});
