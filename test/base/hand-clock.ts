import type { Clock } from '../../src/base/clock.ts';

/** A clock that stands still until it is moved by hand. */
export class HandClock implements Clock {
  #nowMs: number;
  readonly #alarms = new Set<{ atMs: number; everyMs: number | undefined; work: () => void }>();

  constructor(nowMs = Date.UTC(2026, 0, 15, 12)) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  every(intervalMs: number, work: () => void): () => void {
    return this.#set(intervalMs, intervalMs, work);
  }

  after(delayMs: number, work: () => void): () => void {
    return this.#set(delayMs, undefined, work);
  }

  /** How many alarms are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Moves on, running what falls due on the way in its order. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const [next] = [...this.#alarms].filter((a) => a.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      if (next.everyMs === undefined) this.#alarms.delete(next);
      else next.atMs += next.everyMs;
      next.work();
    }
    this.#nowMs = untilMs;
  }

  #set(delayMs: number, everyMs: number | undefined, work: () => void): () => void {
    const alarm = { atMs: this.#nowMs + delayMs, everyMs, work };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }
}
