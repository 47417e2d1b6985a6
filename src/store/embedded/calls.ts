import type { RollUpTier } from '../../model/roll-up.ts';
import type { SumGrid } from '../../model/sum-grid.ts';
import type { ScopeChoice } from '../event-question.ts';
import type { EventRow } from '../event-rows.ts';
import type { RawSlice } from '../raw-slice.ts';
import type {
  RollUpColumns,
  RollUpQuery,
  Series,
  SeriesQuery,
  StoreErrorCode,
  StoreHealth,
  WriteOutcome,
} from '../store.ts';
import type { EventTableQuery } from './event-tables.ts';
import type { RawSliceQuery } from './raw-slices.ts';

/** What the main thread asks of the worker, and what it answers. */
export interface Calls {
  open: { ask: OpenOptions; answer: StoreHealth };
  write: { ask: { bytes: ArrayBuffer; nowMs: number }; answer: WriteOutcome };
  series: { ask: SeriesQuery; answer: Series };
  rollUps: { ask: RollUpQuery; answer: RollUpColumns };
  knownScopes: { ask: undefined; answer: readonly string[] };
  energyByScope: { ask: { tier: RollUpTier; fromMs: number; toMs: number }; answer: ScopeEnergy };
  energyRows: { ask: EnergyRowsQuery; answer: PackedEnergy };
  rawSlice: { ask: RawSliceQuery; answer: RawSlice | undefined };
  events: { ask: EventTableQuery; answer: EventRow[] };
  start: { ask: { id: string }; answer: EventRow | undefined };
  lastStarts: { ask: { fromMs: number; toMs: number }; answer: EventRow[] };
  /** Forget, in the background, what is older than kept. */
  prune: { ask: { nowMs: number }; answer: undefined };
  ping: { ask: undefined; answer: StoreHealth };
  close: { ask: undefined; answer: undefined };
}

export interface OpenOptions {
  readonly file: string;
  readonly nowMs: number;
  readonly retention: StoreRetention;
  readonly journalBytesMax: number;
  readonly fileBytesMax?: number | undefined;
  /** Set a damaged file aside and begin a new one. */
  readonly setsAside: boolean;
}

export interface StoreRetention {
  readonly rawMs: number;
  readonly minuteMs: number;
}

/** Aligned columns. */
export interface ScopeEnergy {
  readonly scopes: readonly string[];
  readonly wattHours: Float64Array;
}

export interface EnergyRowsQuery {
  readonly tier: RollUpTier;
  /** Undefined: all. */
  readonly choice: ScopeChoice | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  readonly grid: SumGrid | undefined;
}

/** Columns of many scopes, one behind the other: few buffers cross over faster than thousands. */
export interface PackedEnergy {
  readonly scopes: readonly string[];
  /** Rows of each scope. */
  readonly counts: Uint32Array;
  readonly fromMs: Float64Array;
  /** In the order of `energyFigures`; empty: nowhere booked. */
  readonly columns: readonly Float64Array[];
}

export type Ask = { [K in keyof Calls]: { id: number; call: K; ask: Calls[K]['ask'] } }[keyof Calls];

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { code: StoreErrorCode | undefined; message: string } }
  /** Something the admin should read in the log; `setAside`: a damaged file is kept under this name. */
  | { readonly report: string; readonly setAside?: string | undefined };
