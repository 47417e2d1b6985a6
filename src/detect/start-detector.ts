import { holeMs, reportsOnChange } from './cadence.ts';
import { isFarBelow } from './far-below.ts';
import * as at from './load-state.ts';
import { off, offMeanMs, on, unknown } from './load-state.ts';
import { isPulse, noticeFall, noticeRun } from './pulses.ts';
import { becomeOn, beginRise, offWattsMax, onsetWatts } from './rise.ts';
import {
  judgeRise,
  noticeFlicker,
  type RiseSoFar,
  suspectStandby,
  wasStandby,
  watchPlateau,
} from './standby.ts';
import { type Turn, turn } from './turn.ts';

const offMsMin = 10_000;
const heldOffMsMin = 30_000;
/** Meters that report so often see power cycles of seconds. */
const fastGapMsMax = 2_500;
const shortOffMsMin = 500;
const shortOffRunMsMin = 120_000;
const sureLowCount = 3;
const sureOffMsMin = 2_000;
const sameShare = 0.06;
const sameWatts = 3;
/** A start has at least two readings, so that a wild one is none. */
const riseReadingsMin = 2;
const riseMsMin = 900;
const restFollowsMs = 60_000;
/** A machine that ran for this long has shown what it draws; less than this part of it is no running. */
const usualRunMsMin = 120_000;
const partOfUsual = 0.45;
/** A BMC, or a lamp, draws no more than this above nothing. */
const restHigherWattsMax = 45;
const restHigherMs = 300_000;
const wellKnownMinutes = 240;
const onFollowsMs = 600_000;
/** A wild reading pulls no harder than this. */
const onPullRatioMax = 3;

/** Takes the reading whose time `stepTime` took, and whose draw is in `drawWatts`. */
export function observeDraw(s: Float64Array, rise: RiseSoFar | undefined): Turn {
  let fell = false;
  if (!(s[at.gapMs]! <= holeMs(s))) fell = loseTrack(s);
  const happened = s[at.phase] === off ? observeOff(s) : observeOn(s, rise);
  return fell && happened === turn.nothing ? turn.fallen : happened;
}

/** After a hole nothing is known of the level before; true when a rise was under way. */
export function loseTrack(s: Float64Array): boolean {
  const rising = s[at.riseMs]! > 0;
  suspectStandby(s);
  s[at.phase] = unknown;
  s[at.phaseSinceMs] = s[at.lastMs]!;
  s[at.lowSinceMs] = 0;
  s[at.riseMs] = 0;
  s[at.flatSinceMs] = 0;
  return rising;
}

/** A meter that reports on change said once that the load is on, and has not taken it back. */
export function confirmHeld(s: Float64Array, nowMs: number): boolean {
  if (s[at.phase] !== off || s[at.riseMs] === 0 || !reportsOnChange(s)) return false;
  if (nowMs - s[at.riseMs]! < heldOffMsMin) return false;
  if (isLittle(s)) return false;
  becomeOn(s);
  return true;
}

function observeOff(s: Float64Array): Turn {
  const draw = s[at.drawWatts]!;
  const gapMs = s[at.gapMs]!;
  const rest = s[at.restWatts]!;
  if (draw < Math.max(onsetWatts(rest), s[at.standbyWatts] === 0 ? 0 : lowWatts(s))) {
    const share = gapMs > 0 ? gapMs / (gapMs + restFollowsMs) : 0;
    s[at.restWatts] = rest + (draw - rest) * share;
    meanOff(s);
    if (s[at.riseMs] === 0) return turn.nothing;
    noticeFall(s);
    s[at.riseMs] = 0;
    return turn.fallen;
  }
  if (s[at.riseMs] === 0) {
    return beginRise(s, rest, 0);
  }
  if (gapMs > 0) s[at.riseCount]! += 1;
  if (s[at.riseCount]! < riseReadingsMin || s[at.lastMs]! - s[at.riseMs]! < riseMsMin) return turn.nothing;
  if (isLittle(s)) return restHigher(s);
  return isPulse(s) ? turn.nothing : becomeOn(s);
}

/** Far less than this machine draws when it runs. */
function isLittle(s: Float64Array): boolean {
  const rest = s[at.restWatts]!;
  const step = s[at.drawWatts]! - rest;
  return step <= restHigherWattsMax && step < partOfUsual * (s[at.usualOnWatts]! - rest);
}

/**
 * Mains came back and only its BMC is up, or a lamp is on. If it
 * goes on rising it is a start since the first rise; if it stays, this is its standby.
 */
function restHigher(s: Float64Array): Turn {
  if (s[at.lastMs]! - s[at.riseMs]! < restHigherMs) return turn.nothing;
  s[at.riseMs] = 0;
  s[at.restWatts] = s[at.drawWatts]!;
  return turn.fallen;
}

/** The off level over a day. */
function meanOff(s: Float64Array): void {
  const draw = s[at.drawWatts]!;
  const gapMs = s[at.gapMs]!;
  if (!(gapMs > 0)) return;
  if (s[at.offMs] === 0) s[at.offWatts] = draw;
  s[at.offMs] = Math.min(s[at.offMs]! + gapMs, offMeanMs);
  // By at most a watt at a time, so that it keeps to the level it is mostly at.
  const step = Math.max(-1, Math.min(1, draw - s[at.offWatts]!));
  s[at.offWatts]! += (step * gapMs) / Math.max(s[at.offMs]!, gapMs);
}

/** A load that is on, or of which nothing is known yet. */
function observeOn(s: Float64Array, rise: RiseSoFar | undefined): Turn {
  const draw = s[at.drawWatts]!;
  const gapMs = s[at.gapMs]!;
  if (draw <= lowWatts(s) || isPoweredDown(s, draw)) return observeLow(s);
  if (s[at.lowSinceMs]! > 0) {
    // A meter that reports on change told once that it was off, and nothing since.
    const heldMs = s[at.lastMs]! - s[at.lowSinceMs]!;
    if ((heldMs >= heldOffMsMin && reportsOnChange(s)) || wasShortlyOff(s, heldMs)) {
      becomeOff(s);
      return observeOff(s);
    }
    s[at.lowSinceMs] = 0;
    s[at.dipMs] = s[at.lastMs]!;
  }
  if (gapMs > 0) {
    const share = s[at.onWatts] === 0 ? 1 : gapMs / (gapMs + onFollowsMs);
    const pull = s[at.onWatts] === 0 ? draw : Math.min(draw, onPullRatioMax * s[at.onWatts]!);
    s[at.onWatts]! += (pull - s[at.onWatts]!) * share;
  }
  if (s[at.phase] === unknown) s[at.phase] = on;
  if (wasStandby(s)) return turn.standby;
  if (s[at.riseMs]! > 0) return judgeRise(s, rise);
  return watchPlateau(s);
}

/**
 * A power cycle of seconds, which a fast meter sees: the load had run, fell to nothing for readings in a row, and is back.
 * Two of them, or a second, may be a meter's failure or a switch-over, unless it comes back otherwise than it went.
 */
function wasShortlyOff(s: Float64Array, heldMs: number): boolean {
  if (s[at.phase] !== on || s[at.usualGapMs]! > fastGapMsMax || reportsOnChange(s)) return false;
  if (s[at.lowCount]! < 2 || heldMs < shortOffMsMin) return false;
  const ranSinceMs = Math.max(s[at.phaseSinceMs]!, s[at.dipMs]!);
  if (s[at.lowSinceMs]! - ranSinceMs < shortOffRunMsMin) return false;
  const usual = s[at.onWatts]!;
  if (s[at.lowSum]! / s[at.lowCount]! > Math.min(offWattsMax, usual / 4)) return false;
  const isAsBefore = Math.abs(s[at.drawWatts]! - usual) <= Math.max(sameShare * usual, sameWatts);
  return (s[at.lowCount]! >= sureLowCount && heldMs >= sureOffMsMin) || !isAsBefore;
}

/** At or below this the load may be off or in standby. */
function lowWatts(s: Float64Array): number {
  // What rests at 9 W is not off when it reads 7.
  const offMax = s[at.onWatts] === 0 ? offWattsMax : Math.min(offWattsMax, s[at.onWatts]! / 2);
  return s[at.standbyWatts] === 0 ? offMax : Math.max(offMax, s[at.standbyWatts]! * 1.2 + 2);
}

/** Far below a baseline that is well known it does not idle: it is off, and its BMC is on. */
function isPoweredDown(s: Float64Array, draw: number): boolean {
  return s[at.onMinutes]! >= wellKnownMinutes && isFarBelow(s, draw);
}

function observeLow(s: Float64Array): Turn {
  const atMs = s[at.lastMs]!;
  const fallen = s[at.riseMs]! > 0;
  s[at.riseMs] = 0;
  if (s[at.lowSinceMs] === 0) {
    s[at.lowSinceMs] = atMs;
    s[at.lowCount] = 0;
    s[at.lowSum] = 0;
  }
  // A doubled reading says nothing new.
  if (s[at.lowCount] === 0 || s[at.gapMs]! > 0) {
    s[at.lowCount]! += 1;
    s[at.lowSum]! += s[at.drawWatts]!;
  }
  if (s[at.lowCount]! >= 2 && atMs - s[at.lowSinceMs]! >= offMsMin) {
    becomeOff(s);
    return turn.off;
  }
  return fallen ? turn.fallen : turn.nothing;
}

function becomeOff(s: Float64Array): void {
  s[at.phase] = off;
  const runMs = s[at.lowSinceMs]! - s[at.phaseSinceMs]!;
  if (runMs >= usualRunMsMin) s[at.usualOnWatts] = s[at.onWatts]!;
  noticeFlicker(s, runMs);
  noticeRun(s, runMs);
  s[at.phaseSinceMs] = s[at.lowSinceMs]!;
  s[at.restWatts] = s[at.lowSum]! / s[at.lowCount]!;
  s[at.lowSinceMs] = 0;
  s[at.riseMs] = 0;
  s[at.flatSinceMs] = 0;
}
