import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localBucket, localEdges } from '../../src/analysis/local-time.ts';
import { energyAsked, energyQuery } from '../../src/web/energy-asked.ts';
import {
  barEdges,
  dateAt,
  dateText,
  periodAt,
  periodBeside,
  periods,
  stepsOf,
} from '../../src/web/energy-period.ts';
import type { Query } from '../../src/web/routes.ts';

const zones = fc.constantFrom('Europe/London', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia', 'UTC');
const times = fc.integer({ min: Date.UTC(2005, 0), max: Date.UTC(2035, 0) });
const nowMs = Date.parse('2026-11-29T20:00:00Z');
const asked = (query: Query) => energyAsked(query, nowMs, 'Europe/London');

describe('periods of local time', () => {
  it('are the buckets the service adds up', () => {
    fc.assert(
      fc.property(fc.constantFrom('day', 'week', 'month', 'year'), times, zones, (period, atMs, zone) => {
        expect(periodAt(period, atMs, zone)).toEqual(localBucket(period, atMs, zone));
      }),
    );
  });

  it('lie side by side: the one after the one before is the same again', () => {
    fc.assert(
      fc.property(fc.constantFrom(...periods), times, zones, (period, atMs, zone) => {
        const span = periodAt(period, atMs, zone);
        const before = periodBeside(period, span, -1, zone)!;
        expect(periodBeside(period, before, 1, zone)).toEqual(span);
        if (period !== 'years') expect(before.toMs).toBe(span.fromMs);
      }),
    );
  });

  it('are cut into the same bars as the service cuts them', () => {
    fc.assert(
      fc.property(fc.constantFrom(...periods), times, zones, (period, atMs, zone) => {
        const span = periodAt(period, atMs, zone);
        for (const step of stepsOf[period]) {
          if (step === 'hour' && zone === 'Pacific/Apia') continue;
          const edges = [...localEdges(step, span.fromMs, span.toMs, zone)];
          // Weeks are cut by the ends of the month or year.
          edges[0] = span.fromMs;
          edges[edges.length - 1] = span.toMs;
          expect(barEdges(step, span, zone)).toEqual(edges);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('have 23 and 25 hours where clocks change', () => {
    const hours = (date: string) => {
      const span = periodAt('day', dateAt(date, 'Europe/London')!, 'Europe/London');
      return barEdges('hour', span, 'Europe/London').length - 1;
    };
    expect([hours('2026-03-29'), hours('2026-10-25'), hours('2026-11-01')]).toEqual([23, 25, 24]);
  });

  it.each([
    ['2026', '2026-01-01'],
    ['2026-11', '2026-11-01'],
    ['2024-02-29', '2024-02-29'],
    ['2026-02-29', undefined],
    ['2026-13-01', undefined],
    ['0001-01-01', undefined],
    ['tomorrow', undefined],
    [undefined, undefined],
  ])('a date written %s is %s', (text, day) => {
    const atMs = dateAt(text, 'Pacific/Auckland');
    expect(atMs === undefined ? undefined : dateText(atMs, 'Pacific/Auckland')).toBe(day);
  });
});

describe('what the address asks for', () => {
  it('is this month by servers when it says nothing, and nothing sensible', () => {
    const usual = { period: 'month', step: 'day', by: 'server', measure: 'energy', isUnderWay: true };
    expect(asked({})).toMatchObject(usual);
    expect(
      asked({ period: 'fortnight', by: '', measure: 'love', step: 'hour', date: '2026-02-30' }),
    ).toMatchObject(usual);
    expect(energyQuery(asked({}), {})).toEqual({});
  });

  it('comes back from the address it is written into', () => {
    const query = fc.record({
      period: fc.constantFrom(...periods),
      date: fc.constantFrom(undefined, '2026', '2026-10', '2026-11-29', '2024-02-29', '2030-01-01'),
      by: fc.constantFrom(undefined, 'rack', 'feed', 'room'),
      step: fc.constantFrom(undefined, 'hour', 'week'),
      measure: fc.constantFrom(undefined, 'cost', 'carbon'),
      scope: fc.constantFrom(undefined, 'server:hv-01'),
    });
    fc.assert(
      fc.property(query, (one) => {
        const first = asked(one as Query);
        expect(asked(energyQuery(first, {}))).toEqual(first);
      }),
    );
  });

  it('stays about the same time when a longer or shorter one is chosen', () => {
    const october = asked({ period: 'month', date: '2026-10' });
    expect(energyQuery(october, { period: 'year' })).toMatchObject({ period: 'year', date: undefined });
    expect(asked(energyQuery(october, { period: 'week' }))).toMatchObject({
      fromMs: Date.UTC(2026, 9, 11, 23),
    });
    expect(asked(energyQuery(asked({}), { period: 'day' }))).toMatchObject({
      fromMs: Date.UTC(2026, 10, 29),
    });
  });
});
