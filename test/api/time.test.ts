import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTime } from '../../src/api/time.ts';

const cases: [string, string, number | undefined][] = [
  ['1768478400000', 'UTC', 1_768_478_400_000],
  ['0.5', 'UTC', 0.5],
  ['2026-01-15T12:00:00Z', 'Asia/Tokyo', Date.UTC(2026, 0, 15, 12)],
  ['2026-01-15t12:00:00z', 'UTC', Date.UTC(2026, 0, 15, 12)],
  ['2026-01-15T12:00:00.123456Z', 'UTC', Date.UTC(2026, 0, 15, 12, 0, 0) + 123.456],
  ['2026-01-15T12:00+01:00', 'UTC', Date.UTC(2026, 0, 15, 11)],
  ['2026-01-15T12:00 01:00', 'UTC', Date.UTC(2026, 0, 15, 11)],
  ['2026-01-15T12:00-0530', 'UTC', Date.UTC(2026, 0, 15, 17, 30)],
  ['2026-01-15', 'UTC', Date.UTC(2026, 0, 15)],
  ['2026-07-15', 'Europe/London', Date.UTC(2026, 6, 14, 23)],
  ['2026-01-15T08:00', 'Asia/Kathmandu', Date.UTC(2026, 0, 15, 2, 15)],
  ['2026-03-29', 'Europe/London', Date.UTC(2026, 2, 29)],
  ['2026-03-30', 'Europe/London', Date.UTC(2026, 2, 29, 23)],
  ['2026-10-25', 'Europe/London', Date.UTC(2026, 9, 24, 23)],
  ['2026-10-26', 'Europe/London', Date.UTC(2026, 9, 26)],
  ['2024-02-29', 'UTC', Date.UTC(2024, 1, 29)],
  ['2026-02-29', 'UTC', undefined],
  ['2026-13-01', 'UTC', undefined],
  ['2026-00-01', 'UTC', undefined],
  ['2026-01-15T24:00', 'UTC', undefined],
  ['2026-01-15T12:60Z', 'UTC', undefined],
  ['2026-1-15', 'UTC', undefined],
  ['15.01.2026', 'UTC', undefined],
  ['1e12', 'UTC', undefined],
  ['0x10', 'UTC', undefined],
  ['', 'UTC', undefined],
  ['now', 'UTC', undefined],
];

describe('a time', () => {
  it.each(cases)('%j in %s is %j', (text, timezone, atMs) => {
    expect(readTime(text, timezone)).toBe(atMs);
  });

  it('in any text is a number or nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/)),
        (text) => {
          const atMs = readTime(text, 'Europe/London');
          expect(atMs === undefined || Number.isFinite(atMs)).toBe(true);
        },
      ),
    );
  });

  it('written by anybody comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date(Date.UTC(2200, 0)), noInvalidDate: true }),
        (date) => {
          expect(readTime(date.toISOString(), 'America/New_York')).toBe(date.getTime());
        },
      ),
    );
  });
});
