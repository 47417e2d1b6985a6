/**
 * Growing, capped waits between attempts: `firstMs`, doubled each time up to `capMs`, spread by up to a fifth
 * so that many clients do not return in step.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #capMs: number;
  readonly #random: () => number;
  #attempts = 0;

  constructor(firstMs: number, capMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs;
    this.#capMs = capMs;
    this.#random = random;
  }

  get attempts(): number {
    return this.#attempts;
  }

  /** The next wait, in ms; `capMs` where this once a lower ceiling holds. */
  nextMs(capMs = this.#capMs): number {
    const plainMs = Math.min(capMs, this.#firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.round(plainMs * (0.8 + 0.2 * this.#random()));
  }

  succeeded(): void {
    this.#attempts = 0;
  }
}
