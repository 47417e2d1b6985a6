import { useEffect, useRef } from 'preact/hooks';
import { useColourChanges } from './chart-host.tsx';
import { joined, unknownText } from './format.ts';
import { cellGrid, cellSize, heatLevel, heatLevels } from './heat.ts';
import { knownText } from './known.ts';
import { freshWatts } from './live-series.ts';
import type { Present, PresentProps } from './present.ts';
import { type RosterRow, stateOf } from './roster.ts';
import { serverHash } from './routes.ts';
import { stateWord } from './state-badge.tsx';

interface RackCellsProps extends PresentProps {
  readonly servers: readonly RosterRow[];
  readonly mostWatts: number;
}

/** One cell for each server of a rack on a canvas, so that thousands cost little; keys and readers have the table. */
export function RackCells({ present, servers, mostWatts }: RackCellsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const cells = useRef<Cells>(undefined);
  const seen = useRef({ servers, mostWatts });
  seen.current = { servers, mostWatts };
  useEffect(() => {
    const made = new Cells(canvas.current!, present);
    cells.current = made;
    const draw = () => made.draw(seen.current.servers, seen.current.mostWatts);
    const resized = new ResizeObserver(() => {
      made.measure();
      draw();
    });
    resized.observe(canvas.current!);
    const stop = present.beat.subscribe(draw);
    return () => {
      stop();
      resized.disconnect();
    };
  }, [present]);
  useEffect(() => cells.current?.draw(servers, mostWatts), [servers]);
  useColourChanges(() => {
    cells.current?.measure();
    cells.current?.draw(servers, mostWatts);
  }, present.link.value.phase);
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas cannot be focused
    <canvas
      ref={canvas}
      class="rack-cells"
      aria-hidden="true"
      onMouseMove={(event) => {
        const row = cells.current?.at(event.offsetX, event.offsetY, servers);
        event.currentTarget.title = row ? titleOf(row, present) : '';
        event.currentTarget.style.cursor = row ? 'pointer' : '';
      }}
      onClick={(event) => {
        const row = cells.current?.at(event.offsetX, event.offsetY, servers);
        if (row) location.hash = serverHash(row.scope);
      }}
    />
  );
}

function titleOf(row: RosterRow, present: Present): string {
  const figure = present.figure(row.scope);
  const watts = freshWatts(figure);
  const drawn = watts === undefined ? unknownText : joined(present.format.peek().watts(watts));
  return `${row.name}: ${drawn}, ${stateWord[stateOf(figure)]}; ${knownText(figure, present)}`;
}

/** Draws the cells, and knows which is where. */
class Cells {
  readonly #canvas: HTMLCanvasElement;
  readonly #present: Present;
  /** Of a rack of usual height. */
  #usualPx = 16;
  #cellPx = 16;
  #colours: readonly string[] = [];
  #lineColour = '';
  #drawn = '';

  constructor(canvas: HTMLCanvasElement, present: Present) {
    this.#canvas = canvas;
    this.#present = present;
    this.measure();
  }

  /** Sizes and colours as the styles say now. */
  measure(): void {
    const style = getComputedStyle(this.#canvas);
    this.#usualPx = Math.round(1.15 * Number.parseFloat(style.fontSize));
    this.#colours = Array.from({ length: heatLevels }, (_, level) =>
      style.getPropertyValue(`--heat-${level}`),
    );
    this.#lineColour = style.getPropertyValue('--muted');
    this.#drawn = '';
  }

  at(x: number, y: number, servers: readonly RosterRow[]): RosterRow | undefined {
    const { columns } = cellGrid(servers.length, this.#canvas.clientWidth, this.#cellPx);
    const column = Math.floor(x / this.#cellPx);
    return column < columns ? servers[Math.floor(y / this.#cellPx) * columns + column] : undefined;
  }

  draw(servers: readonly RosterRow[], mostWatts: number): void {
    const width = this.#canvas.clientWidth;
    this.#cellPx = cellSize(servers.length, width, this.#usualPx);
    const { columns, lines } = cellGrid(servers.length, width, this.#cellPx);
    let levels = '';
    for (const { scope } of servers) {
      const watts = freshWatts(this.#present.figure(scope));
      levels += watts === undefined ? '-' : heatLevel(watts, mostWatts);
    }
    const drawn = `${levels} ${width} ${devicePixelRatio}`;
    if (drawn === this.#drawn || width === 0) return;
    this.#drawn = drawn;
    this.#resize(width, lines * this.#cellPx);
    const ctx = this.#canvas.getContext('2d')!;
    ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    ctx.clearRect(0, 0, width, lines * this.#cellPx);
    for (let i = 0; i < servers.length; i += 1) {
      this.#cell(ctx, (i % columns) * this.#cellPx, Math.floor(i / columns) * this.#cellPx, levels[i]!);
    }
  }

  /** Unknown is an empty frame: no colour of the scale says it. */
  #cell(ctx: CanvasRenderingContext2D, x: number, y: number, level: string): void {
    const size = this.#cellPx - (this.#cellPx > 8 ? 2 : 1);
    if (level === '-') {
      ctx.strokeStyle = this.#lineColour;
      ctx.setLineDash([2, 2]);
      ctx.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
      return;
    }
    ctx.fillStyle = this.#colours[Number(level)]!;
    ctx.fillRect(x, y, size, size);
  }

  #resize(width: number, height: number): void {
    const [pixelWidth, pixelHeight] = [width, height].map((size) => Math.round(size * devicePixelRatio));
    if (this.#canvas.width !== pixelWidth) this.#canvas.width = pixelWidth!;
    if (this.#canvas.height !== pixelHeight) {
      this.#canvas.height = pixelHeight!;
      this.#canvas.style.height = `${height}px`;
    }
  }
}
