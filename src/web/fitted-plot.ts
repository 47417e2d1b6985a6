import uPlot from 'uplot';
import { axisWidth, type ChartTheme, chartFont, powerLabels, readTheme } from './chart-theme.ts';
import type { Format } from './format.ts';

/** What every chart of the page shares: how its axes look, and where its colours come from. */
export interface ChartLook {
  readonly font: string;
  /** Of the line that counts, px: as strong as the type is large. */
  readonly lineWidth: number;
  /** Asked at each drawing: light and dark change under it. */
  theme(): ChartTheme;
  /** Along the bottom. */
  across(own: uPlot.Axis): uPlot.Axis;
  /** Watts on the left. */
  watts(format: () => Format, own: uPlot.Axis): uPlot.Axis;
  /** Any other on a side, as wide as its labels. */
  upright(own: uPlot.Axis): uPlot.Axis;
}

/** A uPlot that fills its host, also when that grows, and takes its colours from there. */
export class FittedPlot {
  readonly plot: uPlot;
  readonly #host: HTMLElement;
  readonly #resized: ResizeObserver;
  #theme: ChartTheme;

  constructor(
    host: HTMLElement,
    options: (look: ChartLook) => Omit<uPlot.Options, 'width' | 'height'>,
    data: uPlot.AlignedData,
  ) {
    this.#host = host;
    this.#theme = readTheme(host);
    const size = { width: Math.max(host.clientWidth, 50), height: Math.max(host.clientHeight, 50) };
    this.plot = new uPlot({ legend: { show: false }, ...options(this.#look()), ...size }, data, host);
    this.#resized = new ResizeObserver(() => this.#fit());
    this.#resized.observe(host);
  }

  get theme(): ChartTheme {
    return this.#theme;
  }

  /** After the colours of the page changed. */
  recolour(): void {
    this.#theme = readTheme(this.#host);
    this.plot.redraw();
  }

  /** Index under the cursor; undefined when there is none. */
  get pointed(): number | undefined {
    const hidden = (this.plot.cursor.left ?? -1) < 0;
    return hidden ? undefined : (this.plot.cursor.idx ?? undefined);
  }

  /** Moves the cursor there; `series`: whose height it takes. */
  pointAt(index: number, series: number): void {
    const value = this.plot.data[series]?.[index];
    this.plot.setCursor({
      left: this.plot.valToPos(this.plot.data[0][index]!, 'x'),
      top: typeof value === 'number' ? this.plot.valToPos(value, 'y') : 0,
    });
  }

  hideCursor(): void {
    this.plot.setCursor({ left: -10, top: -10 });
  }

  destroy(): void {
    this.#resized.disconnect();
    this.plot.destroy();
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width > 0 && height > 0 && (width !== this.plot.width || height !== this.plot.height)) {
      this.plot.setSize({ width, height });
    }
  }

  #look(): ChartLook {
    const font = chartFont(this.#host);
    const lines = { stroke: () => this.#theme.grid, width: 1 };
    const common: uPlot.Axis = { font, stroke: () => this.#theme.text, grid: lines };
    const upright = (own: uPlot.Axis): uPlot.Axis => ({
      ...common,
      ticks: { show: false },
      gap: 6,
      size: (plot, labels) => axisWidth(plot.ctx, labels, font),
      ...own,
    });
    return {
      font,
      lineWidth: Number.parseFloat(font) / 7,
      theme: () => this.#theme,
      across: (own) => ({ ...common, ticks: { ...lines, size: 4 }, gap: 4, size: 26, ...own }),
      upright,
      watts: (format, own) =>
        upright({
          values: (_plot, splits, _axis, _space, increment) => powerLabels(splits, increment, format()),
          ...own,
        }),
    };
  }
}

/** How the cursor follows the pointer: along the line, with one dot on it. */
export function lineCursor(theme: () => ChartTheme): uPlot.Cursor {
  return {
    drag: { x: false, y: false },
    y: false,
    dataIdx: (_plot, _series, index) => index,
    points: { size: 7, one: true, fill: () => theme().line },
  };
}
