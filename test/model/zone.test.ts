import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Zone, zoneOf } from '../../src/model/zone.ts';

const zones = Intl.supportedValuesOf('timeZone');

describe('the clocks of a zone', () => {
  it('show what the zone data says, at any instant of any zone', () => {
    const instants = fc.integer({ min: Date.parse('1900-01-01'), max: Date.parse('2100-01-01') });
    fc.assert(
      fc.property(fc.constantFrom(...zones), instants, (timezone, atMs) => {
        const format = new Intl.DateTimeFormat('sv-SE', {
          timeZone: timezone,
          dateStyle: 'short',
          timeStyle: 'medium',
        });
        const shown = new Date(zoneOf(timezone).localMs(atMs)).toISOString();
        expect(shown.slice(0, 19).replace('T', ' ')).toBe(format.format(atMs));
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['put forward over it', 'Europe/London', '2026-03-29T01:30Z', '2026-03-29T01:00Z'],
    ['put back over it', 'Europe/London', '2026-10-25T01:30Z', '2026-10-25T00:30Z'],
    ['far ahead', 'Pacific/Kiritimati', '2026-01-01T00:00Z', '2025-12-31T10:00Z'],
    ['that skip the day', 'Pacific/Apia', '2011-12-30T12:00Z', '2011-12-30T10:00Z'],
  ])('%s: the first instant that shows a local time or later', (_name, zone, local, instant) => {
    expect(zoneOf(zone).instantOf(Date.parse(local))).toBe(Date.parse(instant));
  });

  it('are known to the second, before there were whole hours too', () => {
    const zone = new Zone('Europe/Amsterdam');
    const span = zone.spanAt(Date.parse('1890-01-01T00:00Z'));
    expect(span.toMs).toBeGreaterThan(span.fromMs);
    expect(span.offsetMs % 1_000).toBe(0);
    expect(span.offsetMs % 60_000).not.toBe(0);
  });

  it('are unknown for a name that is no zone, and outside the calendar', () => {
    expect(() => zoneOf('Europe/Nowhere')).toThrow(RangeError);
    expect(() => zoneOf('UTC').spanAt(Number.NaN)).toThrow(RangeError);
    expect(() => zoneOf('UTC').spanAt(8.64e15)).toThrow(RangeError);
  });
});
