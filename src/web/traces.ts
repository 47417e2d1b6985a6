import { settleMs } from './timeline.ts';

/** The small trace of a row: ten minutes in steps of five seconds. */
export const traceStepMs = 5_000;
export const traceSteps = 120;

/**
 * The last ten minutes of many scopes. All share one time axis, so that a scope costs one packed row of
 * `traceSteps` numbers. A step keeps the largest value seen in it, so that a start of three seconds shows.
 * Beyond `scopesMax` scopes no further one is traced.
 */
export class Traces {
  readonly scopesMax: number;
  readonly #rows = new Map<string, Float32Array>();
  /** Number of the newest step since 1970; slot = step modulo `traceSteps`. */
  #newestStep = Number.NEGATIVE_INFINITY;
  #version = 0;

  constructor(scopesMax: number) {
    this.scopesMax = scopesMax;
  }

  /** Changes with every step, and when history came in: a trace drawn before is older than it could be. */
  get version(): number {
    return this.#version;
  }

  /** Time goes on for all; what fell out of the ten minutes is forgotten. */
  advance(atMs: number): void {
    const step = Math.floor(atMs / traceStepMs);
    if (step === this.#newestStep) return;
    const ahead = step - this.#newestStep;
    // Set back a little: the newest step takes what comes. By more than a trace: begin again.
    if (ahead < 0 && ahead > -traceSteps) return;
    const forget = ahead < 0 || ahead > traceSteps ? traceSteps : ahead;
    for (const row of this.#rows.values()) {
      for (let back = 0; back < forget; back += 1) row[slot(step - back)] = Number.NaN;
    }
    this.#newestStep = step;
    this.#version += 1;
  }

  /** The draw at the newest step; unknown is left a gap. */
  put(scope: string, watts: number | undefined): void {
    if (watts === undefined) return;
    const row = this.#row(scope);
    if (!row) return;
    const at = slot(this.#newestStep);
    if (!(row[at]! >= watts)) row[at] = watts;
  }

  /**
   * What history knows of the time before the page was opened: a line through the middles of its buckets, run on
   * to the end of the last one. What was seen live stands. Gaps stay gaps; but the newest bucket is closed late,
   * so the line reaches up to what was seen live when that is near.
   */
  fill(scope: string, atMs: readonly number[], stepMs: number, watts: readonly (number | null)[]): void {
    const row = this.#row(scope);
    if (!row) return;
    this.#version += 1;
    const last = watts.findLastIndex((value) => value !== null);
    for (let i = 0; i <= last; i += 1) {
      const value = watts[i];
      if (value === null || value === undefined) continue;
      const middleMs = atMs[i]! + stepMs / 2;
      const next = watts[i + 1];
      if (watts[i - 1] === null || i === 0) this.#line(row, atMs[i]!, value, middleMs, value);
      if (next !== null && next !== undefined) this.#line(row, middleMs, value, middleMs + stepMs, next);
      else this.#line(row, middleMs, value, atMs[i]! + stepMs + (i === last ? settleMs : 0), value);
    }
  }

  #line(row: Float32Array, fromMs: number, fromWatts: number, toMs: number, toWatts: number): void {
    const oldest = this.#newestStep - traceSteps + 1;
    for (let step = Math.max(Math.floor(fromMs / traceStepMs), oldest); step < this.#newestStep; step += 1) {
      const share = ((step + 0.5) * traceStepMs - fromMs) / (toMs - fromMs);
      if (share > 1) return;
      if (Number.isNaN(row[slot(step)]))
        row[slot(step)] = fromWatts + Math.max(0, share) * (toWatts - fromWatts);
    }
  }

  has(scope: string): boolean {
    return this.#rows.has(scope);
  }

  /** Oldest first, NaN where nothing is known; undefined: nothing known of this scope. */
  read(scope: string, into: Float32Array): Float32Array | undefined {
    const row = this.#rows.get(scope);
    if (!row) return undefined;
    for (let i = 0; i < traceSteps; i += 1) into[i] = row[slot(this.#newestStep - traceSteps + 1 + i)]!;
    return into;
  }

  /** Scopes that are gone make room. */
  keepOnly(known: (scope: string) => boolean): void {
    for (const scope of this.#rows.keys()) if (!known(scope)) this.#rows.delete(scope);
  }

  #row(scope: string): Float32Array | undefined {
    let row = this.#rows.get(scope);
    if (!row && this.#rows.size < this.scopesMax) {
      row = new Float32Array(traceSteps).fill(Number.NaN);
      this.#rows.set(scope, row);
    }
    return row;
  }
}

function slot(step: number): number {
  return ((step % traceSteps) + traceSteps) % traceSteps;
}
