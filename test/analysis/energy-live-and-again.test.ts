import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnergyTrail } from '../../src/analysis/energy-trail.ts';
import { ledgerRows } from '../../src/analysis/ledger-remake.ts';
import { ledgerStepMs, wattHoursOf } from '../../src/analysis/ledger-row.ts';
import { type MadeUpMeter, madeUpMeter, ticksOften } from './made-up-meter.ts';

const fromMs = Date.parse('2026-10-24T09:13:20Z');
/** As the service tells it. */
const settledQuarters = 6;

describe('energy as the stream books it', () => {
  it.each([false, true])(
    'with doubts made again is what the ledger alone books, to the digit (on change: %s)',
    (onChange) => {
      const meters = madeUpMeter({ counter: true, watts: true, slips: true, onChange }, fromMs, 30).filter(
        ticksOften,
      );
      fc.assert(
        fc.property(meters, (meter) => {
          const again = new Map(
            ledgerRows(meter.readings, { expectedIntervalMs: meter.periodMs }).map((row) => [
              row.fromMs,
              wattHoursOf(row),
            ]),
          );
          const { told, doubts } = tellAll(meter);
          expect(told.size).toBeGreaterThan(30);
          for (const [quarterMs, wattHours] of told) {
            if (doubts.some(([from, to]) => from < quarterMs + ledgerStepMs && to >= quarterMs)) continue;
            expect(wattHours, new Date(quarterMs).toISOString()).toBeCloseTo(again.get(quarterMs) ?? 0, 6);
          }
        }),
        { numRuns: 15 },
      );
    },
  );
});

function tellAll({ readings, periodMs }: MadeUpMeter) {
  const doubts: [fromMs: number, toMs: number][] = [];
  const told = new Map<number, number>();
  const trail = new EnergyTrail({ doubt: (_, from, to) => doubts.push([from, to]), late: () => {} });
  let nextMs = Math.floor(readings[0]!.atMs / ledgerStepMs) * ledgerStepMs;
  for (const { atMs, watts, wattHoursTotal } of readings) {
    trail.take(0, atMs, watts!, wattHoursTotal!, periodMs);
    for (; atMs >= nextMs + settledQuarters * ledgerStepMs; nextMs += ledgerStepMs) {
      const quarter = trail.settle(0, nextMs);
      if (quarter !== undefined) told.set(nextMs, quarter.counterWattHours + quarter.integratedWattHours);
    }
  }
  return { told, doubts };
}
