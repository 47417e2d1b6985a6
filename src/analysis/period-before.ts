import { zoneOf } from '../model/zone.ts';
import { type LocalStep, localBucket, localEdges } from './local-time.ts';

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

const dayMs = 86_400_000;

/**
 * The time that [fromMs, toMs) is to be compared with. A local day, week, month or year: the one before. Any number
 * of whole local days: as many before. Anything else: as long before. A period that is still under way at `nowMs`
 * is compared with as much of the one before, by the local clock.
 */
export function periodBefore(period: Period, timezone: string, nowMs = Number.POSITIVE_INFINITY): Period {
  const before = wholeBefore(period, timezone);
  if (nowMs >= period.toMs || nowMs <= period.fromMs) return before;
  const zone = zoneOf(timezone);
  const passedMs = zone.localMs(nowMs) - zone.localMs(period.fromMs);
  const toMs = zone.instantOf(zone.localMs(before.fromMs) + passedMs);
  return { fromMs: before.fromMs, toMs: Math.min(before.toMs, Math.max(before.fromMs, toMs)) };
}

function wholeBefore({ fromMs, toMs }: Period, timezone: string): Period {
  for (const by of ['day', 'week', 'month', 'year'] satisfies LocalStep[]) {
    const whole = localBucket(by, fromMs, timezone);
    if (whole.fromMs === fromMs && whole.toMs === toMs) return localBucket(by, fromMs - 1, timezone);
  }
  const isMidnight = (atMs: number) => localBucket('day', atMs, timezone).fromMs === atMs;
  if (!isMidnight(fromMs) || !isMidnight(toMs)) return { fromMs: fromMs - (toMs - fromMs), toMs: fromMs };
  const days = localEdges('day', fromMs, toMs, timezone).length - 1;
  const zone = zoneOf(timezone);
  return { fromMs: zone.instantOf(zone.localMs(fromMs) - days * dayMs), toMs: fromMs };
}

/** A figure beside that of the period before. */
export interface Comparison {
  readonly now: number;
  readonly before: number;
  readonly difference: number;
  /** difference ÷ before; undefined where that was 0. */
  readonly share: number | undefined;
}

/** Of less known than this nothing can be said. */
const coverageMin = 0.9;

/** Compares two sums, each with the share of its time for which it is known; undefined where that is too little. */
export function compare(
  now: { readonly value: number; readonly coverage: number },
  before: { readonly value: number; readonly coverage: number },
): Comparison | undefined {
  if (now.coverage < coverageMin || before.coverage < coverageMin) return undefined;
  const difference = now.value - before.value;
  return {
    now: now.value,
    before: before.value,
    difference,
    share: before.value === 0 ? undefined : difference / before.value,
  };
}
