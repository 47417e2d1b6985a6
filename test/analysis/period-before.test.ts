import { describe, expect, it } from 'vitest';
import { compare, periodBefore } from '../../src/analysis/period-before.ts';

const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString().replace(':00.000Z', 'Z');

describe('the period before', () => {
  it.each([
    [
      'a day: the day before',
      '2026-06-02T23:00Z',
      '2026-06-03T23:00Z',
      undefined,
      '2026-06-01T23:00Z',
      '2026-06-02T23:00Z',
    ],
    [
      'the day after clocks went back: all 25 hours',
      '2026-10-26T00:00Z',
      '2026-10-27T00:00Z',
      undefined,
      '2026-10-24T23:00Z',
      '2026-10-26T00:00Z',
    ],
    ['a week', '2026-06-07T23:00Z', '2026-06-14T23:00Z', undefined, '2026-05-31T23:00Z', '2026-06-07T23:00Z'],
    [
      'a month: the month before, shorter as it is',
      '2026-03-01T00:00Z',
      '2026-03-31T23:00Z',
      undefined,
      '2026-02-01T00:00Z',
      '2026-03-01T00:00Z',
    ],
    ['a year', '2025-01-01T00:00Z', '2026-01-01T00:00Z', undefined, '2024-01-01T00:00Z', '2025-01-01T00:00Z'],
    [
      'three days: the three before',
      '2026-10-26T00:00Z',
      '2026-10-29T00:00Z',
      undefined,
      '2026-10-22T23:00Z',
      '2026-10-26T00:00Z',
    ],
    [
      'an hour and a half',
      '2026-06-03T10:00Z',
      '2026-06-03T11:30Z',
      undefined,
      '2026-06-03T08:30Z',
      '2026-06-03T10:00Z',
    ],
    [
      'the month under way: as much of the one before',
      '2026-05-31T23:00Z',
      '2026-06-30T23:00Z',
      '2026-06-10T11:00Z',
      '2026-04-30T23:00Z',
      '2026-05-10T11:00Z',
    ],
    [
      'the end of March under way: all of February',
      '2026-03-01T00:00Z',
      '2026-03-31T23:00Z',
      '2026-03-31T12:00Z',
      '2026-02-01T00:00Z',
      '2026-03-01T00:00Z',
    ],
    [
      'a month to come: all of the one before',
      '2026-03-01T00:00Z',
      '2026-03-31T23:00Z',
      '2026-02-03T12:00Z',
      '2026-02-01T00:00Z',
      '2026-03-01T00:00Z',
    ],
  ])('%s', (_name, from, to, now, beforeFrom, beforeTo) => {
    const period = { fromMs: at(from), toMs: at(to) };
    const before = periodBefore(period, 'Europe/London', now === undefined ? undefined : at(now));
    expect([iso(before.fromMs), iso(before.toMs)]).toEqual([beforeFrom, beforeTo]);
  });

  it('is compared only where both are known well enough', () => {
    expect(compare({ value: 120, coverage: 1 }, { value: 100, coverage: 0.95 })).toEqual({
      now: 120,
      before: 100,
      difference: 20,
      share: 0.2,
    });
    expect(compare({ value: 1, coverage: 1 }, { value: 0, coverage: 1 })?.share).toBeUndefined();
    expect(compare({ value: 120, coverage: 1 }, { value: 100, coverage: 0.5 })).toBeUndefined();
  });
});
