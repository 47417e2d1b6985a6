import { gaps, irregular, lastMs, lateRun, usualGapMs } from './load-state.ts';

/** A clock that was set back is believed after so many readings that agree on it. */
const lateRunMax = 5;
const clockStepMs = 60_000;
/** Until so many gaps were seen a meter is taken for one that reports on change. */
const gapsMin = 10;
const irregularMin = 0.04;
/** No meter that reports by the clock does so more seldom than this. */
const periodMsMax = 15 * 60_000;
const longGap = 3;
/** A gap up to this is no hole, whatever the meter. */
const holeMsMin = 5 * 60_000;
/** With one that reports on change: off over a day, and not a word of it. */
const holeMsMax = 24 * 60 * 60_000;
const holdMsMin = 60_000;
const holdMsMax = 60 * 60_000;

/**
 * Takes the time of a reading and learns how the meter reports. Gives the ms since the reading before: 0 for the
 * same instant, less than 0 for one that came late, NaN for the first and after a clock was set back.
 */
export function stepTime(s: Float64Array, atMs: number): number {
  const last = s[lastMs]!;
  if (last === 0) {
    s[lastMs] = atMs;
    return Number.NaN;
  }
  const gapMs = atMs - last;
  if (gapMs < 0) return stepBack(s, atMs, gapMs);
  s[lateRun] = 0;
  if (gapMs === 0) return 0;
  s[lastMs] = atMs;
  learnGap(s, gapMs);
  return gapMs;
}

function stepBack(s: Float64Array, atMs: number, gapMs: number): number {
  s[lateRun]! += 1;
  if (s[lateRun]! < lateRunMax || gapMs > -clockStepMs) return gapMs;
  s[lateRun] = 0;
  s[lastMs] = atMs;
  return Number.NaN;
}

/** The usual gap follows the median, by steps that become finer. */
function learnGap(s: Float64Array, gapMs: number): void {
  const seen = s[gaps]!;
  s[gaps] = seen + 1;
  const usual = s[usualGapMs]!;
  if (seen === 0) {
    s[usualGapMs] = gapMs;
    return;
  }
  const step = seen < 20 ? 1.15 : 1.04;
  if (gapMs > usual * 1.02) s[usualGapMs] = usual * step;
  else if (gapMs < usual * 0.98) s[usualGapMs] = usual / step;
  const long = gapMs > longGap * usual ? 1 : 0;
  s[irregular]! += (long - s[irregular]!) / Math.min(seen + 1, 64);
}

export function reportsOnChange(s: Float64Array): boolean {
  return s[gaps]! < gapsMin || s[irregular]! > irregularMin || s[usualGapMs]! > periodMsMax;
}

/** A longer gap is a hole: nobody knows what was in it. */
export function holeMs(s: Float64Array): number {
  return reportsOnChange(s) ? holeMsMax : Math.max(holeMsMin, longGap * s[usualGapMs]!);
}

/** So long a reading stands for what is drawn; the rest of the gap is unknown. */
export function holdMs(s: Float64Array): number {
  return reportsOnChange(s) ? holdMsMax : Math.max(holdMsMin, longGap * s[usualGapMs]!);
}
