import type { RejectReason } from '../devices/family.ts';
import type { RawMessage } from '../model/reading.ts';

export interface UnreadTopic {
  readonly topic: string;
  readonly reason: RejectReason;
  readonly messages: number;
  /** The beginning of what it held the first time; absent where that is no text. Untrusted. */
  readonly sample: string | undefined;
  /** Nobody reads it, and its words are those of a power meter. */
  readonly maybeMeter: boolean;
}

/** Topics of messages that gave no reading, or not all they might have. Bounded: of those beyond, only the number. */
export class UnreadTopics {
  readonly #topics = new Map<string, UnreadTopic & { messages: number }>();
  #more = 0;

  note({ topic, payload }: RawMessage, reason: RejectReason): void {
    const key = `${reason} ${topic}`;
    const known = this.#topics.get(key);
    if (known !== undefined) {
      known.messages += 1;
      return;
    }
    if (this.#topics.size >= topicsMax) {
      this.#more += 1;
      return;
    }
    const text = beginning(payload);
    const maybeMeter = reason === 'unknown-topic' && text !== undefined && soundsLikeMeter(topic, text);
    const sample = text?.slice(0, sampleLength);
    this.#topics.set(key, { topic, reason, messages: 1, sample, maybeMeter });
  }

  /** The most frequent first. */
  list(): UnreadTopic[] {
    return [...this.#topics.values()].sort((one, other) => other.messages - one.messages);
  }

  /** Messages on topics that found no place. */
  get more(): number {
    return this.#more;
  }
}

const topicsMax = 5_000;
const sampleLength = 200;
const looksAtMax = 4_000;

function beginning(payload: Uint8Array): string | undefined {
  const text = Buffer.from(payload.subarray(0, looksAtMax)).toString('utf8');
  // What is cut in the middle of a character is text all the same.
  return /[^\P{Cc}\s]|\uFFFD(?!$)/u.test(text) ? undefined : text;
}

/** A number, and a word of power in the topic or before it: only a hint for people, never for reading. */
function soundsLikeMeter(topic: string, text: string): boolean {
  if (/^\s*-?\d+([.,]\d+)?(\s*[a-z]{1,3})?\s*$/i.test(text)) return hasPowerWord(topic);
  const named = [...text.matchAll(/"([^"]{1,60})"\s*:\s*"?-?\d/g)].map(([, key = '']) => key);
  if (named.some(hasPowerWord) || (named.length > 0 && hasPowerWord(topic))) return true;
  // Two or more of an electrician's letters: {"P":61.2,"U":230}.
  return named.filter((name) => /^[PUIVAWSQE]$/i.test(name)).length >= 2;
}

function hasPowerWord(name: string): boolean {
  const words = name.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').replace(/[^\p{L}]+/gu, ' ');
  return powerWord.test(words);
}

const powerWord =
  /(?:^| )(?:w|watts?|[km]?wh?|k?va|volts?|voltage|amps?|amperes?|current(?! (?:temp|humid|pos|ver|time|state|mode))|energy|power|load|consumption|outlets?|sockets?|pdus?)(?: |$)/iu;
