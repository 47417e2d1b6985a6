import type { Clock } from '../../src/base/clock.ts';

interface Timer {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly work: () => void;
}

/** Real time between two steps, in which sockets, brokers and workers get their turn. */
const restMs = 4;
const stepMs = 1000;
/** A machine that is busy with something else makes no hole in the time of the service. */
const slowStepMsMax = 100;

/**
 * Time that goes on as the machine's does, until a test lets minutes of it pass in a moment: then in small steps, each
 * no sooner than the process has had its turn, so that a busy machine makes it slower and nothing else.
 */
export class SteppedClock implements Clock {
  readonly #timers = new Set<Timer>();
  #nowMs = Date.now();
  #realMs = Date.now();
  #leftMs = 0;
  #passed = () => {};
  #stopped = false;

  constructor() {
    this.#wait();
  }

  nowMs(): number {
    return this.#nowMs;
  }

  every(intervalMs: number, work: () => void): () => void {
    return this.#add(intervalMs, intervalMs, work);
  }

  after(delayMs: number, work: () => void): () => void {
    return this.#add(delayMs, undefined, work);
  }

  /** Resolves when so much time has passed for the service. */
  pass(ms: number): Promise<void> {
    this.#leftMs = ms;
    return new Promise((resolve) => {
      this.#passed = resolve;
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  #add(delayMs: number, everyMs: number | undefined, work: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, everyMs, work };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  #wait(): void {
    setTimeout(() => this.#step(), restMs).unref();
  }

  #step(): void {
    if (this.#stopped) return;
    const realMs = Date.now();
    const isFast = this.#leftMs > 0;
    const byMs = isFast ? stepMs : Math.min(Math.max(0, realMs - this.#realMs), slowStepMsMax);
    this.#realMs = realMs;
    this.#nowMs += byMs;
    for (const timer of [...this.#timers]) if (timer.dueMs <= this.#nowMs) this.#fire(timer);
    if (isFast) {
      this.#leftMs -= byMs;
      if (this.#leftMs <= 0) this.#passed();
    }
    this.#wait();
  }

  #fire(timer: Timer): void {
    if (!this.#timers.has(timer)) return;
    if (timer.everyMs === undefined) this.#timers.delete(timer);
    else timer.dueMs = Math.max(timer.dueMs + timer.everyMs, this.#nowMs);
    timer.work();
  }
}
