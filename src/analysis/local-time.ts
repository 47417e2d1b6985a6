import { zoneOf } from '../model/zone.ts';

/** Lengths of local time a question may be asked by. Weeks begin on Monday (ISO 8601). */
export const localSteps = ['hour', 'day', 'week', 'month', 'year'] as const;
export type LocalStep = (typeof localSteps)[number];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Ten years of hours, twice over. */
const bucketsMax = 200_000;

/**
 * The edges of the local hours, days, weeks, months or years that cover [fromMs, toMs): one more than there are
 * buckets, growing, the first at or before `fromMs`, the last at or after `toMs`. All come from the zone's own
 * data: a day may have 23 or 25 hours, a day that the zone skips has no bucket, an hour that comes twice has two.
 * Where clocks change by half an hour the hour before or after is half as long. Throws a RangeError for a range
 * that is empty, reversed, outside the years 1 to 9999 or longer than 200,000 buckets.
 */
export function localEdges(by: LocalStep, fromMs: number, toMs: number, timezone: string): Float64Array {
  if (!(fromMs < toMs)) throw new RangeError('a range of time that is empty or reversed');
  if ((toMs - fromMs) / shortestMs[by] > bucketsMax) {
    throw new RangeError(`more than ${bucketsMax} buckets of local time`);
  }
  return Float64Array.from(
    by === 'hour' ? hourEdges(fromMs, toMs, timezone) : calendarEdges(by, fromMs, toMs, timezone),
  );
}

/** The one local hour, day, week, month or year that `atMs` lies in. */
export function localBucket(
  by: LocalStep,
  atMs: number,
  timezone: string,
): { readonly fromMs: number; readonly toMs: number } {
  const [fromMs, toMs] = localEdges(by, atMs, atMs + 1, timezone) as unknown as [number, number];
  return { fromMs, toMs };
}

const shortestMs: Record<LocalStep, number> = {
  hour: hourMs,
  day: dayMs,
  week: 7 * dayMs,
  month: 28 * dayMs,
  year: 365 * dayMs,
};

/** Full hours of the clock, and the moments at which it is put forward or back. */
function hourEdges(fromMs: number, toMs: number, timezone: string): number[] {
  const zone = zoneOf(timezone);
  const edges: number[] = [];
  let span = zone.spanAt(fromMs);
  let edgeMs = Math.floor((fromMs + span.offsetMs) / hourMs) * hourMs - span.offsetMs;
  if (edgeMs < span.fromMs && zone.spanAt(span.fromMs - 1).offsetMs !== span.offsetMs) edgeMs = span.fromMs;
  while (edgeMs < toMs) {
    edges.push(edgeMs);
    const nextMs = Math.floor((edgeMs + span.offsetMs) / hourMs + 1) * hourMs - span.offsetMs;
    if (nextMs < span.toMs) {
      edgeMs = nextMs;
      continue;
    }
    const next = zone.spanAt(span.toMs);
    edgeMs = next.offsetMs === span.offsetMs ? nextMs : next.fromMs;
    span = next;
  }
  return [...edges, edgeMs];
}

/** From one local midnight that begins a bucket to the next. */
function calendarEdges(
  by: Exclude<LocalStep, 'hour'>,
  fromMs: number,
  toMs: number,
  timezone: string,
): number[] {
  const zone = zoneOf(timezone);
  const edges: number[] = [];
  let localMs = bucketStart[by](zone.localMs(fromMs));
  let edgeMs = zone.instantOf(localMs);
  for (;;) {
    localMs = bucketStart[by](localMs + longestMs[by]);
    const nextMs = zone.instantOf(localMs);
    // What ends before the range can only be a midnight that comes twice; what has no length, a skipped day.
    if (nextMs > fromMs && nextMs > edgeMs) edges.push(edgeMs);
    edgeMs = nextMs;
    if (edgeMs >= toMs) return [...edges, edgeMs];
  }
}

/** More than the length of any bucket, less than that of two. */
const longestMs: Record<Exclude<LocalStep, 'hour'>, number> = {
  day: dayMs,
  week: 7 * dayMs,
  month: 31 * dayMs,
  year: 366 * dayMs,
};

/** The local midnight, as if it were UTC, that begins the bucket a local time lies in. */
const bucketStart: Record<Exclude<LocalStep, 'hour'>, (localMs: number) => number> = {
  day: (localMs) => Math.floor(localMs / dayMs) * dayMs,
  // 1 January 1970 was a Thursday.
  week: (localMs) => Math.floor((localMs + 3 * dayMs) / (7 * dayMs)) * 7 * dayMs - 3 * dayMs,
  month: (localMs) => monthStart(localMs, 1),
  year: (localMs) => monthStart(localMs, 12),
};

function monthStart(localMs: number, months: number): number {
  const date = new Date(localMs);
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / months) * months, 1);
  return start.getTime();
}
