import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type Format, joined } from './format.ts';
import { Key } from './key.tsx';
import { type ChartRange, chartRangeNames, chartRanges, type LiveSeries } from './live-series.ts';
import { type ChartMarks, type ChartPoint, isLimitInSight, PowerChart } from './power-chart.ts';
import type { Present, PresentProps } from './present.ts';
import { leadMs, ScopeHistory } from './scope-history.ts';
import { joinTimeline, type Timeline } from './timeline.ts';

/** No frame for this long is a hole, not a pause between frames. */
const liveGapMs = 7_000;
const redrawMsMax = 10_000;
const redrawsPerSpan = 1_500;

const noMarks: ChartMarks = { startsAtMs: [] };

interface HistoryChartProps extends PresentProps {
  readonly series: LiveSeries;
  readonly title: string;
  /** Drawn on the chart and explained below it. */
  readonly marks?: ChartMarks;
}

/** The course of one scope: history from the store, run on by live figures. */
export function HistoryChart({ present, series, title, marks = noMarks }: HistoryChartProps) {
  const range = useSignal<ChartRange>('15min');
  const point = useSignal<ChartPoint | undefined>(undefined);
  const bounds = useSignal<Bounds | undefined>(undefined);
  const byKeys = useSignal(false);
  const history = useRef<ScopeHistory>(undefined);
  history.current ??= new ScopeHistory(series.scope);
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<PowerChart>(undefined);
  const arrivals = present.arrivals.value;
  const format = present.format.value;

  useEffect(
    () => history.current?.follow(chartRanges[range.value].spanMs, () => present.nowMs()),
    [range.value, arrivals],
  );
  useEffect(() => {
    const made = new PowerChart({
      host: host.current!,
      format: () => present.format.peek(),
      onPoint: (found) => {
        point.value = found;
      },
    });
    chart.current = made;
    const redraw = redrawing(
      present,
      series,
      made,
      () => history.current?.columns.value,
      (found) => {
        bounds.value = found;
      },
    );
    const stop = present.beat.subscribe(() => redraw(range.peek(), false));
    const stopNow = [range, history.current!.columns].map((signal) =>
      signal.subscribe(() => redraw(range.peek(), true)),
    );
    return () => {
      stop();
      for (const stopOne of stopNow) stopOne();
      made.destroy();
    };
  }, [present, series]);
  useEffect(() => chart.current?.mark(marks), [marks]);
  useColourChanges(() => chart.current?.recolour(), present.link.value.phase);

  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30 }[event.key];
    if (event.key === 'Escape') chart.current?.hideCursor();
    if (by === undefined) return;
    event.preventDefault();
    byKeys.value = true;
    chart.current?.moveCursor(by);
  };
  return (
    <section class="panel chart" aria-labelledby="chart-title">
      <div class="panel-head">
        <h2 id="chart-title">{title}</h2>
        <output class="readout figure" aria-live={byKeys.value ? 'polite' : 'off'}>
          {point.value ? pointText(point.value, format) : boundsText(bounds.value, format)}
        </output>
        <RangeChoice chosen={range.value} choose={(name) => (range.value = name)} />
      </div>
      <div
        ref={host}
        class="chart-host"
        role="img"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the cursor along the line
        tabIndex={0}
        aria-label={`${title}, last ${chartRanges[range.value].label}: ${boundsText(bounds.value, format)}. Arrow keys read single points.`}
        onKeyDown={onKeyDown}
        onMouseMove={() => (byKeys.value = false)}
        onBlur={() => chart.current?.hideCursor()}
      />
      <p class="hint chart-legend">
        <Key swatch="line">mean</Key>
        <Key swatch="band">lowest to highest</Key>
        {marks.startsAtMs.length > 0 && <Key swatch="start">start</Key>}
        {marks.idleWatts !== undefined && (
          <Key swatch="idle">idle {joined(format.watts(marks.idleWatts))}</Key>
        )}
        {marks.limitWatts !== undefined && (
          <Key swatch="limit">
            its limit {joined(format.watts(marks.limitWatts))}
            {!isLimitInSight(marks, bounds.value?.max ?? 0) && ', above the chart'}
          </Key>
        )}
        <span class="chart-note">{historyNote(history.current, present)}</span>
      </p>
    </section>
  );
}

function historyNote(history: ScopeHistory, present: Present): string {
  const { problem } = history;
  if (problem.value !== undefined)
    return `History could not be read (${problem.value}); the line begins with live figures.`;
  const link = present.link.value.phase;
  return link === 'lost'
    ? 'The line ends where the connection was lost.'
    : 'A break in the line: nothing known.';
}

function RangeChoice({ chosen, choose }: { readonly chosen: ChartRange; choose(range: ChartRange): void }) {
  return (
    <fieldset class="segmented">
      <legend class="unseen">Span of the chart</legend>
      {chartRangeNames.map((name) => (
        <label key={name}>
          <input type="radio" name="range" checked={name === chosen} onChange={() => choose(name)} />
          <span>{chartRanges[name].label}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Draws what there is now, but no more often than the span makes a difference. */
function redrawing(
  present: Present,
  series: LiveSeries,
  chart: PowerChart,
  columns: () => Parameters<typeof joinTimeline>[1],
  tellBounds: (bounds: Bounds | undefined) => void,
): (range: ChartRange, atOnce: boolean) => void {
  let drawnAtMs = 0;
  return (range, atOnce) => {
    const { spanMs, stepMs } = chartRanges[range];
    const nowMs = present.nowMs();
    const pauseMs = Math.min(redrawMsMax, spanMs / redrawsPerSpan);
    if (!atOnce && Math.abs(nowMs - drawnAtMs) < pauseMs) return;
    drawnAtMs = nowMs;
    const fromMs = nowMs - spanMs;
    const gapMs = Math.max(liveGapMs, 2 * stepMs);
    const timeline = joinTimeline(series.of(range), columns(), fromMs - leadMs(spanMs), nowMs, gapMs);
    chart.draw(timeline, fromMs, nowMs);
    tellBounds(boundsOf(timeline, fromMs));
  };
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

function boundsOf({ atS, min: lowest, max: highest }: Timeline, fromMs: number): Bounds | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < atS.length; i += 1) {
    if (atS[i]! * 1000 < fromMs) continue;
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

/** Light or dark, live or greyed: the canvas has to be told. */
export function useColourChanges(recolour: () => void, phase: string): void {
  useEffect(recolour, [phase]);
  useEffect(() => {
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', recolour);
    return () => scheme.removeEventListener('change', recolour);
  }, []);
}
