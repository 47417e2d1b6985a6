import type { RollUpColumns, Series } from '../model/columns.ts';

/** A chart's worth of aligned columns; NaN: not observed. */
export interface Buckets {
  readonly stepMs: number;
  readonly atMs: Float64Array;
  readonly mean: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** Steps a person can read off an axis. */
const stepsMs = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200,
  86_400,
].map((seconds) => seconds * 1000);
const dayMs = 86_400_000;

/**
 * The smallest readable step, in ms, with which [fromMs, toMs) lies in no more than `points` buckets (two, where one is
 * asked for: an edge may lie within); whole days beyond a day.
 */
export function readableStepMs(fromMs: number, toMs: number, points: number): number {
  const most = Math.max(2, points);
  const isEnough = (stepMs: number) => Math.ceil(toMs / stepMs) - Math.floor(fromMs / stepMs) <= most;
  const plainMs = (toMs - fromMs) / points;
  const step = stepsMs.find((stepMs) => stepMs >= plainMs && isEnough(stepMs));
  if (step !== undefined) return step;
  const days = Math.ceil(plainMs / dayMs);
  const wider = Math.ceil((toMs - fromMs) / (most - 1) / dayMs);
  return (isEnough(days * dayMs) ? days : wider) * dayMs;
}

/**
 * Buckets being filled over [fromMs, toMs), aligned to multiples of the step. What several tiers tell of one time must
 * not be added twice; of different times it may be mixed.
 */
export class BucketSums {
  readonly #buckets: Buckets;
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #firstMs: number;
  readonly #observedMs: Float64Array;
  readonly #product: Float64Array;

  constructor(fromMs: number, toMs: number, stepMs: number) {
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#firstMs = Math.floor(fromMs / stepMs) * stepMs;
    const count = Math.max(0, Math.ceil((toMs - this.#firstMs) / stepMs));
    const unknown = () => new Float64Array(count).fill(Number.NaN);
    this.#buckets = {
      stepMs,
      atMs: Float64Array.from({ length: count }, (_, i) => this.#firstMs + i * stepMs),
      mean: unknown(),
      min: unknown(),
      max: unknown(),
    };
    this.#observedMs = new Float64Array(count);
    this.#product = new Float64Array(count);
  }

  /**
   * Raw points from `fromMs` on: between two points the last value holds, but never longer than `holdMs`: what lies
   * beyond is not observed. The mean is time-weighted; min and max are of the values in force, so that a peak
   * between two bucket edges is kept. NaN: from here on not known.
   */
  addSeries(series: Series, holdMs: number, fromMs = this.#fromMs): void {
    const { stepMs, min, max } = this.#buckets;
    for (let i = 0; i < series.atMs.length; i += 1) {
      const value = series.values[i]!;
      const startMs = Math.max(series.atMs[i]!, fromMs);
      const nextMs = series.atMs[i + 1] ?? Number.POSITIVE_INFINITY;
      const endMs = Math.min(this.#toMs, series.atMs[i]! + holdMs, nextMs);
      // A point of no length still is a peak in its bucket.
      if (endMs < startMs || startMs >= this.#toMs || Number.isNaN(value)) continue;
      for (let b = Math.floor((startMs - this.#firstMs) / stepMs); b < min.length; b += 1) {
        const bucketMs = this.#firstMs + b * stepMs;
        if (bucketMs >= endMs && bucketMs > startMs) break;
        const forMs = Math.min(endMs, bucketMs + stepMs) - Math.max(startMs, bucketMs);
        this.#observedMs[b]! += forMs;
        this.#product[b]! += value * forMs;
        min[b] = lower(min[b]!, value);
        max[b] = higher(max[b]!, value);
      }
    }
  }

  /** Rows that begin in [fromMs, toMs); one that is longer than a bucket tells the same of each it covers. */
  addRollUps(
    rows: RollUpColumns,
    rowMs: number,
    fromMs = Number.NEGATIVE_INFINITY,
    toMs = Number.POSITIVE_INFINITY,
  ): void {
    const { stepMs, min, max } = this.#buckets;
    for (let i = 0; i < rows.fromMs.length; i += 1) {
      const startMs = rows.fromMs[i]!;
      if (startMs < fromMs || startMs >= toMs) continue;
      // What counted here once counts elsewhere since.
      if (rows.observedMs[i] === 0 && rows.wattsMax[i] === 0) continue;
      const first = Math.floor((startMs - this.#firstMs) / stepMs);
      const end = Math.max(first + 1, Math.ceil((startMs + rowMs - this.#firstMs) / stepMs));
      for (let b = Math.max(0, first); b < Math.min(end, min.length); b += 1) {
        const bucketMs = this.#firstMs + b * stepMs;
        const withinMs = Math.min(bucketMs + stepMs, startMs + rowMs) - Math.max(bucketMs, startMs);
        // A row that a store has joined is as long as its bucket.
        const share = end - first === 1 ? 1 : withinMs / rowMs;
        this.#observedMs[b]! += rows.observedMs[i]! * share;
        this.#product[b]! += rows.wattsMean[i]! * rows.observedMs[i]! * share;
        min[b] = lower(min[b]!, rows.wattsMin[i]!);
        max[b] = higher(max[b]!, rows.wattsMax[i]!);
      }
    }
  }

  buckets(): Buckets {
    const { mean, min, max } = this.#buckets;
    for (let b = 0; b < mean.length; b += 1) {
      if (this.#observedMs[b]! > 0) mean[b] = this.#product[b]! / this.#observedMs[b]!;
      else if (!Number.isNaN(max[b]!)) mean[b] = (min[b]! + max[b]!) / 2;
    }
    return this.#buckets;
  }
}

/** Raw points as buckets. */
export function bucketsOfSeries(
  series: Series,
  fromMs: number,
  toMs: number,
  stepMs: number,
  holdMs: number,
): Buckets {
  const sums = new BucketSums(fromMs, toMs, stepMs);
  sums.addSeries(series, holdMs);
  return sums.buckets();
}

/** Roll-ups as wider buckets; the step must be a multiple of the tier's. */
export function bucketsOfRollUps(
  parts: readonly RollUpColumns[],
  fromMs: number,
  toMs: number,
  stepMs: number,
): Buckets {
  const sums = new BucketSums(fromMs, toMs, stepMs);
  for (const rows of parts) sums.addRollUps(rows, 0);
  return sums.buckets();
}

const holdMsMin = 60_000;
const intervalsHeld = 3;
const usualShare = 0.95;

/**
 * How long a value holds when nothing follows: three times the gap that 95 of 100 stay within, at least a
 * minute. Long enough for a meter that reports on change, short enough that an outage shows as a hole.
 */
export function holdMsOf(series: Series): number {
  const gaps = new Float64Array(Math.max(0, series.atMs.length - 1));
  for (let i = 0; i < gaps.length; i += 1) gaps[i] = series.atMs[i + 1]! - series.atMs[i]!;
  if (gaps.length === 0) return holdMsMin;
  gaps.sort();
  return Math.max(holdMsMin, intervalsHeld * gaps[Math.floor((gaps.length - 1) * usualShare)]!);
}

function lower(a: number, b: number): number {
  return Number.isNaN(a) || b < a ? b : a;
}

function higher(a: number, b: number): number {
  return Number.isNaN(a) || b > a ? b : a;
}
