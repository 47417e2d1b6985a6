/** Raw points of one outlet and quantity: aligned columns, oldest first. */
export interface Series {
  readonly atMs: Float64Array;
  readonly values: Float64Array;
}

/** Roll-ups of one scope: aligned columns, oldest first. */
export interface RollUpColumns {
  readonly fromMs: Float64Array;
  readonly wattsMean: Float64Array;
  readonly wattsMin: Float64Array;
  readonly wattsMax: Float64Array;
  readonly wattHours: Float64Array;
  readonly observedMs: Float64Array;
  // Of quarters, NaN where that is not booked: then all of the energy is integrated.
  readonly counterWattHours?: Float64Array;
  readonly integratedWattHours?: Float64Array;
  readonly spreadWattHours?: Float64Array;
  readonly spreadMs?: Float64Array;
}

/** Index of the first of a column in order of time that is not before `at`, of the column's unit; its length: none. */
export function firstAtOrAfter(sorted: Float64Array, at: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Energy of one scope bucket by bucket: aligned columns, oldest first. A part that is nowhere booked is absent. */
export type EnergyColumns = Omit<RollUpColumns, 'wattsMean' | 'wattsMin' | 'wattsMax'>;
