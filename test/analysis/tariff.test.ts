import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/analysis/energy-cost.ts';
import { demandCharges, standingCharges } from '../../src/analysis/standing-charges.ts';
import { makeTariff, nextPriceChangeMs, priceAt, priceSpanAt } from '../../src/analysis/tariff.ts';
import { tariffProblems } from '../../src/analysis/tariff-problems.ts';
import type { TariffSettings } from '../../src/analysis/tariff-settings.ts';

const at = (text: string) => Date.parse(text);
const zone = 'Europe/London';
const hourMs = 3_600_000;
const weekdaysOnly = ['mon', 'tue', 'wed', 'thu', 'fri'] as const;

const flat: TariffSettings = { currency: 'GBP', pricePerKwh: 0.28 };
const byTime: TariffSettings = {
  currency: 'GBP',
  pricePerKwh: 0.2,
  timeOfUse: [
    { name: 'peak', days: weekdaysOnly, from: '16:00', to: '19:00', pricePerKwh: 0.4 },
    { name: 'night', from: '23:30', to: '05:30', pricePerKwh: 0.1 },
    { name: 'cold', days: ['sat', 'sun'], months: [12, 1], from: '16:00', to: '19:00', pricePerKwh: 0.3 },
  ],
};
const versioned: TariffSettings = {
  currency: 'GBP',
  versions: [
    { validFrom: '2026-04-01', pricePerKwh: 0.3, taxPercent: 20, fixedPerDay: 0.6 },
    { validFrom: '2025-04-01', pricePerKwh: 0.25, taxPercent: 5, fixedPerDay: 0.5 },
    { validFrom: '2027-04-01', validTo: '2027-06-01', pricePerKwh: 0.5 },
  ],
  corrections: [
    { from: '2026-01-01', to: '2026-02-01', pricePerKwh: 0.2, why: 'the bill', at: '2026-03-03' },
    { from: '2026-01-10', to: '2026-01-11', pricePerKwh: 0.1, why: 'the next bill', at: '2026-04-03' },
    { from: '2026-01-10', to: '2026-01-12', pricePerKwh: 0.9, why: 'too early', at: '2026-03-01' },
  ],
};

describe('a price', () => {
  it.each([
    ['flat', flat, '2020-01-01T00:00Z', 0.28],
    ['before the peak', byTime, '2026-06-01T14:59Z', 0.2],
    ['from the first minute of the peak, by the local clock', byTime, '2026-06-01T15:00Z', 0.4],
    ['at the last minute of the peak', byTime, '2026-06-01T17:59Z', 0.4],
    ['after the peak', byTime, '2026-06-01T18:00Z', 0.2],
    ['in winter an hour later', byTime, '2026-11-30T16:00Z', 0.4],
    ['on a Sunday without a peak', byTime, '2026-06-07T16:00Z', 0.2],
    ['on a Sunday in December', byTime, '2026-12-06T16:00Z', 0.3],
    ['over midnight', byTime, '2026-12-06T02:00Z', 0.1],
    ['in the hour that comes twice', byTime, '2026-10-25T01:30Z', 0.1],
    ['of the version that held then', versioned, '2026-03-31T22:59Z', 0.25],
    ['of a version from its first local moment', versioned, '2026-03-31T23:00Z', 0.3],
    ['corrected', versioned, '2026-01-05T00:00Z', 0.2],
    ['corrected twice: what was entered last', versioned, '2026-01-10T12:00Z', 0.1],
    ['after the second correction: the first', versioned, '2026-01-11T12:00Z', 0.2],
    ['before every version', versioned, '2025-03-31T22:59Z', undefined],
    ['after every version', versioned, '2027-05-31T23:00Z', undefined],
  ])('%s', (_name, settings, instant, price) => {
    expect(tariffProblems(settings, zone)).toEqual([]);
    expect(priceAt(makeTariff(settings, zone), at(instant))?.pricePerKwh).toBe(price);
  });

  it.each([
    ['never', flat, '2026-01-01T00:00Z', undefined],
    ['at the peak', byTime, '2026-06-01T12:00Z', '2026-06-01T15:00Z'],
    ['at night, over a weekend without a peak', byTime, '2026-06-06T08:00Z', '2026-06-06T22:30Z'],
    ['where clocks change', byTime, '2026-10-25T00:00Z', '2026-10-25T05:30Z'],
    [
      'with the next version, years ahead',
      { currency: 'GBP', versions: [{ pricePerKwh: 1 }, { validFrom: '2040-01-01', pricePerKwh: 2 }] },
      '2026-01-01T00:00Z',
      '2040-01-01T00:00Z',
    ],
    ['with a correction', versioned, '2025-12-01T00:00Z', '2026-01-01T00:00Z'],
    ['where the last version ends', versioned, '2027-05-01T00:00Z', '2027-05-31T23:00Z'],
    [
      'never, with rows of one price',
      { currency: 'GBP', timeOfUse: [{ pricePerKwh: 2 }] },
      '2026-01-01T00:00Z',
      undefined,
    ],
  ] as const)('changes next %s', (_name, settings, instant, change) => {
    const next = nextPriceChangeMs(makeTariff(settings as TariffSettings, zone), at(instant));
    expect(next === undefined ? undefined : new Date(next).toISOString()).toBe(
      change === undefined ? undefined : new Date(change).toISOString(),
    );
  });

  it('holds throughout its span, and the spans join', () => {
    const instants = fc.integer({ min: at('2024-01-01'), max: at('2028-01-01') });
    const zones = fc.constantFrom(
      'Europe/London',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'America/St_Johns',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(flat, byTime, versioned),
        zones,
        instants,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (settings, timezone, instant, share) => {
          const tariff = makeTariff(settings, timezone);
          const span = priceSpanAt(tariff, instant);
          expect(span.fromMs).toBeLessThanOrEqual(instant);
          expect(span.toMs).toBeGreaterThan(instant);
          const inside = Number.isFinite(span.toMs)
            ? Math.floor(instant + share * (span.toMs - instant))
            : instant + 1e9;
          expect(priceAt(tariff, inside)).toEqual(span.price);
        },
      ),
    );
  });
});

describe('the cost of energy', () => {
  const tariff = makeTariff(versioned, zone);
  const hours = (from: string, count: number, wattHours: number) =>
    Array.from({ length: count }, (_, i) => ({
      fromMs: at(from) + i * hourMs,
      toMs: at(from) + (i + 1) * hourMs,
      wattHours,
    }));

  it('is each interval by its own price, with taxes', () => {
    const cost = costOf(tariff, hours('2026-03-31T22:00Z', 2, 1000));
    expect(cost.net).toBeCloseTo(0.25 + 0.3, 12);
    expect(cost.tax).toBeCloseTo(0.25 * 0.05 + 0.3 * 0.2, 12);
    expect(cost.cost).toBeCloseTo(cost.net + cost.tax, 12);
    expect(cost.byPrice.map((row) => row.pricePerKwh)).toEqual([0.25, 0.3]);
  });

  it('shares an interval out where the price changes in it', () => {
    const cost = costOf(tariff, [
      { fromMs: at('2026-03-31T22:00Z'), toMs: at('2026-04-01T02:00Z'), wattHours: 4000 },
    ]);
    expect(cost.net).toBeCloseTo(0.25 + 3 * 0.3, 12);
  });

  it('has no sum of money for what has no price', () => {
    const none = costOf(tariff, hours('2020-01-01T00:00Z', 3, 1000));
    expect([none.cost, none.pricedWattHours, none.unpricedWattHours]).toEqual([undefined, 0, 3000]);
    const part = costOf(tariff, hours('2025-03-31T22:00Z', 2, 1000));
    expect([part.cost, part.pricedWattHours, part.unpricedWattHours]).toEqual([0.25 * 1.05, 1000, 1000]);
    expect(costOf(tariff, []).cost).toBe(0);
  });

  it('of a day by the clock of the day: 25 hours of it where clocks go back', () => {
    const day = costOf(makeTariff(byTime, zone), hours('2026-10-24T23:00Z', 25, 1000));
    const wattHours = (name: string | undefined) => day.byPrice.find((row) => row.name === name)?.wattHours;
    expect([wattHours('night'), wattHours('peak'), wattHours(undefined)]).toEqual([7_000, undefined, 18_000]);
  });

  it('lists the corrections that changed it, and no new version or correction changes another time', () => {
    const january = hours('2026-01-01T00:00Z', 31 * 24, 1000);
    const corrected = costOf(tariff, january);
    expect(corrected.corrections.map(({ why }) => why)).toEqual(['the bill', 'the next bill']);
    expect(corrected.net).toBeCloseTo(30 * 24 * 0.2 + 24 * 0.1, 9);
    const december = hours('2025-12-01T00:00Z', 31 * 24, 1000);
    const before = makeTariff({ currency: 'GBP', versions: versioned.versions!.slice(1, 2) }, zone);
    expect(costOf(tariff, december)).toEqual(costOf(before, december));
  });

  it('is the same however the intervals are cut', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2025-01-01'), max: at('2027-07-01') }),
        fc.array(fc.integer({ min: 1, max: 50 * hourMs }), { minLength: 1, maxLength: 20 }),
        fc.constantFrom(versioned, byTime),
        (fromMs, lengths, settings) => {
          const priced = makeTariff(settings, zone);
          let atMs = fromMs;
          const cut = lengths.map((forMs) => {
            const part = { fromMs: atMs, toMs: atMs + forMs, wattHours: forMs / 1000 };
            atMs += forMs;
            return part;
          });
          const whole = costOf(priced, [{ fromMs, toMs: atMs, wattHours: (atMs - fromMs) / 1000 }]);
          const parts = costOf(priced, cut);
          expect(parts.net).toBeCloseTo(whole.net, 6);
          expect(parts.unpricedWattHours).toBeCloseTo(whole.unpricedWattHours, 6);
          expect(parts.pricedWattHours + parts.unpricedWattHours).toBeCloseTo((atMs - fromMs) / 1000, 6);
        },
      ),
    );
  });

  it('takes as long as there are intervals, and no longer', () => {
    const priced = makeTariff(byTime, zone);
    const quarters = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        fromMs: at('2026-01-01') + i * 900_000,
        toMs: at('2026-01-01') + (i + 1) * 900_000,
        wattHours: 100,
      }));
    const [quarterYear, year] = [quarters(8_760), quarters(35_040)];
    const leastMicros = (intervals: typeof year) =>
      Math.min(
        ...Array.from({ length: 5 }, () => {
          const before = process.cpuUsage();
          costOf(priced, intervals);
          const { user, system } = process.cpuUsage(before);
          return user + system;
        }),
      );
    leastMicros(year);
    // Four times as many; were each looked up among all of them, it would be sixteen.
    expect(leastMicros(year) / leastMicros(quarterYear)).toBeLessThan(12);
  });
});

describe('what is paid whatever is drawn', () => {
  const terms = { pricePerKwh: 0.2, fixedPerDay: 0.5, fixedPerMonth: 30, taxPercent: 10 };
  const tariff = makeTariff(
    { currency: 'EUR', ...terms, capacity: { kva: 20, pricePerKva: 4 } },
    'Europe/Berlin',
  );

  it.each([
    ['a month', '2026-01-31T23:00Z', '2026-02-28T23:00Z', 28 * 0.5 + 30, 80],
    ['a day of 23 hours', '2026-03-28T23:00Z', '2026-03-29T22:00Z', 0.5 + (30 * 23) / 743, (80 * 23) / 743],
    ['half a day', '2026-01-31T23:00Z', '2026-02-01T11:00Z', 0.25 + 30 / 56, 80 / 56],
  ])('for %s', (_name, from, to, fixed, capacity) => {
    const charges = standingCharges(tariff, at(from), at(to));
    expect(charges.fixed).toBeCloseTo(fixed, 9);
    expect(charges.capacity).toBeCloseTo(capacity, 9);
    expect(charges.tax).toBeCloseTo((fixed + capacity) / 10, 9);
  });

  it('is nothing where no version holds', () => {
    expect(standingCharges(makeTariff(versioned, zone), at('2024-01-01'), at('2025-01-01')).fixed).toBe(0);
    expect(
      standingCharges(makeTariff(versioned, zone), at('2026-03-30T23:00Z'), at('2026-04-01T23:00Z')).fixed,
    ).toBeCloseTo(1.1, 9);
  });

  it('and for the highest demand of each month, by the version that held', () => {
    const priced = makeTariff(
      {
        currency: 'EUR',
        versions: [
          { pricePerKwh: 0.2, demand: { pricePerKw: 10, minutes: 15 }, taxPercent: 10 },
          { validFrom: '2026-02-15', pricePerKwh: 0.2, demand: { pricePerKw: 20, minutes: 30 } },
          { validFrom: '2026-03-01', pricePerKwh: 0.2 },
        ],
      },
      'UTC',
    );
    const charges = demandCharges(priced, at('2026-01-05'), at('2026-03-10'), (from) =>
      from < at('2026-02-01') ? 3000 : 2000,
    );
    expect(charges.map(({ minutes, net, tax }) => [minutes, net, tax])).toEqual([
      [15, 30, 3],
      [15, 10, 1],
      [30, 20, 0],
    ]);
    expect(demandCharges(priced, at('2026-01-05'), at('2026-01-06'), () => undefined)).toEqual([]);
  });
});
