import type { TopicFilters } from './topic-filter.ts';

export interface RetainedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** The last retained message of each topic, up to a number of topics and of bytes; more is not kept. */
export class RetainedMessages {
  readonly #topicsMax: number;
  readonly #bytesMax: number;
  readonly #byTopic = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(topicsMax: number, bytesMax: number) {
    this.#topicsMax = topicsMax;
    this.#bytesMax = bytesMax;
  }

  get size(): number {
    return this.#byTopic.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False when there is no room. An empty payload means: forget this topic (MQTT 3.1.1 §3.3.1.3). */
  keep(topic: string, payload: Uint8Array): boolean {
    const before = sizeOf(topic, this.#byTopic.get(topic));
    if (payload.length === 0) {
      this.#byTopic.delete(topic);
      this.#bytes -= before;
      return true;
    }
    const bytes = this.#bytes - before + sizeOf(topic, payload);
    if (bytes > this.#bytesMax || (before === 0 && this.#byTopic.size >= this.#topicsMax)) return false;
    this.#byTopic.set(topic, payload);
    this.#bytes = bytes;
    return true;
  }

  matching(filters: TopicFilters): RetainedMessage[] {
    const found: RetainedMessage[] = [];
    for (const [topic, payload] of this.#byTopic) {
      if (filters.matches(topic)) found.push({ topic, payload });
    }
    return found;
  }
}

function sizeOf(topic: string, payload: Uint8Array | undefined): number {
  return payload === undefined ? 0 : topic.length + payload.length;
}
