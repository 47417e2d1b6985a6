/**
 * Reads a time of a question: epoch ms, or ISO 8601 (`2026-10-25`, `2026-10-25T08:00`, `2026-10-25T08:00:00.5+02:00`).
 * Without an offset it is local time of the room's zone. Answers epoch ms, undefined when it is neither.
 */
export function readTime(text: string, timezone: string): number | undefined {
  if (/^-?\d{1,15}(\.\d+)?$/.test(text)) return Number(text);
  const match = iso8601.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as Six;
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second) + Number(`0.${match[7] ?? '0'}`) * 1000;
  // A date that does not exist comes back as another one.
  const exists = new Date(Date.UTC(year, month - 1, day)).toISOString().startsWith(text.slice(0, 10));
  if (!exists || hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = match[8];
  if (offset === undefined) return localToEpochMs(wallMs, timezone);
  return wallMs - offsetMs(offset);
}

type Six = [number, number, number, number, number, number];

// A plus sign that was not escaped in the address arrives as a space.
const iso8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?([Zz]|[+ -]\d{2}(?::?\d{2})?)?)?$/;

function offsetMs(text: string): number {
  if (text === 'Z' || text === 'z') return 0;
  const digits = text.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** Twice, because the offset at the first guess may be that of the other side of a change of clocks. */
function localToEpochMs(wallMs: number, timezone: string): number {
  const guessMs = wallMs - zoneOffsetMs(wallMs, timezone);
  return wallMs - zoneOffsetMs(guessMs, timezone);
}

function zoneOffsetMs(atMs: number, timezone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const wholeMs = Math.floor(atMs / 1000) * 1000;
  const parts = Object.fromEntries(
    format.formatToParts(wholeMs).map(({ type, value }) => [type, Number(value)]),
  );
  const wallMs = Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second);
  return wallMs - wholeMs;
}
