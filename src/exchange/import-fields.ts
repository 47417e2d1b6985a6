import { zoneOf } from '../model/zone.ts';
import { numberIn } from './csv-fields.ts';
import { clockMs, type SixFigures, type TimeUnit, timeIn } from './csv-times.ts';
import type { ImportOptions, LeftOutReason } from './import-rows.ts';

const earliestMs = Date.UTC(1990, 0);
/** As far ahead as a device's clock may be. */
const aheadMsMax = 5_000;
const valueMax = 1e12;
const noValues = new Set(['', 'unknown', 'unavailable', 'none', 'null', 'nan', '-']);

/** Epoch ms, or why not. */
export function timeOf(
  field: string | undefined,
  unit: TimeUnit | undefined,
  { timezone, nowMs }: ImportOptions,
): number | LeftOutReason {
  const at = timeIn(field, unit) ?? dottedTime(field ?? '');
  if (at?.ms === undefined || !Number.isFinite(at.ms)) return 'bad-time';
  const atMs = at.zoned ? at.ms : localMs(at.ms, timezone);
  if (atMs < earliestMs) return 'too-early';
  // Whole microseconds are as fine as stores keep.
  return atMs > nowMs + aheadMsMax ? 'future' : Math.round(atMs * 1000) / 1000;
}

/** A figure, or why not. `isDecimalComma`: where a comma parts no columns it stands for the point. */
export function valueIn(field: string | undefined, isDecimalComma: boolean): number | LeftOutReason {
  const text = (field ?? '').trim();
  if (noValues.has(text.toLowerCase())) return 'no-value';
  const comma = isDecimalComma && text.includes(',');
  const value = numberIn(comma ? text.replace(/[.'\s](?=\d{3})/g, '').replace(',', '.') : text);
  if (value === undefined) return 'bad-number';
  return Math.abs(value) > valueMax ? 'impossible' : value;
}

/** A relay: 1 is on, 0 off; or why not. */
export function relayIn(field: string | undefined): number | LeftOutReason {
  const text = (field ?? '').trim().toLowerCase();
  if (noValues.has(text)) return 'no-value';
  if (text === 'true' || text === 'on' || text === '1') return 1;
  return text === 'false' || text === 'off' || text === '0' ? 0 : 'bad-number';
}

/** `31.12.2025 23:00`, day first, as Home Assistant's statistics are often written. */
function dottedTime(text: string): { ms: number | undefined; zoned: boolean } | undefined {
  const parts = /^\s*(\d{1,2})[./](\d{1,2})[./](\d{4})[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$/.exec(text);
  if (parts === null) return undefined;
  const [day, month, year, hour, minute, second] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0)) as SixFigures;
  return { ms: clockMs([year, month, day, hour, minute, second]), zoned: false };
}

/** Twice, because the offset at the first guess may be that of the other side of a change of clocks. */
function localMs(wallMs: number, timezone: string): number {
  const zone = zoneOf(timezone);
  const guessMs = wallMs - zone.spanAt(wallMs).offsetMs;
  return wallMs - zone.spanAt(guessMs).offsetMs;
}

/** What a spreadsheet would have taken for a formula was marked as text when it was written. */
export function nameIn(field: string | undefined): string {
  return (field ?? '').trim().replace(/^'(?=[=+\-@＝＋－＠])/, '');
}
