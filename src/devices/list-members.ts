import type { RejectReason } from './family.ts';
import { jsonDepthMax } from './json.ts';

/** One object in a JSON list, still as bytes. */
export interface ListMember {
  /** The text under the key asked for; undefined: none. */
  readonly name: string | undefined;
  readonly bytes: Uint8Array;
}

/**
 * Takes a JSON list apart into its objects without parsing them, for long lists of which little is needed at once.
 * Quicker than to parse the whole. Looks at quotes and brackets only: what is wrong inside a member shows when it is
 * parsed. At most `membersMax` are answered; a reason: it is no list, or cut off, or nested too deep.
 */
export function listMembers(
  bytes: Uint8Array,
  nameKey: string,
  membersMax: number,
): readonly ListMember[] | RejectReason {
  const key = Buffer.from(nameKey);
  const members: ListMember[] = [];
  let at = afterSpace(bytes, 0);
  if (bytes[at] !== openList) return 'wrong-shape';
  let depth = 1;
  let from = at;
  let name: string | undefined;
  for (at += 1; at < bytes.length && depth > 0; at++) {
    const code = bytes[at];
    if (code === quote) {
      const end = textEnd(bytes, at);
      if (depth === 2 && members.length < membersMax && isText(bytes, at, end, key))
        name = textAfterColon(bytes, end + 1) ?? name;
      at = end;
    } else if (code === openObject || code === openList) {
      if (depth === 1) from = at;
      depth += 1;
      if (depth > jsonDepthMax) return 'too-deep';
    } else if (code === closeObject || code === closeList) {
      depth -= 1;
      if (depth !== 1) continue;
      if (code === closeObject && members.length < membersMax)
        members.push({ name, bytes: bytes.subarray(from, at + 1) });
      name = undefined;
    }
  }
  const isWhole = depth === 0 && bytes[at - 1] === closeList && afterSpace(bytes, at) === bytes.length;
  return isWhole ? members : 'not-json';
}

const quote = 34;
const colon = 58;
const openList = 91;
const backslash = 92;
const closeList = 93;
const openObject = 123;
const closeObject = 125;

/** Where the text that begins with the quote at `from` has its other quote. */
function textEnd(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  for (let code = bytes[at]; code !== quote && at < bytes.length; code = bytes[at])
    at += code === backslash ? 2 : 1;
  return at;
}

function isText(bytes: Uint8Array, from: number, end: number, text: Uint8Array): boolean {
  if (end - from - 1 !== text.length) return false;
  for (let index = 0; index < text.length; index++) if (bytes[from + 1 + index] !== text[index]) return false;
  return true;
}

/** Undefined: it was no key, or what stands under it is no text. */
function textAfterColon(bytes: Uint8Array, from: number): string | undefined {
  const at = afterSpace(bytes, from);
  if (bytes[at] !== colon) return undefined;
  const start = afterSpace(bytes, at + 1);
  if (bytes[start] !== quote) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes.subarray(start, textEnd(bytes, start) + 1)).toString());
  } catch {
    return undefined;
  }
}

function afterSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 32 || bytes[at] === 10 || bytes[at] === 13 || bytes[at] === 9) at += 1;
  return at;
}
