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

/** The smallest readable step, in ms, that needs no more than `points` buckets; whole days beyond a day. */
export function readableStepMs(rangeMs: number, points: number): number {
  const plainMs = rangeMs / points;
  return stepsMs.find((stepMs) => stepMs >= plainMs) ?? Math.ceil(plainMs / dayMs) * dayMs;
}

/** Empty buckets over [fromMs, toMs), aligned to multiples of the step. */
export function emptyBuckets(fromMs: number, toMs: number, stepMs: number): Buckets {
  const firstMs = Math.floor(fromMs / stepMs) * stepMs;
  const count = Math.max(0, Math.ceil((toMs - firstMs) / stepMs));
  return {
    stepMs,
    atMs: Float64Array.from({ length: count }, (_, i) => firstMs + i * stepMs),
    mean: new Float64Array(count).fill(Number.NaN),
    min: new Float64Array(count).fill(Number.NaN),
    max: new Float64Array(count).fill(Number.NaN),
  };
}

/**
 * Raw points as buckets: between two points the last value holds, but never longer than `holdMs`: what lies
 * beyond is not observed. The mean is time-weighted; min and max are of the values in force, so that a peak
 * between two bucket edges is kept.
 */
export function bucketsOfSeries(
  series: Series,
  fromMs: number,
  toMs: number,
  stepMs: number,
  holdMs: number,
): Buckets {
  const buckets = emptyBuckets(fromMs, toMs, stepMs);
  const held = new Float64Array(buckets.atMs.length);
  const product = new Float64Array(buckets.atMs.length);
  const firstMs = buckets.atMs[0] ?? fromMs;
  for (let i = 0; i < series.atMs.length; i += 1) {
    const value = series.values[i]!;
    const startMs = Math.max(series.atMs[i]!, fromMs);
    const endMs = Math.min(toMs, series.atMs[i]! + holdMs, series.atMs[i + 1] ?? Number.POSITIVE_INFINITY);
    // A point of no length still is a peak in its bucket.
    if (endMs < startMs || startMs >= toMs) continue;
    for (let b = Math.floor((startMs - firstMs) / stepMs); b < held.length; b += 1) {
      const bucketMs = firstMs + b * stepMs;
      if (bucketMs >= endMs && bucketMs > startMs) break;
      const forMs = Math.min(endMs, bucketMs + stepMs) - Math.max(startMs, bucketMs);
      held[b]! += forMs;
      product[b]! += value * forMs;
      buckets.min[b] = lower(buckets.min[b]!, value);
      buckets.max[b] = higher(buckets.max[b]!, value);
    }
  }
  for (let b = 0; b < held.length; b += 1) {
    if (held[b]! > 0) buckets.mean[b] = product[b]! / held[b]!;
    else if (!Number.isNaN(buckets.max[b]!)) buckets.mean[b] = (buckets.min[b]! + buckets.max[b]!) / 2;
  }
  return buckets;
}

/** Roll-ups as wider buckets; the step must be a multiple of the tier's. */
export function bucketsOfRollUps(
  parts: readonly RollUpColumns[],
  fromMs: number,
  toMs: number,
  stepMs: number,
): Buckets {
  const buckets = emptyBuckets(fromMs, toMs, stepMs);
  const observed = new Float64Array(buckets.atMs.length);
  const product = new Float64Array(buckets.atMs.length);
  const firstMs = buckets.atMs[0] ?? fromMs;
  for (const rows of parts) {
    for (let i = 0; i < rows.fromMs.length; i += 1) {
      const b = Math.floor((rows.fromMs[i]! - firstMs) / stepMs);
      // Of a quarter without a single reading a counter may prove the energy, but not the watts.
      if (b < 0 || b >= observed.length || Number.isNaN(rows.wattsMean[i]!)) continue;
      observed[b]! += rows.observedMs[i]!;
      product[b]! += rows.wattsMean[i]! * rows.observedMs[i]!;
      buckets.min[b] = lower(buckets.min[b]!, rows.wattsMin[i]!);
      buckets.max[b] = higher(buckets.max[b]!, rows.wattsMax[i]!);
    }
  }
  for (let b = 0; b < observed.length; b += 1) {
    if (observed[b]! > 0) buckets.mean[b] = product[b]! / observed[b]!;
  }
  return buckets;
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
