/** The smallest doubled capacity that holds `needed`. */
export function grownCapacity(capacity: number, needed: number): number {
  let next = Math.max(capacity, 16);
  while (next < needed) next *= 2;
  return next;
}

/** A longer copy of a column, the new part filled with `fill`. */
export function grownFloats(column: Float64Array, length: number, fill: number): Float64Array {
  const longer = new Float64Array(length).fill(fill, column.length);
  longer.set(column);
  return longer;
}
