/** Equal steps of time, oldest first; a step nobody saw is not in it. */
export interface Steps {
  readonly stepMs: number;
  readonly length: number;
  /** Start of the step, epoch ms. */
  startMs(index: number): number;
  /** NaN: looked, and not known. */
  mean(index: number): number;
  min(index: number): number;
  max(index: number): number;
}

/** A server clock set back by more than this starts the series again. */
const backMsMax = 60_000;

/**
 * A bounded series of one quantity as it was seen: mean, min and max of each step, in typed arrays. When it is
 * full the oldest step falls off.
 */
export class StepSeries implements Steps {
  readonly stepMs: number;
  readonly capacity: number;
  readonly #startMs: Float64Array;
  readonly #sum: Float64Array;
  readonly #count: Uint32Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  #head = 0;
  #length = 0;

  constructor(stepMs: number, capacity: number) {
    this.stepMs = stepMs;
    this.capacity = capacity;
    this.#startMs = new Float64Array(capacity);
    this.#sum = new Float64Array(capacity);
    this.#count = new Uint32Array(capacity);
    this.#min = new Float64Array(capacity);
    this.#max = new Float64Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  startMs(index: number): number {
    return this.#startMs[this.#at(index)]!;
  }

  mean(index: number): number {
    const at = this.#at(index);
    return this.#count[at] === 0 ? Number.NaN : this.#sum[at]! / this.#count[at]!;
  }

  min(index: number): number {
    const at = this.#at(index);
    return this.#count[at] === 0 ? Number.NaN : this.#min[at]!;
  }

  max(index: number): number {
    const at = this.#at(index);
    return this.#count[at] === 0 ? Number.NaN : this.#max[at]!;
  }

  /** What was seen at that time; undefined: not known then. */
  add(atMs: number, value: number | undefined): void {
    const startMs = Math.floor(atMs / this.stepMs) * this.stepMs;
    const newestMs = this.#length === 0 ? Number.NEGATIVE_INFINITY : this.startMs(this.#length - 1);
    if (newestMs - startMs > Math.max(backMsMax, this.stepMs)) this.clear();
    if (this.#length === 0 || startMs > newestMs) this.#begin(startMs);
    if (value === undefined) return;
    const at = this.#at(this.#length - 1);
    this.#sum[at]! += value;
    this.#count[at]! += 1;
    this.#min[at] = Math.min(this.#min[at]!, value);
    this.#max[at] = Math.max(this.#max[at]!, value);
  }

  clear(): void {
    this.#head = 0;
    this.#length = 0;
  }

  #begin(startMs: number): void {
    if (this.#length === this.capacity) this.#head = (this.#head + 1) % this.capacity;
    else this.#length += 1;
    const at = this.#at(this.#length - 1);
    this.#startMs[at] = startMs;
    this.#sum[at] = 0;
    this.#count[at] = 0;
    this.#min[at] = Number.POSITIVE_INFINITY;
    this.#max[at] = Number.NEGATIVE_INFINITY;
  }

  #at(index: number): number {
    return (this.#head + index) % this.capacity;
  }
}
