import { type RollUp, type RollUpTier, tierStepMs } from './roll-up.ts';
import { Rows } from './rows.ts';

/** Readings of one moment arrive over a few seconds; a bucket is closed this long after its end. */
const graceMs = 5_000;
const minuteMs = tierStepMs.minute;
const quarterMs = tierStepMs.quarter;
const wattMsPerWattHour = 3_600_000;

// Columns of one scope. `watts` is NaN while the draw is not known.
const watts = 0;
const sinceMs = 1;
const minuteFromMs = 2;
const energy = 3;
const observedMs = 4;
const lowest = 5;
const highest = 6;
const quarterFromMs = 7;
const quarterEnergy = 8;
const quarterObservedMs = 9;
const quarterLowest = 10;
const quarterHighest = 11;
/** What part of its outlets the draw is of, 0…1. */
const share = 12;
/** Time with any known draw; what is observed is this times the share. */
const knownMs = 13;
const quarterKnownMs = 14;
const width = 15;

/**
 * Turns the steps of each scope's draw into 1-minute and 15-minute roll-ups, in the stream: between two steps
 * the last value holds, an unknown draw is not observed, and one of which only some inputs are known is observed in
 * part. A step that comes late (another outlet of the same sum
 * was quicker) counts from where the scope already is.
 */
export class RollUpMaker {
  readonly #emit: (tier: RollUpTier, scope: number, row: Omit<RollUp, 'scope'>) => void;
  readonly #rows = new Rows(width, 0);
  /** Of the minute and the quarter this falls in only what comes after it is observed here. */
  readonly #notBeforeMs: number;
  #count = 0;

  /** What was before `notBeforeMs` in the buckets around that was observed by others; default: nothing was. */
  constructor(
    emit: (tier: RollUpTier, scope: number, row: Omit<RollUp, 'scope'>) => void,
    notBeforeMs = Number.NEGATIVE_INFINITY,
  ) {
    this.#emit = emit;
    this.#notBeforeMs = notBeforeMs;
  }

  /** Makes room for scope number `scope`. */
  open(scope: number): void {
    this.#rows.open(scope);
    this.#count = Math.max(this.#count, scope + 1);
    this.#rows.chunk(scope)[this.#rows.at(scope) + watts] = Number.NaN;
  }

  /** From `atMs` on the scope draws `value` watts, NaN: not known; that is of `ofOutlets` of its outlets, 0…1. */
  step(scope: number, atMs: number, value: number, ofOutlets = 1): void {
    const rows = this.#rows.chunk(scope);
    const row = this.#rows.at(scope);
    if (rows[row + minuteFromMs] === 0) begin(rows, row, atMs);
    this.#advance(scope, atMs);
    rows[row + watts] = value;
    rows[row + share] = ofOutlets;
  }

  /** Closes every bucket that ended more than the grace before `nowMs`. */
  closeUntil(nowMs: number): void {
    const settledMs = Math.floor((nowMs - graceMs) / minuteMs) * minuteMs;
    for (let scope = 0; scope < this.#count; scope += 1) {
      const from = this.#rows.chunk(scope)[this.#rows.at(scope) + minuteFromMs]!;
      if (from !== 0 && from < settledMs) this.#advance(scope, settledMs);
    }
  }

  /** Closes all at `nowMs`, unfinished buckets too: only before the end. */
  closeAll(nowMs: number): void {
    for (let scope = 0; scope < this.#count; scope += 1) {
      if (this.#rows.chunk(scope)[this.#rows.at(scope) + minuteFromMs] === 0) continue;
      this.#advance(scope, nowMs);
      this.#closeMinute(scope);
      this.#closeQuarter(scope);
    }
  }

  /** Whether the minute of this moment is closed, so that a step there counts from a later one. */
  isClosed(scope: number, atMs: number): boolean {
    return atMs < this.#rows.chunk(scope)[this.#rows.at(scope) + minuteFromMs]!;
  }

  /** The minute that is still open, as far as it has come by `nowMs`; undefined while nothing was observed. */
  openMinute(scope: number, nowMs: number): Omit<RollUp, 'scope'> | undefined {
    const rows = this.#rows.chunk(scope);
    const row = this.#rows.at(scope);
    if (rows[row + minuteFromMs] === 0) return undefined;
    this.#advance(scope, Math.min(nowMs, rows[row + minuteFromMs]! + minuteMs - 1));
    return rows[row + observedMs] === 0 ? undefined : minuteBucket(rows, row);
  }

  /** Wh drawn since the open bucket began, up to `nowMs`; 0 when that bucket began before `notBeforeMs`. */
  openWattHours(scope: number, nowMs: number, notBeforeMs: number): number {
    const rows = this.#rows.chunk(scope);
    const row = this.#rows.at(scope);
    if (rows[row + minuteFromMs]! < notBeforeMs) return 0;
    const value = rows[row + watts]!;
    const running = Number.isNaN(value) ? 0 : value * Math.max(0, nowMs - rows[row + sinceMs]!);
    return (rows[row + energy]! + running) / wattMsPerWattHour;
  }

  /** Integrates up to `toMs`, closing buckets on the way. */
  #advance(scope: number, toMs: number): void {
    const rows = this.#rows.chunk(scope);
    const row = this.#rows.at(scope);
    let endMs = rows[row + minuteFromMs]! + minuteMs;
    while (toMs >= endMs) {
      integrate(rows, row, endMs, this.#notBeforeMs);
      this.#closeMinute(scope);
      // An unknown draw has nothing to write for the buckets in between: go straight to the last one.
      const nextMs = Number.isNaN(rows[row + watts]!) ? Math.floor(toMs / minuteMs) * minuteMs : endMs;
      this.#openMinute(scope, nextMs);
      endMs = nextMs + minuteMs;
    }
    integrate(rows, row, toMs, this.#notBeforeMs);
  }

  #openMinute(scope: number, fromMs: number): void {
    const rows = this.#rows.chunk(scope);
    const row = this.#rows.at(scope);
    rows[row + minuteFromMs] = fromMs;
    rows[row + sinceMs] = Math.max(rows[row + sinceMs]!, fromMs);
    rows[row + lowest] = Number.POSITIVE_INFINITY;
    rows[row + highest] = Number.NEGATIVE_INFINITY;
    const quarter = Math.floor(fromMs / quarterMs) * quarterMs;
    if (quarter !== rows[row + quarterFromMs]) {
      this.#closeQuarter(scope);
      rows[row + quarterFromMs] = quarter;
    }
  }

  #closeMinute(scope: number): void {
    const rows = this.#rows.chunk(scope);
    const row = this.#rows.at(scope);
    const isObserved = rows[row + observedMs]! > 0;
    if (isObserved) this.#emit('minute', scope, minuteBucket(rows, row));
    if (isObserved && !this.#isOfOthers(rows[row + minuteFromMs]!)) {
      rows[row + quarterEnergy]! += rows[row + energy]!;
      rows[row + quarterKnownMs]! += rows[row + knownMs]!;
      rows[row + quarterObservedMs]! += rows[row + observedMs]!;
      rows[row + quarterLowest] = Math.min(rows[row + quarterLowest]!, rows[row + lowest]!);
      rows[row + quarterHighest] = Math.max(rows[row + quarterHighest]!, rows[row + highest]!);
    }
    rows[row + energy] = 0;
    rows[row + knownMs] = 0;
    rows[row + observedMs] = 0;
  }

  /** A whole minute before `notBeforeMs`, in its quarter. */
  #isOfOthers(fromMs: number): boolean {
    return (
      fromMs + minuteMs <= this.#notBeforeMs &&
      fromMs >= Math.floor(this.#notBeforeMs / quarterMs) * quarterMs
    );
  }

  #closeQuarter(scope: number): void {
    const rows = this.#rows.chunk(scope);
    const row = this.#rows.at(scope);
    if (rows[row + quarterObservedMs]! > 0) this.#emit('quarter', scope, quarterBucket(rows, row));
    rows[row + quarterEnergy] = 0;
    rows[row + quarterKnownMs] = 0;
    rows[row + quarterObservedMs] = 0;
    rows[row + quarterLowest] = Number.POSITIVE_INFINITY;
    rows[row + quarterHighest] = Number.NEGATIVE_INFINITY;
  }
}

function begin(rows: Float64Array, row: number, atMs: number): void {
  rows[row + sinceMs] = atMs;
  rows[row + minuteFromMs] = Math.floor(atMs / minuteMs) * minuteMs;
  rows[row + lowest] = Number.POSITIVE_INFINITY;
  rows[row + highest] = Number.NEGATIVE_INFINITY;
  rows[row + quarterLowest] = Number.POSITIVE_INFINITY;
  rows[row + quarterHighest] = Number.NEGATIVE_INFINITY;
  rows[row + quarterFromMs] = Math.floor(atMs / quarterMs) * quarterMs;
}

function integrate(rows: Float64Array, row: number, toMs: number, notBeforeMs: number): void {
  let fromMs = rows[row + sinceMs]!;
  if (toMs <= fromMs) return;
  rows[row + sinceMs] = toMs;
  if (fromMs < notBeforeMs && rows[row + minuteFromMs]! + minuteMs > notBeforeMs) {
    if (toMs <= notBeforeMs) return;
    fromMs = notBeforeMs;
  }
  const forMs = toMs - fromMs;
  const value = rows[row + watts]!;
  if (Number.isNaN(value)) return;
  rows[row + energy]! += value * forMs;
  rows[row + knownMs]! += forMs;
  rows[row + observedMs]! += forMs * rows[row + share]!;
  // Here and not at the step: a sum in which two inputs change at one instant passes through no peak.
  if (value < rows[row + lowest]!) rows[row + lowest] = value;
  if (value > rows[row + highest]!) rows[row + highest] = value;
}

function minuteBucket(rows: Float64Array, row: number): Omit<RollUp, 'scope'> {
  return {
    fromMs: rows[row + minuteFromMs]!,
    wattsMean: rows[row + energy]! / rows[row + knownMs]!,
    wattsMin: rows[row + lowest]!,
    wattsMax: rows[row + highest]!,
    wattHours: rows[row + energy]! / wattMsPerWattHour,
    observedMs: rows[row + observedMs]!,
  };
}

function quarterBucket(rows: Float64Array, row: number): Omit<RollUp, 'scope'> {
  return {
    fromMs: rows[row + quarterFromMs]!,
    wattsMean: rows[row + quarterEnergy]! / rows[row + quarterKnownMs]!,
    wattsMin: rows[row + quarterLowest]!,
    wattsMax: rows[row + quarterHighest]!,
    wattHours: rows[row + quarterEnergy]! / wattMsPerWattHour,
    observedMs: rows[row + quarterObservedMs]!,
  };
}
