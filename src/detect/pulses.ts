import * as at from './load-state.ts';

// What draws much for some seconds again and again, and nothing in between, is at work: the fuser of a printer, a
// heating plate. Its pulses are no starts.

const pulseMsMax = 30_000;
const pulsesMin = 3;
/** After so long a rest it is not known to go on. */
const restMsMax = 30 * 60_000;

/** Less is flicker, see standby.ts. */
const pulseWattsMin = 45;

/** Called at the end of each run. */
export function noticeRun(s: Float64Array, runMs: number): void {
  if (s[at.onWatts]! <= pulseWattsMin) return;
  s[at.pulses] = runMs < pulseMsMax ? s[at.pulses]! + 1 : 0;
  s[at.pulseMs] = s[at.lastMs]!;
}

/** A rise that is as short so far as the pulses before it: one more of them, as far as anybody can tell. */
export function isPulse(s: Float64Array): boolean {
  if (s[at.pulses]! < pulsesMin) return false;
  if (s[at.riseMs]! - s[at.pulseMs]! > restMsMax) s[at.pulses] = 0;
  return s[at.pulses]! > 0 && s[at.lastMs]! - s[at.riseMs]! < pulseMsMax;
}

/** A rise fell back before it was told. */
export function noticeFall(s: Float64Array): void {
  if (s[at.pulses]! >= pulsesMin) s[at.pulseMs] = s[at.lastMs]!;
}
