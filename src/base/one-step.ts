import type { Clock } from './clock.ts';

export interface OneStepParts {
  readonly clock: Clock;
  /** No step is taken for so long after one that failed. */
  readonly retryMs: number;
  /** The end waits no longer for the step under way. */
  readonly stopMsMax: number;
  /** A step failed, and this is not the end. */
  readonly failed: (error: unknown) => void;
}

/** Work in the background, one step at a time: one that fails is tried again later, and the end waits a little for it. */
export class OneStep {
  readonly #parts: OneStepParts;
  #work: Promise<void> | undefined;
  #waitUntilMs = 0;
  #stopped = false;

  constructor(parts: OneStepParts) {
    this.#parts = parts;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** May the next one be taken? */
  isDue(nowMs: number): boolean {
    return !this.#stopped && this.#work === undefined && nowMs >= this.#waitUntilMs;
  }

  /** To be called when one is due. */
  take(nowMs: number, step: () => Promise<void>): void {
    this.#work = step()
      .catch((error: unknown) => {
        this.#waitUntilMs = nowMs + this.#parts.retryMs;
        if (!this.#stopped) this.#parts.failed(error);
      })
      .finally(() => {
        this.#work = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const work = this.#work;
    if (work === undefined) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(this.#parts.stopMsMax, resolve);
      void work.then(() => {
        cancel();
        resolve();
      });
    });
  }
}
