import type { GridFactor } from './carbon.ts';
import { gramsPerKwhMax } from './factor-message.ts';

/** A published factor, from its time on. */
export interface SeriesPoint {
  readonly fromMs: number;
  readonly gramsPerKwh: number;
}

/**
 * What became of a published factor. `correction`: it changes what was said of a time that is over. `known`: it says
 * nothing new. The rest are refusals.
 */
export type FactorOutcome =
  | 'taken'
  | 'correction'
  | 'known'
  | 'unreadable'
  | 'implausible'
  | 'tooOften'
  | 'tooOld'
  | 'tooFarAhead';

const dayMs = 86_400_000;
/** Feeds are by the half-hour or hour, few by five minutes; energy is priced by the quarter of an hour. */
export const factorSpacingMs = 4 * 60_000;
/** Settled figures replace estimates for some weeks; later than that it is a mistake. */
export const correctableMs = 40 * dayMs;
/** Forecasts are of a day or two. */
export const aheadMs = 3 * dayMs;
/** Half-hours of 28 years, or four years of the closest spacing; beyond, the oldest are forgotten. */
export const seriesPointsMax = 500_000;
/** So many at once, since all is laid anew then. */
const forgottenAtOnce = 5_000;

/** The published factors, oldest first. What was said of a time stays, unless it is corrected. */
export class FactorSeries {
  #points: SeriesPoint[] = [];
  #forgotten = 0;
  readonly #spans: GridFactor[] = [];
  /** So many of the spans are still what they were. */
  #unchanged = 0;

  get points(): readonly SeriesPoint[] {
    return this.#points;
  }

  /** Oldest points that had to make room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** What an earlier run took, in the order it was taken: of one time, the last holds. */
  load(points: Iterable<SeriesPoint>): void {
    const byTime = new Map<number, SeriesPoint>();
    for (const point of points) byTime.set(point.fromMs, point);
    this.#points = [...byTime.values()].sort((a, b) => a.fromMs - b.fromMs);
    this.#spans.length = 0;
    this.#unchanged = 0;
    this.#forget(this.#points.length - seriesPointsMax);
  }

  take(point: SeriesPoint, nowMs: number): FactorOutcome {
    const { fromMs, gramsPerKwh } = point;
    if (!(gramsPerKwh >= 0 && gramsPerKwh <= gramsPerKwhMax)) return 'implausible';
    if (fromMs < nowMs - correctableMs) return 'tooOld';
    if (fromMs > nowMs + aheadMs) return 'tooFarAhead';
    const points = this.#points;
    let i = points.length;
    while (i > 0 && points[i - 1]!.fromMs >= fromMs) i -= 1;
    const next = points[i];
    if (next?.fromMs === fromMs) {
      if (next.gramsPerKwh === gramsPerKwh) return 'known';
      points[i] = point;
      this.#unchanged = Math.min(this.#unchanged, i);
      return fromMs <= nowMs ? 'correction' : 'taken';
    }
    const before = points[i - 1];
    if (before !== undefined && fromMs - before.fromMs < factorSpacingMs) return 'tooOften';
    if (next !== undefined && next.fromMs - fromMs < factorSpacingMs) return 'tooOften';
    points.splice(i, 0, point);
    // The one before it ends otherwise now.
    this.#unchanged = Math.min(this.#unchanged, Math.max(0, i - 1));
    if (points.length > seriesPointsMax) this.#forget(forgottenAtOnce);
    return next !== undefined && fromMs <= nowMs ? 'correction' : 'taken';
  }

  /**
   * Each holds until the next, `holdsMs` at most. What did not change since the last call is not made again; so many as
   * `most` are made, the later ones by the next call.
   */
  spans(holdsMs: number, source: string, most = Number.POSITIVE_INFINITY): readonly GridFactor[] {
    const points = this.#points;
    const spans = this.#spans;
    spans.length = Math.min(spans.length, this.#unchanged);
    const end = Math.min(points.length, spans.length + most);
    for (let i = spans.length; i < end; i += 1) {
      const { fromMs, gramsPerKwh } = points[i]!;
      const nextMs = points[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      const toMs = Math.min(nextMs, fromMs + holdsMs);
      spans.push({ fromMs, toMs, gramsPerKwh, source, year: undefined, isStandIn: false });
    }
    this.#unchanged = end;
    return spans;
  }

  #forget(count: number): void {
    if (count <= 0) return;
    this.#points.splice(0, count);
    this.#spans.splice(0, count);
    this.#unchanged = Math.max(0, this.#unchanged - count);
    this.#forgotten += count;
  }
}
