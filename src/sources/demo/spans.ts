const hourMs = 3_600_000;

/** Stretches of time in order, none overlapping: finds the one around a moment in a step or two. */
export class Spans {
  readonly count: number;
  readonly fromMs: Float64Array;
  readonly toMs: Float64Array;
  /** By hour: the first span that ends after the hour began. */
  readonly #byHour: Int32Array;

  constructor(spans: readonly { readonly fromMs: number; readonly toMs: number }[], lengthMs: number) {
    this.count = spans.length;
    this.fromMs = Float64Array.from(spans, (span) => span.fromMs);
    this.toMs = Float64Array.from(spans, (span) => span.toMs);
    this.#byHour = new Int32Array(Math.ceil(lengthMs / hourMs));
    let first = 0;
    for (let hour = 0; hour < this.#byHour.length; hour += 1) {
      while (first < this.count && this.toMs[first]! <= hour * hourMs) first += 1;
      this.#byHour[hour] = first;
    }
  }

  /** Number of the first span that ends after `atMs`; `count` when none does. `atMs` is before the end of the length. */
  next(atMs: number): number {
    let i = this.#byHour[Math.max(0, Math.floor(atMs / hourMs))]!;
    while (i < this.count && this.toMs[i]! <= atMs) i += 1;
    return i;
  }

  /** Number of the span `atMs` lies in, −1 when in none. */
  around(atMs: number): number {
    const i = this.next(atMs);
    return i < this.count && atMs >= this.fromMs[i]! ? i : -1;
  }
}
