import type { IdleBaseline } from '../model/idle.ts';
import { holdMs } from './cadence.ts';
import { isFarBelow } from './far-below.ts';
import { addMinutes, fitRange, minutesBetween, minutesIn, quantile, weaken } from './idle-histogram.ts';
import * as at from './load-state.ts';
import { off, on } from './load-state.ts';
import { rounded } from './rounded.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** After a start the boot load is no idling. */
const bootMs = 300_000;
/** Less than this is nothing: what cheap meters show of an open socket. */
const wattsMin = 3;
/** Half in two weeks of time on. */
const fadePerDay = 0.5 ** (1 / 14);

/** Idle is the low end that a load comes back to; single minutes below are none. */
const lowShare = 0.08;
const bandRatio = 1.08;
const bandWatts = 3;
const learningMinutes = 120;
const idleMinutesMin = 20;
const reviewMinutes = 10;
const meanMinutes = 240;
/** What a single reading may count for. */
const minutesOfOneMax = 60;
const freeMinutes = 24 * 60;

/** The level of the last hours follows by this much a minute, up slowly and down at once. */
const followStep = 0.01;
const shareFollows = 1 / 120;
/** Another level than the baseline, if it is off by more than this. */
const movedShare = 0.035;
const movedWatts = 1;
/** Lower is lower after an hour; higher may be a long job, so it has to last, a great step longer than a week. */
const belowMinutesMin = 60;
const awayMinutesMin = 24 * 60;
const greatStep = 1.3;
const awayMinutesOfGreatStep = 10 * 24 * 60;
const restShareMin = 0.15;
/** A machine that stays far below its baseline for so long is not off. */
const farBelowMinutesMax = 7 * 24 * 60;

/** What a look at the histogram brought. */
export const idleNews = { nothing: 0, learnt: 1, moved: 2 } as const;
export type IdleNews = (typeof idleNews)[keyof typeof idleNews];

/**
 * Takes the time between the last two readings, before the later one is taken up: the first one's draw held, at
 * most as long as a reading may stand. Called for time in which the meter was neither stuck nor late.
 */
export function learnDraw(s: Float64Array, bins: Float32Array): IdleNews {
  if (!counts(s)) return idleNews.nothing;
  const draw = Math.abs(s[at.lastWatts]!);
  const minutes = Math.min(s[at.gapMs]!, holdMs(s), minutesOfOneMax * minuteMs) / minuteMs;
  s[at.heldMinutes] = minutes;
  if (!isFarBelow(s, draw)) s[at.farBelowMinutes] = 0;
  else if (s[at.farBelowMinutes]! < farBelowMinutesMax) {
    s[at.farBelowMinutes]! += minutes;
    return idleNews.nothing;
  }
  fade(s, bins);
  if (s[at.idleSinceMs] === 0) s[at.idleSinceMs] = heldSinceMs(s);
  addMinutes(s, bins);
  s[at.onMinutes]! += minutes;
  compare(s);
  s[at.freshMinutes]! += minutes;
  if (s[at.freshMinutes]! < reviewMinutes) return idleNews.nothing;
  s[at.freshMinutes] = 0;
  return review(s, bins);
}

function heldSinceMs(s: Float64Array): number {
  return s[at.lastMs]! - s[at.gapMs]!;
}

function counts(s: Float64Array): boolean {
  if (Math.abs(s[at.lastWatts]!) < wattsMin || s[at.lowSinceMs]! > 0 || s[at.riseMs]! > 0) return false;
  if (s[at.phase] === on) return heldSinceMs(s) - s[at.startedMs]! >= bootMs;
  // A small thing that is always on looks like one that is off, until it is seen to start.
  return s[at.phase] === off && s[at.startedMs] === 0 && s[at.usualOnWatts] === 0;
}

/** Holds the draw against the baseline: is it there, above, or below it? */
function compare(s: Float64Array): void {
  const draw = Math.abs(s[at.lastWatts]!);
  const minutes = s[at.heldMinutes]!;
  followLow(s);
  const idle = s[at.idleWatts]!;
  const margin = movedShare * idle + movedWatts;
  if (Math.abs(draw - idle) <= Math.max(0.04 * idle, bandWatts)) {
    s[at.idleMeanMinutes] = Math.min(s[at.idleMeanMinutes]! + minutes, meanMinutes);
    s[at.idleMeanWatts]! += ((draw - s[at.idleMeanWatts]!) * minutes) / s[at.idleMeanMinutes]!;
  }
  if (draw <= idle + margin) s[at.awayMinutes] = 0;
  else {
    if (s[at.awayMinutes] === 0) s[at.awaySinceMs] = heldSinceMs(s);
    s[at.awayMinutes]! += minutes;
  }
  if (draw < idle - margin) {
    if (s[at.belowMinutes] === 0) s[at.belowSinceMs] = heldSinceMs(s);
    s[at.belowMinutes]! += minutes;
  } else s[at.belowMinutes] = Math.max(0, s[at.belowMinutes]! - minutes / 4);
}

function fade(s: Float64Array, bins: Float32Array): void {
  const day = Math.floor(heldSinceMs(s) / dayMs);
  if (day === s[at.fadedDay]) return;
  const days = s[at.fadedDay] === 0 ? 0 : Math.max(0, day - s[at.fadedDay]!);
  s[at.fadedDay] = day;
  // Only days on which it ran: a machine switched off over the holidays idles as before.
  if (days > 0) weaken(s, bins, fadePerDay, 0, Number.POSITIVE_INFINITY);
  s[at.onMinutes] = minutesIn(bins);
}

function followLow(s: Float64Array): void {
  const watts = Math.abs(s[at.lastWatts]!);
  const minutes = Math.min(s[at.heldMinutes]!, 10);
  const low = s[at.recentLowWatts]!;
  if (low === 0) {
    s[at.recentLowWatts] = watts;
    return;
  }
  const step = watts > low ? lowShare : lowShare - 1;
  s[at.recentLowWatts] = low * (1 + followStep * step * minutes);
  const there = Math.abs(watts - low) <= Math.max(0.04 * low, bandWatts) ? 1 : 0;
  s[at.recentLowShare]! += (there - s[at.recentLowShare]!) * Math.min(1, shareFollows * minutes);
}

function review(s: Float64Array, bins: Float32Array): IdleNews {
  fitRange(s, bins);
  s[at.onMinutes] = minutesIn(bins);
  if (s[at.learnt] === 1) {
    const moved = moveDown(s, bins) || moveUp(s, bins);
    if (moved) return idleNews.moved;
  }
  follow(s, bins);
  // What has never been seen to start and draws next to nothing may be a machine that is off.
  if (s[at.learnt] === 1 || isLearning(s) || s[at.phase] !== on) return idleNews.nothing;
  s[at.learnt] = 1;
  s[at.awayMinutes] = 0;
  s[at.belowMinutes] = 0;
  s[at.awaySinceMs] = heldSinceMs(s);
  return idleNews.learnt;
}

/** In the first day the estimate is taken as it comes; later a step has to prove itself (moveDown, moveUp). */
function follow(s: Float64Array, bins: Float32Array): void {
  const idle = s[at.idleWatts]!;
  const estimate = estimateIdle(s, bins);
  const small = Math.abs(estimate - idle) <= movedShare * idle + movedWatts;
  if (small || s[at.onMinutes]! < freeMinutes || s[at.learnt] === 0) settle(s, estimate);
  look(s, bins);
}

function settle(s: Float64Array, watts: number): void {
  // A mean that belongs to another level is begun anew.
  if (Math.abs(s[at.idleMeanWatts]! - watts) > Math.max(0.03 * watts, 1)) {
    s[at.idleMeanWatts] = watts;
    s[at.idleMeanMinutes] = 0;
  }
  s[at.idleWatts] = watts;
}

/** The middle of the level at the low end. */
function estimateIdle(s: Float64Array, bins: Float32Array): number {
  const low = quantile(s, bins, lowShare);
  return quantile(s, bins, 0.5, low * 0.97, Math.max(bandRatio * low, low + bandWatts));
}

/** The mean where it agrees with the bins. */
export function fineIdle(s: Float64Array): number {
  const idle = s[at.idleWatts]!;
  const mean = s[at.idleMeanWatts]!;
  return Math.abs(mean - idle) <= Math.max(0.03 * idle, 1) ? mean : idle;
}

function look(s: Float64Array, bins: Float32Array): void {
  const idle = s[at.idleWatts]!;
  const band = Math.max((bandRatio - 1) * idle, bandWatts);
  s[at.idleShare] = minutesBetween(s, bins, idle - band, idle + band) / s[at.onMinutes]!;
  s[at.busyWatts] = quantile(s, bins, 0.9);
}

function isLearning(s: Float64Array): boolean {
  return s[at.onMinutes]! < learningMinutes || s[at.idleShare]! * s[at.onMinutes]! < idleMinutesMin;
}

/** It rests lower than before: less load, or less hardware. */
function moveDown(s: Float64Array, bins: Float32Array): boolean {
  const idle = s[at.idleWatts]!;
  if (s[at.belowMinutes]! < belowMinutesMin) return false;
  if (s[at.recentLowWatts]! > idle * (1 - movedShare) - movedWatts) return false;
  // What it was before says little of what it is now.
  weaken(s, bins, 0.02, s[at.recentLowWatts]! * bandRatio, Number.POSITIVE_INFINITY);
  settleAt(s, bins, s[at.belowSinceMs]!);
  return true;
}

/** It does not come down to its baseline any more. */
function moveUp(s: Float64Array, bins: Float32Array): boolean {
  const idle = s[at.idleWatts]!;
  const low = s[at.recentLowWatts]!;
  if (s[at.awayMinutes]! < awayMinutesMin || low < idle * (1 + movedShare) + movedWatts) return false;
  if (s[at.recentLowShare]! < restShareMin) return false;
  if (low > greatStep * idle && s[at.awayMinutes]! < awayMinutesOfGreatStep) return false;
  weaken(s, bins, 0, 0, low * 0.96);
  settleAt(s, bins, s[at.awaySinceMs]!);
  return true;
}

function settleAt(s: Float64Array, bins: Float32Array, sinceMs: number): void {
  s[at.onMinutes] = minutesIn(bins);
  s[at.idleSinceMs] = sinceMs;
  s[at.awayMinutes] = 0;
  s[at.belowMinutes] = 0;
  settle(s, estimateIdle(s, bins));
  look(s, bins);
}

/** What was taken for work up to here turned out to be off or standby: it is no baseline. */
export function forgetBelow(s: Float64Array, bins: Float32Array, restWatts: number): void {
  const toWatts = restWatts * 1.3 + bandWatts;
  weaken(s, bins, 0, 0, toWatts);
  s[at.onMinutes] = minutesIn(bins);
  if (s[at.onMinutes] === 0) s[at.firstBin] = 0;
  if (s[at.idleWatts]! > toWatts) return;
  s[at.idleWatts] = 0;
  s[at.idleMeanWatts] = 0;
  s[at.idleSinceMs] = 0;
  s[at.recentLowWatts] = 0;
  s[at.learnt] = 0;
}

/** What is known so far; `bins` are looked at, so that it is up to date. */
export function idleBaseline(scope: string, s: Float64Array, bins: Float32Array): IdleBaseline {
  const minutes = s[at.onMinutes]!;
  const rest = s[at.offWatts]!;
  const offKnown = s[at.phase] === off || s[at.startedMs]! > 0;
  const common = {
    scope,
    ...(offKnown ? { offWatts: rounded(rest) } : {}),
    hoursObserved: rounded(minutes / 60),
    ...(s[at.idleSinceMs]! > 0 ? { sinceMs: Math.floor(s[at.idleSinceMs]!) } : {}),
  };
  if (minutes < idleMinutesMin)
    return { ...common, basis: 'unknown', confidence: 0, idleShare: 0, learning: true };
  follow(s, bins);
  const idleHours = (s[at.idleShare]! * minutes) / 60;
  const rests = s[at.idleShare]! >= restShareMin;
  return {
    ...common,
    idleWatts: rounded(fineIdle(s)),
    busyWatts: rounded(s[at.busyWatts]!),
    basis: rests ? 'measured' : 'estimated',
    // A few hours at rest are worth something, a few days nearly all there is to know.
    confidence: rounded(
      (1 - Math.exp(-idleHours / 6)) * (rests ? 1 : 0.6) * (1 - 0.5 * Math.exp(-minutes / 1440)),
    ),
    idleShare: rounded(Math.min(1, s[at.idleShare]!)),
    learning: isLearning(s),
  };
}
