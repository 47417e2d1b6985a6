import type { Format } from './format.ts';

/** What a canvas takes its colours from: the custom properties where it stands. */
export interface ChartTheme {
  readonly line: string;
  readonly band: string;
  readonly grid: string;
  readonly text: string;
  /** Lines behind the one that counts. */
  readonly faint: string;
  readonly idle: string;
  /** Below the idle level: what is drawn for nothing. */
  readonly idleBand: string;
  readonly limit: string;
  readonly start: string;
  readonly volts: string;
}

export function readTheme(host: HTMLElement): ChartTheme {
  const style = getComputedStyle(host);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    line: colour('--chart-line'),
    band: colour('--chart-band'),
    grid: colour('--chart-grid'),
    text: colour('--muted'),
    faint: colour('--chart-faint'),
    idle: colour('--chart-idle'),
    idleBand: colour('--chart-idle-band'),
    limit: colour('--chart-limit'),
    start: colour('--chart-start'),
    volts: colour('--chart-volts'),
  };
}

/** uPlot scales fonts to the screen's pixels, and reads whole numbers only. */
export function chartFont(host: HTMLElement): string {
  const { fontSize, fontFamily } = getComputedStyle(host);
  return `${Math.round(Number.parseFloat(fontSize))}px ${fontFamily}`;
}

/** All in one unit, with as many digits as the steps between them need: 250 W apart are 0.25 kW apart. */
export function powerLabels(watts: number[], increment: number, format: Format): string[] {
  const [divisor, unit] = Math.max(...watts) >= 1000 ? [1000, 'kW'] : [1, 'W'];
  const step = increment / divisor;
  const exact = (digits: number) => Math.abs(Math.round(step * 10 ** digits) / 10 ** digits - step) < 1e-9;
  const digits = ([0, 1, 2] as const).find(exact) ?? 3;
  return watts.map((value) => `${format.number(value / divisor, digits)} ${unit}`);
}

const widths = new Map<string, number>();
const widthsMax = 500;

/**
 * Wide enough for the widest label. Remembered, since a font set on a canvas makes the browser lay the page out
 * before anything is measured.
 */
export function axisWidth(
  ctx: CanvasRenderingContext2D,
  labels: readonly string[] | null,
  font: string,
): number {
  if (!labels) return 40;
  return Math.ceil(Math.max(0, ...labels.map((label) => textWidth(ctx, label, font)))) + 12;
}

function textWidth(ctx: CanvasRenderingContext2D, text: string, font: string): number {
  const key = `${font} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    ctx.save();
    ctx.font = font;
    width = ctx.measureText(text).width;
    ctx.restore();
    if (widths.size >= widthsMax) widths.clear();
    widths.set(key, width);
  }
  return width;
}

/** A straight line between two points of the canvas. */
export function strokeLine(
  ctx: CanvasRenderingContext2D,
  colour: string,
  dash: number[],
  ...[x0, y0, x1, y1]: [number, number, number, number]
): void {
  ctx.strokeStyle = colour;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
