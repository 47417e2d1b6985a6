import type { StoreWrite } from './store.ts';

/** A batch that was handed in and is not known to be durable yet. */
export class Batch {
  /** Readings, roll-ups or events in it. */
  readonly count: number;
  /** What it takes of memory, in readings. */
  readonly held: number;
  /** Must be written before the next such one is: of two events that are the same the later has to win. */
  readonly inOrder: boolean;
  /** When the first of it was handed in, epoch ms. */
  readonly sinceMs: number;
  /** The highest message number whose readings all lie in this batch or before it; −1: none. */
  sequence = -1;
  /** On its way to the store, and since when. */
  writing = false;
  sentAtMs = 0;
  /** On its way to the backlog. */
  spilling = false;
  done = false;
  /** It holds what messages brought: without it they must not be acknowledged. */
  fromMessages = false;
  #encode: (() => StoreWrite) | undefined;
  #write: StoreWrite | undefined;

  constructor(count: number, sinceMs: number, encode: () => StoreWrite, order?: { held: number }) {
    this.count = count;
    this.held = order?.held ?? count;
    this.inOrder = order !== undefined;
    this.sinceMs = sinceMs;
    this.#encode = encode;
  }

  /** Encoded when first needed. */
  get write(): StoreWrite {
    if (this.#write === undefined) {
      this.#write = this.#encode!();
      this.#encode = undefined;
    }
    return this.#write;
  }

  /** Durable, refused or given up: lets go of the memory. */
  finish(): void {
    this.done = true;
    this.#write = undefined;
    this.#encode = undefined;
  }
}

/**
 * The batches between hand-in and durability, in the order they were handed in. Batches finish in any order;
 * message numbers are reported only when everything before them has finished.
 */
export class Undurable {
  readonly #durable: (sequence: number) => void;
  readonly #batches: Batch[] = [];
  #readings = 0;
  #held = 0;
  /** Nothing is reported up to here: something of it was lost. */
  #silentUntil = -1;

  constructor(durable: (sequence: number) => void) {
    this.#durable = durable;
  }

  get empty(): boolean {
    return this.#batches.length === 0;
  }

  /** Readings, roll-ups and events held in memory. */
  get readings(): number {
    return this.#readings;
  }

  /** What they take, in readings. */
  get held(): number {
    return this.#held;
  }

  add(batch: Batch): void {
    this.#batches.push(batch);
    this.#readings += batch.count;
    this.#held += batch.held;
  }

  /** Everything added so far came from messages up to this number. */
  mark(sequence: number): void {
    const newest = this.#batches.at(-1);
    if (newest === undefined) this.#tell(sequence);
    else newest.sequence = sequence;
  }

  /** The oldest batch that nobody works on. */
  oldestWaiting(): Batch | undefined {
    return this.#batches.find(isWaiting);
  }

  /** The oldest that may be written now; `inOrderToo`: also one that has to keep its order. */
  nextToWrite(inOrderToo: boolean): Batch | undefined {
    let first = inOrderToo;
    for (const batch of this.#batches) {
      if (isWaiting(batch) && (!batch.inOrder || first)) return batch;
      if (batch.inOrder && !batch.done) first = false;
    }
    return undefined;
  }

  /** Those not done and not on their way to the backlog, oldest first. */
  *unspilled(): Generator<Batch> {
    for (const batch of this.#batches) if (!batch.done && !batch.spilling) yield batch;
  }

  finish(batch: Batch): void {
    if (batch.done) return;
    batch.finish();
    this.#readings -= batch.count;
    this.#held -= batch.held;
    this.#report();
  }

  /** It is lost. From now on nothing is reported, until what is not acknowledged comes again. */
  giveUp(batch: Batch): void {
    if (batch.fromMessages) this.#silentUntil = Number.POSITIVE_INFINITY;
    this.finish(batch);
  }

  /** Something was lost, and messages wait for it. */
  get lacksSome(): boolean {
    return this.#silentUntil === Number.POSITIVE_INFINITY;
  }

  /** Messages after this number are new ones, or come again; those up to it will not be reported any more. */
  comesAgainAfter(sequence: number): void {
    this.#silentUntil = sequence;
  }

  #report(): void {
    let sequence = -1;
    let finished = 0;
    for (const batch of this.#batches) {
      if (!batch.done) break;
      finished += 1;
      if (batch.sequence >= 0) sequence = batch.sequence;
    }
    this.#batches.splice(0, finished);
    if (sequence >= 0) this.#tell(sequence);
  }

  #tell(sequence: number): void {
    if (sequence > this.#silentUntil) this.#durable(sequence);
  }
}

function isWaiting(batch: Batch): boolean {
  return !batch.done && !batch.writing && !batch.spilling;
}
