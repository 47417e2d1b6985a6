import type { Reading } from '../../model/reading.ts';
import { type RollUpChange, type RollUpTier, rollUpFigures, type Tier, tiers } from '../../model/roll-up.ts';
import type { ReadingBatch, StoreWrite } from '../store.ts';
import {
  batchMagic,
  headerBytes,
  headerWords,
  maskSpan,
  onIsTrue,
  onPresent,
  rollUpWidth,
  rowSlotsMax,
} from './batch.ts';

const slotsAtFirst = 4096;
/** Buffers kept for the next batches: the recorder fills one while another is on its way. */
const spareBuffersMax = 4;
const spareSlotsMax = 2 ** 20;
/** Names remembered for readings and for roll-ups; beyond, all are forgotten and learnt again. */
const namesMax = 500_000;

/** Makes batches (batch.ts) on the main thread, where every nanosecond counts. */
export class BatchMaker {
  readonly #outlets = new NameTable();
  readonly #scopes = new NameTable();
  readonly #spare: Float64Array[] = [];

  readingBatch(): ReadingBatch {
    return new PackedReadings(new BatchNames(this.#outlets), this.#spare);
  }

  /** A row that brings nothing leaves no trace. */
  encodeRollUps(tier: RollUpTier, rows: readonly RollUpChange[]): StoreWrite {
    const names = new BatchNames(this.#scopes);
    const slots = new Float64Array(rows.length * (2 + rollUpWidth));
    let used = 0;
    let count = 0;
    for (const row of rows) {
      let at = used + 2;
      let mask = 0;
      for (let c = 0; c < rollUpWidth; c += 1) {
        const value = row[rollUpFigures[c]!];
        if (value === undefined || Number.isNaN(value)) continue;
        slots[at++] = value;
        mask |= 1 << c;
      }
      if (mask === 0) continue;
      slots[used] = names.indexOf(row.scope) * maskSpan + mask;
      slots[used + 1] = row.fromMs;
      used = at;
      count += 1;
    }
    return closeBatch(tier, count, slots.subarray(0, used), names.list);
  }
}

class PackedReadings implements ReadingBatch {
  readonly #names: BatchNames;
  readonly #spare: Float64Array[];
  #slots: Float64Array;
  #used = 0;
  #count = 0;

  constructor(names: BatchNames, spare: Float64Array[]) {
    this.#names = names;
    this.#spare = spare;
    this.#slots = spare.pop() ?? new Float64Array(slotsAtFirst);
  }

  get count(): number {
    return this.#count;
  }

  /** A row is written at the end and only then counted in, so that an empty reading leaves no trace. */
  add(reading: Reading): void {
    if (reading.retained) return;
    if (this.#used + rowSlotsMax > this.#slots.length) this.#grow();
    const slots = this.#slots;
    const start = this.#used;
    let at = start + 2;
    let mask = 0;
    let value = reading.watts;
    if (value !== undefined) {
      slots[at++] = value;
      mask = 1;
    }
    value = reading.volts;
    if (value !== undefined) {
      slots[at++] = value;
      mask |= 2;
    }
    value = reading.amps;
    if (value !== undefined) {
      slots[at++] = value;
      mask |= 4;
    }
    value = reading.voltAmps;
    if (value !== undefined) {
      slots[at++] = value;
      mask |= 8;
    }
    value = reading.voltAmpsReactive;
    if (value !== undefined) {
      slots[at++] = value;
      mask |= 16;
    }
    value = reading.powerFactor;
    if (value !== undefined) {
      slots[at++] = value;
      mask |= 32;
    }
    value = reading.hertz;
    if (value !== undefined) {
      slots[at++] = value;
      mask |= 64;
    }
    value = reading.wattHoursTotal;
    if (value !== undefined) {
      slots[at++] = value;
      mask |= 128;
    }
    value = reading.wattHoursReturnedTotal;
    if (value !== undefined) {
      slots[at++] = value;
      mask |= 256;
    }
    const on = reading.on;
    if (on !== undefined) mask |= on ? onPresent | onIsTrue : onPresent;
    if (mask === 0) return;
    slots[start] = this.#names.indexOf(reading.outlet) * maskSpan + mask;
    slots[start + 1] = reading.atMs;
    this.#used = at;
    this.#count += 1;
  }

  encode(): StoreWrite {
    const slots = this.#slots;
    const write = closeBatch('raw', this.#count, slots.subarray(0, this.#used), this.#names.list);
    if (this.#spare.length < spareBuffersMax && slots.length <= spareSlotsMax) this.#spare.push(slots);
    // Adding on would write into a buffer that the next batch may already have.
    this.#slots = new Float64Array(0);
    return write;
  }

  #grow(): void {
    if (this.#slots.length === 0) throw new Error('this batch has been encoded: take a new one');
    const larger = new Float64Array(this.#slots.length * 2);
    larger.set(this.#slots);
    this.#slots = larger;
  }
}

/** Where a name stands in the batch that used it last. */
interface NameEntry {
  batch: number;
  index: number;
}

class NameTable extends Map<string, NameEntry> {
  batches = 0;
}

/** The names one batch refers to. The table only saves making a new look-up for each batch. */
class BatchNames {
  readonly list: string[] = [];
  readonly #table: NameTable;
  readonly #batch: number;

  constructor(table: NameTable) {
    this.#table = table;
    table.batches += 1;
    this.#batch = table.batches;
  }

  indexOf(name: string): number {
    const entry = this.#table.get(name);
    if (entry !== undefined && entry.batch === this.#batch) return entry.index;
    const index = this.list.push(name) - 1;
    if (entry !== undefined) {
      entry.batch = this.#batch;
      entry.index = index;
    } else {
      if (this.#table.size >= namesMax) this.#table.clear();
      this.#table.set(name, { batch: this.#batch, index });
    }
    return index;
  }
}

function closeBatch(tier: Tier, count: number, slots: Float64Array, names: readonly string[]): StoreWrite {
  const nameBytes = Buffer.from(JSON.stringify(names));
  const bytes = new Uint8Array(headerBytes + slots.byteLength + nameBytes.length);
  new Uint32Array(bytes.buffer, 0, headerWords).set([
    batchMagic,
    tiers.indexOf(tier),
    count,
    slots.length,
    nameBytes.length,
    0,
  ]);
  bytes.set(new Uint8Array(slots.buffer, slots.byteOffset, slots.byteLength), headerBytes);
  bytes.set(nameBytes, headerBytes + slots.byteLength);
  return { tier, count, bytes };
}
