import { splitOutlet, totalLabel } from '../model/reading.ts';
import { type LedgerAmounts, type LedgerRow, ledgerStepMs, wattHoursOf } from './ledger-row.ts';

/** One outlet's energy as part of a scope; where inputs were re-cabled, only while it was plugged in there. */
export interface LedgerPart {
  readonly outlet: string;
  readonly rows: readonly LedgerRow[];
  /** From when on it counts; absent: since ever. */
  readonly fromMs?: number;
  /** Until when, exclusive; absent: for ever. */
  readonly toMs?: number;
}

/**
 * What a scope drew in one quarter: the sum of its outlets. Times are means over the outlets that belonged to it,
 * so that a server of which one of two inputs is known is half observed.
 */
export interface SummedRow extends LedgerRow {
  /** Outlets that belonged to the scope, a fraction where one came or went. */
  readonly outlets: number;
}

/**
 * Sums of a scope's outlets in [fromMs, toMs): a server over its inputs, a rack over the inputs of its servers.
 * An outlet that is named twice counts once at a time, and what a device says as a whole counts only where none
 * of its outlets does. In a quarter within which an outlet came or went it counts by its share of the time.
 */
export function sumRows(parts: readonly LedgerPart[], fromMs: number, toMs: number): SummedRow[] {
  const sums = new Map<number, LedgerAmounts>();
  const kept = withoutDoubles(parts);
  for (const part of kept) {
    for (const row of part.rows) {
      const share = shareOf(part, row.fromMs);
      if (share === 0 || row.fromMs < fromMs || row.fromMs >= toMs) continue;
      addShare(sums, row, share);
    }
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([quarterMs, { observedMs, spreadMs, ...amounts }]) => {
      const outlets = kept.reduce((all, part) => all + shareOf(part, quarterMs), 0);
      return {
        fromMs: quarterMs,
        ...amounts,
        observedMs: observedMs / outlets,
        spreadMs: spreadMs / outlets,
        outlets,
      };
    });
}

/** What is lost, or not metered, between a device's inlet and its outlets. */
export interface LossRow {
  readonly fromMs: number;
  readonly inletWattHours: number;
  /** Inlet less outlets; below 0 the meters disagree. */
  readonly lossWattHours: number;
}

/** Less than this of a quarter known is too little to set two meters against each other. */
const comparableShare = 0.99;

/** Inlet − Σ outlets, quarter by quarter; only where both sides are known throughout. */
export function lossRows(inlet: readonly LedgerRow[], outlets: readonly LedgerPart[]): LossRow[] {
  const sums = new Map(
    sumRows(outlets, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).map((row) => [row.fromMs, row]),
  );
  return inlet.flatMap((row) => {
    const sum = sums.get(row.fromMs);
    if (sum === undefined || coverageOf(row) < comparableShare || coverageOf(sum) < comparableShare)
      return [];
    const inletWattHours = wattHoursOf(row);
    return [{ fromMs: row.fromMs, inletWattHours, lossWattHours: inletWattHours - wattHoursOf(sum) }];
  });
}

/** The share of a quarter for which the energy is known, 0…1. */
export function coverageOf(row: LedgerRow): number {
  return Math.min(1, (row.observedMs + row.spreadMs) / ledgerStepMs);
}

/** Rows added up to a longer bucket of local time. */
export interface EnergyRow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly wattHours: number;
  /** The share of the time for which the energy is known, 0…1. */
  readonly coverage: number;
  readonly parts: { readonly counter: number; readonly integrated: number; readonly spread: number };
}

/**
 * Adds rows up between `edges` (localEdges): exact as long as these lie on quarters of an hour, as they do in every
 * zone of today. Of the bucket under way, `nowMs` tells how much has passed.
 */
export function energyRows(
  rows: readonly LedgerRow[],
  edges: Float64Array,
  nowMs = Number.POSITIVE_INFINITY,
): EnergyRow[] {
  let i = 0;
  return Array.from({ length: edges.length - 1 }, (_, bucket) => {
    const fromMs = edges[bucket]!;
    const toMs = edges[bucket + 1]!;
    let knownMs = 0;
    const parts = { counter: 0, integrated: 0, spread: 0 };
    while (i < rows.length && rows[i]!.fromMs < fromMs) i += 1;
    for (; i < rows.length && rows[i]!.fromMs < toMs; i += 1) {
      const row = rows[i]!;
      parts.counter += row.counterWattHours;
      parts.integrated += row.integratedWattHours;
      parts.spread += row.spreadWattHours;
      knownMs += row.observedMs + row.spreadMs;
    }
    const passedMs = Math.min(toMs, nowMs) - fromMs;
    return {
      fromMs,
      toMs,
      wattHours: parts.counter + parts.integrated + parts.spread,
      coverage: passedMs > 0 ? Math.min(1, knownMs / passedMs) : 0,
      parts,
    };
  });
}

/** How counter and watts of one meter compare, where both were there. */
export interface Reconciliation {
  readonly counterWattHours: number;
  readonly integralWattHours: number;
  /** (integral − counter) ÷ counter; undefined where too little was drawn to tell. */
  readonly difference: number | undefined;
  readonly verdict: 'agree' | 'disagree' | 'too little';
}

const differenceMax = 0.05;
const comparableWattHours = 100;

/** Sets what the watts came to against what the counter said of the same time. */
export function reconcile(rows: Iterable<LedgerRow>): Reconciliation {
  let counterWattHours = 0;
  let integralWattHours = 0;
  for (const row of rows) {
    counterWattHours += row.checkCounterWattHours;
    integralWattHours += row.checkIntegralWattHours;
  }
  if (Math.max(counterWattHours, integralWattHours) < comparableWattHours) {
    return { counterWattHours, integralWattHours, difference: undefined, verdict: 'too little' };
  }
  const difference = (integralWattHours - counterWattHours) / Math.max(counterWattHours, 1);
  const verdict = Math.abs(difference) > differenceMax ? 'disagree' : 'agree';
  return { counterWattHours, integralWattHours, difference, verdict };
}

/** The same outlet at overlapping times counts once; a device's total gives way to its outlets. */
function withoutDoubles(parts: readonly LedgerPart[]): readonly LedgerPart[] {
  const metered = new Set(
    parts
      .map(({ outlet }) => splitOutlet(outlet))
      .filter(({ label }) => label !== totalLabel)
      .map(({ device }) => device),
  );
  const endsMs = new Map<string, number>();
  return parts
    .filter(({ outlet }) => {
      const { device, label } = splitOutlet(outlet);
      return label !== totalLabel || !metered.has(device);
    })
    .sort((a, b) => (a.fromMs ?? Number.NEGATIVE_INFINITY) - (b.fromMs ?? Number.NEGATIVE_INFINITY) || 0)
    .flatMap((part) => {
      const untilMs = endsMs.get(part.outlet) ?? Number.NEGATIVE_INFINITY;
      const fromMs = Math.max(part.fromMs ?? Number.NEGATIVE_INFINITY, untilMs);
      const toMs = part.toMs ?? Number.POSITIVE_INFINITY;
      if (fromMs >= toMs) return [];
      endsMs.set(part.outlet, toMs);
      return [{ ...part, fromMs, toMs }];
    });
}

function shareOf(
  { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY }: LedgerPart,
  quarterMs: number,
): number {
  const forMs = Math.min(toMs, quarterMs + ledgerStepMs) - Math.max(fromMs, quarterMs);
  return Math.max(0, forMs) / ledgerStepMs;
}

function addShare(sums: Map<number, LedgerAmounts>, { fromMs, ...row }: LedgerRow, share: number): void {
  const sum = sums.get(fromMs);
  const keys = Object.keys(row) as (keyof LedgerAmounts)[];
  if (sum === undefined) {
    sums.set(fromMs, Object.fromEntries(keys.map((key) => [key, row[key] * share])) as LedgerAmounts);
  } else for (const key of keys) sum[key] += row[key] * share;
}
