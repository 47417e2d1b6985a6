/** How a meter has reported lately. */
export interface Reporting {
  /** The interval to expect between two readings, in ms. */
  readonly expectedMs: number;
  /** It reports at a fixed period, not on change. */
  readonly periodic: boolean;
  /** It has shown so itself. */
  readonly learned: boolean;
}

/** A pattern is judged by the intervals of this two-hour stretch of the clock and the two before. */
const cellMs = 7_200_000;
const cellsKept = 3;
/** How far back an interval can still tell of the pattern. */
export const patternMemoryMs = cellMs * cellsKept;

/** Bins of a quarter of an octave, from a second to an hour. */
const binsPerCell = 48;
const binsPerOctave = 4;
const firstBinMs = 1_000;
const shortestMs = 250;
const intervalsMin = 8;
const periodicShareMin = 0.8;
/** From so many on a judgement holds until the next two-hour stretch. */
const intervalsSettled = 64;
/** So many intervals in a row that are alike are a new period, whatever was before. */
const evenIntervals = 8;
const evenRatioMax = 1.6;
/** Two intervals in a row that are alike to this share are one period. */
const alikeShare = 0.9;
/** The longest but two: two outages do not make a habit. */
const longestButRank = 3;

/**
 * Learns from the intervals between an outlet's readings. All it remembers are counts by the hours of the clock,
 * so that whoever begins to read six hours earlier comes to the same judgement.
 */
export class ReportingPattern {
  readonly #fallbackMs: number;
  readonly #counts = new Uint16Array(binsPerCell * cellsKept);
  readonly #sums = new Float32Array(binsPerCell * cellsKept);
  #cell = 0;
  readonly #latest = new Float64Array(evenIntervals);
  #seen = 0;
  #judged: Reporting | undefined;
  #settled = false;

  /** `expectedIntervalMs` is what the outlet's device family usually does: it holds until enough was seen. */
  constructor(expectedIntervalMs: number) {
    this.#fallbackMs = expectedIntervalMs;
  }

  /** How the outlet reports, as far as it has shown before `atMs`. */
  at(atMs: number): Reporting {
    this.#moveTo(atMs);
    this.#judged ??= this.#judge();
    return this.#judged;
  }

  /** The latest few intervals' longest, where they are alike; else 0. In ms. */
  get evenMs(): number {
    if (this.#seen < evenIntervals) return 0;
    const longestMs = Math.max(...this.#latest);
    return longestMs <= evenRatioMax * Math.min(...this.#latest) ? longestMs : 0;
  }

  /** An interval that ended at `atMs`. What is shorter than 250 ms is one sample in two messages. */
  seen(atMs: number, intervalMs: number): void {
    if (intervalMs < shortestMs) return;
    this.#moveTo(atMs);
    const octaves = Math.log2(Math.max(1, intervalMs / firstBinMs));
    const bin = Math.min(binsPerCell - 1, Math.floor(binsPerOctave * octaves));
    this.#latest[this.#seen % evenIntervals] = intervalMs;
    this.#seen += 1;
    const slot = (this.#cell % cellsKept) * binsPerCell + bin;
    if (this.#counts[slot] === 65_535) return;
    this.#counts[slot]! += 1;
    this.#sums[slot]! += intervalMs;
    if (!this.#settled) this.#judged = undefined;
  }

  #moveTo(atMs: number): void {
    const cell = Math.floor(atMs / cellMs);
    if (cell <= this.#cell) return;
    for (let next = Math.max(this.#cell + 1, cell - cellsKept + 1); next <= cell; next += 1) {
      const from = (next % cellsKept) * binsPerCell;
      this.#counts.fill(0, from, from + binsPerCell);
      this.#sums.fill(0, from, from + binsPerCell);
    }
    this.#cell = cell;
    this.#judged = undefined;
    this.#settled = false;
  }

  #judge(): Reporting {
    const counts = Array.from({ length: binsPerCell }, (_, bin) => this.#count(bin, bin));
    const all = counts.reduce((sum, count) => sum + count, 0);
    this.#settled = all >= intervalsSettled;
    if (all < intervalsMin) return { expectedMs: this.#fallbackMs, periodic: false, learned: false };
    const usual = binOfRank(counts, Math.ceil(all / 2));
    if (this.#count(usual - 1, usual + 1) >= periodicShareMin * all) {
      return { expectedMs: this.#mean(usual - 1, usual + 1), periodic: true, learned: true };
    }
    const long = binOfRank(counts, all - longestButRank + 1);
    return { expectedMs: this.#mean(long, long), periodic: false, learned: true };
  }

  #count(firstBin: number, lastBin: number): number {
    return this.#over(this.#counts, firstBin, lastBin);
  }

  #mean(firstBin: number, lastBin: number): number {
    return this.#over(this.#sums, firstBin, lastBin) / this.#count(firstBin, lastBin);
  }

  #over(column: Uint16Array | Float32Array, firstBin: number, lastBin: number): number {
    let sum = 0;
    for (let bin = Math.max(0, firstBin); bin <= Math.min(binsPerCell - 1, lastBin); bin += 1) {
      for (let cell = 0; cell < cellsKept; cell += 1) sum += column[cell * binsPerCell + bin]!;
    }
    return sum;
  }
}

/** Is an interval like the one before it, as those of a meter are that reports at a fixed period? */
export function isLikeBefore(intervalMs: number, beforeMs: number): boolean {
  return intervalMs >= alikeShare * beforeMs && beforeMs >= alikeShare * intervalMs;
}

/** The bin in which the interval of that rank lies, 1 being the shortest. */
function binOfRank(counts: readonly number[], rank: number): number {
  let before = 0;
  return counts.findIndex((count) => {
    before += count;
    return before >= rank;
  });
}
