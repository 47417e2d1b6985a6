import { told } from '../model/server-observer.ts';
import { gapMs, gaps, irregular, lastMs, lateRun, roundMs, usualGapMs } from './load-state.ts';

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
 * Takes the time of a reading, sets `lastMs` and `gapMs` (NaN for the first and after a clock was set back), and
 * learns how the meters of its `inputs` report. False: it came late, and is not the load's present.
 */
export function stepTime(s: Float64Array, row: Float64Array, inputs: number): boolean {
  const atMs = row[told.atMs]!;
  const last = s[lastMs]!;
  if (last === 0) {
    s[lastMs] = atMs;
    s[gapMs] = Number.NaN;
    return true;
  }
  const ms = atMs - last;
  if (ms < 0) return isSetBack(s, atMs, ms);
  s[lateRun] = 0;
  s[lastMs] = atMs;
  s[gapMs] = ms;
  if (ms > 0 || inputs > 1) learnGap(s, ms, inputs);
  return true;
}

function isSetBack(s: Float64Array, atMs: number, ms: number): boolean {
  s[lateRun]! += 1;
  if (s[lateRun]! < lateRunMax || ms > -clockStepMs) return false;
  s[lateRun] = 0;
  s[lastMs] = atMs;
  s[gapMs] = Number.NaN;
  return true;
}

/**
 * The usual gap follows the median, by steps that become finer. Of a load with several inputs it is the time of as
 * many readings: two meters that report every second, one 5 ms after the other, are not uneven.
 */
function learnGap(s: Float64Array, inputMs: number, inputs: number): void {
  s[gaps]! += 1;
  const ms = s[roundMs]! + inputMs;
  s[roundMs] = s[gaps]! % inputs === 0 ? 0 : ms;
  if (s[gaps]! % inputs !== 0 || ms === 0) return;
  const seen = Math.floor(s[gaps]! / inputs) - 1;
  const usual = s[usualGapMs]!;
  if (usual === 0) {
    s[usualGapMs] = ms;
    return;
  }
  const step = seen < 20 ? 1.15 : 1.04;
  if (ms > usual * 1.02) s[usualGapMs] = usual * step;
  else if (ms < usual * 0.98) s[usualGapMs] = usual / step;
  const long = ms > longGap * usual ? 1 : 0;
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
