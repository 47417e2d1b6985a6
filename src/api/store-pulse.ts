import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';

/** An answer that is waited for so long is a reason to ask whether the store is there at all. */
export const doubtMs = 2_000;
/** A store that is only busy says within this that it is there. */
export const pulseMs = 2_000;

/**
 * Tells a store that is slow from one that is frozen or cut off, which answers nothing at all: questions to that one are
 * to fail at once instead of waiting as long as an answer may take.
 */
export class StorePulse {
  readonly #ping: () => Promise<unknown>;
  readonly #clock: Pick<Clock, 'after'>;
  #pinging: Promise<string | undefined> | undefined;
  #isOverdue = false;
  #isSilent = false;

  /** `ping` rejects when the store is not well. */
  constructor(ping: () => Promise<unknown>, clock: Pick<Clock, 'after'>) {
    this.#ping = ping;
    this.#clock = clock;
  }

  /** It did not answer when it was last felt for. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Resolves with what is wrong; undefined: it answers. Never rejects, and takes `pulseMs` at most. */
  async feel(): Promise<string | undefined> {
    // A ping that hangs is not sent a second time.
    if (this.#isOverdue) return silence;
    this.#pinging ??= this.#send();
    let stopTimer = () => {};
    const overdue = new Promise<string>((resolve) => {
      stopTimer = this.#clock.after(pulseMs, async () => {
        // Where we were held up ourselves the answer may lie there, not read yet.
        await nextTurn();
        if (this.#pinging !== undefined) {
          this.#isOverdue = true;
          this.#isSilent = true;
        }
        resolve(silence);
      });
    });
    return Promise.race([this.#pinging, overdue]).finally(stopTimer);
  }

  async #send(): Promise<string | undefined> {
    const problem = await this.#ping().then(
      () => undefined,
      (error: Error) => error.message,
    );
    this.#pinging = undefined;
    this.#isOverdue = false;
    this.#isSilent = problem !== undefined;
    return problem;
  }
}

const silence = `it has not answered even a ping within ${pulseMs / 1000} s`;
