import { maskSpan, onIsTrue, onPresent, readingWidth, rowSlots, valueBits } from './batch.ts';
import type { Points } from './points.ts';
import type { SeriesRef } from './series-table.ts';

const chunkSlots = 2 ** 16;
const allColumns = 0xffff;

/** The newest points of one series: those not in a block yet. */
export interface Head {
  readonly series: number;
  /** Its tier, as in series-table.ts. */
  readonly tier: number;
  /** The write that brought its first point. */
  readonly firstSequence: number;
  count: number;
  /** Time of its newest point. */
  newestMs: number;
  /** Where its last row lies. */
  last: number;
}

/**
 * What is durable in the journal but in no block yet, in memory: the rows of all series in the order they came,
 * each linked to the one before of its series. So an outlet costs next to nothing beside its readings, and
 * memory is bounded by the journal. A position counts slots since the start; chunks are let go from the front.
 */
export class Heads {
  /** In the order of their first point. */
  readonly #heads = new Map<number, Head>();
  readonly #chunks: Float64Array[] = [];
  #firstChunk = 0;
  #end = 0;

  /** Where the next row will lie, at the earliest. */
  get end(): number {
    return this.#end;
  }

  get(series: number): Head | undefined {
    return this.#heads.get(series);
  }

  all(): IterableIterator<Head> {
    return this.#heads.values();
  }

  /** The head whose first point came first. */
  oldest(): Head | undefined {
    return this.#heads.values().next().value;
  }

  /** Takes a row of a batch: the slots from `from` on, with this mask. */
  append(series: SeriesRef, mask: number, slots: Float64Array, from: number, sequence: number): Head {
    const length = rowSlots(mask);
    const position = this.#place(length);
    let head = this.#heads.get(series.id);
    let stepBack = 0;
    const atMs = slots[from + 1]!;
    if (head === undefined) {
      head = {
        series: series.id,
        tier: series.tier,
        firstSequence: sequence,
        count: 1,
        newestMs: atMs,
        last: position,
      };
      this.#heads.set(series.id, head);
    } else {
      stepBack = position - head.last;
      head.count += 1;
      if (atMs > head.newestMs) head.newestMs = atMs;
      head.last = position;
    }
    const chunk = this.#chunks[this.#chunks.length - 1]!;
    const at = position % chunkSlots;
    chunk[at] = stepBack * maskSpan + mask;
    for (let i = 1; i < length; i += 1) chunk[at + i] = slots[from + i]!;
    return head;
  }

  /**
   * All points of a head in the order they were written: not sorted, and some moments may come twice. Only the
   * wanted columns (bits) are there.
   */
  points(head: Head, wantedBits = allColumns): Points {
    const micros = new Float64Array(head.count);
    const columns = new Array<Float64Array | undefined>(readingWidth).fill(undefined);
    let position = head.last;
    for (let i = head.count - 1; i >= 0; i -= 1) {
      const chunk = this.#chunks[Math.floor(position / chunkSlots) - this.#firstChunk]!;
      const at = position % chunkSlots;
      const link = chunk[at]!;
      const stepBack = Math.floor(link / maskSpan);
      micros[i] = Math.round(chunk[at + 1]! * 1000);
      readRow(chunk, at + 2, link - stepBack * maskSpan, i, columns, head.count, wantedBits);
      position -= stepBack;
    }
    return { micros, columns };
  }

  /** Its points are in a block now, or not wanted any more. */
  drop(head: Head): void {
    this.#heads.delete(head.series);
  }

  /** Lets go of all rows before this position; no head may have any there. */
  release(position: number): void {
    const keepFrom = Math.floor(position / chunkSlots);
    const drop = Math.min(keepFrom - this.#firstChunk, this.#chunks.length);
    if (drop <= 0) return;
    this.#chunks.splice(0, drop);
    this.#firstChunk += drop;
  }

  /** A row never straddles two chunks. */
  #place(length: number): number {
    if ((this.#end % chunkSlots) + length > chunkSlots)
      this.#end = Math.ceil(this.#end / chunkSlots) * chunkSlots;
    const position = this.#end;
    if (Math.floor(position / chunkSlots) >= this.#firstChunk + this.#chunks.length) {
      if (this.#chunks.length === 0) this.#firstChunk = Math.floor(position / chunkSlots);
      this.#chunks.push(new Float64Array(chunkSlots));
    }
    this.#end += length;
    return position;
  }
}

function readRow(
  slots: Float64Array,
  from: number,
  mask: number,
  row: number,
  columns: (Float64Array | undefined)[],
  count: number,
  wantedBits: number,
): void {
  let at = from;
  for (let bits = mask & valueBits, c = 0; bits !== 0; bits >>>= 1, c += 1) {
    if ((bits & 1) === 0) continue;
    if (((wantedBits >>> c) & 1) === 1) columnOf(columns, c, count)[row] = slots[at]!;
    at += 1;
  }
  if ((mask & onPresent & wantedBits) !== 0)
    columnOf(columns, readingWidth - 1, count)[row] = (mask & onIsTrue) === 0 ? 0 : 1;
}

function columnOf(columns: (Float64Array | undefined)[], column: number, count: number): Float64Array {
  const existing = columns[column];
  if (existing !== undefined) return existing;
  const made = new Float64Array(count).fill(Number.NaN);
  columns[column] = made;
  return made;
}
