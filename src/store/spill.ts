import { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Backlog } from './backlog.ts';
import { StoreError } from './store.ts';
import type { StoreWatch } from './store-watch.ts';
import type { Batch, Undurable } from './undurable.ts';

export interface SpillOptions {
  readonly backlog: Backlog;
  readonly undurable: Undurable;
  readonly watch: StoreWatch;
  /** What must be on disk before. */
  readonly beforeWrite: () => Promise<void> | undefined;
  readonly clock: Clock;
  readonly log?: Log | undefined;
  readonly limits: {
    readonly memoryReadingsMax: number;
    readonly patienceMs: number;
    readonly retryFirstMs: number;
    readonly retryCapMs: number;
  };
  /** Something has moved on. */
  readonly changed: () => void;
}

/** Encoded and written in one go; more would hold up the road. */
const spillReadings = 50_000;
const silent = new StoreError('busy', 'the store is slow to answer: readings go to the backlog meanwhile');

/** Puts into the backlog what the store does not take in time, and rests when the disk takes nothing either. */
export class Spill {
  readonly #options: SpillOptions;
  readonly #backoff: Backoff;
  #running = false;
  #rests = false;
  #problem: string | undefined;
  /** Everything goes to the backlog, whatever the store says. */
  all = false;

  constructor(options: SpillOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.limits.retryFirstMs, options.limits.retryCapMs);
  }

  get running(): boolean {
    return this.#running;
  }

  /** What is wrong with the disk. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** What must keep its order has to go behind what waits in the backlog, as long as that can be used. */
  get keepsOrder(): boolean {
    return !this.#options.backlog.empty && this.#problem === undefined;
  }

  /** What was handed in before this has waited for too long. */
  get impatientMs(): number {
    return this.#options.clock.nowMs() - this.#options.limits.patienceMs;
  }

  /** The backlog was read: unless it is known not to take anything, all is well. */
  worked(): void {
    if (!this.#rests) this.#problem = undefined;
  }

  noteProblem(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const problem = `the backlog on disk cannot be used: ${reason}`;
    if (problem !== this.#problem)
      this.#options.log?.error({ problem }, 'what the store does not take stays in memory');
    this.#problem = problem;
  }

  /** Begins to write what is due, if there is any and nothing is under way. */
  step(): void {
    if (this.#running || this.#rests) return;
    const batches = [...this.#due()];
    if (batches.length > 0) void this.#spill(batches);
  }

  /** The oldest first, and at most so many that writing them does not take long. */
  *#due(): Generator<Batch> {
    const { undurable, watch, limits } = this.#options;
    const { keepsOrder, impatientMs } = this;
    const away = watch.state === 'away';
    let tooMany = undurable.held - limits.memoryReadingsMax;
    let held = 0;
    /** One that keeps its order stays: those behind it must not overtake it. */
    let orderStays = false;
    for (const batch of undurable.unspilled()) {
      if (batch.inOrder && orderStays) continue;
      const late = batch.writing
        ? batch.sentAtMs <= impatientMs
        : away || batch.sinceMs <= impatientMs || (batch.inOrder && keepsOrder);
      if (!late && !this.all && tooMany <= 0) {
        orderStays ||= batch.inOrder;
        continue;
      }
      yield batch;
      tooMany -= batch.held;
      held += batch.held;
      if (held >= spillReadings) return;
    }
  }

  async #spill(batches: readonly Batch[]): Promise<void> {
    const { backlog, undurable, watch, beforeWrite, changed } = this.#options;
    const { impatientMs } = this;
    this.#running = true;
    if (batches.some((batch) => batch.writing && batch.sentAtMs <= impatientMs)) watch.note(silent);
    for (const batch of batches) batch.spilling = true;
    try {
      await beforeWrite();
      await backlog.append(batches.map((batch) => batch.write));
      this.#backoff.succeeded();
      this.#problem = undefined;
      for (const batch of batches) undurable.finish(batch);
    } catch (error) {
      this.#failed(error);
    }
    for (const batch of batches) batch.spilling = false;
    this.#running = false;
    changed();
  }

  #failed(error: unknown): void {
    this.noteProblem(error);
    this.#rests = true;
    this.#options.clock.after(this.#backoff.nextMs(), () => {
      this.#rests = false;
      this.#options.changed();
    });
  }
}
