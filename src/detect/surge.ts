/** The surge of a start is looked for in its first minute, with a slow meter in its first readings. */
const surgeMsMin = 60_000;
const surgeReadings = 2.5;
/** Much more than the peak so far, within this: only now it really starts (the BMC boots first). */
const lateMsMax = 300_000;
const lateRatio = 1.5;
const lateWattsMin = 20;
/** What a socket of 16 A can give. A reading above it counts when the next is at least a part of it. */
const wildWattsMin = 3_700;
const wildPart = 0.1;

/** As JSON. */
export interface SavedSurge {
  /** Null: not known yet. */
  readonly peakWatts: number | null;
  readonly peakAtMs: number;
  readonly untilMs: number;
  readonly highWatts: number;
  readonly highAtMs: number;
  readonly lastDraw: number;
  readonly wildWatts: number;
  readonly wildAtMs: number;
}

/** The largest reading of a start's first time, wild ones left out. */
export class Surge {
  readonly #onsetMs: number;
  /** -∞ until a reading counts. */
  peakWatts = Number.NEGATIVE_INFINITY;
  peakAtMs = 0;
  untilMs: number;
  /** Much more than the peak, after the surge's time: counts when the next is as high. */
  #highWatts = 0;
  #highAtMs = 0;
  #lastDraw = 0;
  #wildWatts = 0;
  #wildAtMs = 0;

  constructor(onsetMs: number, usualGapMs: number) {
    this.#onsetMs = onsetMs;
    this.untilMs = onsetMs + Math.max(surgeMsMin, surgeReadings * usualGapMs);
  }

  static restored(onsetMs: number, saved: SavedSurge): Surge {
    const surge = new Surge(onsetMs, 0);
    surge.peakWatts = saved.peakWatts ?? Number.NEGATIVE_INFINITY;
    surge.peakAtMs = saved.peakAtMs;
    surge.untilMs = saved.untilMs;
    surge.#highWatts = saved.highWatts;
    surge.#highAtMs = saved.highAtMs;
    surge.#lastDraw = saved.lastDraw;
    surge.#wildWatts = saved.wildWatts;
    surge.#wildAtMs = saved.wildAtMs;
    return surge;
  }

  saved(): SavedSurge {
    return {
      peakWatts: Number.isFinite(this.peakWatts) ? this.peakWatts : null,
      peakAtMs: this.peakAtMs,
      untilMs: this.untilMs,
      highWatts: this.#highWatts,
      highAtMs: this.#highAtMs,
      lastDraw: this.#lastDraw,
      wildWatts: this.#wildWatts,
      wildAtMs: this.#wildAtMs,
    };
  }

  /** A reading in the order of time, before `take` takes it. Two in a row: a single one may be wild. */
  lookForLate(atMs: number, draw: number): void {
    const high =
      atMs > this.untilMs &&
      atMs - this.#onsetMs <= lateMsMax &&
      draw > this.peakWatts + lateWattsMin &&
      draw > lateRatio * this.peakWatts;
    if (high && this.#highWatts > 0 && atMs > this.#highAtMs) {
      this.untilMs = atMs + surgeMsMin;
      this.peakWatts = this.#highWatts;
      this.peakAtMs = atMs;
    }
    this.#highWatts = high ? draw : 0;
    this.#highAtMs = atMs;
  }

  /** Any reading since the onset, also one out of order. */
  take(atMs: number, draw: number): void {
    if (this.#wildWatts > 0 && atMs > this.#wildAtMs) this.#judgeWild(draw);
    if (atMs > this.untilMs) return;
    if (draw <= wildWattsMin || draw * wildPart <= this.#lastDraw) {
      this.#count(atMs, draw);
      this.#lastDraw = draw;
    } else if (draw > this.#wildWatts) {
      this.#wildWatts = draw;
      this.#wildAtMs = atMs;
    }
  }

  /** The start is certain: what nothing came after has held. */
  accept(): void {
    if (!Number.isFinite(this.peakWatts)) this.#count(this.#wildAtMs, this.#wildWatts);
  }

  /** A meter's slip (65,535 W for a moment) is no surge; a great surge does not vanish from one reading to the next. */
  #judgeWild(draw: number): void {
    if (draw >= wildPart * this.#wildWatts) this.#count(this.#wildAtMs, this.#wildWatts);
    this.#wildWatts = 0;
  }

  #count(atMs: number, draw: number): void {
    if (draw <= this.peakWatts) return;
    this.peakWatts = draw;
    this.peakAtMs = atMs;
  }
}
