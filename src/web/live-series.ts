import type { Figure } from '../model/figure.ts';
import { StepSeries } from './series.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The spans a chart can show, and the steps in which live figures are kept for each: 672 … 1,440 of them. */
export const chartRanges = {
  '15min': { label: '15 min', spanMs: 15 * minuteMs, stepMs: 1_000 },
  '1h': { label: '1 h', spanMs: hourMs, stepMs: 5_000 },
  '6h': { label: '6 h', spanMs: 6 * hourMs, stepMs: 30_000 },
  '24h': { label: '24 h', spanMs: dayMs, stepMs: 2 * minuteMs },
  '7d': { label: '7 d', spanMs: 7 * dayMs, stepMs: 15 * minuteMs },
  '30d': { label: '30 d', spanMs: 30 * dayMs, stepMs: 30 * minuteMs },
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
    this.#series = {
      '15min': empty('15min'),
      '1h': empty('1h'),
      '6h': empty('6h'),
      '24h': empty('24h'),
      '7d': empty('7d'),
      '30d': empty('30d'),
    };
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
