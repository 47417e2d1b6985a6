import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ledgerRows } from '../../src/analysis/ledger-remake.ts';
import { wattHoursOf } from '../../src/analysis/ledger-row.ts';
import { remakeOutlet } from '../../src/energy-remake.ts';
import type { RollUpColumns, Series } from '../../src/store/store.ts';
import { type MadeUpMeter, madeUpMeter, ticksOften } from '../analysis/made-up-meter.ts';

const fromMs = Date.parse('2026-10-24T09:13:20Z');
const minuteMs = 60_000;
const batch = fc.record({
  share: fc.double({ min: 0.3, max: 0.6, noNaN: true }),
  minutes: fc.integer({ min: 1, max: 100 }),
});

describe('energy made again', () => {
  it('where readings came late, and nowhere else, is what one pass over all of them books', async () => {
    const kind = { counter: true, watts: true, slips: false, onChange: false };
    const meters = madeUpMeter(kind, fromMs, 30).filter(ticksOften);
    await fc.assert(
      fc.asyncProperty(meters, batch, async (meter, { share, minutes }) => {
        const lateFromMs = meter.fromMs + share * (meter.toMs - meter.fromMs);
        const isLate = (atMs: number) => atMs >= lateFromMs && atMs < lateFromMs + minutes * minuteMs;
        const late = meter.readings.filter(({ atMs }) => isLate(atMs));
        if (late.length === 0) return;
        const options = { expectedIntervalMs: meter.periodMs };
        const rows = new Map(
          ledgerRows(
            meter.readings.filter(({ atMs }) => !isLate(atMs)),
            options,
          ).map((row) => [row.fromMs, wattHoursOf(row)]),
        );
        const made = await remakeOutlet({
          store: storeOf(meter, rows),
          outlet: 'plug/0',
          mark: { outlet: 'plug/0', fromMs: late[0]!.atMs, toMs: late.at(-1)!.atMs, markedMs: 0 },
          ...options,
          nowMs: meter.toMs,
          untilMs: Number.POSITIVE_INFINITY,
        });
        for (const row of made) rows.set(row.fromMs, row.wattHours!);
        for (const row of ledgerRows(meter.readings, options))
          expect(
            Math.abs(rows.get(row.fromMs)! - wattHoursOf(row)),
            new Date(row.fromMs).toISOString(),
          ).toBeLessThan(0.005);
      }),
      { numRuns: 12 },
    );
  });
});

/** Only what is asked of it. */
function storeOf(
  meter: MadeUpMeter,
  rows: ReadonlyMap<number, number>,
): Parameters<typeof remakeOutlet>[0]['store'] {
  return {
    series: async ({ quantity, fromMs: from, toMs: to }) => {
      const { readings } = meter;
      // With the last one before and the first one after, as stores answer.
      const first = Math.max(
        0,
        readings.findLastIndex(({ atMs }) => atMs < from),
      );
      const after = readings.findIndex(({ atMs }) => atMs >= to);
      const some = quantity === 'on' ? [] : readings.slice(first, after < 0 ? undefined : after + 1);
      return {
        atMs: Float64Array.from(some, ({ atMs }) => atMs),
        values: Float64Array.from(some, (reading) => reading[quantity as 'watts' | 'wattHoursTotal']!),
      } satisfies Series;
    },
    rollUps: async ({ fromMs: from, toMs: to }) => {
      const some = [...rows].filter(([atMs]) => atMs >= from && atMs < to);
      const column = (of: (row: [number, number]) => number) => Float64Array.from(some, of);
      return {
        fromMs: column(([atMs]) => atMs),
        wattHours: column(([, wattHours]) => wattHours),
        counterWattHours: column(([, wattHours]) => wattHours),
        integratedWattHours: column(() => 0),
        spreadWattHours: column(() => 0),
        observedMs: column(() => 900_000),
        spreadMs: column(() => 0),
      } as RollUpColumns;
    },
  };
}
