import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnergyLedger, type LedgerReading } from '../../src/analysis/energy-ledger.ts';
import { ledgerRows } from '../../src/analysis/ledger-remake.ts';
import type { LedgerRow } from '../../src/analysis/ledger-row.ts';

const startMs = Date.parse('2026-11-01T00:00:00Z');
const minuteMs = 60_000;

/** One reading a minute: `[watts, counter]`; `undefined` for a minute without a reading. */
function minutes(...rows: ([watts: number | undefined, counter?: number] | undefined)[]): LedgerReading[] {
  return rows.flatMap((row, i) =>
    row === undefined ? [] : [{ atMs: startMs + i * minuteMs, watts: row[0], wattHoursTotal: row[1] }],
  );
}

const times = <T>(count: number, row: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => row(i));
const silence = (count: number) => times(count, () => undefined);

function parts(rows: readonly LedgerRow[]): Record<string, number> {
  const sum = (key: keyof LedgerRow) =>
    Math.round(rows.reduce((all, row) => all + row[key], 0) * 1000) / 1000;
  return {
    counter: sum('counterWattHours'),
    integrated: sum('integratedWattHours'),
    spread: sum('spreadWattHours'),
    observedMinutes: sum('observedMs') / minuteMs,
    spreadMinutes: sum('spreadMs') / minuteMs,
  };
}

const ledger = (readings: LedgerReading[], wattsMax?: number) =>
  parts(ledgerRows(readings, { expectedIntervalMs: minuteMs, ...(wattsMax && { wattsMax }) }));

// 600 W: 10 Wh a minute.
const steady = (count: number, from: number): [number, number][] => times(count, (i) => [600, from + i * 10]);

describe('the energy ledger', () => {
  it.each<[string, LedgerReading[], Record<string, number>]>([
    ['nothing from nothing', [], { counter: 0, integrated: 0, spread: 0, observedMinutes: 0 }],
    ['nothing from one reading', minutes([600, 5]), { counter: 0, integrated: 0, observedMinutes: 0 }],
    [
      'the counter before the watts',
      minutes(...times(11, (i): [number, number] => [500, 1000.0007 + i * 10])),
      { counter: 100, integrated: 0, spread: 0, observedMinutes: 10 },
    ],
    [
      'the watts where there is no counter',
      minutes(...times(11, (): [number] => [600])),
      { counter: 0, integrated: 100, observedMinutes: 10 },
    ],
    [
      'a counter alone',
      minutes(...times(11, (i): [undefined, number] => [undefined, 70 + i * 10])),
      { counter: 100, integrated: 0, observedMinutes: 10 },
    ],
    [
      'watts that flow back as nothing',
      minutes(...times(11, (): [number] => [-600])),
      { integrated: 0, observedMinutes: 10 },
    ],
    [
      'a gap as the counter proves it',
      minutes(...steady(20, 0), ...silence(40), ...steady(20, 700)),
      { counter: 380, integrated: 0, spread: 510, observedMinutes: 38, spreadMinutes: 41 },
    ],
    [
      'a gap without a counter as unknown',
      minutes(...times(20, (): [number] => [600]), ...silence(40), ...times(20, (): [number] => [600])),
      { integrated: 380, spread: 0, observedMinutes: 38, spreadMinutes: 0 },
    ],
    [
      'no more of a coarse count over a gap than the watts leave of it',
      // 600 W, counts of 100 Wh: the last tick before the gap is nine minutes old, the next falls into it.
      minutes(
        ...times(20, (i): [number, number] => [600, 5_000 + Math.floor(i / 10) * 100]),
        ...silence(3),
        ...times(20, (i): [number, number] => [600, 5_200 + Math.floor((i + 3) / 10) * 100]),
      ),
      { spread: 10, spreadMinutes: 4 },
    ],
    [
      'what flows around a gap without a tick when it flows, and takes it off the next tick',
      // 60 W, counts of 100 Wh, ticks at minutes 20 and 120.
      minutes(
        ...times(60, (i): [number, number] => [60, 5_000 + Math.floor((i + 80) / 100) * 100]),
        ...silence(9),
        ...times(60, (i): [number, number] => [60, 5_100 + Math.floor((i + 49) / 100) * 100]),
      ),
      { counter: 20 + 100 + 8, spread: 0 },
    ],
    [
      'a gap in which nothing flowed',
      minutes(...steady(20, 0), ...silence(40), ...steady(20, 190)),
      { counter: 380, spread: 0, spreadMinutes: 41 },
    ],
    [
      'zeros that are none',
      minutes(...steady(10, 41_000), [600, 0], [600, 0], ...steady(10, 41_120)),
      { counter: 210, integrated: 0, spread: 0, observedMinutes: 21 },
    ],
    [
      'a mangled figure',
      minutes(...steady(10, 41_000), [600, 4_000_000], ...steady(10, 41_110)),
      { counter: 200, integrated: 0, observedMinutes: 20 },
    ],
    [
      'a step back by a count',
      minutes(...steady(10, 41_000), [600, 41_080], ...steady(10, 41_110)),
      { counter: 200, integrated: 0, observedMinutes: 20 },
    ],
    [
      'a reset, from the watts',
      minutes(...steady(10, 41_000), ...steady(10, 4)),
      { counter: 180, integrated: 10, spread: 0, observedMinutes: 19 },
    ],
    [
      'a reset to nothing while off',
      minutes(...steady(10, 41_000), ...times(900, (): [number, number] => [0, 0])),
      { counter: 90, integrated: 5 },
    ],
    [
      'a reset without watts, by what was counted since',
      minutes(
        ...times(10, (i): [undefined, number] => [undefined, 41_000 + i * 10]),
        ...times(10, (i): [undefined, number] => [undefined, 4 + i * 10]),
      ),
      { counter: 184, integrated: 0, observedMinutes: 19 },
    ],
    [
      'a reset in a gap, by what was counted since: when is not known',
      minutes(...steady(10, 41_000), ...silence(40), ...steady(10, 60)),
      { counter: 180, spread: 60, observedMinutes: 18, spreadMinutes: 0 },
    ],
    [
      'another counter, without its total',
      minutes(...steady(10, 41_000), ...steady(10, 9_000_000)),
      { counter: 180, integrated: 10, observedMinutes: 19 },
    ],
    [
      'a wrap at 32 bits of tenths of a watt-hour',
      minutes(...steady(10, 429_496_729.6 - 95), ...steady(10, 5)),
      { counter: 190, integrated: 0, observedMinutes: 19 },
    ],
    [
      'a wrap at 16 bits of hundredths of a kilowatt-hour',
      minutes(...times(20, (i): [undefined, number] => [undefined, (655_360 - 95 + i * 10) % 655_360])),
      { counter: 190, integrated: 0, observedMinutes: 19 },
    ],
    [
      'a wrap of six digits',
      minutes(...steady(10, 1_000_000 - 95), ...steady(10, 5)),
      { counter: 190, integrated: 0, observedMinutes: 19 },
    ],
    [
      'a coarse counter from tick to tick, and what came before the first and after the last from the watts',
      // 2.5 Wh a minute by the counter, 2 by the watts: ticks from minute 3 to minute 59.
      minutes(...times(61, (i): [number, number] => [120, 5_000 + Math.floor((i + 1) / 4) * 10])),
      { counter: 6 + 140 + 2, integrated: 0, observedMinutes: 60 },
    ],
    [
      'before its first tick no more than a count',
      minutes(...times(61, (i): [number, number] => [300, 5_000 + Math.floor((i + 1) / 4) * 10])),
      { counter: 10 + 140 + 5 },
    ],
    [
      'of a counter that is refreshed now and then only what flowed since its first reading',
      // 600 W, refreshed every ten minutes, the next time after four.
      minutes(...times(61, (i): [number, number] => [600, 5_001 + Math.floor((i + 6) / 10) * 100])),
      { counter: 40 + 500, integrated: 60 },
    ],
    [
      'a counter that is stuck, from the watts',
      minutes(...times(1500, (): [number, number] => [600, 41_000])),
      { integrated: 14_990, counter: 0, observedMinutes: 1499 },
    ],
    [
      'a counter that is no longer sent, from the watts',
      minutes(...steady(10, 41_000), ...times(800, (): [number] => [600])),
      { counter: 90, integrated: 8000, observedMinutes: 809 },
    ],
  ])('books %s', (_name, readings, expected) => {
    const booked = ledger(readings);
    for (const [key, value] of Object.entries(expected)) expect(booked[key], key).toBeCloseTo(value, 2);
  });

  it('never books what cannot have flowed', () => {
    const jump = minutes(...steady(10, 1000), ...silence(60), ...steady(10, 90_000));
    expect(ledger(jump, 3_700).spread).toBe(0);
    expect(ledger(jump, 150_000).spread).toBe(90_000 - 1090);
  });

  it('takes the value before a change as held, where a meter reports on change', () => {
    const at = (second: number, watts: number) => ({ atMs: startMs + second * 1000, watts });
    const readings = [at(0, 100), at(7, 500), at(9, 100), at(50, 900), at(53, 100), at(110, 100)];
    expect(ledger(readings).integrated).toBeCloseTo((110 * 100 + 2 * 400 + 3 * 800) / 3600, 3);
  });

  it('draws a straight line where a meter reports by period', () => {
    const readings = times(181, (i) => ({ atMs: startMs + i * 10_000, watts: 10 * i }));
    // After the first few intervals, which may be anything.
    const late = ledgerRows(readings, { expectedIntervalMs: 10_000 })[1]!;
    expect(late.integratedWattHours).toBeCloseTo((0.25 * (900 + 1800)) / 2, 6);
  });

  it('lays a coarse count over the time it was drawn in', () => {
    // 10 W and a counter of 10 Wh: it ticks once an hour.
    const readings = times(8 * 60, (i) => ({
      atMs: startMs + i * minuteMs,
      watts: 10,
      wattHoursTotal: 5_000 + Math.floor((i + 20) / 60) * 10,
    }));
    for (const row of ledgerRows(readings, { expectedIntervalMs: minuteMs }).slice(0, -1)) {
      expect(row.counterWattHours).toBeCloseTo(2.5, 1);
    }
  });

  it('tells how far counter and watts are apart', () => {
    const rows = ledgerRows(minutes(...times(181, (i): [number, number] => [660, i * 10])), {
      expectedIntervalMs: minuteMs,
    });
    const counter = rows.reduce((all, row) => all + row.checkCounterWattHours, 0);
    expect(rows.reduce((all, row) => all + row.checkIntegralWattHours, 0) / counter).toBeCloseTo(1.1, 2);
  });

  it('joins what comes of one instant in parts, and says when a reading is too late for it', () => {
    const stream = new EnergyLedger({ expectedIntervalMs: minuteMs });
    for (const { atMs, watts, wattHoursTotal } of minutes(...steady(30, 0))) {
      expect(stream.take({ atMs, wattHoursTotal })).toBe(true);
      expect(stream.take({ atMs, watts })).toBe(true);
    }
    expect(stream.take({ atMs: startMs, watts: 1 })).toBe(false);
    expect(stream.take({ atMs: startMs })).toBe(true);
    stream.end();
    expect(parts(stream.rows()).counter).toBeCloseTo(290, 6);
    expect(stream.rows()).toEqual(stream.rows());
  });

  it('keeps only what is not settled', () => {
    const stream = new EnergyLedger({ expectedIntervalMs: minuteMs });
    for (const reading of minutes(...steady(60 * 24, 0))) {
      stream.take(reading);
      stream.dropSettled();
      expect(stream.rows().length).toBeLessThan(10);
    }
  });

  it('books nothing below zero, nothing twice and nothing impossible, whatever a meter says', () => {
    const counter = fc.oneof(
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 999_900, max: 1_000_050 }),
      fc.double({ min: 0, max: 2 ** 33, noNaN: true }),
    );
    const reading = fc.record({
      waitMs: fc.oneof(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 100 * 3_600_000 })),
      watts: fc.option(fc.double({ min: -3_000, max: 3_000, noNaN: true }), { nil: undefined }),
      wattHoursTotal: fc.option(counter, { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 60 }), (list) => {
        let atMs = startMs;
        const readings = list.map(({ waitMs, ...values }) => {
          atMs += waitMs + 0.25;
          return { atMs, ...values };
        });
        for (const row of ledgerRows(readings, { expectedIntervalMs: minuteMs, wattsMax: 3_000 })) {
          for (const value of Object.values(row)) expect(value).toBeGreaterThanOrEqual(0);
          expect(row.observedMs + row.spreadMs).toBeLessThanOrEqual(900_000 + 1e-3);
          expect(row.fromMs % 900_000).toBe(0);
        }
        // 3 kW and a fifth, an hour's quarter for a counter that is refreshed late, and two counts at each step.
        const most = (3_600 * (atMs - startMs)) / 3_600_000 + list.length * (200 + 2 * 900);
        const rows = ledgerRows(readings, { expectedIntervalMs: minuteMs, wattsMax: 3_000 });
        const booked = parts(rows);
        expect(booked.counter! + booked.integrated! + booked.spread!).toBeLessThanOrEqual(most);
      }),
      { numRuns: 100 },
    );
  });
});
