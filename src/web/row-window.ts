/** Which rows are drawn, and the empty height that stands for the others. */
export interface RowWindow {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
  readonly abovePx: number;
  readonly belowPx: number;
}

export interface RowView {
  /** Upper edge of what is seen, from the top of the first row. */
  readonly topPx: number;
  readonly heightPx: number;
}

/** So few are all drawn: the browser's own search and print then find every row. */
export const rowsAllDrawnMax = 80;
const overscanRows = 4;

/** Rows are of equal height, but for one that may be unfolded by `unfoldedPx` more. */
export function rowWindow(
  count: number,
  rowPx: number,
  view: RowView,
  unfolded?: { readonly index: number; readonly extraPx: number },
): RowWindow {
  if (count <= rowsAllDrawnMax) return { first: 0, end: count, abovePx: 0, belowPx: 0 };
  const unfoldedAt = unfolded && unfolded.index >= 0 && unfolded.index < count ? unfolded.index : count;
  const extraPx = unfolded?.extraPx ?? 0;
  const topOf = (index: number) => index * rowPx + (index > unfoldedAt ? extraPx : 0);
  const rowAt = (px: number) => {
    if (px < topOf(unfoldedAt)) return Math.floor(px / rowPx);
    return Math.max(unfoldedAt, Math.floor((px - extraPx) / rowPx));
  };
  const clamp = (index: number) => Math.max(0, Math.min(count, index));
  const first = clamp(rowAt(view.topPx) - overscanRows);
  const end = Math.max(first, clamp(rowAt(view.topPx + view.heightPx) + 1 + overscanRows));
  const allPx = count * rowPx + (unfoldedAt < count ? extraPx : 0);
  const endPx = end === count ? allPx : topOf(end);
  return { first, end, abovePx: topOf(first), belowPx: allPx - endPx };
}
