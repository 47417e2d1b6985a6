/** Time cut into cells of one length, over which rows are added up. */
export interface SumGrid {
  /** A whole part of a day, longer than a quarter of an hour. */
  readonly stepMs: number;
  /** A cell begins so long after the epoch: 0 … `stepMs` − 1. */
  readonly offsetMs: number;
}

/** The beginning of the cell that `atMs` lies in. */
export function cellStart({ stepMs, offsetMs }: SumGrid, atMs: number): number {
  return Math.floor((atMs - offsetMs) / stepMs) * stepMs + offsetMs;
}
