import * as at from './load-state.ts';
import { isRefused } from './standby.ts';

/** BMCs draw no more, and no machine idles at so small a part of its own baseline. */
const farBelowRatio = 3.5;
const farBelowWattsMax = 45;

/** It does not idle at this draw: it is in a standby, whether that is known as one or not. */
export function isFarBelow(s: Float64Array, draw: number): boolean {
  if (s[at.learnt] !== 1 || draw > farBelowWattsMax) return false;
  return draw * farBelowRatio < s[at.idleWatts]! && !isRefused(s, draw);
}
