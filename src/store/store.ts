import type { RollUpColumns, Series } from '../model/columns.ts';
import type { Quantity } from '../model/quantity.ts';
import type { Reading } from '../model/reading.ts';
import type { RollUp, RollUpTier, Tier } from '../model/roll-up.ts';

export type { RollUpColumns, Series } from '../model/columns.ts';

/**
 * Keeps readings and roll-ups. Two makers (influx/, embedded/), one contract suite (test/store/contract.ts).
 * Writing is idempotent: same outlet (or scope) and time is the same point, a later write wins field by field.
 * Encoding is apart from writing, so that the recorder can put the encoded bytes into the backlog as they are.
 */
export interface Store {
  readonly kind: 'embedded' | 'influx';
  /**
   * Connects and makes what is missing (database, retention policies, tables). Rejects with a StoreError, and
   * may then, or when something has gone missing, be called again.
   */
  open(): Promise<void>;
  /** A new, empty batch of raw readings to fill. */
  readingBatch(): ReadingBatch;
  encodeRollUps(tier: RollUpTier, rows: readonly RollUp[]): StoreWrite;
  /** Resolves once durable. Rejects with a StoreError. */
  write(write: StoreWrite): Promise<WriteOutcome>;
  /** Several writes of one tier, oldest first, as one; absent where that would save nothing. */
  join?(writes: readonly StoreWrite[]): StoreWrite;
  /** Raw points of one outlet and quantity in [fromMs, toMs), oldest first, plus the last one before fromMs. */
  series(query: SeriesQuery): Promise<Series>;
  /** Roll-ups of one scope whose bucket starts in [fromMs, toMs), oldest first. */
  rollUps(query: RollUpQuery): Promise<RollUpColumns>;
  /** Wh by scope, summed over the roll-ups whose bucket starts in [fromMs, toMs). */
  energyByScope(tier: RollUpTier, fromMs: number, toMs: number): Promise<Map<string, number>>;
  /** Is it there? Rejects with a StoreError saying what is wrong. */
  ping(): Promise<StoreHealth>;
  close(): Promise<void>;
}

export interface ReadingBatch {
  /** Readings in it. */
  readonly count: number;
  /** Takes what the reading brought (never retained ones); O(1), nothing is kept of the reading itself. */
  add(reading: Reading): void;
  /** Ends the batch. Must not be added to any more. */
  encode(): StoreWrite;
}

/** Something to write, already in the store's own form. */
export interface StoreWrite {
  readonly tier: Tier;
  /** Readings or roll-ups in it. */
  readonly count: number;
  readonly bytes: Uint8Array;
}

export interface WriteOutcome {
  /** Points the store refused for good (conflict, older than retention), by reason; never tried again. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface SeriesQuery {
  readonly outlet: string;
  readonly quantity: Quantity;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface RollUpQuery {
  readonly tier: RollUpTier;
  readonly scope: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface StoreHealth {
  /** e.g. `InfluxDB 1.6.7`, `SQLite 3.53.4`. */
  readonly version: string;
}

/** What went wrong and what to do: `unreachable` and `busy` pass by waiting, the others need the admin. */
export type StoreErrorCode =
  | 'unreachable'
  | 'busy'
  | 'unauthorised'
  | 'forbidden'
  | 'missing'
  | 'full'
  | 'corrupt'
  | 'refused';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
