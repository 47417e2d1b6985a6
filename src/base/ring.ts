/** A first-in first-out queue with a fixed capacity; when full, the oldest falls off and is counted. */
export class Ring<T> {
  readonly capacity: number;
  readonly #items: (T | undefined)[];
  #head = 0;
  #length = 0;
  #dropped = 0;

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new Error(`ring capacity ${capacity}`);
    this.capacity = capacity;
    this.#items = new Array<T | undefined>(capacity).fill(undefined);
  }

  get length(): number {
    return this.#length;
  }

  /** How many have fallen off since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Answers what fell off, if anything. */
  push(item: T): T | undefined {
    let fallen: T | undefined;
    if (this.#length === this.capacity) {
      fallen = this.shift();
      this.#dropped += 1;
    }
    this.#items[(this.#head + this.#length) % this.capacity] = item;
    this.#length += 1;
    return fallen;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.capacity;
    this.#length -= 1;
    return item;
  }

  /** Keeps what `keeps` says yes to, asked of each from the newest to the oldest; their order stays. Answers how many went. */
  sift(keeps: (item: T) => boolean): number {
    let to = this.#length;
    for (let from = this.#length - 1; from >= 0; from -= 1) {
      const item = this.#items[(this.#head + from) % this.capacity] as T;
      if (!keeps(item)) continue;
      to -= 1;
      this.#items[(this.#head + to) % this.capacity] = item;
    }
    for (let i = 0; i < to; i += 1) this.#items[(this.#head + i) % this.capacity] = undefined;
    this.#head = (this.#head + to) % this.capacity;
    this.#length -= to;
    return to;
  }
}
