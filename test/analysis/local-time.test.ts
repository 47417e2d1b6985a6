import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localBucket, localEdges, localSteps } from '../../src/analysis/local-time.ts';
import { zoneOf } from '../../src/model/zone.ts';

const at = (text: string) => Date.parse(text);
const hours = (edges: Float64Array) =>
  [...edges].slice(1).map((edgeMs, i) => (edgeMs - edges[i]!) / 3_600_000);
const zones = [
  'Europe/London',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'UTC',
];

describe('edges of local time', () => {
  it.each([
    [
      'days with one of 23 hours',
      'day',
      'Europe/London',
      '2026-03-28T00:00Z',
      '2026-03-30T12:00Z',
      [24, 23, 24],
    ],
    ['days with one of 25 hours', 'day', 'Europe/London', '2026-10-24T00:00Z', '2026-10-25T23:00Z', [24, 25]],
    ['a day of 24½ hours', 'day', 'Australia/Lord_Howe', '2026-04-04T13:00Z', '2026-04-05T10:00Z', [24.5]],
    ['a day without a midnight', 'day', 'Africa/Cairo', '2026-04-24T12:00Z', '2026-04-24T13:00Z', [23]],
    ['a day that is skipped', 'day', 'Pacific/Apia', '2011-12-29T10:00Z', '2011-12-31T10:00Z', [24, 24]],
    [
      'a day with two midnights',
      'day',
      'America/St_Johns',
      '2010-11-06T12:00Z',
      '2010-11-08T12:00Z',
      [24, 25, 24],
    ],
    ['weeks from Monday', 'week', 'Europe/Berlin', '2026-03-25T00:00Z', '2026-03-31T00:00Z', [167, 168]],
    ['a skipped day in its week', 'week', 'Pacific/Apia', '2011-12-28T10:00Z', '2011-12-29T10:00Z', [144]],
    ['months', 'month', 'Europe/Berlin', '2026-01-31T23:00Z', '2026-04-01T00:00Z', [672, 743, 720]],
    ['years', 'year', 'Asia/Kathmandu', '2024-06-01T00:00Z', '2026-01-01T00:00Z', [8784, 8760, 8760]],
    [
      'hours where clocks go forward',
      'hour',
      'Europe/London',
      '2026-03-29T00:00Z',
      '2026-03-29T03:00Z',
      [1, 1, 1],
    ],
    [
      'hours where clocks go half an hour back',
      'hour',
      'Australia/Lord_Howe',
      '2026-04-04T14:00Z',
      '2026-04-04T16:30Z',
      [1, 0.5, 1],
    ],
    [
      'hours where clocks go half an hour forward',
      'hour',
      'Australia/Lord_Howe',
      '2026-10-03T14:30Z',
      '2026-10-03T17:00Z',
      [1, 0.5, 1],
    ],
  ] as const)('%s', (_name, by, zone, from, to, lengths) => {
    expect(hours(localEdges(by, at(from), at(to), zone))).toEqual(lengths);
  });

  it.each([
    ['hour', 'Asia/Kathmandu', '2026-06-01T12:00Z', '2026-06-01T11:15:00.000Z'],
    ['day', 'Asia/Kathmandu', '2026-06-01T12:00Z', '2026-05-31T18:15:00.000Z'],
    ['week', 'Europe/London', '2026-06-07T22:59Z', '2026-05-31T23:00:00.000Z'],
    ['month', 'Australia/Lord_Howe', '2026-05-31T13:29Z', '2026-04-30T13:30:00.000Z'],
    ['year', 'America/New_York', '2026-01-01T04:59Z', '2025-01-01T05:00:00.000Z'],
  ] as const)('the %s of an instant in %s', (by, zone, instant, from) => {
    const bucket = localBucket(by, at(instant), zone);
    expect(new Date(bucket.fromMs).toISOString()).toBe(from);
    expect(bucket.toMs).toBeGreaterThan(at(instant));
  });

  it('begin where the local clock says so, cover the range, and lie in the wider ones', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: at('1995-01-01'), max: at('2036-01-01') }),
        fc.integer({ min: 1, max: 100 * 86_400_000 }),
        (timezone, fromMs, lengthMs) => {
          const toMs = fromMs + lengthMs;
          const edges = localSteps.map((by) => localEdges(by, fromMs, toMs, timezone));
          for (const [i, list] of edges.entries()) {
            expect(list[0]).toBeLessThanOrEqual(fromMs);
            expect(list[1]).toBeGreaterThan(fromMs);
            expect(list.at(-1)).toBeGreaterThanOrEqual(toMs);
            expect(list.at(-2)).toBeLessThan(toMs);
            for (let n = 1; n < list.length; n += 1) expect(list[n]).toBeGreaterThan(list[n - 1]!);
            if (i === 0) continue;
            // Every edge of a longer step within the range is one of the hours.
            const finer = new Set(edges[0]);
            for (const edgeMs of list) {
              if (edgeMs >= edges[0]![0]! && edgeMs <= edges[0]!.at(-1)!)
                expect(finer.has(edgeMs)).toBe(true);
            }
          }
          const zone = zoneOf(timezone);
          for (const edgeMs of edges[1]!) {
            const day = Math.floor(zone.localMs(edgeMs) / 86_400_000);
            expect(Math.floor(zone.localMs(edgeMs - 1) / 86_400_000)).toBeLessThan(day);
          }
          // One bucket asked for alone is the same bucket.
          const alone = localBucket('day', edges[1]![0]!, timezone);
          expect([alone.fromMs, alone.toMs]).toEqual([edges[1]![0], edges[1]![1]]);
        },
      ),
      { numRuns: 80 },
    );
  });

  it('of a year of hours cost a fraction of asking the zone for each', () => {
    const year = () => localEdges('hour', at('2026-01-01T00:00Z'), at('2027-01-01T00:00Z'), 'Europe/London');
    const clock = new Intl.DateTimeFormat('en', {
      timeZone: 'Europe/London',
      dateStyle: 'short',
      timeStyle: 'short',
    });
    const cpuOf = (work: () => void) => {
      const began = process.cpuUsage();
      work();
      return process.cpuUsage(began).user;
    };
    const edges = year();
    expect(edges.length).toBe(8_761);
    const asked = cpuOf(() => {
      for (const atMs of edges) clock.format(atMs);
    });
    expect(cpuOf(year)).toBeLessThan(asked / 2);
  });

  it.each([
    ['reversed', 'day', 2, 1],
    ['empty', 'day', 1, 1],
    ['not a number', 'day', Number.NaN, 1],
    ['endless', 'day', 0, Number.POSITIVE_INFINITY],
    ['too long', 'hour', 0, at('2026-01-01')],
  ] as const)('are refused for a range that is %s', (_name, by, fromMs, toMs) => {
    expect(() => localEdges(by, fromMs, toMs, 'UTC')).toThrow(RangeError);
  });
});
