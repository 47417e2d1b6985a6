import { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type Store, StoreError } from './store.ts';

export interface StoreWatchOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log?: Log | undefined;
  readonly retryFirstMs: number;
  readonly retryCapMs: number;
  /** Writes can be tried (again), or: they cannot any more. */
  readonly changed: () => void;
  /** Nothing is left to be written, so that no write will show whether all is well. */
  readonly idle: () => boolean;
}

/** An admin has to do something first: asking more often would only fill two logs. */
const slowRetryMs = 5000;

/** Opens the store, and when it is away asks for it with growing, capped waits. */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  readonly #backoff: Backoff;
  #state: 'opening' | 'away' | 'up' = 'opening';
  #opened = false;
  #problem: { readonly code: string; readonly text: string } | undefined;
  #cancelRetry: (() => void) | undefined;
  #stopped = false;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.retryFirstMs, options.retryCapMs);
  }

  /** `opening`: the first attempt is under way. */
  get state(): 'opening' | 'away' | 'up' {
    return this.#state;
  }

  /** What is wrong and what to do about it. */
  get problem(): string | undefined {
    return this.#problem?.text;
  }

  /** Resolves after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    await this.#attempt();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
  }

  /** A write was taken. */
  worked(): void {
    this.#backoff.succeeded();
    if (this.#opened) this.#state = 'up';
    if (this.#problem === undefined) return;
    this.#options.log?.info('the store takes readings again');
    this.#problem = undefined;
  }

  /** A write was not taken: the store is away until an attempt succeeds. */
  failed(error: unknown): void {
    this.note(error);
    if (this.#state === 'away') return;
    this.#state = 'away';
    this.#attemptLater();
  }

  /** Something is wrong, but not so that writes need not be tried. */
  note(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (this.#problem?.text !== text)
      this.#options.log?.warn({ problem: text }, 'the store does not take readings');
    this.#problem = { code: error instanceof StoreError ? error.code : 'busy', text };
  }

  async #attempt(): Promise<void> {
    const { store, idle, changed } = this.#options;
    try {
      if (!this.#opened || this.#problem?.code === 'missing') await store.open();
      else await store.ping();
      this.#opened = true;
      this.#state = 'up';
      // With something at hand to write, only its being taken proves that all is well.
      if (idle()) this.worked();
    } catch (error) {
      this.note(error);
      this.#state = 'away';
      this.#attemptLater();
    }
    changed();
  }

  #attemptLater(): void {
    if (this.#stopped) return;
    const code = this.#problem?.code;
    const passes = code === 'unreachable' || code === 'busy' || code === 'missing';
    const waitMs = Math.max(
      this.#backoff.nextMs(),
      passes ? 0 : Math.min(slowRetryMs, this.#options.retryCapMs),
    );
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(waitMs, () => {
      if (this.#state === 'away' && !this.#stopped) void this.#attempt();
    });
  }
}
