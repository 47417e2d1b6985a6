import uPlot from 'uplot';
import { axisWidth, type ChartTheme, chartFont, powerLabels, readTheme, strokeLine } from './chart-theme.ts';
import type { Format } from './format.ts';
import { powerRange } from './power-scale.ts';
import type { Timeline } from './timeline.ts';

export interface ChartPoint {
  readonly atMs: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

export interface PowerChartOptions {
  readonly host: HTMLElement;
  /** What the chart's canvas takes its colours from. */
  readonly format: () => Format;
  /** The point under the cursor; undefined when there is none. */
  readonly onPoint: (point: ChartPoint | undefined) => void;
}

/** What is marked on the chart besides its line. */
export interface ChartMarks {
  /** Epoch ms of starts. */
  readonly startsAtMs: readonly number[];
  readonly idleWatts?: number;
  readonly limitWatts?: number;
}

const limitTimesMax = 1.6;

/** A limit far above all that was drawn would press the line flat: it is then left to the words below. */
export function isLimitInSight({ idleWatts = 0, limitWatts }: ChartMarks, wattsMax: number): boolean {
  return limitWatts !== undefined && limitWatts <= limitTimesMax * Math.max(wattsMax, idleWatts);
}

/** One line of power with the band from its lowest to its highest, drawn by uPlot. Made once, then fed. */
export class PowerChart {
  readonly #options: PowerChartOptions;
  readonly #plot: uPlot;
  readonly #resized: ResizeObserver;
  #timeline: Timeline = { atS: [], mean: [], min: [], max: [] };
  #span: [number, number] = [0, 1];
  #marks: ChartMarks = { startsAtMs: [] };
  #theme: ChartTheme;

  constructor(options: PowerChartOptions) {
    this.#options = options;
    this.#theme = readTheme(options.host);
    this.#plot = new uPlot(this.#plotOptions(), [[], [], [], []], options.host);
    this.#resized = new ResizeObserver(() => this.#fit());
    this.#resized.observe(options.host);
  }

  /** At most once each animation frame. */
  draw(timeline: Timeline, fromMs: number, toMs: number): void {
    this.#timeline = timeline;
    this.#span = [fromMs / 1000, toMs / 1000];
    this.#plot.setData([timeline.atS, timeline.max, timeline.min, timeline.mean]);
    this.#tellPoint();
  }

  /** Drawn from now on. */
  mark(marks: ChartMarks): void {
    this.#marks = marks;
    // The axis may have to make room for a level.
    this.#plot.setData(this.#plot.data);
  }

  /** After the colours of the page changed. */
  recolour(): void {
    this.#theme = readTheme(this.#options.host);
    this.#plot.redraw();
  }

  /** Moves the cursor by so many points; from the newest when there is none yet. */
  moveCursor(by: number): void {
    const last = this.#timeline.atS.length - 1;
    // The line comes in from beyond the edge; the cursor stays on what is seen.
    const first = this.#timeline.atS.findIndex((atS) => atS >= this.#span[0]);
    if (first < 0) return;
    const from = this.#plot.cursor.idx ?? last + 1;
    const index = Math.max(first, Math.min(last, from + by));
    const left = this.#plot.valToPos(this.#timeline.atS[index]!, 'x');
    const watts = this.#timeline.mean[index];
    const top = typeof watts === 'number' ? this.#plot.valToPos(watts, 'y') : 0;
    this.#plot.setCursor({ left, top });
  }

  hideCursor(): void {
    this.#plot.setCursor({ left: -10, top: -10 });
  }

  destroy(): void {
    this.#resized.disconnect();
    this.#plot.destroy();
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#options.host;
    if (width > 0 && height > 0 && (width !== this.#plot.width || height !== this.#plot.height)) {
      this.#plot.setSize({ width, height });
    }
  }

  #tellPoint(): void {
    const index = this.#plot.cursor.idx;
    const { atS, mean, min, max } = this.#timeline;
    const hidden = (this.#plot.cursor.left ?? -1) < 0;
    const [at, meanHere] = hidden || index == null ? [undefined, undefined] : [atS[index], mean[index]];
    if (at === undefined || meanHere == null || index == null) this.#options.onPoint(undefined);
    else
      this.#options.onPoint({
        atMs: at * 1000,
        mean: meanHere,
        min: min[index] ?? meanHere,
        max: max[index] ?? meanHere,
      });
  }

  #plotOptions(): uPlot.Options {
    const { host } = this.#options;
    const font = chartFont(host);
    const edge: uPlot.Series = { width: 0, points: { show: false }, stroke: 'transparent' };
    return {
      width: Math.max(host.clientWidth, 50),
      height: Math.max(host.clientHeight, 50),
      tzDate: (atS) => uPlot.tzDate(new Date(atS * 1000), this.#options.format().timeZone),
      legend: { show: false },
      padding: [8, 18, 0, 0],
      cursor: {
        drag: { x: false, y: false },
        y: false,
        points: { size: 7, one: true, fill: () => this.#theme.line },
      },
      scales: {
        x: { time: true, range: () => this.#span },
        y: { range: (_plot, min, max) => this.#wattsRange(min, max) },
      },
      series: [
        {},
        edge,
        edge,
        {
          width: 1.75,
          stroke: () => this.#theme.line,
          points: {
            size: 4,
            fill: () => this.#theme.line,
            filter: (plot, series) => lonePoints(plot.data[series]!),
          },
        },
      ],
      bands: [{ series: [1, 2], fill: () => this.#theme.band }],
      axes: this.#axes(font),
      hooks: { setCursor: [() => this.#tellPoint()], draw: [(plot) => this.#drawMarks(plot)] },
    };
  }

  #wattsRange(min: number | null, max: number | null): [number, number] {
    const { idleWatts, limitWatts } = this.#marks;
    const known = [min, max, idleWatts].filter((watts) => watts != null);
    if (known.length === 0) return powerRange(null, null);
    if (limitWatts !== undefined && isLimitInSight(this.#marks, max ?? 0)) known.push(limitWatts);
    return powerRange(Math.min(...known), Math.max(...known));
  }

  #drawMarks({ ctx, bbox, valToPos }: uPlot): void {
    const pixel = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineWidth = 1.25 * pixel;
    const level = (watts: number | undefined, colour: string, dash: number[]) => {
      if (watts === undefined) return;
      const y = Math.round(valToPos(watts, 'y', true));
      strokeLine(ctx, colour, dash, bbox.left, y, bbox.left + bbox.width, y);
    };
    level(this.#marks.idleWatts, this.#theme.idle, [6 * pixel, 4 * pixel]);
    level(this.#marks.limitWatts, this.#theme.limit, [2 * pixel, 3 * pixel]);
    for (const atMs of this.#marks.startsAtMs) {
      const x = Math.round(valToPos(atMs / 1000, 'x', true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      strokeLine(ctx, this.#theme.start, [], x, bbox.top, x, bbox.top + bbox.height);
      triangle(ctx, this.#theme.start, x, bbox.top, 5 * pixel);
    }
    ctx.restore();
  }

  #axes(font: string): uPlot.Axis[] {
    const lines = { stroke: () => this.#theme.grid, width: 1 };
    const common: uPlot.Axis = { font, stroke: () => this.#theme.text, grid: lines };
    return [
      {
        ...common,
        space: (plot) => (plot.width < 480 ? 64 : 84),
        ticks: { ...lines, size: 4 },
        gap: 4,
        size: 26,
        values: (_plot, splits, _axis, _space, incrementS) =>
          splits.map((atS) => timeLabel(atS * 1000, incrementS, this.#options.format())),
      },
      {
        ...common,
        space: (_plot, _axis, _min, _max, height) => Math.max(36, height / 8),
        ticks: { show: false },
        gap: 6,
        size: (plot, labels) => axisWidth(plot.ctx, labels, font),
        values: (_plot, splits, _axis, _space, increment) =>
          powerLabels(splits, increment, this.#options.format()),
      },
    ];
  }
}

/** A point with a gap on both sides has no line; it is drawn as a dot. */
function lonePoints(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  }
  return found;
}

function timeLabel(atMs: number, incrementS: number, format: Format): string {
  if (incrementS < 60) return format.timeWithSeconds(atMs);
  const time = format.timeOfDay(atMs);
  return incrementS >= 3600 && format.isMidnight(atMs) ? format.day(atMs) : time;
}

function triangle(ctx: CanvasRenderingContext2D, colour: string, x: number, top: number, size: number): void {
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.moveTo(x - size, top);
  ctx.lineTo(x + size, top);
  ctx.lineTo(x, top + 1.5 * size);
  ctx.fill();
}
