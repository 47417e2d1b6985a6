import { calendarFromMs } from './cycle.ts';

const dayMs = 86_400_000;
/** Clock changes are searched for up to here. */
const calendarToMs = Date.UTC(2101, 0, 1);
/** No zone changes its clock twice within so short a time. */
const searchStepMs = 14 * dayMs;

/** The room's clock is set: from then on it shows UTC + `afterMs`, until then UTC + `beforeMs`. */
export interface ClockChange {
  readonly atMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

/**
 * What the clock on the room's wall shows. Local time is counted in ms as if the wall clock were UTC; people and
 * nightly jobs go by it. Changes of the clock are looked up in the zone's calendar as far as needed and kept
 * (two a year, so at most some hundreds).
 */
export class LocalCalendar {
  readonly timezone: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #changes: ClockChange[] = [];
  readonly #firstOffsetMs: number;
  #lastOffsetMs: number;
  #searchedToMs = calendarFromMs - dayMs;
  /** The stretch of the last answer: nearly every question falls into it again. */
  #fromMs = 0;
  #toMs = 0;
  #offsetMs = 0;

  constructor(timezone: string) {
    this.timezone = timezone;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
    this.#firstOffsetMs = this.#askOffsetMs(this.#searchedToMs);
    this.#lastOffsetMs = this.#firstOffsetMs;
  }

  localMs(atMs: number): number {
    return atMs + this.offsetMs(atMs);
  }

  /** What is to be added to UTC. */
  offsetMs(atMs: number): number {
    if (atMs < this.#fromMs || atMs >= this.#toMs) this.#find(atMs);
    return this.#offsetMs;
  }

  /** The first instant of the local day `atMs` lies in; after a change at midnight, near enough. */
  midnightMs(atMs: number): number {
    const localMs = this.localMs(atMs);
    const localMidnightMs = Math.floor(localMs / dayMs) * dayMs;
    const guessMs = localMidnightMs - this.offsetMs(atMs);
    return localMidnightMs - this.offsetMs(guessMs);
  }

  /** Clock changes since the calendar began and not after `atMs`, oldest first. */
  changesUntil(atMs: number): readonly ClockChange[] {
    this.#search(atMs);
    let count = this.#changes.length;
    while (count > 0 && this.#changes[count - 1]!.atMs > atMs) count -= 1;
    return count === this.#changes.length ? this.#changes : this.#changes.slice(0, count);
  }

  #find(atMs: number): void {
    this.#search(atMs);
    const next = this.#changes.findIndex((change) => change.atMs > atMs);
    const past = next < 0 ? this.#changes.length : next;
    const before = this.#changes[past - 1];
    this.#offsetMs = before?.afterMs ?? this.#firstOffsetMs;
    this.#fromMs = before?.atMs ?? Number.NEGATIVE_INFINITY;
    this.#toMs = this.#changes[past]?.atMs ?? this.#searchedToMs;
    if (atMs >= this.#toMs) this.#toMs = Number.POSITIVE_INFINITY;
  }

  #search(atMs: number): void {
    const wantedMs = Math.min(atMs, calendarToMs);
    while (this.#searchedToMs <= wantedMs) {
      const fromMs = this.#searchedToMs;
      const toMs = fromMs + searchStepMs;
      const afterMs = this.#askOffsetMs(toMs);
      if (afterMs !== this.#lastOffsetMs) {
        this.#changes.push({
          atMs: this.#changeBetween(fromMs, toMs, afterMs),
          beforeMs: this.#lastOffsetMs,
          afterMs,
        });
        this.#lastOffsetMs = afterMs;
      }
      this.#searchedToMs = toMs;
    }
  }

  #changeBetween(fromMs: number, toMs: number, afterMs: number): number {
    let before = fromMs / 1000;
    let after = toMs / 1000;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#askOffsetMs(middle * 1000) === afterMs) after = middle;
      else before = middle;
    }
    return after * 1000;
  }

  /** Read from the zone's name at that moment, after the date: `GMT`, `GMT+01:00` or `GMT-03:30`. */
  #askOffsetMs(atMs: number): number {
    const found = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(this.#format.format(atMs));
    if (found === null) return 0;
    const seconds = Number(found[2]) * 3600 + Number(found[3]) * 60 + Number(found[4] ?? 0);
    return (found[1] === '-' ? -1000 : 1000) * seconds;
  }
}
