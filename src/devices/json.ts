import type { RawMessage } from '../model/reading.ts';
import type { Report } from './family.ts';

/** A parsed JSON object: any key may be missing or hold anything. */
export type JsonObject = { readonly [key: string]: unknown };

/** Deeper than any meter nests. Shorter texts cannot be deeper: each level costs two characters. */
export const jsonDepthMax = 200;

/** More than any meter tells at once; who reads lists says otherwise. Objects of many fields are slow to parse. */
export const jsonFieldsMax = 6_000;
/** A shorter text cannot hold so many that it matters. */
const fewFieldsLength = 65_536;

/** The global `Buffer` is a getter; asked for once, not with each message. */
const NodeBuffer = Buffer;

/** The payload as text; bytes that are not UTF-8 become U+FFFD. */
export function textOf(payload: Uint8Array): string {
  const buffer =
    payload instanceof NodeBuffer
      ? payload
      : NodeBuffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return buffer.toString();
}

/** The payload as a JSON object; anything else is reported against the device (if any) and answered undefined. */
export function readObject(
  message: RawMessage,
  device: string | undefined,
  report: Report,
  fieldsMax?: number,
): JsonObject | undefined {
  return parseObject(textOf(message.payload), device, report, fieldsMax);
}

/** The same for a text that is at hand already. */
export function parseObject(
  text: string,
  device: string | undefined,
  report: Report,
  fieldsMax = jsonFieldsMax,
): JsonObject | undefined {
  if (text.length >= 2 * jsonDepthMax && isTooDeep(text)) {
    report.rejectMessage(device, 'too-deep');
    return undefined;
  }
  if (text.length > fewFieldsLength && hasMoreFields(text, fieldsMax)) {
    report.rejectMessage(device, 'too-large');
    return undefined;
  }
  const value = parse(text);
  if (isObject(value)) return value;
  report.rejectMessage(device, value === undefined ? 'not-json' : 'wrong-shape');
  return undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Longer is no meter's message, and not looked through once more. */
const mendedLengthMax = 65_536;

/** Undefined: not JSON. Some firmware prints a float it lacks as bare `nan`: that costs the field, not the message. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (text.length > mendedLengthMax) return undefined;
    const mended = text.replace(/([:,[]\s*)[+-]?(?:nan|inf)(?=\s*[,}\]])/gi, '$1null');
    return mended === text ? undefined : parse(mended);
  }
}

function hasMoreFields(text: string, fieldsMax: number): boolean {
  let fields = 0;
  for (let at = text.indexOf('":'); at >= 0 && fields <= fieldsMax; at = text.indexOf('":', at + 2))
    fields += 1;
  return fields > fieldsMax;
}

/** Few brackets: surely not. Many: count in earnest. One pass either way, never recursive. */
function isTooDeep(text: string): boolean {
  let openers = 0;
  for (let at = text.indexOf('{'); at >= 0 && openers <= jsonDepthMax; at = text.indexOf('{', at + 1))
    openers += 1;
  for (let at = text.indexOf('['); at >= 0 && openers <= jsonDepthMax; at = text.indexOf('[', at + 1))
    openers += 1;
  return openers > jsonDepthMax && depthOf(text) > jsonDepthMax;
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 92) at += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 123 || code === 91) deepest = Math.max(deepest, ++depth);
    else if (code === 125 || code === 93) depth -= 1;
  }
  return deepest;
}
