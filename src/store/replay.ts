import { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Backlog, BacklogRun } from './backlog.ts';
import { type Store, StoreError, type StoreWrite, type WriteOutcome } from './store.ts';

export interface ReplayOptions {
  readonly store: Store;
  readonly backlog: Backlog;
  readonly clock: Clock;
  readonly log?: Log | undefined;
  /** About so much goes into one write. */
  readonly writeBytes: number;
  /** The store took something of the backlog. */
  readonly took: (write: StoreWrite, outcome: WriteOutcome) => Promise<void>;
  /** The store is away, or will not take this now. */
  readonly failed: (error: unknown) => void;
  /** How often the store has taken a live batch so far: tells a bad record from a bad store. */
  readonly liveWrites: () => number;
}

const firstPauseMs = 250;
const pauseCapMs = 30_000;
const triesMax = 8;
/** Live traffic may keep the replay waiting for so long. */
const starvedMs = 200;

/**
 * Brings the backlog to the store, oldest first, one write at a time, resting after each for as long as it took,
 * so that live traffic has at least half of the store.
 */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #backoff = new Backoff(firstPauseMs, pauseCapMs);
  #running = false;
  #resting = false;
  #lastAtMs = 0;
  /** The record that was last tried in vain, how often, and how many live writes there had been at first. */
  #tries = 0;
  #liveWritesAtFirst = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Has something to do and may do it. */
  get due(): boolean {
    return !this.#running && !this.#resting && !this.#options.backlog.empty;
  }

  /** Has waited so long for a turn that live traffic should give way once. */
  get starved(): boolean {
    return this.due && this.#options.clock.nowMs() - this.#lastAtMs > starvedMs;
  }

  /** One write; resolves when it is over, whatever became of it. `rested` is called when the next may follow. */
  async step(rested: () => void): Promise<void> {
    const { clock } = this.#options;
    this.#running = true;
    const startedAtMs = clock.nowMs();
    const restMs = await this.#writeOldest().then(
      () => clock.nowMs() - startedAtMs,
      (error: unknown) => this.#afterFailure(error),
    );
    this.#running = false;
    this.#lastAtMs = clock.nowMs();
    if (restMs <= 0) return;
    this.#resting = true;
    clock.after(restMs, () => {
      this.#resting = false;
      rested();
    });
  }

  async #writeOldest(): Promise<void> {
    const { backlog, writeBytes } = this.#options;
    const joins = this.#options.store.join !== undefined && this.#tries === 0;
    const run = await backlog.peek(writeBytes, joins ? Number.POSITIVE_INFINITY : 1);
    if (run === undefined) return;
    try {
      await this.#write(run);
      await backlog.shift(run);
      this.#tries = 0;
      this.#backoff.succeeded();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'busy' || !(await this.#gaveUpOn(run)))
        throw error;
    }
  }

  async #write(run: BacklogRun): Promise<void> {
    const { store, log, took } = this.#options;
    const write = run.writes.length === 1 ? run.writes[0]! : store.join!(run.writes);
    const outcome = await store.write(write).catch((error: unknown): WriteOutcome => {
      if (!(error instanceof StoreError) || error.code !== 'refused') throw error;
      log?.error(
        { readings: write.count, problem: error.message },
        'the store refuses a part of the backlog for good',
      );
      return refusedWhole(write, error);
    });
    await took(write, outcome);
  }

  /**
   * A record on which the store stumbles every time while it takes everything else would block the backlog for
   * ever: after some tries it is set aside.
   */
  async #gaveUpOn(run: BacklogRun): Promise<boolean> {
    const liveWrites = this.#options.liveWrites();
    if (this.#tries === 0) this.#liveWritesAtFirst = liveWrites;
    this.#tries += 1;
    if (run.writes.length > 1 || this.#tries < triesMax || liveWrites === this.#liveWritesAtFirst)
      return false;
    await this.#options.backlog.setAside(run);
    this.#tries = 0;
    return true;
  }

  /** When the store is away altogether, the recorder knows when to come again. */
  #afterFailure(error: unknown): number {
    this.#options.failed(error);
    return error instanceof StoreError && error.code !== 'busy' ? 0 : this.#backoff.nextMs();
  }
}

/** Not one point of it was taken. */
export function refusedWhole(write: StoreWrite, error: StoreError): WriteOutcome {
  return { refused: { refused: write.count }, kept: [{ write, points: write.count, said: error.message }] };
}
