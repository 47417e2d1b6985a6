/** Steps of the colour scale, from nothing to the most. */
export const heatLevels = 6;

/**
 * Which step a draw is, of the most there is. By its square root, as the eye takes areas: a room's servers differ a
 * hundredfold, and the many small ones should not all look like nothing.
 */
export function heatLevel(watts: number, mostWatts: number): number {
  if (watts <= 0 || mostWatts <= 0) return 0;
  const share = Math.sqrt(Math.min(1, watts / mostWatts));
  return Math.min(heatLevels - 1, Math.floor(share * heatLevels));
}

/** A rack has no more lines of cells as large as usual; with more servers the cells are smaller. */
const linesMax = 8;
const cellPxMin = 5;
const oneLineMin = 0.8;

/** How large a cell is, where `usualPx` is the size for a rack of usual height. */
export function cellSize(count: number, widthPx: number, usualPx: number): number {
  const fitting = Math.floor(Math.sqrt((linesMax * usualPx * widthPx) / Math.max(count, 1)));
  const cellPx = Math.max(cellPxMin, Math.min(usualPx, fitting));
  // All on one line, where they are but a little smaller there.
  const onOneLine = Math.floor(widthPx / Math.max(count, 1));
  return onOneLine < cellPx && onOneLine >= cellPx * oneLineMin ? onOneLine : cellPx;
}

/** In how many lines cells of one size fit, and how many stand in each: as many in all lines. */
export function cellGrid(
  count: number,
  widthPx: number,
  cellPx: number,
): { readonly columns: number; readonly lines: number } {
  const fitting = Math.max(1, Math.floor(widthPx / cellPx));
  const lines = Math.max(1, Math.ceil(count / fitting));
  return { columns: count > 0 ? Math.ceil(count / lines) : fitting, lines };
}
