import { describe, expect, it } from 'vitest';
import { counted, Format, joined } from '../../src/web/format.ts';

const british = new Format('en-GB', 'Europe/London');
const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const summerMs = Date.UTC(2025, 6, 1, 22, 30, 5);

describe('figures', () => {
  const watts = (value: number | undefined) => plain(joined(british.watts(value)));
  const power = (value: number | undefined) => plain(joined(british.power(value)));

  it('shows what is not known as a dash without a unit, never as 0', () => {
    for (const shown of [british.watts(undefined), british.power(undefined), british.energy(undefined)]) {
      expect(shown).toEqual({ text: '–', unit: '' });
    }
    expect(british.percent(undefined)).toBe('–');
    expect(british.age(undefined)).toBe('–');
    expect(watts(0)).toBe('0 W');
  });

  it('shows tenths of a watt only where a watt is much', () => {
    expect([watts(4.23), watts(9.96), watts(96.4), watts(1043)]).toEqual([
      '4.2 W',
      '10 W',
      '96 W',
      '1,043 W',
    ]);
  });

  it('goes over to kW at a thousand watts, with four digits', () => {
    expect([power(999.4), power(999.6), power(12_345), power(123_456), power(1_234_567)]).toEqual([
      '999 W',
      '1.00 kW',
      '12.35 kW',
      '123.5 kW',
      '1,235 kW',
    ]);
  });

  it('shows energy in kWh whatever its size', () => {
    expect(plain(joined(british.energy(823)))).toBe('0.82 kWh');
    expect(plain(joined(british.energy(143_200)))).toBe('143.2 kWh');
  });

  it('shows amps as fine as they are small, and a rating as it is written on the breaker', () => {
    expect(joined(british.amps(0.684))).toContain('0.68');
    expect(joined(british.amps(45.62))).toContain('45.6');
    expect([plain(british.rating(16)), plain(british.rating(2.5))]).toEqual(['16 A', '2.5 A']);
  });

  it('writes numbers as the reader does', () => {
    const german = new Format('de-DE', 'Europe/Berlin');
    expect(plain(joined(german.power(12_345)))).toBe('12,35 kW');
    expect(plain(german.percent(0.061))).toBe('6,1 %');
  });

  it('shows a share to the tenth of a percent only while it is small', () => {
    expect([british.percent(0), british.percent(0.061), british.percent(0.5)]).toEqual(['0%', '6.1%', '50%']);
  });
});

describe('ages', () => {
  it.each([
    [0, '0 s'],
    [99_000, '99 s'],
    [100_000, '1 min'],
    [59 * 60_000, '59 min'],
    [125 * 60_000, '2 h 5 min'],
    [20 * 3_600_000, '20 h'],
    [72 * 3_600_000, '3 d'],
    [-5_000, '0 s'],
  ])('%i ms is %s', (ms, text) => {
    expect(plain(british.age(ms))).toBe(text);
  });
});

describe('times', () => {
  it('are those of the room, not of the reader', () => {
    expect(british.timeWithSeconds(summerMs)).toBe('23:30:05');
    expect(new Format('en-GB', 'Asia/Kolkata').timeOfDay(summerMs)).toBe('04:00');
  });

  it('name the zone as it is called on that day', () => {
    expect(british.zoneName(summerMs)).toBe('BST');
    expect(british.zoneName(Date.UTC(2025, 0, 1))).toBe('GMT');
  });

  it('know the midnight of the room', () => {
    expect(british.isMidnight(Date.UTC(2025, 6, 1, 23, 0))).toBe(true);
    expect(british.isMidnight(Date.UTC(2025, 6, 1, 0, 0))).toBe(false);
  });

  it('fall back to UTC, and say so, when the browser does not know the zone', () => {
    const strange = new Format('en-GB', 'Mars/Olympus_Mons');
    expect([strange.timeZone, strange.timeOfDay(summerMs)]).toEqual(['UTC', '22:30']);
  });
});

it('counts in words', () => {
  expect([counted(1, 'server'), counted(2, 'server')].map(plain)).toEqual(['1 server', '2 servers']);
});
