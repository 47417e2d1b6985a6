const hourMs = 3_600_000;

/**
 * The first instant of the local day that `atMs` lies in, in an IANA zone. Found by search over the zone's own
 * calendar, so that days of 23 and 25 hours, zones with odd offsets and days without a midnight come out right.
 */
export function startOfLocalDay(atMs: number, timezone: string): number {
  const dayOf = localDayReader(timezone);
  const today = dayOf(atMs);
  let before = atMs - 27 * hourMs;
  let inside = atMs;
  while (inside - before > 1) {
    const middle = Math.floor((before + inside) / 2);
    if (dayOf(middle) === today) inside = middle;
    else before = middle;
  }
  return Math.floor(inside);
}

/** The first instant of the local day after the one `atMs` lies in. */
export function startOfNextLocalDay(atMs: number, timezone: string): number {
  const dayOf = localDayReader(timezone);
  const today = dayOf(atMs);
  let inside = atMs;
  let after = atMs + 27 * hourMs;
  while (after - inside > 1) {
    const middle = Math.floor((inside + after) / 2);
    if (dayOf(middle) === today) inside = middle;
    else after = middle;
  }
  return Math.floor(after);
}

function localDayReader(timezone: string): (atMs: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (atMs) => format.format(atMs);
}
