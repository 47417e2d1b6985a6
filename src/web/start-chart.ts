import type uPlot from 'uplot';
import type { StartAnswer } from '../api/shapes.ts';
import { chartFont, strokeLine } from './chart-theme.ts';
import { type ChartLook, FittedPlot, lineCursor } from './fitted-plot.ts';
import { type Format, joined } from './format.ts';
import { earlierMax, type TracedStart } from './start-traces.ts';

/** `surge`: the first moments; `whole`: until it has settled. */
export type StartSpan = 'surge' | 'whole';

export interface StartPoint {
  /** From the onset. */
  readonly afterMs: number;
  readonly watts: number;
  readonly volts?: number;
}

export interface StartChartOptions {
  readonly host: HTMLElement;
  readonly format: () => Format;
  readonly onPoint: (point: StartPoint | undefined) => void;
}

const surgeMsMin = 15_000;
const surgeReadings = 12;
/** Before the onset, and after it has settled, as a share of what is shown. */
const leadShare = 0.06;
const tailShare = 0.25;

const wattsSeries = earlierMax + 1;
const voltsSeries = earlierMax + 2;

/** The trace of a start from its onset on, earlier ones of the same server behind it, drawn by uPlot. */
export class StartChart {
  readonly #options: StartChartOptions;
  readonly #fitted: FittedPlot;
  #start: StartAnswer | undefined;
  #span: [number, number] = [0, 1];

  constructor(options: StartChartOptions, hasVolts: boolean) {
    this.#options = options;
    this.#fitted = new FittedPlot(options.host, (look) => this.#plotOptions(look, hasVolts), emptyData);
  }

  draw({ start, earlier }: TracedStart, span: StartSpan): void {
    this.#start = start;
    this.#span = spanOf(start, span);
    this.#fitted.plot.setData(startColumns(start, earlier, this.#span) as uPlot.AlignedData);
    this.#tellPoint();
  }

  recolour(): void {
    this.#fitted.recolour();
  }

  /** Moves the cursor by so many readings; from the onset when there is none yet. */
  moveCursor(by: number): void {
    const { data, cursor } = this.#fitted.plot;
    const atS = data[0];
    const watts = data[wattsSeries]!;
    const seen = [...atS.keys()].filter(
      (i) => watts[i] != null && atS[i]! >= this.#span[0] && atS[i]! <= this.#span[1],
    );
    if (seen.length === 0) return;
    const place = seen.findLastIndex((i) => i <= (cursor.idx ?? 0));
    this.#fitted.pointAt(seen[Math.max(0, Math.min(seen.length - 1, place + by))]!, wattsSeries);
  }

  hideCursor(): void {
    this.#fitted.hideCursor();
  }

  destroy(): void {
    this.#fitted.destroy();
  }

  #tellPoint(): void {
    const index = this.#fitted?.pointed;
    const data = this.#fitted?.plot.data;
    const watts = index === undefined ? undefined : data[wattsSeries]?.[index];
    if (index === undefined || watts == null) {
      this.#options.onPoint(undefined);
      return;
    }
    const volts = data[voltsSeries]?.[index];
    this.#options.onPoint({ afterMs: data[0][index]! * 1000, watts, ...(volts != null && { volts }) });
  }

  #plotOptions(look: ChartLook, hasVolts: boolean): Omit<uPlot.Options, 'width' | 'height'> {
    const faint: uPlot.Series = { width: 1, stroke: () => look.theme().faint, points: { show: false } };
    return {
      padding: [14, hasVolts ? 0 : 18, 0, 0],
      cursor: {
        ...lineCursor(look.theme),
        // Readings of earlier starts lie between those of this one.
        dataIdx: (plot, _series, index) => nearestKnown(plot.data[wattsSeries]!, index),
      },
      scales: {
        x: { time: false, range: () => this.#span },
        y: { range: (_plot, _min, max) => [0, roundUp((max ?? 100) * 1.08)] },
        volts: { range: (_plot, min, max) => voltsRange(min, max) },
      },
      series: [
        {},
        ...Array.from({ length: earlierMax }, () => faint),
        {
          width: look.lineWidth,
          stroke: () => look.theme().line,
          points: { show: (plot) => isSparse(plot), size: 4 },
        },
        { scale: 'volts', width: 1, dash: [3, 3], stroke: () => look.theme().volts, points: { show: false } },
      ],
      axes: this.#axes(look, hasVolts),
      hooks: {
        setCursor: [() => this.#tellPoint()],
        drawAxes: [(plot) => this.#drawSettled(plot)],
        draw: [(plot) => this.#drawMarks(plot)],
      },
    };
  }

  #axes(look: ChartLook, hasVolts: boolean): uPlot.Axis[] {
    const { format } = this.#options;
    return [
      look.across({
        space: 7.5 * Number.parseInt(look.font, 10),
        incrs: niceSeconds,
        values: (_plot, splits) => splits.map((atS) => secondsLabel(atS, format())),
      }),
      look.watts(format, { space: 36 }),
      look.upright({
        space: 36,
        scale: 'volts',
        side: 1,
        show: hasVolts,
        grid: { show: false },
        stroke: () => look.theme().volts,
        values: (_plot, splits) => splits.map((volts) => joined(format().volts(volts))),
      }),
    ];
  }

  /** Behind the lines: the time in which it has settled. */
  #drawSettled({ ctx, bbox, valToPos }: uPlot): void {
    const { settleMs, settledWatts, complete } = this.#start ?? {};
    if (!complete || settleMs === undefined || settledWatts === undefined) return;
    const left = Math.max(bbox.left, valToPos(settleMs / 1000, 'x', true));
    const right = bbox.left + bbox.width;
    if (left >= right) return;
    ctx.save();
    ctx.fillStyle = this.#fitted.theme.idleBand;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.restore();
  }

  /** Onset, peak and settled level. */
  #drawMarks({ ctx, bbox, valToPos }: uPlot): void {
    const start = this.#start;
    if (!start) return;
    const pixel = devicePixelRatio;
    const format = this.#options.format();
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, 0, bbox.width, bbox.top + bbox.height);
    ctx.clip();
    ctx.lineWidth = pixel;
    const x = (afterMs: number) => Math.round(valToPos(afterMs / 1000, 'x', true));
    const y = (watts: number) => Math.round(valToPos(watts, 'y', true));
    strokeLine(
      ctx,
      this.#fitted.theme.start,
      [4 * pixel, 3 * pixel],
      x(0),
      bbox.top,
      x(0),
      bbox.top + bbox.height,
    );
    if (start.complete && start.settledWatts !== undefined) {
      const level = y(start.settledWatts);
      strokeLine(
        ctx,
        this.#fitted.theme.idle,
        [6 * pixel, 4 * pixel],
        x(0),
        level,
        bbox.left + bbox.width,
        level,
      );
    }
    const [peakX, peakY] = [x(start.peakAtMs - start.atMs), y(start.peakWatts)];
    ctx.fillStyle = this.#fitted.theme.start;
    ctx.beginPath();
    ctx.arc(peakX, peakY, 4 * pixel, 0, 2 * Math.PI);
    ctx.fill();
    ctx.font = chartFont(this.#options.host).replace(/^\d+/, (size) =>
      String(Math.round(Number(size) * pixel)),
    );
    const sign = start.peakIs === 'measured' ? '' : '≥ ';
    ctx.fillStyle = this.#fitted.theme.text;
    ctx.textBaseline = 'bottom';
    const label = `${sign}${joined(format.watts(start.peakWatts))}`;
    const fits = peakX + 8 * pixel + ctx.measureText(label).width < bbox.left + bbox.width;
    ctx.textAlign = fits ? 'left' : 'right';
    ctx.fillText(label, peakX + (fits ? 8 : -8) * pixel, peakY + 2 * pixel);
    ctx.restore();
  }
}

const emptyData = Array.from({ length: voltsSeries + 1 }, () => []) as unknown as uPlot.AlignedData;

/** 1, 2, 5, 10, 15, 30 s, 1, 2, 5, 10, 15 min, …; below a second for the quickest meters. */
const niceSeconds = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Seconds from the onset, from where to where. */
export function spanOf(start: StartAnswer, span: StartSpan): [number, number] {
  const lastMs = (start.trace?.atMs.at(-1) ?? start.detectedAtMs) - start.atMs;
  const surgeMs = Math.max(surgeMsMin, surgeReadings * start.sampleMs, 2 * (start.peakAtMs - start.atMs));
  const restMs =
    !start.complete || start.settleMs === undefined ? lastMs : start.settleMs * (1 + tailShare) + surgeMsMin;
  const endMs = span === 'surge' ? surgeMs : Math.max(surgeMs, Math.min(lastMs, restMs));
  return [(-leadShare * endMs) / 1000, endMs / 1000];
}

/** Columns on one axis of seconds since each onset: time, earlier starts (oldest first), this one, its volts. */
export function startColumns(
  start: StartAnswer,
  earlier: readonly StartAnswer[],
  [fromS, toS]: readonly [number, number],
): (number | null | undefined)[][] {
  const traces = [...earlier.slice(0, earlierMax)].reverse();
  const columnOf = (index: number) => (index < earlierMax ? traces[index] : start);
  const rows = new Map<number, (number | null | undefined)[]>();
  const put = (column: number, atS: number, value: number | null) => {
    const row = rows.get(atS) ?? [];
    row[column] = value;
    rows.set(atS, row);
  };
  for (let column = 1; column <= wattsSeries; column += 1) {
    const record = columnOf(column - 1);
    const { atMs, watts, volts } = record?.trace ?? { atMs: [], watts: [] };
    const shown = withEdges(atMs, record?.atMs ?? 0, fromS, toS);
    for (const i of shown) {
      const atS = (atMs[i]! - record!.atMs) / 1000;
      put(column, atS, watts[i]!);
      if (column === wattsSeries && volts?.[i] != null) put(voltsSeries, atS, volts[i]);
    }
  }
  const sorted = [...rows].sort(([a], [b]) => a - b);
  return Array.from({ length: voltsSeries + 1 }, (_, column) =>
    sorted.map(([atS, row]) => (column === 0 ? atS : row[column])),
  );
}

/** Those within the span, and one more on each side, so that lines run to the edge. */
function withEdges(atMs: readonly number[], onsetMs: number, fromS: number, toS: number): number[] {
  const inside = (at: number | undefined) =>
    at !== undefined && at - onsetMs >= fromS * 1000 && at - onsetMs <= toS * 1000;
  return [...atMs.keys()].filter((i) => inside(atMs[i]) || inside(atMs[i - 1]) || inside(atMs[i + 1]));
}

/** Since the onset; before it with a minus. */
function secondsLabel(atS: number, format: Format): string {
  if (atS < 0) return `−${format.duration(-atS * 1000)}`;
  return atS === 0 ? '0' : format.duration(atS * 1000);
}

function nearestKnown(values: ArrayLike<number | null | undefined>, index: number): number {
  for (let away = 0; away < values.length; away += 1) {
    if (values[index - away] != null) return index - away;
    if (values[index + away] != null) return index + away;
  }
  return index;
}

/** Few readings are drawn as what they are: points. */
function isSparse(plot: uPlot): boolean {
  const seen = Array.from<unknown>(plot.data[wattsSeries]!).filter((watts) => watts != null).length;
  return seen > 0 && seen < 60;
}

/** 1, 2, 2.5 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return (
    [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((times) => times * power).find((round) => round >= value) ?? value
  );
}

/** Not so narrow that a tenth of a volt looks like a sag. */
function voltsRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 250];
  const spare = Math.max(0, 0.04 * max - (max - min)) / 2;
  return [Math.floor(min - spare - 1), Math.ceil(max + spare + 1)];
}
