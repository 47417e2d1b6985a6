import { zoneOf } from './zone.ts';

const dayMs = 86_400_000;

/**
 * The first instant of the local day that `atMs` lies in, in an IANA zone. It comes from the zone's own data, so
 * that days of 23 and 25 hours, zones with odd offsets and days without a midnight come out right.
 */
export function startOfLocalDay(atMs: number, timezone: string): number {
  return edgesOfDay(atMs, timezone).fromMs;
}

/** The first instant of the local day after the one `atMs` lies in. */
export function startOfNextLocalDay(atMs: number, timezone: string): number {
  return edgesOfDay(atMs, timezone).toMs;
}

/**
 * Where clocks are put back over a midnight that day begins once, at the first midnight: `atMs` may then show
 * the date before. A day that a zone skips has no instant.
 */
function edgesOfDay(atMs: number, timezone: string): { fromMs: number; toMs: number } {
  const zone = zoneOf(timezone);
  let localDay = Math.floor(zone.localMs(atMs) / dayMs);
  let toMs = zone.instantOf((localDay + 1) * dayMs);
  while (toMs <= atMs) {
    localDay += 1;
    toMs = zone.instantOf((localDay + 1) * dayMs);
  }
  return { fromMs: zone.instantOf(localDay * dayMs), toMs };
}
