import type { Response } from 'express';
import type { Clock } from '../base/clock.ts';
import { ProblemError } from './problem.ts';
import { doubtMs, type StorePulse } from './store-pulse.ts';

/** Answers that ask the store at the same time; more would only make each of them later. */
const askingMax = 4;
/** Answers that wait for their turn. */
const waitingMax = 64;
/** Nobody looks at an empty chart for longer. */
export const answerMsMax = 20_000;
const retrySeconds = 10;

type Timers = Pick<Clock, 'after'>;

/** For `/metrics`. */
export interface StoreGateCounts {
  /** Answers that wait for their turn. */
  readonly waiting: number;
  /** Answers refused, or ended, because the store was slow or too many waited. */
  readonly refused: number;
}

/**
 * The one way from a request to the store: few ask at the same time, some wait for their turn in the order in which
 * they came, and what is more is refused. So a store that is slow, or a crowd, costs neither memory nor the others.
 */
export class StoreGate {
  readonly #clock: Timers;
  readonly #pulse: StorePulse | undefined;
  readonly #waiting = new Set<() => void>();
  #asking = 0;
  #refused = 0;

  /** `pulse`: of a store that is elsewhere. */
  constructor(clock: Timers, pulse?: StorePulse) {
    this.#clock = clock;
    this.#pulse = pulse;
  }

  get counts(): StoreGateCounts {
    return { waiting: this.#waiting.size, refused: this.#refused };
  }

  asking(response: Response): Asking {
    return new Asking(this, this.#clock, response);
  }

  /** Resolves when it is one's turn. The place is to be given back, once. */
  enter(signal: AbortSignal, isUnderWay: boolean): Promise<() => void> {
    if (this.#asking < askingMax) {
      this.#asking += 1;
      return Promise.resolve(this.#leave);
    }
    // What has begun to flow is ended, not cut for the sake of newcomers; connections bound how many flow.
    if (!isUnderWay && this.#waiting.size >= waitingMax)
      return Promise.reject(
        this.refusal(`${waitingMax} questions wait for the store already; ask again later.`),
      );
    return new Promise((resolve, reject) => {
      const goOn = () => {
        signal.removeEventListener('abort', giveUp);
        resolve(this.#leave);
      };
      const giveUp = () => {
        this.#waiting.delete(goOn);
        reject(signal.reason);
      };
      this.#waiting.add(goOn);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** While a store answers nothing a newcomer only waits until that is certain. Rejects with a ProblemError. */
  async unlessSilent(): Promise<void> {
    if (this.#pulse?.isSilent !== true) return;
    const problem = await this.#pulse.feel();
    if (problem !== undefined) throw this.#away(problem);
  }

  /** Calls `end` when the store turns out to answer nothing; until the returned function is called. */
  watch(end: (problem: ProblemError) => void): () => void {
    const pulse = this.#pulse;
    if (pulse === undefined) return () => {};
    let isOver = false;
    let stopTimer = () => {};
    const doubtLater = () => {
      stopTimer = this.#clock.after(doubtMs, async () => {
        const problem = await pulse.feel();
        if (isOver) return;
        if (problem === undefined) doubtLater();
        else end(this.#away(problem));
      });
    };
    doubtLater();
    return () => {
      isOver = true;
      stopTimer();
    };
  }

  #away(problem: string): ProblemError {
    this.#refused += 1;
    const detail = `The store does not answer: ${problem}. What is live goes on; ask again when it is back.`;
    return new ProblemError('store-away', detail, {}, { 'Retry-After': `${retrySeconds}` });
  }

  refusal(detail: string): ProblemError {
    this.#refused += 1;
    return new ProblemError('store-slow', detail, {}, { 'Retry-After': `${retrySeconds}` });
  }

  readonly #leave = (): void => {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#asking -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  };
}

/** One answer's way to the store. It ends when the answer takes too long, and when whoever asked has gone. */
export class Asking {
  readonly #gate: StoreGate;
  readonly #clock: Timers;
  readonly #ending = new AbortController();
  #turns = 0;

  constructor(gate: StoreGate, clock: Timers, response: Response) {
    this.#gate = gate;
    this.#clock = clock;
    const gone = () => this.#ending.abort(new ProblemError('store-slow', 'Nobody waits any more.'));
    if (response.closed) gone();
    else response.once('close', gone);
  }

  /** Aborted when nobody waits for the answer any more: what is left to be asked need not be. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /**
   * What `work` comes to, in time counted from now: waiting for one's turn and the store together. Rejects with a
   * ProblemError when that is too late; the place is only given back when the store has let go of the question.
   */
  async inTime<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this;
    signal.throwIfAborted();
    const isUnderWay = this.#turns > 0;
    this.#turns += 1;
    const stopTimer = this.#clock.after(answerMsMax, () => {
      const detail = `The store has not answered within ${answerMsMax / 1000} s; ask again later, or for less.`;
      this.#ending.abort(this.#gate.refusal(detail));
    });
    const stopWatch = this.#gate.watch((problem) => this.#ending.abort(problem));
    try {
      await this.#gate.unlessSilent();
      const leave = await this.#gate.enter(signal, isUnderWay);
      const answer = (async () => work())();
      answer.then(leave, leave);
      return await unlessAborted(answer, signal);
    } finally {
      stopTimer();
      stopWatch();
    }
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
    if (signal.aborted) giveUp();
  });
}
