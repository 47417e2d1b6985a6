/**
 * What a payload says apart from its figures, as a hash: two messages of a topic with the same one tell of the same things, so
 * that the newer takes the place of the older. Figures are the numbers of a JSON document and the moments in it (texts that
 * begin with a date), and a payload that is a number as a whole. Undefined where there is no figure: states, names,
 * announcements, and everything that is neither JSON nor a number.
 *
 * @param isOfOneOutlet Otherwise a whole number may be what tells one outlet from another, and is no figure.
 */
export function shapeOf(payload: Uint8Array, isOfOneOutlet: boolean): number | undefined {
  const first = payload[0];
  if (first === undefined) return undefined;
  if (first === openObject || first === openArray) return shapeOfJson(payload, isOfOneOutlet);
  const end = numberEnd(payload, 0);
  if (end < payload.length || !hasDigit(payload, 0, end)) return undefined;
  // A lone 0 or 1 may be a switch: it takes the place of its like alone.
  if (payload.length === 1 && first <= one) return isOfOneOutlet ? first : undefined;
  return isOfOneOutlet || !isWhole(payload, 0, end) ? plainNumber : undefined;
}

function shapeOfJson(payload: Uint8Array, isOfOneOutlet: boolean): number | undefined {
  let shape = hashStart;
  let figures = 0;
  let at = 0;
  while (at < payload.length) {
    const byte = payload[at] as number;
    let end = at + 1;
    let isFigure = false;
    if (byte === quote) {
      end = textEnd(payload, at);
      isFigure = isDate(payload, at + 1) && payload[end] !== colon;
    } else if (byte === minus || isDigit(byte)) {
      end = numberEnd(payload, at);
      isFigure = isOfOneOutlet || !isWhole(payload, at, end);
    }
    if (isFigure) {
      figures += 1;
      shape = mixed(shape, figureMark);
    } else for (let i = at; i < end; i += 1) shape = mixed(shape, payload[i] as number);
    at = end;
  }
  return figures > 0 ? shape : undefined;
}

const openObject = 0x7b;
const openArray = 0x5b;
const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const minus = 0x2d;
const zero = 0x30;
const one = 0x31;
const nine = 0x39;
/** No byte, so that it is like nothing a payload may say. */
const figureMark = 0x100;
const plainNumber = 0x200;

/** FNV-1a, 32 bits. */
const hashStart = 0x811c9dc5;

function mixed(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193) >>> 0;
}

/** Behind the closing quote of the text that begins at `at`. */
function textEnd(payload: Uint8Array, at: number): number {
  for (let i = at + 1; i < payload.length; i += 1) {
    if (payload[i] === backslash) i += 1;
    else if (payload[i] === quote) return i + 1;
  }
  return payload.length;
}

/** Behind the last character that can belong to a number. */
function numberEnd(payload: Uint8Array, at: number): number {
  let end = at;
  while (end < payload.length && isOfNumber(payload[end] as number)) end += 1;
  return end;
}

/** Digits, sign, point, exponent. */
function isOfNumber(byte: number): boolean {
  return isDigit(byte) || byte === minus || byte === 0x2b || byte === 0x2e || (byte | 0x20) === 0x65;
}

function isWhole(payload: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (payload[i] !== minus && !isDigit(payload[i] as number)) return false;
  return true;
}

function hasDigit(payload: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (isDigit(payload[i] as number)) return true;
  return false;
}

/** `2026-01-` … */
function isDate(payload: Uint8Array, at: number): boolean {
  for (let i = 0; i < 8; i += 1) {
    const byte = payload[at + i];
    if (byte === undefined || (i === 4 || i === 7 ? byte !== minus : !isDigit(byte))) return false;
  }
  return true;
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}
