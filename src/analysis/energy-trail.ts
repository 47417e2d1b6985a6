import { Rows } from '../model/rows.ts';
import { counterStep, countOf } from './counter-step.ts';
import { ledgerStepMs } from './ledger-row.ts';
import { isLikeBefore } from './reporting-pattern.ts';

/** Quarters of an outlet that are remembered: those not told yet, and the one under way. */
const ringQuarters = 8;
const hourMs = 3_600_000;
const wattMsPerWattHour = 3_600_000;
const wattsMax = 25_000;
const headroom = 1.2;
const refreshMsMax = 900_000;
const fineCounts = 20;
const stuckCounts = 3;
const gapMsMin = 60_000;
const gapIntervals = 3;
/** How slowly a longer interval is forgotten. */
const intervalFade = 0.02;

// Columns of one outlet. A counter that was not told is NaN.
const heardMs = 0;
const watts = 1;
const interval = 2;
const lastRaw = 3;
const lastRawMs = 4;
const tickMs = 5;
const sinceTickWattMs = 6;
const anchorRaw = 7;
const anchorMs = 8;
const countWattHours = 9;
/** Of the reading before the last: what comes twice mostly comes at once. */
const earlierMs = 10;
/** When the stretch since the anchor began, where it did so at no tick; else 0. */
const beganMs = 11;
const ring = 12;
// Columns of one quarter in the ring.
const fromMs = 0;
const booked = 1;
const stuck = 2;
const openWattMs = 3;
const knownMs = 4;
const plainWattHours = 5;
const plainMs = 6;
const slotWidth = 7;
const width = ring + ringQuarters * slotWidth;

/** What an outlet drew in one quarter, as far as the stream can tell. */
export interface TrailQuarter {
  /** Its counter told: the figures are its; else they are those of the watts. */
  readonly counted: boolean;
  readonly counterWattHours: number;
  readonly integratedWattHours: number;
  readonly observedMs: number;
}

export interface TrailEvents {
  /** Something happened in [fromMs, toMs] that only the readings around can tell the meaning of. */
  readonly doubt: (outlet: number, fromMs: number, toMs: number) => void;
  /** A reading of a time that had passed. */
  readonly late: (outlet: number, atMs: number) => void;
}

/**
 * The energy of outlets whose counters just count on, in the stream: what the ledger (energy-ledger.ts) does in full,
 * for the plain case, in some 500 bytes and 50 ns. Booked is from tick to tick of the counter as the ledger
 * books it, by hours of the clock or finer; within, the watts say when it flowed. Whatever is not plain (a gap, a
 * fall, a jump, what came before a first tick) is called a doubt: those quarters are for the ledger.
 */
export class EnergyTrail {
  readonly #events: TrailEvents;
  readonly #rows = new Rows(width, 0);
  #outlets = 0;

  constructor(events: TrailEvents) {
    this.#events = events;
  }

  /** Takes what a reading brought; NaN: not brought. */
  take(outlet: number, atMs: number, newWatts: number, raw: number, expectedIntervalMs: number): void {
    if (outlet >= this.#outlets) this.#open(outlet);
    const row = this.#rows.chunk(outlet);
    const at = this.#rows.at(outlet);
    const before = row[at + heardMs]!;
    if (before === 0) row[at + interval] = expectedIntervalMs;
    if (atMs < before) {
      if (atMs !== row[at + earlierMs] && !Number.isNaN(newWatts)) this.#events.late(outlet, atMs);
      return;
    }
    if (before > 0 && atMs > before) this.#passTime(outlet, row, at, atMs, newWatts);
    if (atMs > before) row[at + earlierMs] = before;
    row[at + heardMs] = atMs;
    // What flows back is no draw.
    if (!Number.isNaN(newWatts)) row[at + watts] = Math.max(0, newWatts);
    if (!Number.isNaN(raw)) this.#count(outlet, row, at, atMs, raw);
  }

  /** What the watts came to in a quarter. */
  plain(outlet: number, quarterMs: number, wattHours: number, observedMs: number): void {
    if (outlet >= this.#outlets) return;
    const row = this.#rows.chunk(outlet);
    const at = this.#rows.at(outlet);
    const slot = slotOf(row, at, quarterMs);
    row[slot + plainWattHours] = wattHours;
    row[slot + plainMs] = observedMs;
  }

  /**
   * What was drawn in a quarter that is over; undefined: nothing is known. What the counter has not settled by now is
   * booked as is likely, and taken off what comes later: no Wh is booked twice, none is lost.
   */
  settle(outlet: number, quarterMs: number): TrailQuarter | undefined {
    if (outlet >= this.#outlets) return undefined;
    const row = this.#rows.chunk(outlet);
    const at = this.#rows.at(outlet);
    if (row[at + anchorMs]! < quarterMs + ledgerStepMs) bookLikely(row, at, quarterMs);
    const slot = findSlot(row, at, quarterMs);
    if (slot < 0) return undefined;
    const counted = row[slot + knownMs]! > 0;
    if (!counted && !(row[slot + plainMs]! > 0)) return undefined;
    return {
      counted,
      counterWattHours: counted ? row[slot + booked]! : 0,
      integratedWattHours: counted ? row[slot + stuck]! : row[slot + plainWattHours]!,
      observedMs: counted ? row[slot + knownMs]! : row[slot + plainMs]!,
    };
  }

  /** What the watts came to in that quarter, whatever the counter says. */
  plainOf(outlet: number, quarterMs: number): TrailQuarter | undefined {
    if (outlet >= this.#outlets) return undefined;
    const row = this.#rows.chunk(outlet);
    const slot = findSlot(row, this.#rows.at(outlet), quarterMs);
    if (slot < 0 || !(row[slot + plainMs]! > 0)) return undefined;
    return {
      counted: false,
      counterWattHours: 0,
      integratedWattHours: row[slot + plainWattHours]!,
      observedMs: row[slot + plainMs]!,
    };
  }

  #open(outlet: number): void {
    for (; this.#outlets <= outlet; this.#outlets += 1) {
      this.#rows.open(this.#outlets);
      const row = this.#rows.chunk(this.#outlets);
      const at = this.#rows.at(this.#outlets);
      row[at + watts] = Number.NaN;
      row[at + lastRaw] = Number.NaN;
      row[at + anchorMs] = Number.POSITIVE_INFINITY;
    }
  }

  #passTime(outlet: number, row: Float64Array, at: number, to: number, newWatts: number): void {
    const from = row[at + heardMs]!;
    const forMs = to - from;
    const usual = row[at + interval]!;
    if (forMs > gapMsMin && forMs > gapIntervals * usual) {
      this.#events.doubt(outlet, Math.min(from, openFrom(row, at)), to);
      row[at + lastRaw] = Number.NaN;
      row[at + anchorMs] = Number.POSITIVE_INFINITY;
      row[at + beganMs] = 0;
      row[at + watts] = Number.NaN;
      return;
    }
    row[at + interval] = forMs > usual ? forMs : usual + (forMs - usual) * intervalFade;
    if (Number.isNaN(row[at + lastRaw]!)) return;
    const held = row[at + watts]!;
    const flow = Number.isNaN(held) ? 0 : held;
    const straight =
      !(Number.isNaN(held) || Number.isNaN(newWatts)) && isLikeBefore(forMs, from - row[at + earlierMs]!);
    const slope = straight ? (Math.max(0, newWatts) - flow) / forMs : 0;
    row[at + sinceTickWattMs]! += (flow + (slope * forMs) / 2) * forMs;
    for (let atMs = from; atMs < to; ) {
      const slot = slotOf(row, at, atMs);
      const endMs = Math.min(to, row[slot + fromMs]! + ledgerStepMs);
      row[slot + openWattMs]! += (flow + slope * ((atMs + endMs) / 2 - from)) * (endMs - atMs);
      row[slot + knownMs]! += endMs - atMs;
      atMs = endMs;
    }
  }

  #count(outlet: number, row: Float64Array, at: number, atMs: number, raw: number): void {
    const last = row[at + lastRaw]!;
    if (raw === last) {
      row[at + lastRawMs] = atMs;
      return;
    }
    if (Number.isNaN(last)) {
      beginCounter(row, at, atMs, raw);
      return;
    }
    const forMs = atMs - row[at + lastRawMs]!;
    const lazyWattHours =
      row[at + sinceTickWattMs]! > 0
        ? (2 * row[at + sinceTickWattMs]!) / wattMsPerWattHour
        : flowMax(Math.min(refreshMsMax, atMs - row[at + tickMs]!));
    const step = counterStep(last, raw, {
      mostWattHours: flowMax(forMs) + lazyWattHours,
      likelyWattHours: Number.NaN,
      mayWrap: false,
    });
    if (step.kind === 'impossible') {
      this.#events.doubt(outlet, openFrom(row, at), atMs);
      beginCounter(row, at, atMs, raw);
      return;
    }
    row[at + lastRawMs] = atMs;
    if (step.kind !== 'tick') return;
    const count = countOf(last, raw);
    row[at + lastRaw] = raw;
    row[at + tickMs] = atMs;
    row[at + sinceTickWattMs] = 0;
    if (!(count >= row[at + countWattHours]!)) row[at + countWattHours] = count;
    const beganAtTick = row[at + beganMs] === 0;
    const nextHour = Math.floor(atMs / hourMs) > Math.floor(openFrom(row, at) / hourMs);
    const fine = (raw - last) / count >= fineCounts * Math.sqrt(forMs / ledgerStepMs);
    // A counter that has just begun may be one that slipped, and what it says next is not its tick.
    if (!nextHour && !(beganAtTick && (fine || Number.isNaN(row[at + watts]!)))) return;
    if (beganAtTick && atMs - row[at + anchorMs]! <= (ringQuarters - 1) * ledgerStepMs)
      book(row, at, row[at + anchorMs]!, atMs, Math.max(0, raw - row[at + anchorRaw]!), booked);
    else this.#events.doubt(outlet, openFrom(row, at), atMs);
    anchor(row, at, atMs, raw);
  }
}

/** From then on what flowed is not booked by the counter's own ticks. */
function openFrom(row: Float64Array, at: number): number {
  return row[at + beganMs]! > 0 ? row[at + beganMs]! : row[at + anchorMs]!;
}

function flowMax(forMs: number): number {
  return (headroom * wattsMax * forMs) / hourMs;
}

function beginCounter(row: Float64Array, at: number, atMs: number, raw: number): void {
  row[at + lastRaw] = raw;
  row[at + lastRawMs] = atMs;
  row[at + tickMs] = atMs;
  row[at + sinceTickWattMs] = 0;
  row[at + countWattHours] = Number.NaN;
  anchor(row, at, atMs, raw);
  row[at + beganMs] = atMs;
}

/** What came before is booked, or called a doubt. */
function anchor(row: Float64Array, at: number, atMs: number, raw: number): void {
  row[at + anchorRaw] = raw;
  row[at + anchorMs] = atMs;
  row[at + beganMs] = 0;
  for (let slot = at + ring; slot < at + width; slot += slotWidth) row[slot + openWattMs] = 0;
}

/** Books Wh over [from, to] where the watts say they flowed, flat where these say nothing. */
function book(
  row: Float64Array,
  at: number,
  from: number,
  to: number,
  wattHours: number,
  column: number,
): void {
  const firstMs = from - (from % ledgerStepMs);
  if (to <= firstMs + ledgerStepMs) {
    const slot = slotOf(row, at, firstMs);
    row[slot + column]! += wattHours;
    row[slot + openWattMs] = 0;
    return;
  }
  const wattMs = openWattMsOf(row, at, firstMs, to);
  for (let quarterMs = firstMs; quarterMs < to; quarterMs += ledgerStepMs) {
    const slot = slotOf(row, at, quarterMs);
    const forMs = Math.min(to, quarterMs + ledgerStepMs) - Math.max(from, quarterMs);
    row[slot + column]! += wattHours * (wattMs > 0 ? row[slot + openWattMs]! / wattMs : forMs / (to - from));
    row[slot + openWattMs] = 0;
  }
}

/**
 * Books a quarter without waiting for the counter's next tick: what the watts came to, as far as the counter
 * leaves them room: up to a count has flowed since its last tick. One that stands still while many counts must have
 * flowed is stuck: then the watts count.
 */
function bookLikely(row: Float64Array, at: number, quarterMs: number): void {
  const from = row[at + anchorMs]!;
  const to = Math.min(row[at + heardMs]!, quarterMs + ledgerStepMs);
  if (!(to > from)) return;
  const firstMs = from - (from % ledgerStepMs);
  const wattMs = openWattMsOf(row, at, firstMs, to);
  const allWattMs = openWattMsOf(row, at, firstMs, row[at + heardMs]!);
  const share = allWattMs > 0 ? wattMs / allWattMs : (to - from) / (row[at + heardMs]! - from);
  const counted = row[at + lastRaw]! - row[at + anchorRaw]!;
  const count = Number.isNaN(row[at + countWattHours]!)
    ? countOf(row[at + lastRaw]!, row[at + lastRaw]!)
    : row[at + countWattHours]!;
  const integrated = wattMs / wattMsPerWattHour;
  if (
    row[at + tickMs]! <= from &&
    allWattMs / wattMsPerWattHour > stuckCounts * count + Math.max(0, counted)
  ) {
    book(row, at, from, to, integrated, stuck);
  } else {
    const likely = allWattMs > 0 ? integrated : counted * share;
    const least = Math.max(0, counted - count) * share;
    const most = Math.max(0, counted + count) * share;
    const wattHours = Math.min(most, Math.max(least, likely));
    book(row, at, from, to, wattHours, booked);
    row[at + anchorRaw]! += wattHours;
  }
  row[at + anchorMs] = to;
}

function openWattMsOf(row: Float64Array, at: number, firstMs: number, to: number): number {
  let wattMs = 0;
  for (let quarterMs = firstMs; quarterMs < to; quarterMs += ledgerStepMs) {
    const slot = findSlot(row, at, quarterMs);
    if (slot >= 0) wattMs += row[slot + openWattMs]!;
  }
  return wattMs;
}

/** Where a quarter lies in the ring; −1: it is not there any more. */
function findSlot(row: Float64Array, at: number, atMs: number): number {
  const quarter = Math.floor(atMs / ledgerStepMs);
  const slot = at + ring + (quarter % ringQuarters) * slotWidth;
  return row[slot + fromMs] === quarter * ledgerStepMs ? slot : -1;
}

/** The same, made anew where there is none. */
function slotOf(row: Float64Array, at: number, atMs: number): number {
  const quarter = Math.floor(atMs / ledgerStepMs);
  const slot = at + ring + (quarter % ringQuarters) * slotWidth;
  if (row[slot + fromMs] !== quarter * ledgerStepMs) {
    row.fill(0, slot, slot + slotWidth);
    row[slot + fromMs] = quarter * ledgerStepMs;
  }
  return slot;
}
