import { holeMs, reportsOnChange } from './cadence.ts';
import * as at from './load-state.ts';
import { off, on, unknown } from './load-state.ts';

/** What a reading made of a load. */
export const turn = {
  nothing: 0,
  /** A rise began that may become a start. */
  rise: 1,
  /** It fell back: it was none. */
  fallen: 2,
  /** It is certain. */
  start: 3,
  off: 4,
  /** What it drew before a hole was its standby. */
  standby: 5,
} as const;
export type Turn = (typeof turn)[keyof typeof turn];

/** What is known of a rise under way, for the doubtful ones. */
export interface RiseSoFar {
  /** Time-weighted median of the last `spanMs` of it. */
  medianOf(spanMs: number): number;
  readonly peakWatts: number;
}

/** At most this is off for any machine: cheap meters show 0–6 W of nothing (measured traces; power-domain §8). */
const offWattsMax = 8;
const offMsMin = 10_000;
const heldOffMsMin = 30_000;
/** A start has at least two readings, so that a wild one is none. */
const riseReadingsMin = 2;
const riseMsMin = 900;
const restFollowsMs = 60_000;
const offMeanMs = 24 * 3_600_000;
/** A machine that ran for this long has shown what it draws; less than this part of it is no running. */
const usualRunMsMin = 120_000;
const partOfUsual = 0.45;
const restHigherMs = 300_000;
const onFollowsMs = 600_000;

/** BMCs draw 5–40 W, strips with small loads too; above it a flat level is a machine at work. */
const standbyWattsMax = 45;
const standbyFlatMsMin = 10 * 60_000;
/** From a standby that was not known as such a start must be a large step, and last. */
const bootRatioMin = 3.5;
const bootMsMin = 60_000;
/** Small machines wake by less: told by a flat sleep before, a surge, and a new level that stays. */
const sleepWattsMax = 30;
const sleepFlatMsMin = 30 * 60_000;
const wakeMsMin = 300_000;
const wakeRatioMin = 1.25;
const wakeSurgeRatioMin = 1.2;
const wakeSurgeWattsMin = 12;
const wakeWattsMin = 5;

/** Takes a reading that did not come late. `gapMs` is that of `stepTime`. */
export function observeDraw(
  s: Float64Array,
  atMs: number,
  watts: number,
  gapMs: number,
  rise: RiseSoFar | undefined,
): Turn {
  // Against the counting direction (a clamp put on backwards) a machine starts all the same.
  const draw = Math.abs(watts);
  let fell = false;
  if (!(gapMs <= holeMs(s))) fell = forget(s, atMs);
  const happened =
    s[at.phase] === off ? observeOff(s, atMs, draw, gapMs) : observeOn(s, atMs, draw, gapMs, rise);
  s[at.lastWattsBefore] = s[at.lastWatts]!;
  s[at.lastWatts] = watts;
  return fell && happened === turn.nothing ? turn.fallen : happened;
}

/** After a hole nothing is known of the level before; true when a rise was under way. */
function forget(s: Float64Array, atMs: number): boolean {
  const rising = s[at.riseMs]! > 0;
  const level = (s[at.flatMin]! + s[at.flatMax]!) / 2;
  if (s[at.flatSinceMs]! > 0 && level <= standbyWattsMax) {
    s[at.suspectWatts] = level;
    s[at.suspectMs] = atMs;
  }
  s[at.phase] = unknown;
  s[at.phaseSinceMs] = atMs;
  s[at.lowSinceMs] = 0;
  s[at.riseMs] = 0;
  s[at.flatSinceMs] = 0;
  return rising;
}

/** A meter that reports on change said once that the load is on, and has not taken it back. */
export function confirmHeld(s: Float64Array, nowMs: number): boolean {
  if (s[at.phase] !== off || s[at.riseMs] === 0 || !reportsOnChange(s)) return false;
  if (nowMs - s[at.riseMs]! < heldOffMsMin) return false;
  becomeOn(s, Math.abs(s[at.lastWatts]!));
  return true;
}

function observeOff(s: Float64Array, atMs: number, draw: number, gapMs: number): Turn {
  const rest = s[at.restWatts]!;
  if (draw < onsetWatts(rest)) {
    const share = gapMs > 0 ? gapMs / (gapMs + restFollowsMs) : 0;
    s[at.restWatts] = rest + (draw - rest) * share;
    meanOff(s, draw, gapMs);
    if (s[at.riseMs] === 0) return turn.nothing;
    s[at.riseMs] = 0;
    return turn.fallen;
  }
  if (s[at.riseMs] === 0) {
    beginRise(s, atMs, rest, 0);
    return turn.rise;
  }
  if (gapMs > 0) s[at.riseCount]! += 1;
  if (s[at.riseCount]! < riseReadingsMin || atMs - s[at.riseMs]! < riseMsMin) return turn.nothing;
  if (draw <= standbyWattsMax && draw < partOfUsual * s[at.usualOnWatts]!) return restHigher(s, atMs, draw);
  return becomeOn(s, draw);
}

/**
 * Far less than this machine draws when it runs: mains came back and only its BMC is up, or a lamp is on. If it
 * goes on rising it is a start since the first rise; if it stays, this is its standby.
 */
function restHigher(s: Float64Array, atMs: number, draw: number): Turn {
  if (atMs - s[at.riseMs]! < restHigherMs) return turn.nothing;
  s[at.riseMs] = 0;
  s[at.restWatts] = draw;
  return turn.fallen;
}

/** The off level over a day. */
function meanOff(s: Float64Array, draw: number, gapMs: number): void {
  if (!(gapMs > 0)) return;
  if (s[at.offMs] === 0) s[at.offWatts] = draw;
  s[at.offMs] = Math.min(s[at.offMs]! + gapMs, offMeanMs);
  // By at most a watt at a time, so that it keeps to the level it is mostly at.
  const step = Math.max(-1, Math.min(1, draw - s[at.offWatts]!));
  s[at.offWatts]! += (step * gapMs) / Math.max(s[at.offMs]!, gapMs);
}

/** Above this a load that rests at `rest` has left its rest. */
function onsetWatts(rest: number): number {
  return rest <= offWattsMax ? Math.max(rest + 8, 2.5 * rest) : rest + Math.max(8, 0.35 * rest);
}

function beginRise(s: Float64Array, atMs: number, fromWatts: number, flatMs: number): void {
  s[at.riseMs] = atMs;
  s[at.riseCount] = 1;
  s[at.riseFromWatts] = fromWatts;
  s[at.riseFlatMs] = flatMs;
}

function becomeOn(s: Float64Array, draw: number): Turn {
  s[at.phase] = on;
  s[at.phaseSinceMs] = s[at.riseMs]!;
  s[at.startedMs] = s[at.riseMs]!;
  s[at.riseMs] = 0;
  s[at.onWatts] = draw;
  s[at.lowSinceMs] = 0;
  s[at.flatSinceMs] = 0;
  return turn.start;
}

/** A load that is on, or of which nothing is known yet. */
function observeOn(
  s: Float64Array,
  atMs: number,
  draw: number,
  gapMs: number,
  rise: RiseSoFar | undefined,
): Turn {
  if (draw <= lowWatts(s)) return observeLow(s, atMs, draw);
  if (s[at.lowSinceMs]! > 0) {
    // A meter that reports on change told once that it was off, and nothing since.
    const heldMs = atMs - s[at.lowSinceMs]!;
    if (heldMs >= heldOffMsMin && reportsOnChange(s)) {
      becomeOff(s);
      return observeOff(s, atMs, draw, gapMs);
    }
    s[at.lowSinceMs] = 0;
  }
  if (gapMs > 0) {
    const share = s[at.onWatts] === 0 ? 1 : gapMs / (gapMs + onFollowsMs);
    s[at.onWatts]! += (draw - s[at.onWatts]!) * share;
  }
  if (s[at.phase] === unknown) s[at.phase] = on;
  if (s[at.suspectWatts]! > 0 && wasStandby(s, atMs, draw)) return turn.standby;
  if (s[at.riseMs]! > 0) return judgeRise(s, atMs, draw, gapMs, rise);
  return watchPlateau(s, atMs, draw);
}

/** At or below this the load may be off or in standby. */
function lowWatts(s: Float64Array): number {
  // What rests at 9 W is not off when it reads 7.
  const offMax = s[at.onWatts] === 0 ? offWattsMax : Math.min(offWattsMax, s[at.onWatts]! / 2);
  return s[at.standbyWatts] === 0 ? offMax : Math.max(offMax, s[at.standbyWatts]! * 1.2 + 2);
}

function observeLow(s: Float64Array, atMs: number, draw: number): Turn {
  const fallen = s[at.riseMs]! > 0;
  s[at.riseMs] = 0;
  s[at.flatSinceMs] = 0;
  if (s[at.lowSinceMs] === 0) {
    s[at.lowSinceMs] = atMs;
    s[at.lowCount] = 0;
    s[at.lowSum] = 0;
  }
  s[at.lowCount]! += 1;
  s[at.lowSum]! += draw;
  if (s[at.lowCount]! >= 2 && atMs - s[at.lowSinceMs]! >= offMsMin) {
    becomeOff(s);
    return turn.off;
  }
  return fallen ? turn.fallen : turn.nothing;
}

function becomeOff(s: Float64Array): void {
  s[at.phase] = off;
  if (s[at.lowSinceMs]! - s[at.phaseSinceMs]! >= usualRunMsMin) s[at.usualOnWatts] = s[at.onWatts]!;
  s[at.phaseSinceMs] = s[at.lowSinceMs]!;
  s[at.restWatts] = s[at.lowSum]! / s[at.lowCount]!;
  s[at.lowSinceMs] = 0;
  s[at.riseMs] = 0;
}

/** A long flat level that is low may be a standby nobody has told us of; a rise from it is looked at. */
function watchPlateau(s: Float64Array, atMs: number, draw: number): Turn {
  const bandWatts = Math.max(4, 0.12 * s[at.flatMax]!);
  if (s[at.flatSinceMs]! > 0 && draw <= s[at.flatMin]! + bandWatts && draw >= s[at.flatMax]! - bandWatts) {
    if (draw < s[at.flatMin]!) s[at.flatMin] = draw;
    if (draw > s[at.flatMax]!) s[at.flatMax] = draw;
    return turn.nothing;
  }
  const flatMs = s[at.flatSinceMs]! > 0 ? atMs - s[at.flatSinceMs]! : 0;
  const level = (s[at.flatMin]! + s[at.flatMax]!) / 2;
  s[at.flatSinceMs] = atMs;
  s[at.flatMin] = draw;
  s[at.flatMax] = draw;
  if (flatMs < standbyFlatMsMin || level > standbyWattsMax || draw < onsetWatts(level)) return turn.nothing;
  beginRise(s, atMs, level, flatMs);
  return turn.rise;
}

/** It came on in a hole: no start that anybody saw, but what it drew before was no idling. */
function wasStandby(s: Float64Array, atMs: number, draw: number): boolean {
  const level = s[at.suspectWatts]!;
  if (draw < bootRatioMin * level) {
    s[at.suspectWatts] = 0;
    return false;
  }
  if (atMs - s[at.suspectMs]! < wakeMsMin) return false;
  s[at.suspectWatts] = 0;
  s[at.standbyWatts] = level;
  if (s[at.offMs] === 0) s[at.offWatts] = level;
  return true;
}

/** A rise from a level that may have been standby: was it a boot, a wake-up, or only work? */
function judgeRise(
  s: Float64Array,
  atMs: number,
  draw: number,
  gapMs: number,
  rise: RiseSoFar | undefined,
): Turn {
  const from = s[at.riseFromWatts]!;
  if (gapMs > 0) s[at.riseCount]! += 1;
  const ageMs = atMs - s[at.riseMs]!;
  if (draw < from + Math.min(wakeWattsMin, 0.2 * from) || rise === undefined) {
    s[at.riseMs] = 0;
    return turn.fallen;
  }
  if (ageMs < bootMsMin || s[at.riseCount]! <= riseReadingsMin) return turn.nothing;
  if (rise.medianOf(bootMsMin) >= bootRatioMin * from) return learnStandby(s, from, draw);
  if (from > sleepWattsMax || s[at.riseFlatMs]! < sleepFlatMsMin) {
    s[at.riseMs] = 0;
    return turn.fallen;
  }
  if (ageMs < wakeMsMin) return turn.nothing;
  const level = rise.medianOf(wakeMsMin / 2);
  const woke =
    level >= wakeRatioMin * from &&
    level >= from + wakeWattsMin &&
    rise.peakWatts >= wakeSurgeRatioMin * level &&
    rise.peakWatts >= from + wakeSurgeWattsMin;
  if (woke) return learnStandby(s, from, draw);
  s[at.riseMs] = 0;
  return turn.fallen;
}

function learnStandby(s: Float64Array, watts: number, draw: number): Turn {
  s[at.standbyWatts] = watts;
  if (s[at.offMs]! < s[at.riseFlatMs]!) {
    s[at.offWatts] = watts;
    s[at.offMs] = Math.min(s[at.riseFlatMs]!, offMeanMs);
  }
  s[at.restWatts] = watts;
  return becomeOn(s, draw);
}
