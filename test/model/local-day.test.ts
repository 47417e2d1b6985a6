import { describe, expect, it } from 'vitest';
import { startOfLocalDay, startOfNextLocalDay } from '../../src/model/local-day.ts';

const hours = (ms: number) => ms / 3_600_000;

describe('a local day', () => {
  it.each([
    ['an ordinary one', 'Europe/London', '2026-01-15T12:00:00Z', '2026-01-15T00:00:00Z', 24],
    ['the one clocks go forward on', 'Europe/London', '2026-03-29T12:00:00Z', '2026-03-29T00:00:00Z', 23],
    ['the one clocks go back on', 'Europe/London', '2026-10-25T12:00:00Z', '2026-10-24T23:00:00Z', 25],
    ['in a quarter-hour zone', 'Asia/Kathmandu', '2026-06-01T12:00:00Z', '2026-05-31T18:15:00Z', 24],
    ['in a half-hour zone', 'Asia/Kolkata', '2026-06-01T12:00:00Z', '2026-05-31T18:30:00Z', 24],
    [
      'with a half-hour change of clocks',
      'Australia/Lord_Howe',
      '2026-04-05T00:00:00Z',
      '2026-04-04T13:00:00Z',
      24.5,
    ],
    ['that has no midnight', 'Africa/Cairo', '2026-04-24T12:00:00Z', '2026-04-23T22:00:00Z', 23],
  ])('%s begins where the zone says and has its true length', (_name, zone, at, from, length) => {
    const atMs = Date.parse(at);
    expect(new Date(startOfLocalDay(atMs, zone)).toISOString()).toBe(new Date(from).toISOString());
    expect(hours(startOfNextLocalDay(atMs, zone) - startOfLocalDay(atMs, zone))).toBe(length);
  });

  it('contains its own first instant', () => {
    const from = startOfLocalDay(Date.parse('2026-06-01T12:00:00Z'), 'America/New_York');
    expect(startOfLocalDay(from, 'America/New_York')).toBe(from);
    expect(startOfLocalDay(from - 1, 'America/New_York')).toBeLessThan(from);
  });
});
