import type { Figure } from '../model/figure.ts';
import { StepSeries } from './series.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The spans a chart can show, and the steps in which live figures are kept for each: 720 … 900 of them. */
export const chartRanges = {
  '15min': { label: '15 min', spanMs: 15 * minuteMs, stepMs: 1_000 },
  '1h': { label: '1 h', spanMs: hourMs, stepMs: 5_000 },
  '6h': { label: '6 h', spanMs: 6 * hourMs, stepMs: 30_000 },
  '24h': { label: '24 h', spanMs: 24 * hourMs, stepMs: 2 * minuteMs },
} as const;
export type ChartRange = keyof typeof chartRanges;
export const chartRangeNames = Object.keys(chartRanges) as ChartRange[];

/** One scope as it was seen live, for every span a chart can show. */
export class LiveSeries {
  readonly scope: string;
  readonly #series: Record<ChartRange, StepSeries>;

  constructor(scope: string) {
    this.scope = scope;
    const empty = (range: ChartRange) => {
      const { spanMs, stepMs } = chartRanges[range];
      return new StepSeries(stepMs, spanMs / stepMs + 2);
    };
    this.#series = { '15min': empty('15min'), '1h': empty('1h'), '6h': empty('6h'), '24h': empty('24h') };
  }

  sample(atMs: number, figure: Figure | undefined): void {
    const watts = freshWatts(figure);
    for (const range of chartRangeNames) this.#series[range].add(atMs, watts);
  }

  of(range: ChartRange): StepSeries {
    return this.#series[range];
  }
}

/** W; undefined when no fresh reading says. */
export function freshWatts(figure: Figure | undefined): number | undefined {
  return figure && !figure.stale ? figure.watts : undefined;
}
