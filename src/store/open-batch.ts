import type { PowerEvent } from '../model/event.ts';
import type { IdleVerdict } from '../model/idle.ts';
import type { Reading } from '../model/reading.ts';
import type { RollUpChange, RollUpTier } from '../model/roll-up.ts';
import type { ReadingBatch, Store, StoreWrite } from './store.ts';
import { Batch } from './undurable.ts';

/** Starts carry their traces: so many make a write. */
const eventsMax = 100;
/** What one takes of memory, in readings: an event mostly is a start of some KB, an idle row some 300 bytes. */
const eventHeld = 100;
const idleRowHeld = 4;

/**
 * What is handed in and not yet cut into batches: readings, roll-ups, events and the message number they reach
 * up to.
 */
export class OpenBatch {
  readonly #store: Store;
  readonly #batchMax: number;
  #readings: ReadingBatch;
  readonly #rollUps: Record<RollUpTier, RollUpChange[]> = { minute: [], quarter: [] };
  #events: PowerEvent[] = [];
  #idle: { readonly rows: readonly IdleVerdict[]; readonly atMs: number }[] = [];
  /** Of all but readings, which count themselves. */
  #others = 0;
  /** The highest message number whose readings are all handed in; −1: none since the last cut. */
  sequence = -1;

  constructor(store: Store, batchMax: number) {
    this.#store = store;
    this.#batchMax = batchMax;
    this.#readings = store.readingBatch();
  }

  get count(): number {
    return this.#readings.count + this.#others;
  }

  /** Enough for a write of its own. */
  get full(): boolean {
    return Math.max(this.#readings.count, this.#others) >= this.#batchMax;
  }

  add(reading: Reading): void {
    this.#readings.add(reading);
  }

  addRollUps(tier: RollUpTier, rows: readonly RollUpChange[]): void {
    for (const row of rows) this.#rollUps[tier].push(row);
    this.#others += rows.length;
  }

  addEvents(events: readonly PowerEvent[]): void {
    for (const event of events) this.#events.push(event);
    this.#others += events.length;
  }

  addIdle(rows: readonly IdleVerdict[], atMs: number): void {
    if (rows.length > 0) this.#idle.push({ rows, atMs });
    this.#others += rows.length;
  }

  /** Cuts what there is into batches, the message number on the last, and is empty again. */
  seal(sinceMs: number): Batch[] {
    const batches = [
      ...this.#sealReadings(sinceMs),
      ...this.#sealRollUps(sinceMs),
      ...this.#sealEvents(sinceMs),
    ];
    const last = batches.at(-1);
    if (last !== undefined) last.sequence = this.sequence;
    this.sequence = -1;
    this.#others = 0;
    return batches;
  }

  *#sealReadings(sinceMs: number): Generator<Batch> {
    const readings = this.#readings;
    if (readings.count === 0) return;
    const batch = new Batch(readings.count, sinceMs, () => readings.encode());
    batch.fromMessages = true;
    yield batch;
    this.#readings = this.#store.readingBatch();
  }

  *#sealRollUps(sinceMs: number): Generator<Batch> {
    for (const tier of ['minute', 'quarter'] as const) {
      const rows = this.#rollUps[tier];
      this.#rollUps[tier] = [];
      for (const part of parts(rows, this.#batchMax))
        yield new Batch(part.length, sinceMs, () => this.#store.encodeRollUps(tier, part));
    }
  }

  *#sealEvents(sinceMs: number): Generator<Batch> {
    const inOrder = (count: number, each: number, encode: () => StoreWrite) =>
      new Batch(count, sinceMs, encode, { held: count * each });
    for (const part of parts(this.#events, eventsMax))
      yield inOrder(part.length, eventHeld, () => this.#store.encodeEvents(part));
    for (const { rows, atMs } of this.#idle)
      for (const part of parts(rows, this.#batchMax))
        yield inOrder(part.length, idleRowHeld, () => this.#store.encodeIdle(part, atMs));
    this.#events = [];
    this.#idle = [];
  }
}

function* parts<T>(rows: readonly T[], partMax: number): Generator<readonly T[]> {
  for (let from = 0; from < rows.length; from += partMax) yield rows.slice(from, from + partMax);
}
