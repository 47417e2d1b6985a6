import { textOf } from './json.ts';

const minus = 45;
const dot = 46;
/** As many digits as a double holds whatever they are. */
const digitsMax = 15;

/**
 * A payload that is one bare value: a number when it is a plain decimal (`-12.50`), else the text as it is, for
 * `fields.ts` to take or refuse. Reads the bytes: most such payloads are a few digits.
 */
export function plainValue(payload: Uint8Array): number | string {
  const length = payload.length;
  const start = payload[0] === minus ? 1 : 0;
  let digits = 0;
  let whole = 0;
  let dotAt = -1;
  for (let index = start; index < length; index++) {
    const code = payload[index] as number;
    if (code >= 48 && code <= 57) {
      digits += 1;
      whole = whole * 10 + (code - 48);
    } else if (code === dot && dotAt < 0) dotAt = index;
    else return textOf(payload);
  }
  if (digits === 0 || digits > digitsMax) return textOf(payload);
  // Both exact, so the quotient is the double nearest to what was written.
  const size = dotAt < 0 ? whole : whole / (powersOfTen[length - 1 - dotAt] as number);
  return start === 1 && size !== 0 ? -size : size;
}

/** A JSON value as the word it is; of an object or list none: turned into text it would run what it holds as `toString`. */
export function wordOfValue(value: unknown): string {
  return typeof value === 'object' && value !== null ? '' : String(value);
}

const powersOfTen = Array.from({ length: digitsMax + 1 }, (_, exponent) => 10 ** exponent);
