import { firstAtOrAfter } from '../../model/columns.ts';
import { cellStart, type SumGrid } from '../../model/sum-grid.ts';
import type { Points } from './points.ts';

/**
 * Roll-ups added up over the cells of a grid: a point for each cell that has any, at its beginning or at `fromMs`. What
 * says nothing of its energy (the first of `summed`) counts for nothing. `parts` follow each other in time, all from
 * `fromMs` on.
 */
export function sumPoints(
  parts: readonly Points[],
  grid: SumGrid,
  fromMs: number,
  summed: readonly number[],
): Points {
  const first = parts[0]?.micros[0];
  const last = parts.at(-1)?.micros.at(-1);
  if (first === undefined || last === undefined) return { micros: new Float64Array(0), columns: [] };
  const firstCellMs = cellStart(grid, first / 1000);
  const cells = Math.round((cellStart(grid, last / 1000) - firstCellMs) / grid.stepMs) + 1;
  const sums = summed.map((column) =>
    parts.some(({ columns }) => columns[column] !== undefined)
      ? new Float64Array(cells).fill(Number.NaN)
      : undefined,
  );
  for (const { micros, columns } of parts) {
    const energy = columns[summed[0]!];
    for (let from = 0; energy !== undefined && from < micros.length; ) {
      const startMs = cellStart(grid, micros[from]! / 1000);
      const to = firstAtOrAfter(micros, (startMs + grid.stepMs) * 1000);
      const cell = Math.round((startMs - firstCellMs) / grid.stepMs);
      for (let k = 0; k < summed.length; k += 1) {
        const values = columns[summed[k]!];
        if (values !== undefined) addUp(values, energy, from, to, sums[k]!, cell);
      }
      from = to;
    }
  }
  return packCells(summed, sums, (cell) => Math.max(firstCellMs + cell * grid.stepMs, fromMs) * 1000);
}

/** Adds values `from` … `to`−1 to the sum of a cell, which stays NaN where there are none. */
function addUp(
  values: Float64Array,
  energy: Float64Array,
  from: number,
  to: number,
  sums: Float64Array,
  cell: number,
): void {
  let sum = 0;
  let isAny = false;
  for (let i = from; i < to; i += 1) {
    const value = values[i]!;
    if (Number.isNaN(value) || Number.isNaN(energy[i]!)) continue;
    sum += value;
    isAny = true;
  }
  if (isAny) sums[cell] = sum + (Number.isNaN(sums[cell]!) ? 0 : sums[cell]!);
}

/** Without the cells of which nothing is known. */
function packCells(
  summed: readonly number[],
  sums: readonly (Float64Array | undefined)[],
  microsOf: (cell: number) => number,
): Points {
  const kept: number[] = [];
  sums[0]?.forEach((wattHours, cell) => {
    if (!Number.isNaN(wattHours)) kept.push(cell);
  });
  const columns = new Array<Float64Array | undefined>(Math.max(...summed) + 1).fill(undefined);
  for (const [k, column] of summed.entries()) {
    const sum = sums[k];
    columns[column] = sum && Float64Array.from(kept, (cell) => sum[cell]!);
  }
  return { micros: Float64Array.from(kept, microsOf), columns };
}
