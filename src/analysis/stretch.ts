import { type LedgerBook, ledgerStepMs } from './ledger-row.ts';

const wattMsPerWattHour = 3_600_000;

/** What is known of one quarter within a stretch. */
interface Share {
  readonly fromMs: number;
  /** Integral of the known watts. */
  wattMs: number;
  /** The same as the stream takes it (energy-trail.ts): what a counter proves lies where this says, live and made again. */
  weight: number;
  /** Time with known watts. */
  knownMs: number;
  /** Time with readings, with or without watts. */
  heardMs: number;
}

interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * A stretch of one outlet's time whose energy is not booked yet: by quarters what the watts came to, and the
 * gaps in it. It grows at its end only.
 */
export class Stretch {
  readonly #shares: Share[] = [];
  readonly #gaps: Gap[] = [];
  #wattMs = 0;
  #weight = 0;
  #knownMs = 0;
  #heardMs = 0;
  #gapMs = 0;

  /** What the known watts come to, Wh. */
  get wattHours(): number {
    return this.#wattMs / wattMsPerWattHour;
  }

  get knownMs(): number {
    return this.#knownMs;
  }

  get heardMs(): number {
    return this.#heardMs;
  }

  get gapMs(): number {
    return this.#gapMs;
  }

  /**
   * Watts that go from one value to another in a straight line; NaN, NaN: readings came, but no watts. `weightTo`: where they
   * go as the stream takes it.
   */
  observe(fromMs: number, toMs: number, wattsFrom: number, wattsTo: number, weightTo: number): void {
    const known = !Number.isNaN(wattsFrom);
    const slope = known ? (wattsTo - wattsFrom) / (toMs - fromMs) : 0;
    const weightSlope = known ? (weightTo - wattsFrom) / (toMs - fromMs) : 0;
    for (let atMs = fromMs; atMs < toMs; ) {
      const share = this.#shareAt(atMs);
      const endMs = Math.min(toMs, share.fromMs + ledgerStepMs);
      const forMs = endMs - atMs;
      const afterMs = (atMs + endMs) / 2 - fromMs;
      const wattMs = known ? (wattsFrom + slope * afterMs) * forMs : 0;
      const weight = known ? (wattsFrom + weightSlope * afterMs) * forMs : 0;
      share.wattMs += wattMs;
      share.weight += weight;
      share.knownMs += known ? forMs : 0;
      share.heardMs += forMs;
      this.#wattMs += wattMs;
      this.#weight += weight;
      atMs = endMs;
    }
    this.#heardMs += toMs - fromMs;
    if (known) this.#knownMs += toMs - fromMs;
  }

  /** A time without readings. */
  gap(fromMs: number, toMs: number): void {
    this.#gaps.push({ fromMs, toMs });
    this.#gapMs += toMs - fromMs;
  }

  /** Takes over all of a stretch that follows this one, and empties that. */
  absorb(next: Stretch): void {
    this.#copy(next);
    next.clear();
  }

  /** A stretch of its own that is this one and the next. */
  and(next: Stretch): Stretch {
    const both = new Stretch();
    both.#copy(this);
    both.#copy(next);
    return both;
  }

  clear(): void {
    this.#shares.length = 0;
    this.#gaps.length = 0;
    this.#wattMs = 0;
    this.#weight = 0;
    this.#knownMs = 0;
    this.#heardMs = 0;
    this.#gapMs = 0;
  }

  /** Books what the counter proves over the heard time, where the watts say it flowed; flat where they say nothing. */
  bookCounter(book: LedgerBook, wattHours: number): void {
    const meanWatts = this.#weight > 0 ? this.#weight / this.#knownMs : 0;
    const weighs = (share: Share) =>
      meanWatts > 0 ? share.weight + meanWatts * (share.heardMs - share.knownMs) : share.heardMs;
    const whole = this.#shares.reduce((sum, share) => sum + weighs(share), 0);
    const checked = this.#knownMs >= 0.999 * this.#heardMs;
    for (const share of this.#shares) {
      const row = book.quarter(share.fromMs);
      const part = whole > 0 ? (wattHours * weighs(share)) / whole : 0;
      row.counterWattHours += part;
      row.observedMs += share.heardMs;
      if (!checked) continue;
      row.checkCounterWattHours += part;
      row.checkIntegralWattHours += share.wattMs / wattMsPerWattHour;
    }
  }

  /** Books what the watts come to. Time without watts stays unknown. */
  bookIntegral(book: LedgerBook): void {
    for (const share of this.#shares) {
      if (share.knownMs === 0) continue;
      const row = book.quarter(share.fromMs);
      row.integratedWattHours += share.wattMs / wattMsPerWattHour;
      row.observedMs += share.knownMs;
    }
  }

  /** Books what a counter proves over the gaps, flat. Without `timeIsKnown` more may have flowed. */
  bookSpread(book: LedgerBook, wattHours: number, timeIsKnown: boolean): void {
    for (const gap of this.#gaps) {
      for (let atMs = gap.fromMs; atMs < gap.toMs; ) {
        const quarterMs = Math.floor(atMs / ledgerStepMs) * ledgerStepMs;
        const endMs = Math.min(gap.toMs, quarterMs + ledgerStepMs);
        const row = book.quarter(quarterMs);
        row.spreadWattHours += (wattHours * (endMs - atMs)) / this.#gapMs;
        if (timeIsKnown) row.spreadMs += endMs - atMs;
        atMs = endMs;
      }
    }
  }

  #shareAt(atMs: number): Share {
    const fromMs = Math.floor(atMs / ledgerStepMs) * ledgerStepMs;
    let share = this.#shares.at(-1);
    if (share === undefined || share.fromMs !== fromMs) {
      share = { fromMs, wattMs: 0, weight: 0, knownMs: 0, heardMs: 0 };
      this.#shares.push(share);
    }
    return share;
  }

  #copy(next: Stretch): void {
    for (const { fromMs, wattMs, weight, knownMs, heardMs } of next.#shares) {
      const share = this.#shareAt(fromMs);
      share.wattMs += wattMs;
      share.weight += weight;
      share.knownMs += knownMs;
      share.heardMs += heardMs;
    }
    this.#gaps.push(...next.#gaps);
    this.#wattMs += next.#wattMs;
    this.#weight += next.#weight;
    this.#knownMs += next.#knownMs;
    this.#heardMs += next.#heardMs;
    this.#gapMs += next.#gapMs;
  }
}
