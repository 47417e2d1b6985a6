import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EnergyAnswer, EnergyRow, EnergyTotalRow } from '../../src/api/shapes.ts';
import { type BarParts, highestOf, makeBars, rankParts, scaleTicks } from '../../src/web/energy-bars.ts';
import {
  differencePercent,
  differenceText,
  knownShares,
  measureShown,
  money,
  scaleLabels,
} from '../../src/web/energy-words.ts';
import { Format } from '../../src/web/format.ts';

const format = new Format('en-GB', 'Europe/London');

function row(fromMs: number, wattHours: number | null, more: Partial<EnergyRow> = {}): EnergyRow {
  const cost = wattHours === null ? null : wattHours / 4_000;
  const parts = { counter: wattHours, integrated: 0, spread: 0 };
  return {
    scope: 'room',
    fromMs,
    toMs: fromMs + 10,
    wattHours,
    coverage: 1,
    cost,
    grams: null,
    parts,
    ...more,
  };
}
const answer = (rows: EnergyRow[]): EnergyAnswer => ({
  by: 'day',
  timezone: 'UTC',
  fromMs: 0,
  toMs: 40,
  rows,
});
const bars = (more: Partial<BarParts>) =>
  makeBars({
    edges: [0, 10, 20, 30, 40],
    whole: answer([row(0, 100), row(10, null, { coverage: 0 }), row(20, 60, { coverage: 0.5 })]),
    scopes: [],
    measure: 'energy',
    nowMs: 25,
    ...more,
  });

describe('bars', () => {
  it('are as high as the whole; what is not known has no height, what lies ahead not even a row', () => {
    expect(bars({}).map(({ value, pieces }) => [value, pieces])).toEqual([
      [100, [100]],
      [undefined, []],
      [60, [60]],
      [undefined, []],
    ]);
    expect(bars({}).map((bar) => 'row' in bar)).toEqual([true, true, true, false]);
    expect(bars({}).map(({ isPartly, isUnderWay }) => [isPartly, isUnderWay])).toEqual([
      [false, false],
      [false, false],
      [true, true],
      [false, false],
    ]);
  });

  it('are stacked from parts, with a rest; parts that are more than the whole leave none', () => {
    const parts = answer([
      row(0, 70, { scope: 'a' }),
      row(0, 20, { scope: 'b' }),
      row(20, null, { scope: 'a' }),
      row(20, 61, { scope: 'b' }),
    ]);
    expect(bars({ parts, scopes: ['a', 'b'] }).map(({ pieces }) => pieces)).toEqual([
      [70, 20, 10],
      [],
      [0, 61, 0],
      [],
    ]);
    expect(highestOf(bars({ parts, scopes: ['a', 'b'] }))).toBe(100);
  });

  it('stand beside those of the time before, one by one', () => {
    const before = answer([row(-40, 120), row(-30, null), row(-20, 10), row(-10, 130)]);
    expect(bars({ before }).map((bar) => bar.before)).toEqual([120, undefined, 10, 130]);
    expect(highestOf(bars({ before }))).toBe(130);
  });

  it('show cost and carbon where they are known', () => {
    expect(bars({ measure: 'cost' }).map(({ value }) => value)).toEqual([0.025, undefined, 0.015, undefined]);
    expect(bars({ measure: 'carbon' }).every(({ value }) => value === undefined)).toBe(true);
  });
});

describe('the scale', () => {
  it.each([
    [10.6, [0, 2, 4, 6, 8, 10, 12]],
    [210, [0, 50, 100, 150, 200, 250]],
    [0.031, [0, 0.01, 0.02, 0.03, 0.04]],
    [0, [0, 1]],
  ])('up to %s has its lines at %o', (highest, ticks) => {
    expect(scaleTicks(highest).map((tick) => Number(tick.toFixed(6)))).toEqual(ticks);
  });

  it('always reaches beyond the highest, with few lines', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (highest) => {
        const ticks = scaleTicks(highest);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(highest * (1 - 1e-9));
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });

  it('is labelled in one unit with the digits it needs', () => {
    const labels = (ticks: number[], measure: 'energy' | 'cost' | 'carbon') =>
      scaleLabels(ticks, measure, 'GBP', format).map((text) => text.replaceAll('\u00a0', ' '));
    expect(labels([0, 50_000, 100_000], 'energy')).toEqual(['0 kWh', '50 kWh', '100 kWh']);
    expect(labels([0, 200, 400], 'carbon')).toEqual(['0.0 kg', '0.2 kg', '0.4 kg']);
    expect(labels([0, 0.5], 'cost')).toEqual(['£0.0', '£0.5']);
    expect(labels([0, 1_000], 'cost')).toEqual(['£0', '£1,000']);
  });
});

describe('parts', () => {
  const total = (scope: string, wattHours: number | null) =>
    ({ ...row(0, wattHours), scope }) as EnergyTotalRow;

  it('are ranked the most first, with their share of the whole; the unknown are last and have none', () => {
    const ranked = rankParts(
      [total('z', null), total('b', 10), total('a', 30), total('c', null)],
      total('room', 80),
      'energy',
    );
    expect(ranked.map(({ row: { scope }, share }) => [scope, share])).toEqual([
      ['a', 0.375],
      ['b', 0.125],
      ['c', undefined],
      ['z', undefined],
    ]);
  });
});

describe('words for energy', () => {
  it.each([
    [4.21, '+4.2%'],
    [-12.4, '−12%'],
    [0.02, '±0.0%'],
    [null, undefined],
    [undefined, undefined],
  ])('a difference of %s percent is %s', (percent, text) => {
    expect(differenceText(percent, format)).toBe(text);
  });

  it('make no difference out of what is not known, nor out of nothing', () => {
    expect([differencePercent(110, 100), differencePercent(null, 100), differencePercent(5, 0)]).toEqual([
      expect.closeTo(10),
      undefined,
      undefined,
    ]);
  });

  it('name the currency, and never invent one', () => {
    expect(money(12.5, 'GBP', format)).toBe('£12.50');
    expect(money(12.5, undefined, format)).toBe('12.50');
    expect(money(12_500.4, 'EUR', new Format('de-DE', 'UTC')).replace('\u00a0', ' ')).toBe('12.500 €');
    expect(measureShown(null, 'cost', 'GBP', format)).toEqual({ text: '–', unit: '' });
  });

  it('tell how energy is known, of what there is', () => {
    const known = row(0, 100, { parts: { counter: 75, integrated: 25, spread: 0 } });
    expect(knownShares(known).map(({ part, share }) => [part, share])).toEqual([
      ['counter', 0.75],
      ['integrated', 0.25],
    ]);
    expect(knownShares(row(0, null))).toEqual([]);
  });
});
