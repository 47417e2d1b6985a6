import type { LinkClock } from '../../src/web/live.ts';

interface Due {
  readonly atMs: number;
  readonly work: () => void;
}

/** Time that passes only when a test says so. */
export class HandClock implements LinkClock {
  #nowMs = 1_000_000;
  readonly #due = new Set<Due>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, work: () => void): () => void {
    const due = { atMs: this.#nowMs + delayMs, work };
    this.#due.add(due);
    return () => this.#due.delete(due);
  }

  /** Everything due on the way is run in its order. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#due].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (!next) break;
      this.#due.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.work();
    }
    this.#nowMs = endMs;
  }

  /** The machine slept: time is later, and nothing was run meanwhile. */
  sleep(ms: number): void {
    this.#nowMs += ms;
  }
}
