import { type ChartRange, chartRangeNames, chartRanges } from './live-series.ts';
import type { Query } from './routes.ts';

/** What a chart shows: the last so long, running on; or a stretch of the past that stands still. */
export type ChartSpan =
  | { readonly range: ChartRange }
  | { readonly range?: undefined; readonly fromMs: number; readonly toMs: number };

export const rangeByDefault: ChartRange = '15min';
/** Narrower than that there is nothing to see, wider than that nothing is kept in so fine a step. */
const spanMsMin = 60_000;
const spanMsMax = 10 * 366 * 86_400_000;

/** From the address: `range=6h`, or `from=…&to=…` in epoch ms; what makes no sense there is the usual span. */
export function parseSpan({ range, from, to }: Query): ChartSpan {
  const [fromMs, toMs] = [Number(from), Number(to)];
  if (from !== undefined && to !== undefined && toMs - fromMs >= spanMsMin && toMs - fromMs <= spanMsMax) {
    return { fromMs, toMs };
  }
  return { range: chartRangeNames.find((name) => name === range) ?? rangeByDefault };
}

/** The words of the address for it; the usual span needs none. */
export function spanQuery(span: ChartSpan): Query {
  if (span.range === undefined) {
    return { range: undefined, from: String(Math.round(span.fromMs)), to: String(Math.round(span.toMs)) };
  }
  return { range: span.range === rangeByDefault ? undefined : span.range, from: undefined, to: undefined };
}

export interface SpanMs {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From when to when that is now. */
export function spanAt(span: ChartSpan, nowMs: number): SpanMs {
  if (span.range === undefined) return span;
  return { fromMs: nowMs - chartRanges[span.range].spanMs, toMs: nowMs };
}

/** The series of live figures that reaches back to the beginning of the span, or the longest. */
export function liveRangeOf(span: ChartSpan, nowMs: number): ChartRange {
  if (span.range !== undefined) return span.range;
  return chartRangeNames.find((name) => nowMs - chartRanges[name].spanMs <= span.fromMs) ?? '30d';
}

/** Half a span earlier or later; what would reach beyond now is the last so long, running on. */
export function shifted(span: ChartSpan, by: -1 | 1, nowMs: number): ChartSpan {
  const { fromMs, toMs } = spanAt(span, nowMs);
  const stepMs = (by * (toMs - fromMs)) / 2;
  if (toMs + stepMs < nowMs) return { fromMs: fromMs + stepMs, toMs: toMs + stepMs };
  return { range: nearestRange(toMs - fromMs) };
}

/** What was dragged over, not narrower than makes sense. */
export function zoomed(fromMs: number, toMs: number): ChartSpan {
  const spareMs = Math.max(0, spanMsMin - (toMs - fromMs)) / 2;
  return { fromMs: fromMs - spareMs, toMs: toMs + spareMs };
}

function nearestRange(spanMs: number): ChartRange {
  return chartRangeNames.find((name) => chartRanges[name].spanMs >= spanMs) ?? '30d';
}
