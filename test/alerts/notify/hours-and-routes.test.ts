import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace } from '../../../src/alerts/notify/pace.ts';
import { isQuiet } from '../../../src/alerts/notify/quiet-hours.ts';
import { type NotifyRoute, Routes } from '../../../src/alerts/notify/routes.ts';
import { Topology } from '../../../src/alerts/topology.ts';
import type { PowerTree } from '../../../src/model/power-tree.ts';
import { madeAlert } from './made-alerts.ts';

describe('quiet hours', () => {
  const night = [{ fromMinute: 22 * 60, toMinute: 7 * 60 }];
  const at = (iso: string) => Date.parse(iso);

  test.each([
    ['2026-01-15T21:59:00Z', false],
    ['2026-01-15T22:00:00Z', true],
    ['2026-01-16T03:00:00Z', true],
    ['2026-01-16T06:59:59Z', true],
    ['2026-01-16T07:00:00Z', false],
    // Summer: an hour earlier by UTC.
    ['2026-07-15T20:59:00Z', false],
    ['2026-07-15T21:00:00Z', true],
    ['2026-07-16T05:59:00Z', true],
    ['2026-07-16T06:00:00Z', false],
    // The clocks are put forward at 01:00 UTC, and back in October.
    ['2026-03-29T05:59:00Z', true],
    ['2026-03-29T06:00:00Z', false],
    ['2026-10-25T06:59:00Z', true],
    ['2026-10-25T07:00:00Z', false],
  ])('22:00 to 07:00 in London at %s: %s', (iso, quiet) => {
    expect(isQuiet(night, 'Europe/London', at(iso))).toBe(quiet);
  });

  test('with days begin on those days, and run into the next', () => {
    const friday = [{ ...night[0]!, days: [5] }];
    // 2026-01-16 is a Friday.
    expect(isQuiet(friday, 'UTC', at('2026-01-16T23:00:00Z'))).toBe(true);
    expect(isQuiet(friday, 'UTC', at('2026-01-17T06:00:00Z'))).toBe(true);
    expect(isQuiet(friday, 'UTC', at('2026-01-17T23:00:00Z'))).toBe(false);
    expect(isQuiet(friday, 'UTC', at('2026-01-16T06:00:00Z'))).toBe(false);
  });

  test('of a day not over midnight', () => {
    const lunch = [{ fromMinute: 720, toMinute: 780 }];
    expect(isQuiet(lunch, 'UTC', at('2026-01-16T12:30:00Z'))).toBe(true);
    expect(isQuiet(lunch, 'UTC', at('2026-01-16T13:00:00Z'))).toBe(false);
  });

  test('none are never', () => {
    expect(isQuiet([], 'UTC', at('2026-01-16T03:00:00Z'))).toBe(false);
  });
});

describe('routes', () => {
  const tree: PowerTree = {
    name: 'Room',
    timezone: 'UTC',
    feeds: [{ name: 'A', breakers: [{ name: 'A1' }] }],
    racks: [{ name: 'r1' }],
    servers: [
      { name: 'hv-01', rack: 'r1', inputs: [{ outlet: 'pdu-a/7', breaker: 'A1' }, { outlet: 'pdu-b/7' }] },
    ],
  };
  const goes = (routes: NotifyRoute[], over: Partial<ReturnType<typeof madeAlert>> = {}, channel = 'ops') =>
    new Routes(routes, (scope) => new Topology(tree).containersOf(scope)).leadTo(channel, madeAlert(over));

  test('a channel that no route names is told of everything', () => {
    expect(goes([])).toBe(true);
    expect(goes([{ channels: ['other'], severities: ['info'] }])).toBe(true);
  });

  test('all that a route names must fit; one of the routes is enough', () => {
    const route = { channels: ['ops'], severities: ['critical' as const], rules: ['feed-lost' as const] };
    expect(goes([route])).toBe(false);
    expect(goes([route], { rule: 'feed-lost' })).toBe(true);
    expect(goes([route], { rule: 'feed-lost', severity: 'info' })).toBe(false);
    expect(goes([route, { channels: ['ops'], severities: ['critical'] }])).toBe(true);
  });

  test.each([
    [['server:hv-01'], true],
    [['server:hv-*'], true],
    [['server:*'], true],
    [['*'], true],
    [['rack:r1'], true],
    [['breaker:A1'], true],
    [['feed:A'], true],
    [['room'], true],
    [['rack:r2', 'server:db-*'], false],
    [['feed:B'], false],
  ])('scopes %j: %s', (scopes, fits) => {
    expect(goes([{ channels: ['ops'], scopes }])).toBe(fits);
  });

  test('a rack covers the outlets and meters of its servers', () => {
    const routes = [{ channels: ['ops'], scopes: ['rack:r1'] }];
    expect(goes(routes, { scope: 'outlet:pdu-a/7' })).toBe(true);
    expect(goes(routes, { scope: 'device:pdu-b' })).toBe(true);
    expect(goes(routes, { scope: 'device:pdu-c' })).toBe(false);
    expect(goes([{ channels: ['ops'], scopes: ['feed:A'] }], { scope: 'breaker:A1' })).toBe(true);
    expect(goes([{ channels: ['ops'], scopes: ['feed:A'] }], { scope: 'device:pdu-b' })).toBe(false);
  });
});

test('the pace is kept over any stretch of time, and never stops', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 600, noNaN: true }),
      fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 300 }),
      (perMinute, stepsMs) => {
        const pace = new Pace(perMinute);
        let nowMs = 0;
        let taken = 0;
        for (const stepMs of stepsMs) {
          nowMs += stepMs;
          if (pace.take(nowMs)) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(
          Math.max(1, Math.min(5, perMinute)) + (nowMs / 60_000) * perMinute + 1e-6,
        );
        expect(pace.take(nowMs + 60_000 * Math.ceil(1 / perMinute) + 1)).toBe(true);
      },
    ),
  );
});
