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
}
