import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ChartHost, Readout, useByKeys, useColourChanges } from './chart-host.tsx';
import { type ChartSpan, liveRangeOf, parseSpan, spanAt, spanQuery, zoomed } from './chart-span.ts';
import { type Format, joined } from './format.ts';
import { Key } from './key.tsx';
import { chartRanges, type LiveSeries } from './live-series.ts';
import { Panel } from './panel.tsx';
import { type ChartMarks, type ChartPoint, isLimitInSight, PowerChart } from './power-chart.ts';
import type { Present, PresentProps } from './present.ts';
import { type Query, replaceQuery } from './routes.ts';
import { leadMs, ScopeHistory } from './scope-history.ts';
import { pastText, SpanChoice } from './span-choice.tsx';
import { joinTimeline, type Timeline } from './timeline.ts';

/** No frame for this long is a hole, not a pause between frames. */
const liveGapMs = 7_000;
const redrawMsMax = 10_000;
const redrawsPerSpan = 1_500;

const noMarks: ChartMarks = { startsAtMs: [] };

interface HistoryChartProps extends PresentProps {
  readonly series: LiveSeries;
  readonly title: string;
  /** Which span is looked at stands in it. */
  readonly query: Query;
  /** Drawn on the chart and explained below it. */
  readonly marks?: ChartMarks;
}

/** The course of one scope: history from the store, run on by live figures, or a stretch of the past. */
export function HistoryChart({ present, series, title, query, marks = noMarks }: HistoryChartProps) {
  const span = useSignal(parseSpan(query));
  const point = useSignal<ChartPoint | undefined>(undefined);
  const bounds = useSignal<Bounds | undefined>(undefined);
  const byKeys = useByKeys();
  const history = useRef<ScopeHistory>(undefined);
  history.current ??= new ScopeHistory(series.scope);
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<PowerChart>(undefined);
  const returns = present.returns.value;
  const format = present.format.value;
  const nowMs = () => present.nowMs();

  // The way back, or a link, leads to another span.
  const asked = [query.range, query.from, query.to].join();
  const askedBefore = useRef(asked);
  useEffect(() => {
    if (askedBefore.current === asked) return;
    askedBefore.current = asked;
    span.value = parseSpan(query);
  }, [asked]);
  useEffect(() => {
    const { value } = span;
    return history.current?.follow(() => spanAt(value, nowMs()), nowMs);
  }, [span.value, returns]);
  useEffect(() => {
    const made = new PowerChart({
      host: host.current!,
      format: () => present.format.peek(),
      onPoint: (found) => {
        point.value = found;
      },
      onZoom: (fromMs, toMs) => replaceQuery(spanQuery(zoomed(fromMs, toMs))),
    });
    chart.current = made;
    const { columns } = history.current!;
    const redraw = redrawing(present, series, made, columns.peek.bind(columns), (found) => {
      bounds.value = found;
    });
    const stop = present.beat.subscribe(() => redraw(span.peek(), false));
    const stopNow = [span, columns].map((signal) => signal.subscribe(() => redraw(span.peek(), true)));
    return () => {
      stop();
      for (const stopOne of stopNow) stopOne();
      made.destroy();
    };
  }, [present, series]);
  useEffect(() => chart.current?.mark(marks), [marks]);
  useColourChanges(() => chart.current?.recolour(), present.link.value.phase);

  const shown = spanText(span.value, format);
  return (
    <Panel
      name="chart"
      look="chart"
      title={title}
      head={
        <>
          {span.value.range === undefined && (
            <span class="past">
              {shown}{' '}
              <button
                type="button"
                class="quiet"
                onClick={() => replaceQuery({ range: undefined, from: undefined, to: undefined })}
              >
                Back to now
              </button>
            </span>
          )}
          <Readout byKeys={byKeys.value}>
            {point.value ? pointText(point.value, format) : boundsText(bounds.value, format)}
          </Readout>
          <SpanChoice span={span.value} nowMs={nowMs} choose={(chosen) => replaceQuery(spanQuery(chosen))} />
        </>
      }
    >
      <ChartHost
        host={host}
        chart={chart}
        byKeys={byKeys}
        label={`${title}, ${shown}: ${boundsText(bounds.value, format)}.`}
      />
      <Legend present={present} marks={marks} bounds={bounds.value} history={history.current} />
    </Panel>
  );
}

function spanText(span: ChartSpan, format: Format): string {
  return span.range === undefined
    ? pastText(span.fromMs, span.toMs, format)
    : `last ${chartRanges[span.range].label}`;
}

interface LegendProps extends PresentProps {
  readonly marks: ChartMarks;
  readonly bounds: Bounds | undefined;
  readonly history: ScopeHistory;
}

function Legend({ present, marks, bounds, history }: LegendProps) {
  const format = present.format.value;
  const note = useComputed(() => historyNote(history, present));
  return (
    <p class="hint chart-legend">
      <Key swatch="line">mean</Key>
      <Key swatch="band">lowest to highest</Key>
      {marks.startsAtMs.length > 0 && <Key swatch="start">start</Key>}
      {marks.idleWatts !== undefined && <Key swatch="idle">idle {joined(format.watts(marks.idleWatts))}</Key>}
      {marks.limitWatts !== undefined && (
        <Key swatch="limit">
          its limit {joined(format.watts(marks.limitWatts))}
          {!isLimitInSight(marks, bounds?.max ?? 0) && ', above the chart'}
        </Key>
      )}
      <span class="chart-note">{note}</span>
    </p>
  );
}

function historyNote(history: ScopeHistory, present: Present): string {
  const { problem, reading, columns } = history;
  if (problem.value !== undefined)
    return `History could not be read (${problem.value}); the line begins with live figures.`;
  if (reading.value) return 'Reading history …';
  if (columns.value?.remaking) return 'Sums of this time are being made again: some are still of before.';
  return present.link.value.phase === 'lost'
    ? 'The line ends where the connection was lost.'
    : 'A break in the line: nothing known.';
}

/** Draws what there is now, but no more often than the span makes a difference. */
function redrawing(
  present: Present,
  series: LiveSeries,
  chart: PowerChart,
  columns: () => Parameters<typeof joinTimeline>[1],
  tellBounds: (bounds: Bounds | undefined) => void,
): (span: ChartSpan, atOnce: boolean) => void {
  let drawnAtMs = 0;
  return (span, atOnce) => {
    const nowMs = present.nowMs();
    const at = spanAt(span, nowMs);
    const range = liveRangeOf(span, nowMs);
    const pauseMs = Math.min(redrawMsMax, (at.toMs - at.fromMs) / redrawsPerSpan);
    if (!atOnce && Math.abs(nowMs - drawnAtMs) < pauseMs) return;
    drawnAtMs = nowMs;
    const gapMs = Math.max(liveGapMs, 2 * chartRanges[range].stepMs);
    const toMs = Math.min(nowMs, at.toMs + leadMs(at));
    const timeline = joinTimeline(series.of(range), columns(), at.fromMs - leadMs(at), toMs, gapMs);
    chart.draw(timeline, at.fromMs, at.toMs);
    tellBounds(boundsOf(timeline, at.fromMs, at.toMs));
  };
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

function boundsOf(
  { atS, min: lowest, max: highest }: Timeline,
  fromMs: number,
  toMs: number,
): Bounds | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < atS.length; i += 1) {
    if (atS[i]! * 1000 < fromMs || atS[i]! * 1000 > toMs) continue;
    min = Math.min(min, lowest[i] ?? min);
    max = Math.max(max, highest[i] ?? max);
  }
  return min <= max ? { min, max } : undefined;
}

function boundsText(bounds: Bounds | undefined, format: Format): string {
  if (!bounds) return 'nothing known';
  return `lowest ${joined(format.power(bounds.min))} · highest ${joined(format.power(bounds.max))}`;
}

function pointText({ atMs, mean, min, max }: ChartPoint, format: Format): string {
  const band = max - min < 0.5 ? '' : ` (${joined(format.power(min))} … ${joined(format.power(max))})`;
  return `${format.timeWithSeconds(atMs)} · ${joined(format.power(mean))}${band}`;
}
