import type { Series } from '../model/columns.ts';
import { EnergyLedger, type LedgerOptions, type LedgerReading } from './energy-ledger.ts';
import { type LedgerRow, ledgerStepMs } from './ledger-row.ts';

/**
 * How far a reading reaches: the rows of a range come out the same when they are made from the readings of so
 * long before and after it, the last one before and the first one after of each quantity among them (a silence
 * may be longer). It is the length of the reporting pattern's memory and of a counter's longest stretch, with room.
 */
export const ledgerMemoryMs = 24 * 3_600_000;

/**
 * The ledger of one outlet from readings in any order, doubles among them (of one instant the later in the list
 * wins, figure by figure). Rows of the quarters that begin in [fromMs, toMs), oldest first.
 */
export function ledgerRows(
  readings: Iterable<LedgerReading>,
  options: LedgerOptions,
  fromMs = Number.NEGATIVE_INFINITY,
  toMs = Number.POSITIVE_INFINITY,
): LedgerRow[] {
  const ledger = new EnergyLedger(options);
  for (const reading of [...readings].sort((a, b) => a.atMs - b.atMs)) ledger.take(reading);
  ledger.end();
  return ledger.rows().filter((row) => row.fromMs >= fromMs && row.fromMs < toMs);
}

/** What a store gives of an outlet, as readings: its watts and its counter. */
export function* readingsOf(watts: Series, wattHoursTotal: Series): Generator<LedgerReading> {
  for (let i = 0; i < watts.atMs.length; i += 1) yield { atMs: watts.atMs[i]!, watts: watts.values[i]! };
  for (let i = 0; i < wattHoursTotal.atMs.length; i += 1) {
    yield { atMs: wattHoursTotal.atMs[i]!, wattHoursTotal: wattHoursTotal.values[i]! };
  }
}

/**
 * The quarters that a late reading may have changed, given the readings next to it (infinite where there is
 * none): those are to be made again.
 */
export function touchedRange(
  atMs: number,
  previousMs: number,
  nextMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  const floor = (ms: number) => Math.floor(ms / ledgerStepMs) * ledgerStepMs;
  const before = Number.isFinite(previousMs) ? Math.min(previousMs, atMs) : atMs;
  const after = Number.isFinite(nextMs) ? Math.max(nextMs, atMs) : atMs;
  return {
    fromMs: floor(before - ledgerMemoryMs / 2),
    toMs: floor(after + ledgerMemoryMs / 2) + ledgerStepMs,
  };
}
