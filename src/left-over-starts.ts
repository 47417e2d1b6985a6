import type { PowerEvent } from './model/event.ts';
import type { StartRecord } from './model/start.ts';
import type { Store } from './store/store.ts';

export interface LeftOverStartsParts {
  readonly store: Pick<Store, 'starts'>;
  readonly startedMs: number;
  readonly record: (event: PowerEvent) => void;
}

/** By this age a start is complete, if anybody still watches it. */
const settledByMs = 900_000;
const lookBackMs = 48 * 3_600_000;
const startsMax = 10_000;
/** Recorded at a time: to the recorder an event weighs as much as a hundred readings. */
const perStepMax = 100;
/** Told of before the store answered; beyond, nobody knows which it has the newest of, and none is closed. */
const toldMax = 50_000;

/**
 * Starts that an earlier run announced and never completed, and that the watch knows nothing of: the checkpoint was
 * lost, or their load did not come back. They are closed with what the store has of them. Nobody is told, since
 * nothing happened.
 */
export class LeftOverStarts {
  readonly #parts: LeftOverStartsParts;
  /** Ids of old starts told in this run, until the store has answered: it may not have them yet. */
  #told: Set<string> | undefined = new Set();
  #left = new Map<string, StartRecord>();

  constructor(parts: LeftOverStartsParts) {
    this.#parts = parts;
  }

  /** The watch told of this start: it knows better. */
  told({ id, atMs }: StartRecord): void {
    this.#left.delete(id);
    if (this.#told !== undefined && this.#told.size < toldMax && this.#isOld(atMs)) this.#told.add(id);
  }

  /** Asks the store for them, once. `open`: starts that the watch has under way. Rejects with a StoreError. */
  async find(open: () => readonly StartRecord[]): Promise<void> {
    const { store, startedMs } = this.#parts;
    const range = { fromMs: startedMs - lookBackMs, toMs: startedMs - settledByMs, limit: startsMax };
    const stored = await store.starts(range);
    const told = this.#told;
    this.#told = undefined;
    if (told === undefined || told.size >= toldMax) return;
    for (const { id } of open()) told.add(id);
    const left = stored.filter(({ id, complete }) => !complete && !told.has(id));
    this.#left = new Map(left.map((start) => [start.id, start]));
  }

  /** Closes some of them; to be called about every second. */
  step(): void {
    for (const start of [...this.#left.values()].slice(0, perStepMax)) {
      this.#left.delete(start.id);
      const { scope, atMs } = start;
      this.#parts.record({ kind: 'start', scope, atMs, start: { ...start, complete: true } });
    }
  }

  #isOld(atMs: number): boolean {
    return atMs < this.#parts.startedMs - settledByMs;
  }
}
