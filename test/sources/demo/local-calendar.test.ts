import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LocalCalendar } from '../../../src/sources/demo/local-calendar.ts';

const hourMs = 3_600_000;

/** What the zone's clock shows, asked of Intl directly. */
function shown(atMs: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return parts.format(atMs);
}

function told(calendar: LocalCalendar, atMs: number): string {
  return new Date(calendar.localMs(atMs)).toISOString().slice(0, 19).replace('T', ' ');
}

describe('the clock on the wall', () => {
  test('shows the local time of any zone, summer and winter, whatever is asked first', () => {
    const zones = [
      'Europe/London',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'UTC',
      'Africa/Casablanca',
    ];
    const moment = fc.integer({ min: Date.UTC(2020, 0, 1) / 1000, max: Date.UTC(2060, 0, 1) / 1000 });
    const calendars = new Map(zones.map((zone) => [zone, new LocalCalendar(zone)]));
    fc.assert(
      fc.property(fc.constantFrom(...zones), moment, (zone, second) => {
        expect(told(calendars.get(zone)!, second * 1000)).toBe(shown(second * 1000, zone));
      }),
      { numRuns: 300 },
    );
  });

  test('finds each change of the clock to the second', () => {
    const changes = new LocalCalendar('Europe/London').changesUntil(Date.UTC(2021, 0, 1));
    expect(changes.map(({ atMs }) => new Date(atMs).toISOString())).toEqual([
      '2020-03-29T01:00:00.000Z',
      '2020-10-25T01:00:00.000Z',
    ]);
    expect(changes.map(({ beforeMs, afterMs }) => (afterMs - beforeMs) / hourMs)).toEqual([1, -1]);
  });

  test('begins the day at local midnight, also on days of 23 and 25 hours', () => {
    const calendar = new LocalCalendar('America/New_York');
    for (const noon of ['2026-03-08T16:00Z', '2026-11-01T17:00Z', '2026-06-15T16:00Z']) {
      const midnightMs = calendar.midnightMs(Date.parse(noon));
      expect(shown(midnightMs, 'America/New_York')).toBe(`${noon.slice(0, 10)} 00:00:00`);
    }
  });
});
