import { CounterRun, quietCellMs } from './counter-run.ts';
import { LedgerBook, type LedgerRow } from './ledger-row.ts';
import { isLikeBefore, type Reporting, ReportingPattern } from './reporting-pattern.ts';
import { Stretch } from './stretch.ts';

/** What the ledger wants to know of a reading. */
export interface LedgerReading {
  readonly atMs: number;
  readonly watts?: number | undefined;
  /** The meter's own counter, Wh, raw. */
  readonly wattHoursTotal?: number | undefined;
}

export interface LedgerOptions {
  /** What the outlet's device family usually does, ms: it holds until the outlet has shown what it does itself. */
  readonly expectedIntervalMs: number;
  /** More than this cannot flow: a counter that says so is not believed. W; without it 25,000. */
  readonly wattsMax?: number;
}

const wattsMaxDefault = 25_000;
const gapIntervals = 3;
const gapMsMin = 60_000;
/** A counter is not asked what flowed in a longer silence. */
const gapMsMax = 400 * 86_400_000;
const onPeriodShare = 0.9;
/** So many readings of a counter that has jumped up make it another counter. */
const confirmingReadings = 3;

/**
 * Books the energy of one outlet from its readings, oldest first: the counter's own differences where there is
 * a counter, the integral of the watts where there is none, nothing where neither tells. A counter that does
 * something impossible is followed beside the old one, until one of the two turns out to be right: meanwhile
 * nothing of it is booked. Pure: time comes with the readings, and what it remembers is bounded
 * (`ledgerMemoryMs` in ledger-remake.ts).
 */
export class EnergyLedger {
  readonly #pattern: ReportingPattern;
  readonly #wattsMax: number;
  readonly #book = new LedgerBook();
  /** Time that no counter speaks of. */
  readonly #uncounted = new Stretch();
  #held: LedgerReading | undefined;
  #heardMs = Number.NaN;
  #intervalMs = 0;
  #watts = Number.NaN;
  #run: CounterRun | undefined;
  #rival: CounterRun | undefined;
  #rivalReadings = 0;

  constructor(options: LedgerOptions) {
    this.#pattern = new ReportingPattern(options.expectedIntervalMs);
    this.#wattsMax = options.wattsMax ?? wattsMaxDefault;
  }

  /**
   * Takes the next reading; what several say of one instant is joined, the later one wins. False: it is older
   * than what was taken before, so that its quarters must be made again (ledger-remake.ts).
   */
  take(reading: LedgerReading): boolean {
    if (reading.watts === undefined && reading.wattHoursTotal === undefined) return true;
    const held = this.#held;
    if (held !== undefined && reading.atMs < held.atMs) return false;
    if (held !== undefined && reading.atMs > held.atMs) this.#follow(held);
    this.#held =
      held?.atMs === reading.atMs
        ? {
            atMs: held.atMs,
            watts: reading.watts ?? held.watts,
            wattHoursTotal: reading.wattHoursTotal ?? held.wattHoursTotal,
          }
        : reading;
    return true;
  }

  /** No more readings: the newest, which is held for what else comes of its instant, is taken too. */
  end(): void {
    if (this.#held !== undefined) this.#follow(this.#held);
  }

  /** All that is booked so far, with what is likely of the time that is not: those rows will be made again. */
  rows(): LedgerRow[] {
    const book = new LedgerBook();
    book.add(this.#book);
    this.#uncounted.bookIntegral(book);
    this.#run?.preview(book);
    this.#rival?.counted.bookIntegral(book);
    this.#rival?.since.bookIntegral(book);
    return book.rows();
  }

  /** Rows that ended before this will not change any more, unless a late reading comes. */
  get settledUntilMs(): number {
    return this.#run?.bookedUntilMs ?? this.#heardMs;
  }

  /** Forgets the settled rows: they are kept elsewhere. */
  dropSettled(): void {
    if (!Number.isNaN(this.settledUntilMs)) this.#book.dropUntil(this.settledUntilMs);
  }

  #follow(reading: LedgerReading): void {
    if (reading.atMs <= this.#heardMs) return;
    if (!Number.isNaN(this.#heardMs)) this.#passTime(this.#heardMs, reading);
    this.#heardMs = reading.atMs;
    // What flows back is no draw.
    if (reading.watts !== undefined) this.#watts = Math.max(0, reading.watts);
    if (reading.wattHoursTotal !== undefined) this.#count(reading.atMs, reading.wattHoursTotal);
    if (this.#run === undefined) {
      this.#uncounted.bookIntegral(this.#book);
      this.#uncounted.clear();
    } else if (this.#run.since.heardMs > quietCellMs) this.#loseCounter();
  }

  /** What is known of the time between two readings. */
  #passTime(fromMs: number, { atMs, watts }: LedgerReading): void {
    const open = (this.#rival ?? this.#run)?.since ?? this.#uncounted;
    const forMs = atMs - fromMs;
    const reporting = this.#pattern.at(atMs);
    const isGap =
      forMs > Math.max(gapMsMin, gapIntervals * reporting.expectedMs) &&
      forMs > gapIntervals * this.#pattern.evenMs;
    this.#pattern.seen(atMs, forMs);
    const isEven = isLikeBefore(forMs, this.#intervalMs);
    this.#intervalMs = forMs;
    if (isGap) {
      this.#watts = Number.NaN;
      open.gap(fromMs, atMs);
      if (forMs > gapMsMax) this.#loseCounter();
      return;
    }
    const held = this.#watts;
    const next = watts === undefined || Number.isNaN(held) ? held : Math.max(0, watts);
    open.observe(fromMs, atMs, held, isOnPeriod(reporting, forMs) ? next : held, isEven ? next : held);
  }

  #count(atMs: number, raw: number): void {
    if (this.#run === undefined) {
      this.#uncounted.bookIntegral(this.#book);
      this.#uncounted.clear();
      this.#run = new CounterRun(atMs, raw, this.#wattsMax);
    } else if (this.#rival === undefined) this.#countOn(this.#run, atMs, raw);
    else this.#countInDoubt(this.#run, this.#rival, atMs, raw);
  }

  #countOn(run: CounterRun, atMs: number, raw: number): void {
    const step = run.step(atMs, raw);
    if (step.kind === 'impossible') {
      this.#rival = new CounterRun(atMs, raw, this.#wattsMax);
      this.#rivalReadings = 1;
    } else run.accept(atMs, raw, step, this.#book);
  }

  #countInDoubt(run: CounterRun, rival: CounterRun, atMs: number, raw: number): void {
    const oldStep = run.step(atMs, raw, rival);
    const newStep = rival.step(atMs, raw);
    const oldFits = oldStep.kind !== 'impossible';
    const newFits = newStep.kind !== 'impossible';
    if (oldFits && !(newFits && isLikelier(rival, run, raw))) {
      // It was a slip: zeros while it started, a mangled figure.
      this.#dropRival(run, rival);
      run.accept(atMs, raw, oldStep, this.#book);
      return;
    }
    this.#rivalReadings = newFits ? this.#rivalReadings + 1 : 1;
    const counts = newStep.kind === 'tick';
    const isLower = rival.firstRaw < run.lastRaw;
    const isReal = newFits && (counts || (!isLower && this.#rivalReadings >= confirmingReadings));
    if (!isReal && (!newFits || rival.since.gapMs > 0)) {
      // Another figure, or the same after a silence, which tells nothing of what is right: in doubt from here on.
      this.#dropRival(run, rival);
      this.#rival = new CounterRun(atMs, raw, this.#wattsMax);
      return;
    }
    if (isReal || atMs - rival.bookedUntilMs > quietCellMs) this.#replaceRun(run, rival);
    rival.accept(atMs, raw, newStep, this.#rival === undefined ? this.#book : undefined);
  }

  #dropRival(run: CounterRun, rival: CounterRun): void {
    run.since.absorb(rival.counted);
    run.since.absorb(rival.since);
    this.#rival = undefined;
  }

  /** The counter began anew. What it says of the time since is at most what it counted since. */
  #replaceRun(run: CounterRun, rival: CounterRun): void {
    run.end(this.#book);
    const { since } = run;
    const fromZero = rival.firstRaw < run.lastRaw && run.couldFlow(rival.firstRaw, rival.bookedUntilMs);
    if (fromZero && since.gapMs > 0) since.bookSpread(this.#book, rival.firstRaw, false);
    if (fromZero && since.gapMs === 0 && since.knownMs === 0) since.bookCounter(this.#book, rival.firstRaw);
    else since.bookIntegral(this.#book);
    this.#run = rival;
    this.#rival = undefined;
  }

  /** No counter any more: from here on the watts count. */
  #loseCounter(): void {
    this.#run?.end(this.#book);
    for (const stretch of [this.#run?.since, this.#rival?.counted, this.#rival?.since]) {
      stretch?.bookIntegral(this.#book);
    }
    this.#run = undefined;
    this.#rival = undefined;
  }
}

/**
 * A shorter interval is a change that was reported at once: until then the old value held. As long as a meter has
 * not shown how it reports, an interval as its family has them is taken for its period.
 */
function isOnPeriod({ expectedMs, periodic, learned }: Reporting, forMs: number): boolean {
  if (learned && !periodic) return false;
  return forMs >= onPeriodShare * expectedMs && (learned || forMs * onPeriodShare <= expectedMs);
}

/** Where both could go on: the one the watts fit better; without watts a zero is taken for a slip. */
function isLikelier(rival: CounterRun, run: CounterRun, raw: number): boolean {
  const oldMisfit = run.misfit(raw, rival);
  const newMisfit = rival.misfit(raw);
  return Number.isNaN(oldMisfit) || Number.isNaN(newMisfit) ? rival.firstRaw > 0 : newMisfit < oldMisfit;
}
