import type { Series } from '../model/columns.ts';

/** Raw points of one outlet, and for how long one of them holds, ms. */
export interface HeldSeries {
  readonly series: Series;
  readonly holdMs: number;
}

/**
 * What several outlets tell together, as one series that changes whenever one of them does: their sum, or their
 * mean. While one of those that are in it at all is silent for longer than it holds, a sum is not known (NaN): less
 * would pass for all. A mean is of those that are heard.
 */
export function joinSeries(parts: readonly HeldSeries[], kind: 'sum' | 'mean'): Series {
  const told = parts.filter(({ series }) => series.atMs.length > 0);
  const count = told.reduce((all, { series }) => all + 2 * series.atMs.length, 0);
  const atMs = new Float64Array(count);
  const values = new Float64Array(count);
  const present = new Float64Array(told.length).fill(Number.NaN);
  let heard = 0;
  let length = 0;
  const changes = new Changes(told);
  for (let next = changes.next(); next !== undefined; next = changes.next()) {
    heard += (Number.isNaN(next.value) ? 0 : 1) - (Number.isNaN(present[next.part]!) ? 0 : 1);
    present[next.part] = next.value;
    // What changes at one instant is one change.
    if (changes.nextMs === next.atMs) continue;
    atMs[length] = next.atMs;
    values[length] = joined(present, heard, kind);
    length += 1;
  }
  return { atMs: atMs.subarray(0, length), values: values.subarray(0, length) };
}

/** Added up anew each time: adding and taking away would leave rounding errors. */
function joined(present: Float64Array, heard: number, kind: 'sum' | 'mean'): number {
  if (heard === 0 || (kind === 'sum' && heard < present.length)) return Number.NaN;
  let sum = 0;
  for (const value of present) if (!Number.isNaN(value)) sum += value;
  return kind === 'sum' ? sum : sum / heard;
}

/** Points of all parts, and the ends of their holds, in the order of time: a heap of the next change of each. */
class Changes {
  readonly #parts: readonly HeldSeries[];
  /** By part: the point that comes next, and whether the one before it ends first. */
  readonly #index: Int32Array;
  readonly #nextMs: Float64Array;
  readonly #heap: number[];

  constructor(parts: readonly HeldSeries[]) {
    this.#parts = parts;
    this.#index = new Int32Array(parts.length);
    this.#nextMs = Float64Array.from(parts, ({ series }) => series.atMs[0]!);
    this.#heap = parts.map((_, part) => part).sort((a, b) => this.#nextMs[a]! - this.#nextMs[b]!);
  }

  /** When the next change comes. */
  get nextMs(): number | undefined {
    return this.#heap.length === 0 ? undefined : this.#nextMs[this.#heap[0]!];
  }

  next(): { readonly part: number; readonly atMs: number; readonly value: number } | undefined {
    const part = this.#heap[0];
    if (part === undefined) return undefined;
    const { series, holdMs } = this.#parts[part]!;
    const atMs = this.#nextMs[part]!;
    const i = this.#index[part]!;
    const isPoint = series.atMs[i] === atMs;
    const upTo = isPoint ? i + 1 : i;
    this.#index[part] = upTo;
    const pointMs = series.atMs[upTo];
    const holdsUntilMs = isPoint ? atMs + holdMs : Number.POSITIVE_INFINITY;
    this.#nextMs[part] = Math.min(pointMs ?? Number.POSITIVE_INFINITY, holdsUntilMs);
    if (pointMs === undefined && !isPoint) this.#removeFirst();
    else this.#sink();
    return { part, atMs, value: isPoint ? series.values[i]! : Number.NaN };
  }

  #removeFirst(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #sink(): void {
    const heap = this.#heap;
    const part = heap[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#nextMs[heap[child + 1]!]! < this.#nextMs[heap[child]!]!)
        child += 1;
      if (this.#nextMs[heap[child]!]! >= this.#nextMs[part]!) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = part;
  }
}
