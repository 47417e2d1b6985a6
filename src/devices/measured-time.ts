import { emptyReading, type RawMessage, type Reading } from '../model/reading.ts';

/**
 * May a device's own time be believed? Only when it is absolute, not before 2020 (clocks without NTP stand in
 * 1970 or count from boot) and close to the moment of receipt: at most a day old, and ahead by no more than
 * two NTP-led clocks may differ. Everything else is read at the time of receipt; no reading comes from the future.
 */
const earliestMs = Date.UTC(2020, 0, 1);
const oldestMs = 86_400_000;
export const aheadMsMax = 5_000;

/** A reading with nothing in it yet, at the device's trusted time if it has one, else at the time of receipt. */
export function readingAt(
  device: string,
  outlet: string,
  trusted: number | undefined,
  message: RawMessage,
): Reading {
  const reading = emptyReading(device, outlet, message);
  if (trusted === undefined) return reading;
  reading.atMs = trusted;
  reading.atBasis = 'device';
  return reading;
}

/** Epoch ms → the same when it can be believed, else undefined. */
export function trustedMs(atMs: number, receivedAtMs: number): number | undefined {
  return atMs >= earliestMs && atMs >= receivedAtMs - oldestMs && atMs <= receivedAtMs + aheadMsMax
    ? atMs
    : undefined;
}

/** Unix seconds, with or without fraction → epoch ms to the µs, when it can be believed. */
export function trustedSeconds(value: unknown, receivedAtMs: number): number | undefined {
  return typeof value === 'number' ? trustedMs(Math.round(value * 1e6) / 1e3, receivedAtMs) : undefined;
}

/**
 * `2025-03-04T10:20:30+01:00`, `…Z`, with or without fraction → epoch ms, when it can be believed. Text without
 * zone is local time of an unknown place: undefined.
 */
export function trustedIso(value: unknown, receivedAtMs: number): number | undefined {
  if (typeof value !== 'string' || value.length < 20 || value.length > 35) return undefined;
  const end = value.length - 1;
  const zoneAt = value.charCodeAt(end) === letterZ ? end : zoneStart(value);
  if (zoneAt < 19) return undefined;
  const localMs = Date.UTC(
    digits(value, 0, 4),
    digits(value, 5, 7) - 1,
    digits(value, 8, 10),
    digits(value, 11, 13),
    digits(value, 14, 16),
    digits(value, 17, 19),
  );
  const atMs = localMs + fractionMs(value, zoneAt) - zoneMs(value, zoneAt);
  return trustedMs(atMs, receivedAtMs);
}

const letterZ = 90;

/** Where `+01:00` or `-0330` begins; −1: nowhere. */
function zoneStart(text: string): number {
  const withColon = text.length - 6;
  if (text.charCodeAt(withColon + 3) === 58 && isSign(text, withColon)) return withColon;
  const without = text.length - 5;
  return isSign(text, without) ? without : -1;
}

function isSign(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code === 43 || code === 45;
}

function fractionMs(text: string, zoneAt: number): number {
  if (zoneAt === 19) return 0;
  const mark = text.charCodeAt(19);
  return mark === 46 || mark === 44 ? (digits(text, 20, zoneAt) / 10 ** (zoneAt - 20)) * 1000 : Number.NaN;
}

function zoneMs(text: string, zoneAt: number): number {
  if (zoneAt === text.length - 1) return 0;
  const minutes = digits(text, zoneAt + 1, zoneAt + 3) * 60 + digits(text, text.length - 2, text.length);
  return (text.charCodeAt(zoneAt) === 45 ? -minutes : minutes) * 60_000;
}

/** NaN when there is anything but digits. */
function digits(text: string, from: number, to: number): number {
  let number = to > from ? 0 : Number.NaN;
  for (let index = from; index < to; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}
