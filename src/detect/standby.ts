import * as at from './load-state.ts';
import { becomeOn, beginRise, onsetWatts } from './rise.ts';
import { type Turn, turn } from './turn.ts';

// A level that nobody has told us is a standby. A machine that idles at it and gets a job looks much the same as
// one that boots from it. What tells them apart: a boot begins with a surge, and it lasts.

/** What is known of a rise under way. */
export interface RiseSoFar {
  /** The draw below which `share` of the last `spanMs` of it lies, time-weighted. */
  quantileOf(share: number, spanMs: number): number;
  readonly peakWatts: number;
}

/** BMCs draw 5–40 W, strips with small loads too. Above it a standby shows only by a far greater boot. */
const standbyWattsMax = 45;
const bigStandbyWattsMax = 150;
const bootRatioMin = 3.5;
const bigBootRatioMin = 8;
const bigOnsetRatioMin = 3;
/** No machine works at so many times its idle draw. */
const sureBootRatio = 20;
const standbyFlatMsMin = 10 * 60_000;
const flatFollowsMs = 300_000;
/** Some BMCs tell steps of 10 W. */
const flatWattsBand = 10;
const flatShareBand = 0.15;
const straysMax = 2;
/** A shorter excursion does not unmake a flat level. */
const burstMsMax = 60_000;

const bootMsMin = 60_000;
const bigBootMsMin = 180_000;
const riseReadingsMin = 2;
const lookMs = 60_000;
const surgeRatioMin = 1.1;
const surgeWattsMin = 8;
/** By then a boot has come down from its surge. */
const surgeMsMax = 300_000;
/** Without a surge it must last for this long. */
const heldMsMin = 30 * 60_000;

/** Small machines wake by less: told by a flat sleep before, a surge, and a new level that stays. */
const sleepWattsMax = 30;
const sleepFlatMsMin = 30 * 60_000;
const wakeMsMin = 300_000;
const wakeRatioMin = 1.25;
const wakeSurgeRatioMin = 1.2;
const wakeSurgeWattsMin = 12;
const wakeWattsMin = 5;

/** So many starts in a row without a surge, each within this of the one before, are jobs. */
const plainStartsMax = 4;
const plainStartsMs = 12 * 3_600_000;
/** So many more starts than one in six hours are jobs too, though each begins with a burst. */
const crowdMax = 4;
const crowdFadesMs = 6 * 3_600_000;
const refusedForMs = 30 * 24 * 3_600_000;
const sameLevelRatio = 1.3;

const flickerMsMax = 60_000;
const flickersMax = 3;

/** A load that is on: a long flat level that is low may be a standby; a rise from it is looked at. */
export function watchPlateau(s: Float64Array): Turn {
  const draw = s[at.drawWatts]!;
  const level = s[at.flatWatts]!;
  if (s[at.flatSinceMs]! > 0) {
    if (Math.abs(draw - level) <= Math.max(flatWattsBand, flatShareBand * level)) {
      const gapMs = s[at.gapMs]!;
      if (gapMs > 0) s[at.flatWatts] = level + ((draw - level) * gapMs) / (gapMs + flatFollowsMs);
      s[at.flatStrays] = 0;
      return turn.nothing;
    }
    const flatMs = s[at.lastMs]! - s[at.flatSinceMs]!;
    if (flatMs >= standbyFlatMsMin && isLeftForBoot(s, level)) return beginRise(s, level, flatMs);
    s[at.flatStrays]! += 1;
    if (s[at.flatStrays]! <= straysMax) return turn.nothing;
  }
  beginPlateau(s);
  return turn.nothing;
}

function beginPlateau(s: Float64Array): void {
  s[at.flatSinceMs] = s[at.lastMs]!;
  s[at.flatWatts] = s[at.drawWatts]!;
  s[at.flatStrays] = 0;
}

function isLeftForBoot(s: Float64Array, level: number): boolean {
  const draw = s[at.drawWatts]!;
  if (draw < onsetWatts(level) || isRefused(s, level)) return false;
  return level <= standbyWattsMax || (level <= bigStandbyWattsMax && draw >= bigOnsetRatioMin * level);
}

/** A rise from a level that may have been standby: was it a boot, a wake-up, or only work? */
export function judgeRise(s: Float64Array, rise: RiseSoFar | undefined): Turn {
  const from = s[at.riseFromWatts]!;
  const gapMs = s[at.gapMs]!;
  if (gapMs > 0) s[at.riseCount]! += 1;
  const ageMs = s[at.lastMs]! - s[at.riseMs]!;
  const back = s[at.drawWatts]! < from + Math.min(wakeWattsMin, 0.2 * from);
  if (back || rise === undefined) return fallBack(s);
  if (ageMs < bootMsMin || s[at.riseCount]! <= riseReadingsMin) return turn.nothing;
  if (Math.floor(ageMs / lookMs) === Math.floor((ageMs - gapMs) / lookMs)) return turn.nothing;
  if (isBoot(s, rise, ageMs) || isWakeUp(s, rise, ageMs)) return learnStandby(s, from);
  return mayStillBeBoot(s, rise, ageMs) ? turn.nothing : fallBack(s);
}

function isBoot(s: Float64Array, rise: RiseSoFar, ageMs: number): boolean {
  const from = s[at.riseFromWatts]!;
  const big = from > standbyWattsMax;
  if (big && ageMs < bigBootMsMin) return false;
  const ratio = rise.quantileOf(0.5, ageMs) / from;
  if (ratio < (big ? bigBootRatioMin : bootRatioMin)) return false;
  if (ratio >= sureBootRatio || surged(rise.peakWatts, rise.quantileOf(0.9, ageMs / 2))) return true;
  return ageMs >= heldMsMin && !big;
}

function isWakeUp(s: Float64Array, rise: RiseSoFar, ageMs: number): boolean {
  const from = s[at.riseFromWatts]!;
  if (ageMs < wakeMsMin || from > sleepWattsMax || s[at.riseFlatMs]! < sleepFlatMsMin) return false;
  const level = rise.quantileOf(0.5, wakeMsMin / 2);
  return (
    level >= wakeRatioMin * from &&
    level >= from + wakeWattsMin &&
    rise.peakWatts >= wakeSurgeRatioMin * level &&
    rise.peakWatts >= from + wakeSurgeWattsMin
  );
}

function mayStillBeBoot(s: Float64Array, rise: RiseSoFar, ageMs: number): boolean {
  if (ageMs < surgeMsMax) return true;
  const from = s[at.riseFromWatts]!;
  // A machine that has been seen off lower than this is on here, and a long job is a job.
  const seenOff = s[at.offMs]! > 0 && s[at.offWatts]! < from / 2;
  return (
    from <= standbyWattsMax &&
    !seenOff &&
    ageMs <= heldMsMin + surgeMsMax &&
    rise.quantileOf(0.5, ageMs) >= bootRatioMin * from
  );
}

function fallBack(s: Float64Array): Turn {
  if (s[at.lastMs]! - s[at.riseMs]! > burstMsMax) beginPlateau(s);
  s[at.riseMs] = 0;
  return turn.fallen;
}

function learnStandby(s: Float64Array, watts: number): Turn {
  s[at.standbyWatts] = watts;
  s[at.plainStarts] = 0;
  if (s[at.offMs]! < s[at.riseFlatMs]!) {
    s[at.offWatts] = watts;
    s[at.offMs] = Math.min(s[at.riseFlatMs]!, at.offMeanMs);
  }
  s[at.restWatts] = watts;
  return becomeOn(s);
}

/** A hole in the readings: a flat low level before it is remembered. */
export function suspectStandby(s: Float64Array): void {
  const level = s[at.flatWatts]!;
  if (s[at.flatSinceMs] === 0 || level > standbyWattsMax || isRefused(s, level)) return;
  s[at.suspectWatts] = level;
  s[at.suspectMs] = s[at.lastMs]!;
}

/** It came on in a hole: no start that anybody saw, but what it drew before was no idling. */
export function wasStandby(s: Float64Array): boolean {
  const level = s[at.suspectWatts]!;
  if (level === 0) return false;
  if (s[at.drawWatts]! < bootRatioMin * level) {
    s[at.suspectWatts] = 0;
    return false;
  }
  if (s[at.lastMs]! - s[at.suspectMs]! < wakeMsMin) return false;
  s[at.suspectWatts] = 0;
  s[at.standbyWatts] = level;
  if (s[at.offMs] === 0) s[at.offWatts] = level;
  return true;
}

/**
 * A start from a standby that was learnt here has been summed up. One without a surge casts doubt on it; after
 * some, close together, or very many of any kind, the level is taken for idling, for a month.
 */
export function doubtStandby(
  s: Float64Array,
  startMs: number,
  peakWatts: number,
  settledWatts: number,
): void {
  if (s[at.standbyWatts] === 0) return;
  const sinceMs = startMs - s[at.plainStartMs]!;
  const close = sinceMs < plainStartsMs;
  s[at.plainStarts] = surged(peakWatts, settledWatts) ? 0 : (close ? s[at.plainStarts]! : 0) + 1;
  s[at.crowd] = Math.max(0, s[at.crowd]! - sinceMs / crowdFadesMs) + 1;
  s[at.plainStartMs] = startMs;
  if (s[at.plainStarts]! < plainStartsMax && s[at.crowd]! < crowdMax) return;
  s[at.refusedMs] = startMs;
  s[at.crowd] = 0;
  s[at.refusedWatts] = s[at.standbyWatts]!;
  s[at.standbyWatts] = 0;
  s[at.plainStarts] = 0;
  if (s[at.phase] === at.off) s[at.phase] = at.on;
  s[at.offWatts] = 0;
  s[at.offMs] = 0;
}

/**
 * A load that is off flickers: a coarse meter shows a BMC of 10 W as 0, 10 and 20 W in turn. Called at the end of
 * each run; after some that were as short as small, what they drew is this load's standby.
 */
export function noticeFlicker(s: Float64Array, runMs: number): void {
  const small = s[at.onWatts]! <= standbyWattsMax;
  if (runMs > flickerMsMax || !small) {
    s[at.flickers] = 0;
    return;
  }
  s[at.flickers]! += 1;
  if (s[at.flickers]! < flickersMax) return;
  s[at.flickers] = 0;
  s[at.standbyWatts] = Math.max(s[at.standbyWatts]!, s[at.onWatts]!);
}

/** A level that has shown itself to be idling, not standby. */
export function isRefused(s: Float64Array, level: number): boolean {
  const refused = s[at.refusedWatts]!;
  if (s[at.lastMs]! - s[at.refusedMs]! > refusedForMs) return false;
  return refused > 0 && level < refused * sameLevelRatio && level > refused / sameLevelRatio;
}

function surged(peakWatts: number, laterWatts: number): boolean {
  return peakWatts >= surgeRatioMin * laterWatts && peakWatts >= laterWatts + surgeWattsMin;
}
