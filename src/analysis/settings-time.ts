import { zoneOf } from '../model/zone.ts';

const pattern = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?))?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * The instant a settings file means by `2026-04-01`, `2026-04-01T07:00` (both of the local clock) or
 * `2026-04-01T07:00Z`; undefined when it means none.
 */
export function instantOfText(text: string, timezone: string): number | undefined {
  const parts = pattern.exec(text);
  if (parts === null) return undefined;
  const [, date, time = '00:00', zone] = parts;
  const asUtcMs = Date.parse(`${date}T${time}Z`);
  // JavaScript takes the 31st of April for the 1st of May.
  if (Number.isNaN(asUtcMs) || !new Date(asUtcMs).toISOString().startsWith(date!)) return undefined;
  if (zone === undefined) return zoneOf(timezone).instantOf(asUtcMs);
  return parts[2] === undefined ? undefined : Date.parse(`${date}T${time}${zone}`);
}
