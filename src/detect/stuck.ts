import { jitter, lastMs, sameCount, sameSinceMs } from './load-state.ts';

/** A meter whose figures usually move stands still for this long: it repeats an old one. */
const stuckReadingsMin = 60;
const stuckMsMin = 5 * 60_000;
const jitterMin = 0.2;

/**
 * Whether the meter has got stuck: cheap plugs repeat their last reading to the digit for up to an hour. A load that
 * is flat on a coarse meter is not meant; there unchanged readings are the rule, and it has shown no jitter.
 */
export function isStuck(s: Float64Array, changed: boolean): boolean {
  const atMs = s[lastMs]!;
  if (changed) {
    if (s[sameCount]! < stuckReadingsMin) s[jitter]! += (1 - s[jitter]!) / 64;
    s[sameCount] = 0;
    s[sameSinceMs] = atMs;
    return false;
  }
  s[sameCount]! += 1;
  const looksStuck =
    s[jitter]! >= jitterMin && s[sameCount]! >= stuckReadingsMin && atMs - s[sameSinceMs]! >= stuckMsMin;
  if (s[sameCount]! < stuckReadingsMin) s[jitter]! -= s[jitter]! / 64;
  return looksStuck;
}
