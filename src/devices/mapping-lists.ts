import { isObject } from './json.ts';
import { type JsonPath, lookUp, member } from './json-path.ts';

/** Where in a payload something stands. */
export interface Place {
  /** In the members of which list; −1: in the document as a whole. */
  readonly list: number;
  readonly path: JsonPath;
}

interface List {
  readonly before: JsonPath;
  /** Around the label in its keys; undefined: every member counts. */
  readonly key: KeyPattern | undefined;
}

interface KeyPattern {
  readonly prefix: string;
  readonly suffix: string;
}

/** Members of a list that are looked at; more than any PDU has outlets. */
const membersMax = 1_024;

/**
 * The lists that a row of the mapping table goes through side by side, member by member: `out[*].w`, `amps[*]`, or
 * keys with the outlet in them, `out{outlet}_w`.
 */
export class MappingLists {
  readonly #lists: List[] = [];
  readonly #texts: string[] = [];
  /** How many of them say which members there are. */
  #leading = 0;
  /** The lists in the document at hand, and the member that was asked for last. */
  readonly #found: unknown[] = [];
  #list = -1;
  #key: string | number = -1;
  #member: unknown;

  /** Those added before say which members there are, the others tell more of them. */
  lead(): void {
    this.#leading = this.#lists.length;
  }

  get isEmpty(): boolean {
    return this.#lists.length === 0;
  }

  place(path: JsonPath): Place {
    const at = path.findIndex((step) => step === undefined || keyPattern(step) !== undefined);
    if (at < 0) return { list: -1, path };
    const before = path.slice(0, at);
    const step = path[at];
    const text = JSON.stringify([before, step]);
    if (!this.#texts.includes(text)) {
      this.#texts.push(text);
      this.#lists.push({ before, key: step === undefined ? undefined : keyPattern(step) });
    }
    return { list: this.#texts.indexOf(text), path: path.slice(at + 1) };
  }

  /** Opens a document: its members, by place in a list, by key, or by what stands for the outlet in keys. */
  membersOf(document: unknown): readonly (string | number)[] {
    this.#list = -1;
    for (let index = 0; index < this.#lists.length; index++)
      this.#found[index] = lookUp(document, (this.#lists[index] as List).before);
    const leading = this.#leading === 0 ? this.#lists.length : this.#leading;
    if (leading === 1) return keysOf(this.#found[0], this.#lists[0]?.key);
    const all = new Set<string | number>();
    for (let index = 0; index < leading; index++)
      for (const key of keysOf(this.#found[index], this.#lists[index]?.key)) all.add(key);
    return [...all].slice(0, membersMax);
  }

  valueAt({ list, path }: Place, document: unknown, key: string | number): unknown {
    if (list < 0) return lookUp(document, path);
    if (this.#key !== key || this.#list !== list) this.#turnTo(list, key);
    return path.length === 1 ? member(this.#member, path[0]) : lookUp(this.#member, path);
  }

  #turnTo(list: number, key: string | number): void {
    const pattern = this.#lists[list]?.key;
    const step = pattern === undefined ? key : `${pattern.prefix}${key}${pattern.suffix}`;
    this.#list = list;
    this.#key = key;
    this.#member = member(this.#found[list], step);
  }
}

/** `out{outlet}_w` → what stands around the outlet. */
export function keyPattern(step: string | number | undefined): KeyPattern | undefined {
  const match = typeof step === 'string' ? /^([^{}]*)\{outlet\}([^{}]*)$/.exec(step) : null;
  return match === null ? undefined : { prefix: match[1] as string, suffix: match[2] as string };
}

const places = Array.from({ length: membersMax }, (_, place) => place);

function keysOf(list: unknown, key: KeyPattern | undefined): (string | number)[] {
  if (Array.isArray(list)) return key === undefined ? places.slice(0, list.length) : [];
  if (!isObject(list)) return [];
  const keys = Object.keys(list);
  if (key === undefined) return keys.slice(0, membersMax);
  const { prefix, suffix } = key;
  const around = prefix.length + suffix.length;
  const labels: string[] = [];
  for (const name of keys)
    if (
      name.length > around &&
      name.startsWith(prefix) &&
      name.endsWith(suffix) &&
      labels.length < membersMax
    )
      labels.push(name.slice(prefix.length, name.length - suffix.length));
  return labels;
}
