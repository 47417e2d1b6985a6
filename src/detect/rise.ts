import * as at from './load-state.ts';
import { on } from './load-state.ts';
import { type Turn, turn } from './turn.ts';

/** At most this is off for any machine: cheap meters show 0–6 W of nothing (measured traces; power-domain §8). */
export const offWattsMax = 8;

/** Above this a load that rests at `rest` has left its rest. */
export function onsetWatts(rest: number): number {
  return rest <= offWattsMax ? Math.max(rest + 8, 2.5 * rest) : rest + Math.max(8, 0.35 * rest);
}

/** `flatMs`: how long the level before had been flat, where it is not known as off; else 0. */
export function beginRise(s: Float64Array, fromWatts: number, flatMs: number): Turn {
  s[at.riseMs] = s[at.lastMs]!;
  s[at.riseCount] = 1;
  s[at.riseFromWatts] = fromWatts;
  s[at.riseFlatMs] = flatMs;
  return turn.rise;
}

/** The rise under way was a start. */
export function becomeOn(s: Float64Array): Turn {
  s[at.phase] = on;
  s[at.phaseSinceMs] = s[at.riseMs]!;
  s[at.startedMs] = s[at.riseMs]!;
  s[at.riseMs] = 0;
  s[at.onWatts] = s[at.drawWatts]!;
  s[at.lowSinceMs] = 0;
  s[at.flatSinceMs] = 0;
  return turn.start;
}
