import type { RawMessage } from '../../src/model/reading.ts';
import { startMs } from './made-message.ts';

/** Even numbers out of one seed (mulberry32), so that a run can be had again. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number, 0 … `limit`−1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 4294967296) * limit);
  }

  one<Thing>(list: readonly Thing[]): Thing {
    return list[this.below(list.length)] as Thing;
  }
}

/** The message, changed in one to three ways. `pool` is what it may be mixed with. */
export function mutated(raw: RawMessage, pool: readonly RawMessage[], chance: Chance): RawMessage {
  let changed = raw;
  for (let left = 1 + (chance.below(3) >> 1) + chance.below(2); left > 0; left--)
    changed = chance.one(mutations)(changed, pool, chance);
  return changed;
}

type Mutation = (raw: RawMessage, pool: readonly RawMessage[], chance: Chance) => RawMessage;

/** What happens more often stands here more than once. */
const mutations: readonly Mutation[] = [
  flipped,
  flipped,
  (raw, _, chance) => withByte(raw, chance.below(raw.payload.length), chance.below(256), true),
  spliced,
  spliced,
  withOtherValue,
  withOtherValue,
  withOtherValue,
  withOtherKey,
  withDoubledPart,
  nested,
  withOtherNumber,
  withOtherTopic,
  withOtherTopic,
  (raw, pool, chance) => ({ ...raw, topic: chance.one(pool).topic }),
  (raw, pool, chance) => ({ ...raw, payload: chance.one(pool).payload }),
  (raw) => ({ ...raw, retained: !raw.retained }),
  (raw, _, chance) => ({ ...raw, receivedAtMs: raw.receivedAtMs + chance.one(shiftsMs) }),
];

const shiftsMs = [-90_000_000, -3_600_000, -1, 1, 999, 60_000, 86_400_000, 1e10];

/** The message with the value at some place of its JSON swapped; unchanged when it is no JSON. */
export function withValue(raw: RawMessage, at: number, leaf: unknown): RawMessage {
  const text = Buffer.from(raw.payload).toString();
  const places = [...text.matchAll(/(?<=:)(-?[\d.]+|"[^"\\]*"|null|true|false)/g)];
  const place = places[at % Math.max(places.length, 1)];
  if (place === undefined) return raw;
  return withText(raw, text, place, JSON.stringify(leaf));
}

/** The message with one byte changed, or cut off there. */
export function withByte(raw: RawMessage, at: number, byte: number, cut: boolean): RawMessage {
  if (raw.payload.length === 0) return raw;
  const place = at % raw.payload.length;
  if (cut) return { ...raw, payload: raw.payload.subarray(0, place) };
  const payload = Buffer.from(raw.payload);
  payload[place] = byte;
  return { ...raw, payload };
}

function flipped(raw: RawMessage, _: readonly RawMessage[], chance: Chance): RawMessage {
  if (raw.payload.length === 0) return raw;
  const payload = Buffer.from(raw.payload);
  for (let left = 1 + chance.below(6); left > 0; left--) {
    const at = chance.below(payload.length);
    payload[at] =
      chance.below(2) === 0 ? chance.below(256) : (payload[at] as number) ^ (1 << chance.below(8));
  }
  return { ...raw, payload };
}

/** The beginning of one message and the end of another, of the same family or not. */
function spliced(raw: RawMessage, pool: readonly RawMessage[], chance: Chance): RawMessage {
  const other = chance.one(pool).payload;
  const head = raw.payload.subarray(0, chance.below(raw.payload.length + 1));
  return { ...raw, payload: Buffer.concat([head, other.subarray(chance.below(other.length + 1))]) };
}

/** As JSON text, what a field may hold in place of what it held. */
const leaves = [
  ...[
    'null',
    'true',
    'false',
    '""',
    '"nan"',
    '"12.5"',
    '"ON"',
    '"offline"',
    '"NaN"',
    'nan',
    '-inf',
    '[]',
    '{}',
  ],
  ...['0', '-0', '-1', '1e308', '-1e308', '1e999', '5e-324', '9007199254740993', '12.5', '1'.repeat(400)],
  ...['-2147483648', '4294967295', '8388607', '65535', '32767', '-32768', '"-2147483648"', '"65535"'],
  ...[
    '[1,2,3]',
    '[[[[1]]]]',
    '{"value":1}',
    '{"total":1}',
    '{"__proto__":{"Power":5}}',
    '{"length":4294967295}',
    '{"toString":1,"valueOf":1}',
  ],
  ...[startMs, startMs / 1000, startMs / 1000 + 7_200, startMs + 31_536_000_000, `${startMs}000000`].map(
    String,
  ),
  ...[
    '"2025-06-05T06:00:00Z"',
    '"2125-06-05T06:00:00Z"',
    '"2025-06-05T06:00:00"',
    '"+/#"',
    '"~"',
    '"$SYS/x"',
  ],
  ...[
    '"{{ value }}"',
    '"{{ value_json.a.b[0] | float * 1e9 }}"',
    '"{{ value_json.__proto__ }}"',
    '"kW"',
    '"W"',
  ],
  ...[JSON.stringify('\u0000\ud800/"'), JSON.stringify('x'.repeat(300)), `[${'0,'.repeat(600)}0]`],
];

const valuePattern = /(?<=[:[,]\s*)(-?\d[\d.eE+-]*|"[^"\\]*"|null|true|false)/g;
const numberPattern = /-?\d+(?:\.\d+)?/g;
const keyPattern = /"[^"\\]*"(?=\s*:)/g;

function withOtherValue(raw: RawMessage, _: readonly RawMessage[], chance: Chance): RawMessage {
  return replaced(raw, valuePattern, chance, () => chance.one(leaves));
}

/** Also in bare values and in lines that are no JSON. */
function withOtherNumber(raw: RawMessage, _: readonly RawMessage[], chance: Chance): RawMessage {
  return replaced(raw, numberPattern, chance, (old) =>
    chance.one([
      `-${old}`,
      `${old}${old}`,
      `${old}e${chance.below(400)}`,
      '0',
      `1${old}`,
      'nan',
      `${old}.${old}`,
    ]),
  );
}

const keys =
  '__proto__ constructor toString length hasOwnProperty value state Power power w t ts out id ENERGY cmps dev'.split(
    ' ',
  );

/** Another name, or the same twice: then the second would win. */
function withOtherKey(raw: RawMessage, _: readonly RawMessage[], chance: Chance): RawMessage {
  return replaced(raw, keyPattern, chance, (old) =>
    chance.below(2) === 0 ? `${old}:${chance.one(leaves)},${old}` : `"${chance.one(keys)}"`,
  );
}

/** A piece of the payload twice or many times over. */
function withDoubledPart(raw: RawMessage, _: readonly RawMessage[], chance: Chance): RawMessage {
  const { payload } = raw;
  const from = chance.below(payload.length + 1);
  const part = payload.subarray(from, from + chance.below(200));
  const times = 1 + chance.below(20);
  return {
    ...raw,
    payload: Buffer.concat([payload.subarray(0, from), ...Array(times).fill(part), payload.subarray(from)]),
  };
}

function nested(raw: RawMessage, _: readonly RawMessage[], chance: Chance): RawMessage {
  const depth = chance.one([1, 2, 5, 90, 250]);
  const [open, close] = chance.one([
    ['[', ']'],
    ['{"a":', '}'],
  ]) as [string, string];
  return replaced(raw, valuePattern, chance, (old) => open.repeat(depth) + old + close.repeat(depth));
}

function withOtherTopic(raw: RawMessage, pool: readonly RawMessage[], chance: Chance): RawMessage {
  const levels = raw.topic.split('/');
  const at = chance.below(levels.length);
  const others = chance.one(pool).topic.split('/');
  const word = chance.one([
    '',
    'x',
    `n${chance.below(30_000)}`,
    '__proto__',
    'é\u0000',
    '+',
    '#',
    'y'.repeat(200),
    chance.one(others),
  ]);
  const removed = chance.below(3);
  levels.splice(at, removed, ...(removed === 2 ? [] : [word]));
  return { ...raw, topic: levels.join('/') };
}

/** One of the first places found swapped; of a long text only a stretch is looked at. */
function replaced(
  raw: RawMessage,
  pattern: RegExp,
  chance: Chance,
  change: (old: string) => string,
): RawMessage {
  const from = raw.payload.length > stretch ? chance.below(raw.payload.length - stretch) : 0;
  const bytes = Buffer.from(raw.payload.buffer, raw.payload.byteOffset, raw.payload.length);
  // Latin 1 gives each byte one character, and back.
  const text = bytes.toString('latin1', from, from + stretch);
  const places = [...text.matchAll(pattern)];
  if (places.length === 0) return raw;
  const place = chance.one(places);
  const changed = withText(raw, text, place, change(place[0]), 'latin1').payload;
  return {
    ...raw,
    payload: Buffer.concat([bytes.subarray(0, from), changed, bytes.subarray(from + stretch)]),
  };
}

const stretch = 4_096;

function withText(
  raw: RawMessage,
  text: string,
  place: RegExpExecArray,
  other: string,
  encoding: 'utf8' | 'latin1' = 'utf8',
): RawMessage {
  const changed = text.slice(0, place.index) + other + text.slice(place.index + place[0].length);
  return { ...raw, payload: Buffer.from(changed, encoding) };
}
