import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnergyLedger } from '../../src/analysis/energy-ledger.ts';
import { ledgerMemoryMs, ledgerRows, readingsOf, touchedRange } from '../../src/analysis/ledger-remake.ts';
import { type LedgerRow, ledgerStepMs, wattHoursOf } from '../../src/analysis/ledger-row.ts';
import { localEdges } from '../../src/analysis/local-time.ts';
import { type MadeUpMeter, madeUpMeter } from './made-up-meter.ts';

// Clocks go back in the night in between.
const fromMs = Date.parse('2026-10-24T09:13:20Z');
const options = (meter: MadeUpMeter) => ({ expectedIntervalMs: meter.periodMs });
const sum = (rows: readonly LedgerRow[]) => rows.reduce((all, row) => all + wattHoursOf(row), 0);
const outageTruth = (meter: MadeUpMeter, outages: MadeUpMeter['outages']) =>
  outages.reduce((all, outage) => all + meter.drawn(outage.fromMs, outage.toMs), 0);
const inOutage = (meter: MadeUpMeter, from: number, to: number) =>
  meter.outages.some((outage) => outage.fromMs < to && outage.toMs > from);
/** Room for the counts that are lost at each end and each reset, besides 0.1 %. */
const room = (meter: MadeUpMeter, truth: number) =>
  0.001 * truth + meter.countWattHours * (2 + 2 * meter.resets) + 1e-6;

function expectSound(rows: readonly LedgerRow[]): void {
  const unsound = rows.filter(
    (row) =>
      !Object.values(row).every((value) => value >= 0) ||
      !(row.observedMs + row.spreadMs <= ledgerStepMs + 1e-6) ||
      !(wattHoursOf(row) <= 25_000 * 1.2 * 0.25),
  );
  expect(unsound).toEqual([]);
}

describe('the energy ledger against a made-up truth', () => {
  it('is within 0.1 % where there is a counter, outages included, whatever the watts say', () => {
    const meters = madeUpMeter({ counter: true, watts: true, slips: false, onChange: false }, fromMs, 48);
    fc.assert(
      fc.property(meters, (meter) => {
        const rows = ledgerRows(meter.readings, options(meter));
        expectSound(rows);
        const truth = meter.drawn(meter.fromMs, meter.toMs);
        expect(Math.abs(sum(rows) - truth)).toBeLessThan(room(meter, truth));
        const spread = rows.reduce((all, row) => all + row.spreadWattHours, 0);
        const unseen = outageTruth(meter, meter.outages);
        expect(Math.abs(spread - unseen)).toBeLessThan(
          0.001 * truth + 2 * meter.countWattHours * (1 + meter.outages.length),
        );
      }),
      { numRuns: 25 },
    );
  });

  it('is within 0.1 % day by local day, the day of 25 hours among them', () => {
    const meters = madeUpMeter({ counter: true, watts: true, slips: false, onChange: false }, fromMs, 60);
    fc.assert(
      fc.property(meters, (meter) => {
        const rows = ledgerRows(meter.readings, options(meter));
        const edges = localEdges('day', meter.fromMs, meter.toMs, 'Europe/London');
        expect(edges[2]! - edges[1]!).toBe(25 * 3_600_000);
        for (let day = 0; day + 1 < edges.length; day += 1) {
          const from = Math.max(edges[day]!, meter.fromMs);
          const to = Math.min(edges[day + 1]!, meter.toMs);
          if (inOutage(meter, edges[day]! - 1, edges[day]! + 1) || inOutage(meter, to - 1, to + 1)) continue;
          const ofDay = rows.filter((row) => row.fromMs >= edges[day]! && row.fromMs < edges[day + 1]!);
          const truth = meter.drawn(from, to);
          // At an edge of a day that is no tick, the watts say where in a step it lies.
          const step = Math.max(meter.countWattHours, (0.03 * truth * 900_000) / (to - from));
          expect(Math.abs(sum(ofDay) - truth)).toBeLessThan(0.001 * truth + 2 * step);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('is right in every quarter, though the counter is coarse', () => {
    const meters = madeUpMeter({ counter: true, watts: true, slips: false, onChange: true }, fromMs, 30);
    fc.assert(
      fc.property(meters, (meter) => {
        for (const row of ledgerRows(meter.readings, options(meter))) {
          const toMs = row.fromMs + ledgerStepMs;
          if (
            row.fromMs < meter.fromMs ||
            toMs > meter.toMs ||
            inOutage(meter, row.fromMs - 3_600_000, toMs + 3_600_000)
          )
            continue;
          const truth = meter.drawn(row.fromMs, toMs);
          expect(row.observedMs).toBeCloseTo(ledgerStepMs, 3);
          // A quarter of two counts, of an hour's step each, plus 3 % where a step ends.
          expect(Math.abs(wattHoursOf(row) - truth)).toBeLessThan(0.05 * truth + meter.countWattHours);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is within 0.1 % of what was observed where there is no counter, and leaves outages unknown', () => {
    for (const onChange of [false, true]) {
      const meters = madeUpMeter({ counter: false, watts: true, slips: false, onChange }, fromMs, 48);
      fc.assert(
        fc.property(meters, (meter) => {
          const rows = ledgerRows(meter.readings, options(meter));
          expectSound(rows);
          const truth = meter.drawn(meter.fromMs, meter.toMs) - outageTruth(meter, meter.outages);
          expect(Math.abs(sum(rows) - truth)).toBeLessThan(0.001 * truth);
          for (const { fromMs: from, toMs: to } of meter.outages) {
            expect(rows.some((row) => row.fromMs >= from && row.fromMs + ledgerStepMs <= to)).toBe(false);
          }
          const heardMs =
            meter.toMs - meter.fromMs - meter.outages.reduce((all, o) => all + o.toMs - o.fromMs, 0);
          expect(rows.reduce((all, row) => all + row.observedMs, 0)).toBeCloseTo(heardMs, 0);
        }),
        { numRuns: 25 },
      );
    }
  });

  it('is within 0.1 % through resets, false zeros, jumps and steps back', () => {
    const meters = madeUpMeter({ counter: true, watts: true, slips: true, onChange: false }, fromMs, 48);
    fc.assert(
      fc.property(meters, (meter) => {
        const rows = ledgerRows(meter.readings, options(meter));
        expectSound(rows);
        const blind = outageTruth(meter, meter.blindOutages);
        const truth = meter.drawn(meter.fromMs, meter.toMs) - blind;
        // Around a reset the watts are believed, and those may be 3 % off.
        const off = 0.03 * meter.resets * (truth / ((meter.toMs - meter.fromMs) / 3_600_000)) * 2;
        const within = room(meter, truth) + off;
        expect(sum(rows)).toBeGreaterThan(truth - within);
        expect(sum(rows)).toBeLessThan(truth + within + blind);
      }),
      { numRuns: 40 },
    );
  });

  it('is within 0.1 % from a counter alone', () => {
    const meters = madeUpMeter({ counter: true, watts: false, slips: false, onChange: false }, fromMs, 48);
    fc.assert(
      fc.property(meters, (meter) => {
        const truth = meter.drawn(meter.fromMs, meter.toMs);
        const rows = ledgerRows(meter.readings, options(meter));
        expectSound(rows);
        expect(Math.abs(sum(rows) - truth)).toBeLessThan(room(meter, truth));
      }),
      { numRuns: 30 },
    );
  });
});

describe('the energy ledger made again', () => {
  const meters = madeUpMeter({ counter: true, watts: true, slips: true, onChange: false }, fromMs, 96);

  it('from the readings around some quarters gives those quarters as one pass in order does', () => {
    fc.assert(
      fc.property(meters, fc.double({ min: 0, max: 1, noNaN: true }), (meter, share) => {
        const from =
          Math.floor((meter.fromMs + share * (meter.toMs - meter.fromMs)) / ledgerStepMs) * ledgerStepMs;
        const to = from + 4 * ledgerStepMs;
        const whole = ledgerRows(meter.readings, options(meter), from, to);
        const again = ledgerRows(around(meter, from, to), options(meter), from, to);
        expectSame(again, whole);
      }),
      { numRuns: 40 },
    );
  });

  it('does not depend on the order, nor on readings that come twice', () => {
    fc.assert(
      fc.property(meters, fc.integer({ min: 1, max: 7 }), (meter, stride) => {
        const mixed = [...meter.readings.filter((_, i) => i % 3 === 0), ...meter.readings].sort(
          (a, b) => ((a.atMs * stride) % 977) - ((b.atMs * stride) % 977),
        );
        // What a message brings in two parts is one reading.
        const parts = mixed.flatMap(({ atMs, watts, wattHoursTotal }) => [
          { atMs, watts },
          { atMs, wattHoursTotal },
        ]);
        const whole = ledgerRows(meter.readings, options(meter));
        expectSame(ledgerRows(mixed, options(meter)), whole);
        expectSame(ledgerRows(parts, options(meter)), whole);
      }),
      { numRuns: 5 },
    );
  });

  it('where a late reading may have changed something, and only there, is the ledger without it brought up to date', () => {
    fc.assert(
      fc.property(meters, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (meter, share) => {
        const at = Math.floor(share * meter.readings.length);
        const late = meter.readings[at]!;
        const before = ledgerRows(
          meter.readings.filter((reading) => reading !== late),
          options(meter),
        );
        const { fromMs: from, toMs: to } = touchedRange(
          late.atMs,
          meter.readings[at - 1]!.atMs,
          meter.readings[at + 1]!.atMs,
        );
        const made = ledgerRows(around(meter, from, to), options(meter), from, to);
        const mended = [...before.filter((row) => row.fromMs < from || row.fromMs >= to), ...made];
        expectSame(
          mended.sort((a, b) => a.fromMs - b.fromMs),
          ledgerRows(meter.readings, options(meter)),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('from the columns that a store gives is the same', () => {
    const [meter] = fc.sample(meters, { numRuns: 1, seed: 7 }) as [MadeUpMeter];
    const column = (values: readonly (readonly [number, number | undefined])[]) => ({
      atMs: Float64Array.from(values, ([atMs]) => atMs),
      values: Float64Array.from(values, ([, value]) => value!),
    });
    const watts = column(meter.readings.map((reading) => [reading.atMs, reading.watts]));
    const total = column(meter.readings.map((reading) => [reading.atMs, reading.wattHoursTotal]));
    expectSame(
      ledgerRows(readingsOf(watts, total), options(meter)),
      ledgerRows(meter.readings, options(meter)),
    );
  });

  it('in the stream, row by row as they come up, ends with the same rows', () => {
    fc.assert(
      fc.property(meters, (meter) => {
        const ledger = new EnergyLedger(options(meter));
        const stored = new Map<number, LedgerRow>();
        const store = () => {
          for (const row of ledger.rows()) stored.set(row.fromMs, row);
          ledger.dropSettled();
        };
        for (const [i, reading] of meter.readings.entries()) {
          expect(ledger.take(reading)).toBe(true);
          if (i % 37 === 0) store();
        }
        ledger.end();
        store();
        expectSame(
          [...stored.values()].sort((a, b) => a.fromMs - b.fromMs),
          ledgerRows(meter.readings, options(meter)),
        );
        expect(ledger.take({ atMs: meter.fromMs, watts: 1 })).toBe(false);
      }),
      { numRuns: 4 },
    );
  });
});

/** The readings of the memory's length around a range, and the next ones beyond. */
function around(meter: MadeUpMeter, from: number, to: number): MadeUpMeter['readings'] {
  const first = meter.readings.findLastIndex((reading) => reading.atMs < from - ledgerMemoryMs);
  const last = meter.readings.findIndex((reading) => reading.atMs > to + ledgerMemoryMs);
  return meter.readings.slice(Math.max(0, first), last < 0 ? undefined : last + 1);
}

function expectSame(rows: readonly LedgerRow[], others: readonly LedgerRow[]): void {
  expect(rows.map((row) => row.fromMs)).toEqual(others.map((row) => row.fromMs));
  for (const [i, row] of rows.entries()) {
    for (const key of Object.keys(row) as (keyof LedgerRow)[]) {
      expect(Math.abs(row[key] - others[i]![key]), `${key} of ${row.fromMs}`).toBeLessThan(1e-6);
    }
  }
}
