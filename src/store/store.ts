import type { Alert } from '../model/alert.ts';
import type { EnergyColumns, RollUpColumns, Series } from '../model/columns.ts';
import type { IdleEvent, PowerEvent } from '../model/event.ts';
import type { IdleVerdict } from '../model/idle.ts';
import type { ReadingFigure } from '../model/quantity.ts';
import type { Reading } from '../model/reading.ts';
import { type RollUpChange, type RollUpTier, tiers } from '../model/roll-up.ts';
import type { StartRecord } from '../model/start.ts';
import type { SumGrid } from '../model/sum-grid.ts';

export type { EnergyColumns, RollUpColumns, Series } from '../model/columns.ts';

/** What is written apart: the tiers of readings, and events, which are kept for ever. Append only: files hold its numbers. */
export const writeTiers = [...tiers, 'events'] as const;
export type WriteTier = (typeof writeTiers)[number];

/**
 * Keeps readings, roll-ups and events. Two makers (influx/, embedded/), one contract suite (test/store/contract.ts).
 * Writing is idempotent: same outlet (or scope) and time is the same point, a later write wins field by field.
 * Encoding is apart from writing, so that the recorder can put the encoded bytes into the backlog as they are.
 */
export interface Store {
  readonly kind: 'embedded' | 'influx';
  /** Files that were found damaged and are kept for rescue, since the start of the process. */
  readonly setAside?: readonly string[];
  /**
   * Connects and makes what is missing (database, retention policies, tables). Rejects with a StoreError, and
   * may then, or when something has gone missing, be called again.
   */
  open(): Promise<void>;
  /** A new, empty batch of raw readings to fill. */
  readingBatch(): ReadingBatch;
  /** A figure that a row does not bring stays as it was. */
  encodeRollUps(tier: RollUpTier, rows: readonly RollUpChange[]): StoreWrite;
  /** Starts, idle events and alerts; the others are left out. The same scope and moment is the same event. */
  encodeEvents(events: readonly PowerEvent[]): StoreWrite;
  /** How every baseline stood against its limit at this moment. */
  encodeIdle(rows: readonly IdleVerdict[], atMs: number): StoreWrite;
  /** Resolves once durable. Rejects with a StoreError. */
  write(write: StoreWrite): Promise<WriteOutcome>;
  /** Several writes of one tier, oldest first, as one; absent where that would save nothing. */
  join?(writes: readonly StoreWrite[]): StoreWrite;
  /** Raw points of one outlet and quantity in [fromMs, toMs), oldest first, plus the last one before fromMs. */
  series(query: SeriesQuery): Promise<Series>;
  /** Roll-ups of one scope whose bucket starts in [fromMs, toMs), oldest first. */
  rollUps(query: RollUpQuery): Promise<RollUpColumns>;
  /** Scopes of which there is at least a quarter, at any time. */
  knownScopes(): Promise<string[]>;
  /** Wh by scope, summed over the roll-ups whose bucket starts in [fromMs, toMs). */
  energyByScope(tier: RollUpTier, fromMs: number, toMs: number): Promise<Map<string, number>>;
  /** Energy of many scopes bucket by bucket, in one go; scopes without a row in that time are left out. */
  energyRows(query: EnergyQuery): Promise<Map<string, EnergyColumns>>;
  /**
   * Raw readings of all outlets in [fromMs, toMs) in the order of their times (those of one moment by outlet),
   * read and handed over in slices: memory stays bounded however long the time, and other work gets its turn.
   */
  rawReadings(query: RawQuery, take: TakeRaw): Promise<void>;
  /** Newest first, without their traces. */
  starts(query: EventQuery): Promise<StartRecord[]>;
  /** With its trace. */
  start(id: string): Promise<StartRecord | undefined>;
  /** The newest start of each scope that has its onset in [fromMs, toMs), without its trace. */
  lastStarts(fromMs: number, toMs: number): Promise<Map<string, StartRecord>>;
  /** Newest first. */
  idleEvents(query: EventQuery): Promise<IdleEvent[]>;
  /** What `encodeIdle` wrote, newest first. */
  idleRows(query: EventQuery): Promise<IdleSnapshot[]>;
  /** Alerts whose first crossing is in [fromMs, toMs), newest first, each as it was written last. */
  alerts(query: EventQuery): Promise<Alert[]>;
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
  readonly tier: WriteTier;
  /** Readings, roll-ups or events in it. */
  readonly count: number;
  readonly bytes: Uint8Array;
}

export interface WriteOutcome {
  /** Points the store refused for good (conflict, older than retention), by reason; never tried again. */
  readonly refused: Readonly<Record<string, number>>;
  /** Those of them that somebody may put right; absent: none. */
  readonly kept?: readonly RefusedWrite[];
}

/** Points refused for good, or among which they are. */
export interface RefusedWrite {
  readonly write: StoreWrite;
  /** So many were refused. */
  readonly points: number;
  /** By the store, on one line. */
  readonly said: string;
}

export interface SeriesQuery {
  readonly outlet: string;
  readonly quantity: ReadingFigure;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface RollUpQuery {
  readonly tier: RollUpTier;
  readonly scope: string;
  readonly fromMs: number;
  readonly toMs: number;
  /**
   * For a chart whose buckets are multiples of this: where that is quicker, the store may join the rows of a bucket
   * to one, so that mean, min, max and observed time of the bucket are the same. Parts of energy are left out then,
   * and Wh is what the watts came to. The newest rows always come as they are.
   */
  readonly joinMs?: number | undefined;
}

/** Roll-ups whose bucket starts in [fromMs, toMs). */
export interface EnergyQuery {
  readonly tier: RollUpTier;
  /** Scopes, or patterns such as `*`, `server:*` and `outlet:pdu-a/*`. */
  readonly scopes: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /**
   * Of the quarters of each cell one row, their figures added up. It begins where the cell does, or at `fromMs` where
   * that is later.
   */
  readonly grid?: SumGrid | undefined;
}

export interface RawQuery {
  readonly fromMs: number;
  readonly toMs: number;
  /** What is wanted of each reading; one that brought none of it is left out. */
  readonly quantities: readonly ReadingFigure[];
}

/** `values` are aligned with the question's quantities (`on` as 0 or 1), NaN: not brought. The array is used again for the next. */
export type TakeRaw = (outlet: string, atMs: number, values: Float64Array) => void;

/** Events at a moment in [fromMs, toMs). */
export interface EventQuery {
  /** Scopes, or patterns such as `*` and `server:*`; absent: all. */
  readonly scopes?: readonly string[] | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  /** At most so many, and never more than 10,000. */
  readonly limit: number;
}

/** How a baseline stood at a moment. */
export interface IdleSnapshot {
  readonly atMs: number;
  readonly row: IdleVerdict;
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
