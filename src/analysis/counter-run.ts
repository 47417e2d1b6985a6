import { type CounterStep, counterStep, countOf } from './counter-step.ts';
import type { LedgerBook } from './ledger-row.ts';
import { Stretch } from './stretch.ts';

const hourMs = 3_600_000;
/** Counters that do not count for a whole one of these stretches of the clock are too coarse to wait for. */
export const quietCellMs = 6 * hourMs;
/** A counter may be refreshed more seldom than it is sent, but not for longer than this. */
const refreshMsMax = 900_000;
/** After a longer silence a wrap cannot be told from a reset. */
const wrapMsMax = 900_000;
const headroom = 1.2;
const lazyFactor = 2;
/**
 * A step of so many counts in a quarter of an hour tells better than single watts how much flowed; in less time,
 * when watts are sampled closer, by the root of the time: 2 counts in 10 s, 12 in 300 s.
 */
const fineCounts = 20;
const fineMs = 900_000;
const stuckCounts = 3;
/** Watts tell something of a time only where they are known for more than this share of it. */
const trustedShareMin = 0.5;

/** One reading of a counter, Wh: what the meter said, and that with all it wrapped round at added. */
interface Mark {
  readonly atMs: number;
  readonly raw: number;
  readonly wattHours: number;
}

/** How a counter came to its first tick; Wh. */
interface FirstTick {
  readonly step: number;
  /** What the watts came to until then … */
  readonly integrated: number;
  /** … and until the last reading before it, at which the counter still stood. */
  readonly integratedStanding: number;
}

/**
 * An unbroken run of one counter: from its begin, or the moment after which everything is booked, to now. Booked
 * are whole stretches between two ticks, by the counter's own difference; within a stretch the watts say when.
 * A stretch ends at the first tick of each hour of the clock, so that the moment of a single coarse tick
 * weighs little, and at every tick where there are no watts or the counts are fine.
 */
export class CounterRun {
  /** Up to the last reading of the counter. */
  readonly counted = new Stretch();
  /** Since then. */
  readonly since = new Stretch();
  readonly #wattsMax: number;
  #anchor: Mark & { readonly exact: boolean };
  #last: Mark;
  #tickAtMs: number;
  #wattHoursAtTick = 0;
  /** Booked since the last tick before the anchor, to be taken off the next one; Wh. */
  #ahead = 0;
  /** The first tick since an anchor that is none itself. */
  #firstTick: FirstTick | undefined;
  /** One count, as the figures since the anchor show it; Wh. */
  #countWattHours: number;

  constructor(atMs: number, raw: number, wattsMax: number) {
    this.#wattsMax = wattsMax;
    this.firstRaw = raw;
    this.#last = { atMs, raw, wattHours: raw };
    this.#anchor = { ...this.#last, exact: false };
    this.#tickAtMs = atMs;
    this.#countWattHours = countOf(raw, raw);
  }

  /** Everything before is booked. */
  get bookedUntilMs(): number {
    return this.#anchor.atMs;
  }

  /** What the meter said when the run began. */
  readonly firstRaw: number;

  get lastRaw(): number {
    return this.#last.raw;
  }

  /** How the counter would have come to `raw`, with more readings of its own or of a rival in between. */
  step(atMs: number, raw: number, rival?: CounterRun): CounterStep {
    const since = rival === undefined ? this.since : this.since.and(rival.counted).and(rival.since);
    const forMs = atMs - this.#last.atMs;
    const all = this.counted.wattHours + since.wattHours;
    const known = since.knownMs > trustedShareMin * forMs;
    const sinceTick = known
      ? lazyFactor * Math.max(0, all - this.#wattHoursAtTick)
      : this.#flowMax(Math.min(refreshMsMax, atMs - this.#tickAtMs));
    return counterStep(this.#last.raw, raw, {
      mostWattHours: this.#flowMax(forMs) + sinceTick,
      likelyWattHours: known ? since.wattHours : Number.NaN,
      mayWrap: forMs <= wrapMsMax,
    });
  }

  /** How far what the counter says since its last reading is from what the watts say, Wh; NaN where they do not. */
  misfit(raw: number, rival?: CounterRun): number {
    const since = rival === undefined ? this.since : this.since.and(rival.counted).and(rival.since);
    return since.knownMs > 0 && since.gapMs === 0
      ? Math.abs(raw - this.#last.raw - since.wattHours)
      : Number.NaN;
  }

  /** Can so many Wh have flowed from its last reading to `atMs`? */
  couldFlow(wattHours: number, atMs: number): boolean {
    return wattHours <= this.#flowMax(atMs - this.#last.atMs);
  }

  /** Takes a reading that fits. `book` is undefined while it is not sure that this run is real. */
  accept(atMs: number, raw: number, step: CounterStep, book: LedgerBook | undefined): void {
    const last = this.#last;
    this.#last =
      step.kind === 'tick'
        ? { atMs, raw, wattHours: last.wattHours + raw + step.wrapWattHours - last.raw }
        : { ...last, atMs };
    if (this.since.gapMs > 0 && book !== undefined) {
      this.#bookGap(last, book);
      if (step.kind === 'tick') this.#tickAtMs = atMs;
      return;
    }
    const integratedStanding = this.counted.wattHours;
    this.counted.absorb(this.since);
    if (step.kind === 'tick') {
      if (!this.#anchor.exact)
        this.#firstTick ??= {
          step: this.#last.wattHours - last.wattHours,
          integrated: this.counted.wattHours,
          integratedStanding,
        };
      this.#countWattHours = Math.min(this.#countWattHours, countOf(last.raw, raw));
      this.#tickAtMs = atMs;
      this.#wattHoursAtTick = this.counted.wattHours;
      if (book !== undefined && this.#isAnchorTick(last)) {
        this.#bookCounted(book, this.counted, true);
        this.#anchorHere(true);
      }
    } else if (book !== undefined && this.#isQuietCell(last.atMs, atMs)) {
      this.#bookCounted(book, this.counted, false);
      this.#anchorHere(false);
    }
  }

  /** The run is over: books what it proves; what came `since` is for the caller. */
  end(book: LedgerBook): void {
    this.#bookCounted(book, this.counted, false);
  }

  /** As if it ended now, with all that came since; changes nothing here. */
  preview(book: LedgerBook): void {
    if (this.since.gapMs > 0) {
      this.end(book);
      this.since.bookIntegral(book);
    } else this.#bookCounted(book, this.counted.and(this.since), false);
  }

  #flowMax(forMs: number): number {
    return (headroom * this.#wattsMax * forMs) / hourMs;
  }

  #isAnchorTick(last: Mark): boolean {
    const nextHour = Math.floor(this.#last.atMs / hourMs) > Math.floor(this.#anchor.atMs / hourMs);
    const counts = (this.#last.wattHours - last.wattHours) / countOf(last.raw, this.#last.raw);
    const isFine = counts >= fineCounts * Math.sqrt((this.#last.atMs - last.atMs) / fineMs);
    return nextHour || isFine || this.counted.knownMs === 0;
  }

  /** The first reading of such a stretch of the clock, and not one tick in the whole one before. */
  #isQuietCell(lastMs: number, atMs: number): boolean {
    const cell = Math.floor(atMs / quietCellMs);
    return cell > Math.floor(lastMs / quietCellMs) && this.#tickAtMs < (cell - 1) * quietCellMs;
  }

  #anchorHere(exact: boolean, ahead = 0): void {
    this.#ahead = ahead;
    this.#anchor = { ...this.#last, exact };
    this.counted.clear();
    this.since.clear();
    this.#wattHoursAtTick = 0;
    this.#firstTick = undefined;
    this.#countWattHours = countOf(this.#last.raw, this.#last.raw);
  }

  /**
   * Between two ticks the counter is exact. Before the first one, where the stretch began at none, and after the last, where
   * it ends at none, the watts count, as far as the counter leaves them room. A counter that stands still while many
   * counts must have flowed is stuck: then they count alone.
   */
  #bookCounted(book: LedgerBook, stretch: Stretch, endIsExact: boolean): void {
    const counted = this.#last.wattHours - this.#anchor.wattHours;
    const known = isKnown(stretch);
    if (!endIsExact && counted === 0 && known && this.#isStuck(stretch)) {
      stretch.bookIntegral(book);
      return;
    }
    const room = this.#countWattHours - (counted > 0 ? 0 : this.#ahead);
    const sinceTick = known && !endIsExact ? within(0, stretch.wattHours - this.#wattHoursAtTick, room) : 0;
    stretch.bookCounter(book, this.#toLastTick(counted, known) + sinceTick);
  }

  /** Of what was counted from the anchor to the last tick, less what is booked already, or flowed before. */
  #toLastTick(counted: number, known: boolean): number {
    const first = this.#firstTick;
    const earlier = known && first !== undefined ? first.step - beforeTick(first, this.#countWattHours) : 0;
    return Math.max(0, counted - earlier - (counted > 0 ? this.#ahead : 0));
  }

  #isStuck(stretch: Stretch): boolean {
    return stretch.wattHours > stuckCounts * this.#countWattHours;
  }

  /**
   * What the counter says over a gap, less what the watts say was drawn from its last tick to the edges of the gap. Where it
   * has not ticked they count alone, within its count, and that is taken off the next tick.
   */
  #bookGap(before: Mark, book: LedgerBook): void {
    const stretch = this.counted.and(this.since);
    const counted = before.wattHours - this.#anchor.wattHours;
    const beyond = this.#last.wattHours - before.wattHours;
    const known = isKnown(stretch);
    if (counted + beyond === 0 && known && this.#isStuck(stretch)) {
      stretch.bookIntegral(book);
      this.#anchorHere(true);
      return;
    }
    const ahead = counted > 0 ? 0 : this.#ahead;
    const room = (beyond > 0 ? beyond : this.#countWattHours) - ahead;
    const sinceTick = known ? within(0, stretch.wattHours - this.#wattHoursAtTick, room) : 0;
    stretch.bookCounter(book, this.#toLastTick(counted, known) + sinceTick);
    stretch.bookSpread(book, beyond > 0 ? Math.max(0, room - sinceTick) : 0, true);
    this.#anchorHere(true, beyond > 0 ? 0 : ahead + sinceTick);
  }
}

/**
 * What flowed before a first tick: as the watts say, no more than the counter counted, no less than that less the one
 * count that nobody knows how much of was there already. One that stood while more than that flowed was refreshed
 * before the first reading, of a time that nobody knows either.
 */
function beforeTick({ step, integrated, integratedStanding }: FirstTick, count: number): number {
  return within(integratedStanding > count ? 0 : step - count, integrated, step);
}

/** The watts tell what flowed in it. */
function isKnown(stretch: Stretch): boolean {
  return stretch.knownMs > trustedShareMin * stretch.heardMs;
}

function within(least: number, value: number, most: number): number {
  return Math.max(0, Math.min(most, Math.max(least, value)));
}
