import { describe, expect, test } from 'vitest';
import { family as shelly } from '../../../src/devices/families/shelly-gen2.ts';
import { family as tasmota } from '../../../src/devices/families/tasmota.ts';
import { Intake } from '../../../src/devices/intake.ts';
import type { RollUp, RollUpTier } from '../../../src/model/roll-up.ts';
import { Room } from '../../../src/model/room.ts';
import { DemoDevices } from '../../../src/sources/demo/demo-devices.ts';
import { demoHistory, plantedFaults } from '../../../src/sources/demo/demo-history.ts';
import { SimulatedRoom } from '../../../src/sources/demo/simulated-room.ts';
import { HandClock } from '../../base/hand-clock.ts';

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const room = new SimulatedRoom(1, 'Europe/London');
/** A Tuesday morning. */
const noonMs = Date.UTC(2026, 5, 2, 11);

function rowsOf(tier: RollUpTier, ...range: Parameters<typeof demoHistory>): RollUp[] {
  return [...demoHistory(...range)].filter((chunk) => chunk.tier === tier).flatMap(({ rows }) => rows);
}

const hour = rowsOf('minute', room, noonMs - hourMs, noonMs);
const byScope = Map.groupBy(hour, ({ scope }) => scope);

describe('the past of the simulated room', () => {
  test('is the same each time, whole or in parts', () => {
    const faults = plantedFaults(noonMs);
    const parts = [0, 1, 2, 3].flatMap((quarter) => {
      const fromMs = noonMs - hourMs + quarter * quarterMs;
      return rowsOf('minute', room, fromMs, fromMs + quarterMs, faults);
    });
    expect(parts).toEqual(hour);
    expect(rowsOf('minute', new SimulatedRoom(1, 'Europe/London'), noonMs - hourMs, noonMs)).toEqual(hour);
  });

  test('has every scope in every minute, and whole buckets only', () => {
    const scopes = new Set(hour.map(({ scope }) => scope));
    for (const scope of [
      'room',
      'feed:A',
      'breaker:B3',
      'rack:r1',
      'server:hv-01',
      'device:r3/pdu-a1',
      'outlet:r3/pdu-a1/0',
    ]) {
      expect(scopes).toContain(scope);
    }
    // Nobody claims it: a server of its own.
    expect(scopes).toContain('server:plug-screen/0');
    const metered = room.outlets.filter(({ meter }) => !meter.silent);
    const meters = new Set(metered.map(({ meter }) => meter.name));
    const unclaimed = 3;
    const servers = room.tree.servers.length - 1 + unclaimed;
    expect(scopes.size).toBe(1 + 2 + 6 + 3 + servers + meters.size + metered.length);
    for (const rows of byScope.values()) expect(rows).toHaveLength(60);
    const ragged = [...demoHistory(room, noonMs - 20 * minuteMs - 1, noonMs - 5 * minuteMs + 59_999)];
    const times = (tier: RollUpTier) => [
      ...new Set(
        ragged.filter((chunk) => chunk.tier === tier).flatMap(({ rows }) => rows.map(({ fromMs }) => fromMs)),
      ),
    ];
    expect(times('minute')[0]).toBe(noonMs - 20 * minuteMs);
    expect(times('minute').at(-1)).toBe(noonMs - 6 * minuteMs);
    expect(times('quarter')).toEqual([]);
  });

  test('hangs together: means within extremes, energy of the means, wider scopes the sums of their parts', () => {
    for (const { wattsMean, wattsMin, wattsMax, wattHours, observedMs } of hour) {
      expect(wattsMin).toBeLessThanOrEqual(wattsMean);
      expect(wattsMax).toBeGreaterThanOrEqual(wattsMean);
      expect(observedMs).toBe(minuteMs);
      expect(wattHours).toBeCloseTo(wattsMean / 60, 9);
    }
    const sum = (kind: string, minute: number) =>
      [...byScope]
        .filter(([scope]) => scope.startsWith(kind))
        .reduce((total, [, rows]) => total + rows[minute]!.wattsMean, 0);
    for (let minute = 0; minute < 60; minute += 1) {
      const whole = byScope.get('room')![minute]!.wattsMean;
      expect(sum('server:', minute)).toBeCloseTo(whole, 0);
      expect(sum('device:', minute)).toBeCloseTo(whole, 0);
      expect(sum('outlet:', minute)).toBeCloseTo(whole, 0);
      expect(sum('rack:', minute)).toBeCloseTo(sum('feed:', minute), 0);
      expect(sum('breaker:', minute)).toBeCloseTo(sum('feed:', minute), 0);
    }
  });

  test('has extremes of the sums, not sums of extremes', () => {
    const servers = [...byScope].filter(([scope]) => scope.startsWith('server:'));
    let smaller = 0;
    for (let minute = 0; minute < 60; minute += 1) {
      const peaks = servers.reduce((total, [, rows]) => total + rows[minute]!.wattsMax, 0);
      if (byScope.get('room')![minute]!.wattsMax < peaks - 5) smaller += 1;
    }
    expect(smaller).toBeGreaterThan(50);
  });

  test('agrees with what the machines truly draw, and keeps the peaks of their starts', () => {
    for (const name of ['hv-01', 'gpu-01', 'old-erp-01', 'ci-02']) {
      const machine = room.machines.get(name)!;
      const total = byScope.get(`server:${name}`)!.reduce((sum, { wattHours }) => sum + wattHours, 0);
      expect(
        Math.abs(total / (machine.wattHours(noonMs) - machine.wattHours(noonMs - hourMs)) - 1),
      ).toBeLessThan(0.01);
    }
    const starts = ['ci-01', 'ci-02', 'ci-03', 'ci-04', 'ci-05', 'ci-06'].flatMap((name) => {
      const machine = room.machines.get(name)!;
      const rows = byScope.get(`server:${name}`)!;
      return rows.flatMap(({ fromMs, wattsMin, wattsMax }) => {
        const each = Array.from({ length: 600 }, (_, i) => machine.watts(fromMs + i * 100));
        return Math.min(...each) < 5 && Math.max(...each) > 70
          ? [{ wattsMin, wattsMax, peak: Math.max(...each) }]
          : [];
      });
    });
    expect(starts.length).toBeGreaterThan(2);
    for (const { wattsMin, wattsMax, peak } of starts) {
      expect(wattsMax / peak).toBeGreaterThan(0.95);
      expect(wattsMin).toBeLessThan(4);
    }
  });

  test('makes quarters of the minutes', () => {
    const quarters = rowsOf('quarter', room, noonMs - hourMs, noonMs);
    expect(new Set(quarters.map(({ fromMs }) => fromMs)).size).toBe(4);
    for (const { scope, fromMs, wattsMean, wattsMin, wattsMax, observedMs } of quarters) {
      const minutes = byScope
        .get(scope)!
        .filter((row) => row.fromMs >= fromMs && row.fromMs < fromMs + quarterMs);
      expect(wattsMean).toBeCloseTo(minutes.reduce((sum, row) => sum + row.wattsMean, 0) / 15, 1);
      expect(wattsMin).toBe(Math.min(...minutes.map((row) => row.wattsMin)));
      expect(wattsMax).toBe(Math.max(...minutes.map((row) => row.wattsMax)));
      expect(observedMs).toBe(quarterMs);
    }
  });
});

describe('what is planted in the past', () => {
  const faults = plantedFaults(noonMs);
  const around = (scope: string, atMs: number) =>
    rowsOf('minute', room, atMs - 10 * minuteMs, atMs + 10 * minuteMs, faults).filter(
      (row) => row.scope === scope,
    );

  test('a supply that shared the load, and died 19 days ago, its sibling taking over', () => {
    const daysAgo = (noonMs - faults.supplyDiedAtMs) / dayMs;
    expect(daysAgo).toBeGreaterThan(18);
    expect(daysAgo).toBeLessThan(20);
    const dead = around('outlet:pdu-r2-b2/2', faults.supplyDiedAtMs).map(({ wattsMean }) => wattsMean);
    const sibling = around('outlet:pdu-r2-a2/2', faults.supplyDiedAtMs).map(({ wattsMean }) => wattsMean);
    expect(Math.min(...dead.slice(0, 10))).toBeGreaterThan(80);
    expect(dead.slice(10)).toEqual(Array(10).fill(0));
    expect(sibling[10]! / sibling[9]!).toBeGreaterThan(1.7);
    const whole = around('server:db-02', faults.supplyDiedAtMs).map(({ wattsMean }) => wattsMean);
    expect(Math.abs(whole[10]! / whole[9]! - 1)).toBeLessThan(0.1);
  });

  test('a plug that falls silent: nothing more of it, not even a zero, and the room is without it', () => {
    const gone = faults.plugSilentFromMs;
    for (const scope of ['outlet:plug-lab-02/0', 'device:plug-lab-02', 'server:lab-02']) {
      expect(around(scope, gone).map(({ fromMs }) => fromMs)).toEqual(
        Array.from({ length: 10 }, (_, i) => gone - (10 - i) * minuteMs),
      );
    }
    const whole = around('room', gone).map(({ wattsMean }) => wattsMean);
    expect(whole).toHaveLength(20);
    const servers = rowsOf('minute', room, gone, gone + minuteMs, faults).filter(({ scope }) =>
      scope.startsWith('server:'),
    );
    expect(servers.reduce((sum, { wattsMean }) => sum + wattsMean, 0)).toBeCloseTo(whole[10]!, 0);
  });
});

test('the past and the live room meet without a seam', () => {
  const clock = new HandClock(noonMs - 2 * minuteMs);
  const live: RollUp[] = [];
  const present = new Room({
    tree: room.tree,
    rollUp: (tier, row) => void (tier === 'minute' && live.push(row)),
  });
  const intake = new Intake([tasmota, shelly]);
  const utf8 = new TextEncoder();
  let sequence = 0;
  const devices = new DemoDevices({
    room,
    clock,
    publish: (topic, payload, { qos }) => {
      sequence += 1;
      const receivedAtMs = clock.nowMs();
      intake.accept(
        { topic, payload: utf8.encode(payload), receivedAtMs, retained: false, qos, sequence },
        {
          reading: (reading, family) => present.apply(reading, family.expectedIntervalMs),
          availability: (device, online, atMs) => present.setOnline(device, online, atMs),
          describe: () => {},
          subscribe: () => {},
        },
      );
    },
  });
  devices.start();
  for (let second = 0; second < 15 * 60; second += 1) {
    clock.advance(1_000);
    present.tick(clock.nowMs());
  }
  const past = new Map(
    rowsOf('minute', room, noonMs, noonMs + 12 * minuteMs).map((row) => [`${row.scope} ${row.fromMs}`, row]),
  );
  const met = live.filter(({ fromMs }) => fromMs >= noonMs && fromMs < noonMs + 12 * minuteMs);
  expect(met.map(({ scope, fromMs }) => `${scope} ${fromMs}`).toSorted()).toEqual(
    [...past.keys()].toSorted(),
  );
  const apart = met.filter(({ scope, fromMs, wattsMean, wattsMax }) => {
    const row = past.get(`${scope} ${fromMs}`)!;
    const mean = Math.abs(row.wattsMean - wattsMean) > Math.max(1.5, 0.04 * wattsMean);
    return mean || Math.abs(row.wattsMax - wattsMax) > Math.max(6, 0.15 * wattsMax);
  });
  expect(apart.map((row) => [row, past.get(`${row.scope} ${row.fromMs}`)]).slice(0, 3)).toEqual([]);
});
