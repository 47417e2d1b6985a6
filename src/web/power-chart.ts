import uPlot from 'uplot';
import { strokeLine } from './chart-theme.ts';
import { type ChartLook, FittedPlot, lineCursor } from './fitted-plot.ts';
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
  /** A stretch of time was dragged over with the pointer; epoch ms. */
  readonly onZoom: (fromMs: number, toMs: number) => void;
}

/** What is marked on the chart besides its line. */
export interface ChartMarks {
  /** Epoch ms of starts. */
  readonly startsAtMs: readonly number[];
  readonly idleWatts?: number;
  readonly limitWatts?: number;
}

const meanSeries = 3;
const limitTimesMax = 1.6;

/** A limit far above all that was drawn would press the line flat: it is then left to the words below. */
export function isLimitInSight({ idleWatts = 0, limitWatts }: ChartMarks, wattsMax: number): boolean {
  return limitWatts !== undefined && limitWatts <= limitTimesMax * Math.max(wattsMax, idleWatts);
}

/** What is dragged over has to be so many pixels wide to be looked at closer. */
const zoomPixelsMin = 8;

/** One line of power with the band from its lowest to its highest, drawn by uPlot. Made once, then fed. */
export class PowerChart {
  readonly #options: PowerChartOptions;
  readonly #fitted: FittedPlot;
  #timeline: Timeline = { atS: [], mean: [], min: [], max: [] };
  #span: [number, number] = [0, 1];
  #marks: ChartMarks = { startsAtMs: [] };

  constructor(options: PowerChartOptions) {
    this.#options = options;
    this.#fitted = new FittedPlot(options.host, (look) => this.#plotOptions(look), [[], [], [], []]);
  }

  /** At most once each animation frame. */
  draw(timeline: Timeline, fromMs: number, toMs: number): void {
    this.#timeline = timeline;
    this.#span = [fromMs / 1000, toMs / 1000];
    this.#fitted.plot.setData([timeline.atS, timeline.max, timeline.min, timeline.mean]);
    this.#tellPoint();
  }

  /** Drawn from now on. */
  mark(marks: ChartMarks): void {
    this.#marks = marks;
    // The axis may have to make room for a level.
    this.#fitted.plot.setData(this.#fitted.plot.data);
  }

  /** After the colours of the page changed. */
  recolour(): void {
    this.#fitted.recolour();
  }

  /** Moves the cursor by so many points; from the newest when there is none yet. */
  moveCursor(by: number): void {
    const last = this.#timeline.atS.length - 1;
    // The line comes in from beyond the edge; the cursor stays on what is seen.
    const first = this.#timeline.atS.findIndex((atS) => atS >= this.#span[0]);
    if (first < 0) return;
    const from = this.#fitted.plot.cursor.idx ?? last + 1;
    this.#fitted.pointAt(Math.max(first, Math.min(last, from + by)), meanSeries);
  }

  hideCursor(): void {
    this.#fitted.hideCursor();
  }

  destroy(): void {
    this.#fitted.destroy();
  }

  #tellPoint(): void {
    const index = this.#fitted?.pointed;
    const { atS, mean, min, max } = this.#timeline;
    const [at, meanHere] = index === undefined ? [undefined, undefined] : [atS[index], mean[index]];
    if (at === undefined || meanHere == null || index === undefined) this.#options.onPoint(undefined);
    else
      this.#options.onPoint({
        atMs: at * 1000,
        mean: meanHere,
        min: min[index] ?? meanHere,
        max: max[index] ?? meanHere,
      });
  }

  #plotOptions(look: ChartLook): Omit<uPlot.Options, 'width' | 'height'> {
    const edge: uPlot.Series = { width: 0, points: { show: false }, stroke: 'transparent' };
    return {
      tzDate: (atS) => uPlot.tzDate(new Date(atS * 1000), this.#options.format().timeZone),
      padding: [8, 18, 0, 0],
      cursor: { ...lineCursor(look.theme), drag: { x: true, y: false, setScale: false } },
      scales: {
        x: { time: true, range: () => this.#span },
        y: { range: (_plot, min, max) => this.#wattsRange(min, max) },
      },
      series: [
        {},
        edge,
        edge,
        {
          width: look.lineWidth,
          stroke: () => look.theme().line,
          points: {
            size: 4,
            fill: () => look.theme().line,
            filter: (plot, series) => lonePoints(plot.data[series]!),
          },
        },
      ],
      bands: [{ series: [1, 2], fill: () => look.theme().band }],
      axes: [
        look.across({
          space: (plot) => (plot.width < 480 ? 5.5 : 7.5) * Number.parseInt(look.font, 10),
          values: (_plot, splits, _axis, _space, incrementS) =>
            splits.map((atS) => timeLabel(atS * 1000, incrementS, this.#options.format())),
        }),
        look.watts(this.#options.format, {
          space: (_plot, _axis, _min, _max, height) => Math.max(36, height / 8),
        }),
      ],
      hooks: {
        setCursor: [() => this.#tellPoint()],
        setSelect: [(plot) => this.#selected(plot)],
        drawAxes: [(plot) => this.#drawIdleBand(plot)],
        draw: [(plot) => this.#drawMarks(plot)],
      },
    };
  }

  /** A stretch was dragged over. */
  #selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width === 0) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (width < zoomPixelsMin) return;
    this.#options.onZoom(plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000);
  }

  #wattsRange(min: number | null, max: number | null): [number, number] {
    const { idleWatts, limitWatts } = this.#marks;
    const known = [min, max, idleWatts].filter((watts) => watts != null);
    if (known.length === 0) return powerRange(null, null);
    if (limitWatts !== undefined && isLimitInSight(this.#marks, max ?? 0)) known.push(limitWatts);
    return powerRange(Math.min(...known), Math.max(...known));
  }

  /** Behind the line: what it draws doing nothing. */
  #drawIdleBand({ ctx, bbox, valToPos }: uPlot): void {
    const { idleWatts } = this.#marks;
    if (idleWatts === undefined) return;
    const bottom = bbox.top + bbox.height;
    const top = Math.max(bbox.top, Math.min(bottom, valToPos(idleWatts, 'y', true)));
    ctx.save();
    ctx.fillStyle = this.#fitted.theme.idleBand;
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    ctx.restore();
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
    level(this.#marks.idleWatts, this.#fitted.theme.idle, [6 * pixel, 4 * pixel]);
    level(this.#marks.limitWatts, this.#fitted.theme.limit, [2 * pixel, 3 * pixel]);
    for (const atMs of this.#marks.startsAtMs) {
      const x = Math.round(valToPos(atMs / 1000, 'x', true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      strokeLine(ctx, this.#fitted.theme.start, [], x, bbox.top, x, bbox.top + bbox.height);
      triangle(ctx, this.#fitted.theme.start, x, bbox.top, 5 * pixel);
    }
    ctx.restore();
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
