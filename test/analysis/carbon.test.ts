import { describe, expect, it } from 'vitest';
import { gramsOf, makeCarbon, withFactors } from '../../src/analysis/carbon.ts';
import { gridFactorCountries, gridFactors } from '../../src/analysis/grid-factors.ts';

const at = (text: string) => Date.parse(text);
const kwh = (from: string, to: string, wattHours = 1000) => ({ fromMs: at(from), toMs: at(to), wattHours });

describe('what energy emits', () => {
  const london = makeCarbon({ country: 'GB', pue: 1.5 }, 'Europe/London');

  it('is by the mean of country and year, with the building on top, and says how it was found', () => {
    const found = gramsOf(london, [kwh('2024-05-01', '2024-05-02', 2000)]);
    expect(found.grams).toBe(2 * 216 * 1.5);
    expect(found.uncountedWattHours).toBe(0);
    expect(found.method).toMatchObject({
      basis: 'location-based',
      kind: 'average',
      extent: 'life-cycle',
      pue: 1.5,
    });
    expect(found.method.factors).toMatchObject([{ year: 2024, gramsPerKwh: 216, isStandIn: false }]);
    expect(found.method.factors[0]!.source).toContain('Ember');
  });

  it('takes the nearest known year for one that is not known, and says so', () => {
    for (const day of ['2019-05-01', '2026-05-01', '2031-05-01']) {
      const found = gramsOf(london, [{ fromMs: at(day), toMs: at(day) + 1, wattHours: 1000 }]);
      expect(found.grams).toBe(216 * 1.5);
      expect(found.method.factors).toMatchObject([{ year: 2024, isStandIn: true }]);
    }
  });

  it('is by factors of one’s own from their time on, by those of the country before', () => {
    const carbon = makeCarbon(
      {
        country: 'GB',
        factors: [
          { from: '2026-03-01', gramsPerKwh: 50, source: 'supplier' },
          { from: '2026-02-01', gramsPerKwh: 100, source: 'supplier' },
        ],
      },
      'UTC',
    );
    const grams = (from: string, to: string) => gramsOf(carbon, [kwh(from, to)]).grams;
    expect(grams('2026-01-05', '2026-01-06')).toBe(216);
    expect(grams('2026-02-05', '2026-02-06')).toBe(100);
    expect(grams('2026-02-28', '2026-03-02')).toBe(75);
    expect(grams('2030-01-01', '2030-01-02')).toBe(50);
  });

  it('is by a series that was fed, as far as it reaches', () => {
    const series = [
      { fromMs: at('2026-01-01T10:00Z'), gramsPerKwh: 10, source: 'grid' },
      { fromMs: at('2026-01-01T11:00Z'), gramsPerKwh: 20, source: 'grid' },
    ];
    const fed = withFactors(makeCarbon({ country: 'FR' }, 'UTC'), series, at('2026-01-01T12:00Z'));
    const found = gramsOf(
      fed,
      [9, 10, 11, 12].map((hour) => ({
        fromMs: at('2026-01-01') + hour * 3_600_000,
        toMs: at('2026-01-01') + (hour + 1) * 3_600_000,
        wattHours: 1000,
      })),
    );
    expect(found.grams).toBe(44 + 10 + 20 + 44);
    expect(found.method.factors.map(({ source }) => source)).toHaveLength(4);
  });

  it('is not known without a factor, never 0', () => {
    const none = gramsOf(makeCarbon({}, 'UTC'), [kwh('2026-01-01', '2026-01-02')]);
    expect([none.grams, none.uncountedWattHours]).toEqual([undefined, 1000]);
    const late = makeCarbon({ factors: [{ from: '2026-01-02', gramsPerKwh: 10, source: 'me' }] }, 'UTC');
    const part = gramsOf(late, [kwh('2026-01-01', '2026-01-03')]);
    expect([part.grams, part.uncountedWattHours]).toEqual([5, 500]);
    expect(gramsOf(late, []).grams).toBe(0);
  });

  it('has a figure with a year for every country in the table', () => {
    expect(gridFactorCountries.length).toBeGreaterThan(30);
    for (const { year, gramsPerKwh } of gridFactors) {
      expect(year).toBeGreaterThan(2000);
      for (const [country, grams] of Object.entries(gramsPerKwh)) {
        expect(country).toMatch(/^([A-Z]{2}|WORLD)$/);
        expect(grams).toBeGreaterThan(0);
        expect(grams).toBeLessThan(1_200);
      }
    }
  });
});
