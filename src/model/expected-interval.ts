import { Rows } from './rows.ts';

/** Gaps of an epoch kept apart: the longest of the last few epochs is what we expect at most. */
const epochsKept = 4;
const epochMsMin = 60_000;
const epochGapsMin = 4;
/** So many even gaps in a row are believed before the first epoch is over. */
const evenGapsMin = 5;
const evenGapMsMin = 100;
const evenRatioMax = 1.6;
/** Three expected intervals, but a 1 s plug may stumble, and a silent one is not waited for all day. */
const staleMsMin = 5_000;
const staleMsMax = 4 * 60 * 60_000;
const intervalsUntilStale = 3;

// Columns of one row.
const fallback = 0;
const lastMs = 1;
const epochFromMs = 2;
const epochGaps = 3;
const epochShortestMs = 4;
const epochLongestMs = 5;
const epochsDone = 6;
const kept = 7;
const width = kept + epochsKept;

/**
 * Learns how long each outlet may be silent before its last figure is stale. Devices report at a period, on
 * change, or both (a burst during a start, then nothing for 300 s), so what counts is the longest gap met
 * lately, not the mean. Until enough was seen the family's own figure holds.
 */
export class ExpectedIntervals {
  readonly #rows = new Rows(width, 0);

  /** Begins to watch an outlet; `expectedMs` is what its family usually does. */
  open(outlet: number, expectedMs: number): void {
    this.#rows.open(outlet);
    this.#rows.chunk(outlet)[this.#rows.at(outlet) + fallback] = expectedMs;
  }

  /** A fresh reading was received. */
  seen(outlet: number, receivedAtMs: number): void {
    const rows = this.#rows.chunk(outlet);
    const row = this.#rows.at(outlet);
    const gapMs = receivedAtMs - rows[row + lastMs]!;
    if (rows[row + lastMs] === 0 || gapMs < 0) {
      rows[row + lastMs] = receivedAtMs;
      rows[row + epochFromMs] = receivedAtMs;
      return;
    }
    if (gapMs < 1) return;
    rows[row + lastMs] = receivedAtMs;
    const gaps = rows[row + epochGaps]! + 1;
    rows[row + epochGaps] = gaps;
    if (gapMs > rows[row + epochLongestMs]!) rows[row + epochLongestMs] = gapMs;
    if (gaps === 1 || gapMs < rows[row + epochShortestMs]!) rows[row + epochShortestMs] = gapMs;
    const elapsedMs = receivedAtMs - rows[row + epochFromMs]!;
    const longestMs = rows[row + epochLongestMs]!;
    if (gaps >= epochGapsMin && elapsedMs >= epochMsMin && elapsedMs >= epochGapsMin * longestMs) {
      rows[row + kept + (rows[row + epochsDone]! % epochsKept)] = longestMs;
      rows[row + epochsDone]! += 1;
      rows[row + epochFromMs] = receivedAtMs;
      rows[row + epochGaps] = 0;
      rows[row + epochLongestMs] = 0;
    }
  }

  /** The interval to expect, in ms. */
  expectedMs(outlet: number): number {
    const rows = this.#rows.chunk(outlet);
    const row = this.#rows.at(outlet);
    if (rows[row + epochsDone] === 0) {
      const even =
        rows[row + epochGaps]! >= evenGapsMin &&
        rows[row + epochShortestMs]! >= evenGapMsMin &&
        rows[row + epochLongestMs]! <= evenRatioMax * rows[row + epochShortestMs]!;
      return even
        ? rows[row + epochLongestMs]!
        : Math.max(rows[row + fallback]!, rows[row + epochLongestMs]!);
    }
    let longestMs = rows[row + epochLongestMs]!;
    for (let i = 0; i < epochsKept; i += 1) longestMs = Math.max(longestMs, rows[row + kept + i]!);
    return longestMs;
  }

  /** Silence after which the last figure is stale, in ms. */
  staleAfterMs(outlet: number): number {
    return Math.min(staleMsMax, Math.max(staleMsMin, intervalsUntilStale * this.expectedMs(outlet)));
  }
}
