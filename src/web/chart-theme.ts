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

/** All in one unit, with as many digits as the steps between them need. */
export function powerLabels(watts: number[], increment: number, format: Format): string[] {
  const inKilowatts = Math.max(...watts) >= 1000;
  const digits = inKilowatts ? Math.max(0, Math.min(3, 3 - Math.floor(Math.log10(increment)))) : 0;
  const [divisor, unit] = inKilowatts ? [1000, 'kW'] : [1, 'W'];
  return watts.map((value) => `${format.number(value / divisor, digits as 0 | 1 | 2 | 3)} ${unit}`);
}

/** Wide enough for the widest label. */
export function axisWidth(
  ctx: CanvasRenderingContext2D,
  labels: readonly string[] | null,
  font: string,
): number {
  if (!labels) return 40;
  ctx.save();
  ctx.font = font;
  const widest = Math.max(0, ...labels.map((label) => ctx.measureText(label).width));
  ctx.restore();
  return Math.ceil(widest) + 12;
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
