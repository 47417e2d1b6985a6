/** Longer filters and topics with more levels than this are refused: some brokers drop the connection over them. */
const filterBytesMax = 1024;
const levelsMax = 100;

/**
 * Whether a broker would take this as a topic filter (MQTT 3.1.1 §4.7.1). Filters are partly learnt from what
 * devices announce, and a broker may answer one bad filter by closing the connection.
 */
export function isTopicFilter(text: string): boolean {
  if (text === '' || Buffer.byteLength(text) > filterBytesMax || !text.isWellFormed()) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for (§1.5.3)
  if (/[\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]/.test(text)) return false;
  const levels = text.split('/');
  if (levels.length > levelsMax) return false;
  return levels.every((level, i) => {
    if (level === '#') return i === levels.length - 1;
    return level === '+' || !/[+#]/.test(level);
  });
}

/** A set of topic filters that says quickly whether a topic is wanted. Answers are remembered, up to a bound. */
export class TopicFilters {
  readonly #root = new Level();
  readonly #filters = new Set<string>();
  readonly #answers = new Map<string, boolean>();

  get size(): number {
    return this.#filters.size;
  }

  has(filter: string): boolean {
    return this.#filters.has(filter);
  }

  add(filter: string): void {
    if (this.#filters.has(filter)) return;
    this.#filters.add(filter);
    this.#answers.clear();
    let at = this.#root;
    for (const level of filter.split('/')) {
      const next = at.next.get(level) ?? new Level();
      at.next.set(level, next);
      at = next;
    }
    at.ends = true;
  }

  matches(topic: string): boolean {
    const known = this.#answers.get(topic);
    if (known !== undefined) return known;
    const answer = matchFrom(this.#root, topic.split('/'), 0);
    if (topic.length > rememberedLengthMax) return answer;
    if (this.#answers.size >= answersMax) this.#answers.clear();
    this.#answers.set(topic, answer);
    return answer;
  }

  /** Whether another filter of the set takes every topic that this one takes. */
  covers(filter: string): boolean {
    return coverFrom(this.#root, filter.split('/'), 0, true);
  }
}

const answersMax = 200_000;
const rememberedLengthMax = 256;

class Level {
  readonly next = new Map<string, Level>();
  ends = false;
}

/** §4.7.1.2: `a/#` also takes `a`. §4.7.2: a wildcard at the start does not take topics that begin with `$`. */
function matchFrom(level: Level, topic: readonly string[], at: number): boolean {
  const reserved = at === 0 && topic[0]?.startsWith('$') === true;
  if (!reserved && level.next.get('#')?.ends === true) return true;
  if (at === topic.length) return level.ends;
  const exact = level.next.get(topic[at] as string);
  if (exact !== undefined && matchFrom(exact, topic, at + 1)) return true;
  const any = reserved ? undefined : level.next.get('+');
  return any !== undefined && matchFrom(any, topic, at + 1);
}

/** `same`: the way so far is the filter's own, which does not count as another. */
function coverFrom(level: Level, filter: readonly string[], at: number, same: boolean): boolean {
  const wanted = filter[at];
  const reserved = at === 0 && wanted?.startsWith('$') === true;
  if (!reserved && level.next.get('#')?.ends === true && !(same && wanted === '#')) return true;
  if (wanted === undefined) return level.ends && !same;
  if (wanted === '#') return false;
  const exact = level.next.get(wanted);
  if (exact !== undefined && coverFrom(exact, filter, at + 1, same)) return true;
  const any = reserved || wanted === '+' ? undefined : level.next.get('+');
  return any !== undefined && coverFrom(any, filter, at + 1, false);
}
