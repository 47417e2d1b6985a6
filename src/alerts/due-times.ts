/** What falls due, the earliest first: a binary heap. Nothing is taken out early; who is no longer due says so itself. */
export class DueTimes<T> {
  readonly #times: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Epoch ms of the next; Infinity when there is none. */
  get nextMs(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  add(atMs: number, item: T): void {
    let place = this.#items.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#times[parent]! <= atMs) break;
      this.#put(place, this.#times[parent]!, this.#items[parent]!);
      place = parent;
    }
    this.#put(place, atMs, item);
  }

  /** The earliest. To be called only when there is one. */
  take(): T {
    const first = this.#items[0]!;
    const lastMs = this.#times.pop()!;
    const last = this.#items.pop()!;
    if (this.#items.length > 0) this.#sink(lastMs, last);
    return first;
  }

  #sink(atMs: number, item: T): void {
    const { length } = this.#items;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#times[child + 1]! < this.#times[child]!) child += 1;
      if (this.#times[child]! >= atMs) break;
      this.#put(place, this.#times[child]!, this.#items[child]!);
      place = child;
    }
    this.#put(place, atMs, item);
  }

  #put(place: number, atMs: number, item: T): void {
    this.#times[place] = atMs;
    this.#items[place] = item;
  }
}
