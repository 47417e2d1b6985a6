import type { EnergyColumns } from '../model/columns.ts';
import { cellStart, type SumGrid } from '../model/sum-grid.ts';
import type { DemandBucket } from './demand.ts';
import { ledgerStepMs } from './ledger-row.ts';
import type { QuarterRates } from './quarter-rates.ts';

/** Energy of a time, how it is known, what it cost and emitted. */
export interface EnergySum {
  readonly fromMs: number;
  readonly toMs: number;
  /** Undefined: nothing is known. */
  readonly wattHours: number | undefined;
  /** The share of the time that has passed for which the energy is known, 0…1. */
  readonly coverage: number;
  readonly cost: number | undefined;
  /** Drawn while no price held: not in `cost`. */
  readonly unpricedWattHours: number;
  readonly grams: number | undefined;
  /** Drawn while no factor held: not in `grams`. */
  readonly uncountedWattHours: number;
  readonly parts: { readonly counter: number; readonly integrated: number; readonly spread: number };
}

// Columns of a sum.
const known = 0;
const counter = 1;
const spread = 2;
const knownMs = 3;
const cost = 4;
const unpriced = 5;
const grams = 6;
const uncounted = 7;
const width = 8;
/** Rounding off what adding leaves, finer than any meter. */
const digits = 1e6;

/**
 * Adds the energy of one scope up between edges of local time, oldest first and without overlap. An interval that an
 * edge cuts is shared out by time: with quarters of an hour and edges on those that never happens.
 */
export class EnergyBuckets {
  readonly #edges: Float64Array;
  readonly #rates: QuarterRates;
  readonly #nowMs: number;
  readonly #sums: Float64Array;
  /** Wh and known ms of each quarter, for the demand; by the same numbers as the rates. Undefined: nobody asks for it. */
  readonly #quarterWattHours: Float64Array | undefined;
  readonly #quarterKnownMs: Float64Array | undefined;
  /** Of one call, used again by the next. */
  readonly #booked = new Float64Array(width);
  #bucket = 0;

  constructor(edges: Float64Array, rates: QuarterRates, nowMs: number, withDemand = true) {
    this.#edges = edges;
    this.#rates = rates;
    this.#nowMs = nowMs;
    this.#sums = new Float64Array(Math.max(0, edges.length - 1) * width);
    if (withDemand) {
      this.#quarterWattHours = new Float64Array(rates.unpriced.length);
      this.#quarterKnownMs = new Float64Array(rates.unpriced.length);
    }
  }

  /** Takes rows `from` … `to`−1 of columns whose intervals are `stepMs` long. */
  add(columns: EnergyColumns, stepMs: number, from = 0, to = columns.fromMs.length): void {
    const edges = this.#edges;
    for (let i = from; i < to; ) {
      const startMs = columns.fromMs[i]!;
      this.#seek(startMs);
      const bucket = this.#bucket;
      const end = this.#wholeUntil(columns.fromMs, i, to, stepMs);
      if (end > i) {
        this.#book(bucket, columns, i, end, stepMs, 1);
        i = end;
        continue;
      }
      for (let b = bucket; b < edges.length - 1 && edges[b]! < startMs + stepMs; b += 1) {
        const withinMs = Math.min(edges[b + 1]!, startMs + stepMs) - Math.max(edges[b]!, startMs);
        if (withinMs > 0) this.#book(b, columns, i, i + 1, stepMs, withinMs / stepMs);
      }
      i += 1;
    }
  }

  /**
   * Takes quarters added up over the cells of a grid that no edge and no change of the rates cuts (sum-grid.ts); the last
   * cell ends at `toMs` at the latest. Tells nothing of the demand.
   */
  addSums(columns: EnergyColumns, grid: SumGrid, toMs: number): void {
    const { fromMs } = columns;
    for (let i = 0; i < fromMs.length; i += 1) {
      const startMs = fromMs[i]!;
      this.#seek(startMs);
      const endMs = Math.min(cellStart(grid, startMs) + grid.stepMs, toMs);
      this.#book(this.#bucket, columns, i, i + 1, endMs - startMs, 1);
    }
  }

  /** The buckets, oldest first. */
  rows(): EnergySum[] {
    return Array.from({ length: this.#sums.length / width }, (_, b) =>
      this.#sum(this.#edges[b]!, this.#edges[b + 1]!, this.#sums.subarray(b * width, (b + 1) * width)),
    );
  }

  /** All of them together. */
  total(): EnergySum {
    const all = new Float64Array(width);
    for (let i = 0; i < this.#sums.length; i += 1) all[i % width]! += this.#sums[i]!;
    return this.#sum(this.#edges[0]!, this.#edges.at(-1)!, all);
  }

  /** Quarters of which anything is known, for peak demand and load factor (demand.ts). */
  demand(): DemandBucket[] {
    const buckets: DemandBucket[] = [];
    const wattHours = this.#quarterWattHours;
    const knownForMs = this.#quarterKnownMs;
    if (wattHours === undefined || knownForMs === undefined) return buckets;
    for (let q = 0; q < knownForMs.length; q += 1) {
      const forMs = knownForMs[q]!;
      if (forMs === 0) continue;
      const coverage = Math.min(1, forMs / ledgerStepMs);
      buckets.push({
        fromMs: this.#rates.firstMs + q * ledgerStepMs,
        wattHours: wattHours[q]!,
        coverage,
      });
    }
    return buckets;
  }

  #seek(startMs: number): void {
    const edges = this.#edges;
    while (this.#bucket > 0 && edges[this.#bucket]! > startMs) this.#bucket -= 1;
    while (this.#bucket < edges.length - 2 && edges[this.#bucket + 1]! <= startMs) this.#bucket += 1;
  }

  /** Of the rows from `i` on, those before the answer lie whole in the bucket. */
  #wholeUntil(startsMs: Float64Array, i: number, to: number, stepMs: number): number {
    if (startsMs[i]! < this.#edges[this.#bucket]!) return i;
    const lastMs = this.#edges[this.#bucket + 1]! - stepMs;
    let end = i;
    while (end < to && startsMs[end]! <= lastMs) end += 1;
    return end;
  }

  /** Books a share of each of these rows; millions of them go through here. */
  #book(
    bucket: number,
    columns: EnergyColumns,
    from: number,
    to: number,
    stepMs: number,
    share: number,
  ): void {
    const { fromMs, wattHours, observedMs, spreadMs } = columns;
    const rates = this.#rates;
    const quarterWattHours = this.#quarterWattHours;
    const quarterKnownMs = this.#quarterKnownMs;
    const { firstMs } = rates;
    const sums = this.#booked.fill(0);
    for (let i = from; i < to; i += 1) {
      const energy = wattHours[i]! * share;
      if (Number.isNaN(energy)) continue;
      const quarter = Math.floor((fromMs[i]! - firstMs) / ledgerStepMs);
      const spreadForMs = spreadMs === undefined ? 0 : bookedIn(spreadMs, i);
      const forMs = Math.min(stepMs, observedMs[i]! + spreadForMs) * share;
      sums[known]! += energy;
      sums[knownMs]! += forMs;
      if (rates.cost !== undefined) sums[cost]! += energy * rates.cost[quarter]!;
      if (rates.grams !== undefined) sums[grams]! += energy * rates.grams[quarter]!;
      sums[unpriced]! += energy * rates.unpriced[quarter]!;
      sums[uncounted]! += energy * rates.uncounted[quarter]!;
      if (quarterWattHours === undefined) continue;
      quarterWattHours[quarter]! += energy;
      quarterKnownMs![quarter]! += forMs;
    }
    const { counterWattHours, spreadWattHours } = columns;
    if (counterWattHours !== undefined) sums[counter] = bookedSum(counterWattHours, from, to) * share;
    if (spreadWattHours !== undefined) sums[spread] = bookedSum(spreadWattHours, from, to) * share;
    for (let k = 0; k < width; k += 1) this.#sums[bucket * width + k]! += sums[k]!;
  }

  #sum(fromMs: number, toMs: number, sums: Float64Array): EnergySum {
    const passedMs = Math.min(toMs, this.#nowMs) - fromMs;
    const coverage = passedMs > 0 ? Math.min(1, sums[knownMs]! / passedMs) : 0;
    const isKnown = sums[knownMs]! > 0;
    const { cost: price, grams: factor } = this.#rates;
    const wattHours = rounded(sums[known]!);
    return {
      fromMs,
      toMs,
      wattHours: isKnown ? wattHours : undefined,
      coverage: rounded(coverage),
      cost: isKnown && price !== undefined ? partOf(sums[known]!, sums[unpriced]!, sums[cost]!) : undefined,
      unpricedWattHours: price === undefined ? 0 : rounded(sums[unpriced]!),
      grams:
        isKnown && factor !== undefined ? partOf(sums[known]!, sums[uncounted]!, sums[grams]!) : undefined,
      uncountedWattHours: factor === undefined ? 0 : rounded(sums[uncounted]!),
      parts: {
        counter: rounded(sums[counter]!),
        integrated: rounded(Math.max(0, sums[known]! - sums[counter]! - sums[spread]!)),
        spread: rounded(sums[spread]!),
      },
    };
  }
}

/** What no ledger has booked (yet) is integrated as a whole. */
function bookedIn(part: Float64Array, i: number): number {
  const value = part[i]!;
  return Number.isNaN(value) ? 0 : value;
}

function bookedSum(part: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += bookedIn(part, i);
  return sum;
}

/** Undefined when nothing of the energy has a price. */
function partOf(energy: number, without: number, amount: number): number | undefined {
  return energy !== 0 && without / energy > 1 - 1e-12 ? undefined : rounded(amount);
}

function rounded(value: number): number {
  return Math.round(value * digits) / digits;
}
