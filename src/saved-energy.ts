import { ledgerStepMs } from './analysis/ledger-row.ts';
import type { EnergyMark } from './energy-marks.ts';

/** What is to be booked again, as it is kept in the checkpoint over a restart. */
export interface SavedEnergy {
  readonly savedMs: number;
  /** The service ended in order: nothing came after this. */
  readonly ended: boolean;
  /** Outlets heard, what their device family usually does, ms, and whether they have told watts (absent: not known). */
  readonly outlets: readonly (readonly [outlet: string, expectedIntervalMs: number, tellsWatts?: boolean])[];
  /** Stretches of outlets whose energy is to be booked again. */
  readonly marks: readonly EnergyMark[];
  /** Starts of quarters whose minutes lack late readings, and whose. */
  readonly late: readonly (readonly [quarterMs: number, outlets: readonly string[]])[];
  /** Outlets and quarters whose sums are to be made. */
  readonly unsummed: { readonly outlets: readonly string[]; readonly quarters: readonly number[] };
}

/** To be raised when a field comes to mean something else. */
const version = 1;

export function writeSavedEnergy(saved: SavedEnergy): Uint8Array {
  return Buffer.from(JSON.stringify({ version, ...saved }));
}

/** Throws on what `writeSavedEnergy` did not write. */
export function readSavedEnergy(bytes: Uint8Array): SavedEnergy {
  const saved = JSON.parse(Buffer.from(bytes).toString('utf8')) as SavedEnergy & { version: number };
  if (saved.version !== version) throw new Error(`saved by another version of the energy (${saved.version})`);
  return saved;
}

/** Before a kill the newest late readings may not have been noted: quarters so recent are looked at again. */
const unnotedMs = 3_600_000;
/** A checkpoint is a minute old at the most, unless the disk was slow. */
const checkpointMsMax = 600_000;

/** Quarters of which late readings may have come unnoted; none after an end in order. */
export function unnotedQuarters({ savedMs, ended }: SavedEnergy, startedMs: number): number[] {
  if (ended) return [];
  const quarters: number[] = [];
  const toMs = Math.min(startedMs, savedMs + checkpointMsMax);
  for (let at = floorQuarter(savedMs - unnotedMs); at < toMs; at += ledgerStepMs) quarters.push(at);
  return quarters;
}

function floorQuarter(atMs: number): number {
  return Math.floor(atMs / ledgerStepMs) * ledgerStepMs;
}
