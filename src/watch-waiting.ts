import { told, toldWidth } from './model/server-observer.ts';

/** Observations that wait to be made, given back in the order of their times. */
export class WatchWaiting {
  readonly #rows: number[] = [];
  /** Where each begins in `#rows`; sorted up to `#sorted`, given back up to `#taken`. */
  readonly #order: number[] = [];
  #sorted = 0;
  #taken = 0;
  readonly #row = new Float64Array(toldWidth);

  /** How many there were, those given back included. */
  get count(): number {
    return this.#order.length;
  }

  push(number: number, row: Float64Array): void {
    this.#order.push(this.#rows.length);
    this.#rows.push(number);
    for (let column = 0; column < toldWidth; column += 1) this.#rows.push(row[column]!);
  }

  /** Hands over what is older than `beforeMs`; of one moment in the order it came. The row is used again. */
  takeBefore(beforeMs: number, take: (number: number, row: Float64Array) => void): void {
    this.#sort();
    while (this.#taken < this.#sorted) {
      const from = this.#order[this.#taken]!;
      if (!(this.#atMs(from) < beforeMs)) return;
      this.#taken += 1;
      for (let column = 0; column < toldWidth; column += 1)
        this.#row[column] = this.#rows[from + 1 + column]!;
      take(this.#rows[from]!, this.#row);
    }
  }

  /** What comes nearly in order is nearly sorted, which costs next to nothing. */
  #sort(): void {
    if (this.#sorted === this.#order.length) return;
    const left = this.#order.slice(this.#taken).sort((a, b) => this.#atMs(a) - this.#atMs(b) || a - b);
    for (const [i, from] of left.entries()) this.#order[this.#taken + i] = from;
    this.#sorted = this.#order.length;
  }

  #atMs(from: number): number {
    return this.#rows[from + 1 + told.atMs]!;
  }
}
