import type { Reading } from '../model/reading.ts';
import type { RollUp, RollUpTier } from '../model/roll-up.ts';
import type { ReadingBatch, Store } from './store.ts';
import { Batch } from './undurable.ts';

/** What is handed in and not yet cut into batches: readings, roll-ups and the message number they reach up to. */
export class OpenBatch {
  readonly #store: Store;
  readonly #batchMax: number;
  #readings: ReadingBatch;
  readonly #rollUps: Record<RollUpTier, RollUp[]> = { minute: [], quarter: [] };
  /** The highest message number whose readings are all handed in; −1: none since the last cut. */
  sequence = -1;

  constructor(store: Store, batchMax: number) {
    this.#store = store;
    this.#batchMax = batchMax;
    this.#readings = store.readingBatch();
  }

  get count(): number {
    return this.#readings.count + this.#rollUps.minute.length + this.#rollUps.quarter.length;
  }

  /** Enough for a write of its own. */
  get full(): boolean {
    const { minute, quarter } = this.#rollUps;
    return Math.max(this.#readings.count, minute.length, quarter.length) >= this.#batchMax;
  }

  add(reading: Reading): void {
    this.#readings.add(reading);
  }

  addRollUps(tier: RollUpTier, rows: readonly RollUp[]): void {
    for (const row of rows) this.#rollUps[tier].push(row);
  }

  /** Cuts what there is into batches, the message number on the last, and is empty again. */
  seal(sinceMs: number): Batch[] {
    const batches: Batch[] = [];
    const readings = this.#readings;
    if (readings.count > 0) {
      batches.push(new Batch(readings.count, sinceMs, () => readings.encode()));
      this.#readings = this.#store.readingBatch();
    }
    for (const tier of ['minute', 'quarter'] as const) {
      for (let rows = this.#rollUps[tier]; rows.length > 0; rows = this.#rollUps[tier]) {
        const part = rows.slice(0, this.#batchMax);
        this.#rollUps[tier] = rows.slice(this.#batchMax);
        batches.push(new Batch(part.length, sinceMs, () => this.#store.encodeRollUps(tier, part)));
      }
    }
    const last = batches.at(-1);
    if (last !== undefined) last.sequence = this.sequence;
    this.sequence = -1;
    return batches;
  }
}
