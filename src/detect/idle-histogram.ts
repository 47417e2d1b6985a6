import { firstBin, heldMinutes, lastWatts } from './load-state.ts';

/**
 * How the time on of a load is spread over its draw: minutes, in bins of equal ratio. What is
 * outside the range goes into the first or last bin, where only the rank matters.
 */
export const binCount = 96;
const binRatio = 1.025;
const lnRatio = Math.log(binRatio);
/** Room left below the first value. */
const roomBelow = 24;
const roomAbove = 8;
const belowShareMax = 0.04;
const strayShare = 0.002;

/** The reading before, for as long as it held. */
export function addMinutes(s: Float64Array, bins: Float32Array): void {
  const bin = Math.round(Math.log(Math.abs(s[lastWatts]!)) / lnRatio);
  if (s[firstBin] === 0) s[firstBin] = bin - roomBelow;
  bins[Math.min(Math.max(bin - s[firstBin]!, 0), binCount - 1)]! += s[heldMinutes]!;
}

/**
 * Moves the range to where the time is: down when more than stray minutes lie below it, up over what is as good as
 * empty when there is something above. Seldom called; what was outside is forgotten then, since where it was is
 * not known.
 */
export function fitRange(s: Float64Array, bins: Float32Array): void {
  const whole = minutesIn(bins);
  if (bins[0]! > belowShareMax * whole) {
    bins[0] = 0;
    bins.copyWithin(roomBelow, 0, binCount - roomBelow);
    bins.fill(0, 0, roomBelow);
    s[firstBin]! -= roomBelow;
    return;
  }
  if (bins[binCount - 1] === 0) return;
  const by = emptyBelow(bins, strayShare * whole) - roomAbove;
  if (by <= 0) return;
  bins[binCount - 1] = 0;
  bins.copyWithin(0, by);
  bins.fill(0, binCount - by);
  s[firstBin]! += by;
}

function emptyBelow(bins: Float32Array, minutesMax: number): number {
  let minutes = 0;
  for (let i = 0; i < binCount - 1; i += 1) {
    minutes += bins[i]!;
    if (minutes > minutesMax) return i;
  }
  return binCount - 1;
}

export function wattsOf(s: Float64Array, index: number): number {
  return Math.exp((s[firstBin]! + index) * lnRatio);
}

export function minutesIn(bins: Float32Array): number {
  let minutes = 0;
  for (let i = 0; i < binCount; i += 1) minutes += bins[i]!;
  return minutes;
}

/** Minutes between two draws, both included. */
export function minutesBetween(
  s: Float64Array,
  bins: Float32Array,
  fromWatts: number,
  toWatts: number,
): number {
  let minutes = 0;
  for (let i = 0; i < binCount; i += 1) {
    // Most are empty, and what they stand for is dear to work out.
    if (bins[i] === 0) continue;
    const watts = wattsOf(s, i);
    if (watts >= fromWatts && watts <= toWatts) minutes += bins[i]!;
  }
  return minutes;
}

/** The draw below which this share of the minutes between two draws lies; NaN when there are none. */
export function quantile(
  s: Float64Array,
  bins: Float32Array,
  share: number,
  fromWatts = 0,
  toWatts = Number.POSITIVE_INFINITY,
): number {
  const whole = minutesBetween(s, bins, fromWatts, toWatts);
  if (whole === 0) return Number.NaN;
  let minutes = 0;
  for (let i = 0; i < binCount; i += 1) {
    const more = bins[i]!;
    if (more === 0) continue;
    const watts = wattsOf(s, i);
    if (watts < fromWatts || watts > toWatts) continue;
    // Within a bin the minutes are taken as spread evenly.
    if (minutes + more >= share * whole) {
      const into = (share * whole - minutes) / more - 0.5;
      return watts * (1 + into * (binRatio - 1));
    }
    minutes += more;
  }
  return wattsOf(s, binCount - 1);
}

/** What lies below this is forgotten, or weakened. */
export function weaken(
  s: Float64Array,
  bins: Float32Array,
  factor: number,
  fromWatts: number,
  toWatts: number,
): void {
  for (let i = 0; i < binCount; i += 1) {
    const watts = wattsOf(s, i);
    if (watts >= fromWatts && watts < toWatts) bins[i]! *= factor;
  }
}
