import { firstAtOrAfter } from '../../model/columns.ts';

/**
 * Points of one series (an outlet's readings, or a scope's roll-ups) as aligned columns. Times are whole
 * microseconds since the epoch; in a column NaN marks what a point did not bring; a column nobody brought is
 * undefined.
 */
export interface Points {
  readonly micros: Float64Array;
  readonly columns: readonly (Float64Array | undefined)[];
}

/** Sorted by time, one point for each time; where two meet, the later in `parts` wins field by field. */
export function mergePoints(parts: readonly Points[]): Points {
  const joined = parts.length === 1 ? parts[0]! : joinPoints(parts);
  if (isSorted(joined.micros)) return joined;
  const { micros } = joined;
  const order = Uint32Array.from(micros, (_, i) => i).sort((a, b) => micros[a]! - micros[b]! || a - b);
  const target = new Uint32Array(order.length);
  let count = 0;
  for (let i = 0; i < order.length; i += 1) {
    if (i > 0 && micros[order[i]!] !== micros[order[i - 1]!]) count += 1;
    target[i] = count;
  }
  const mergedMicros = new Float64Array(count + 1);
  for (let i = 0; i < order.length; i += 1) mergedMicros[target[i]!] = micros[order[i]!]!;
  const columns = joined.columns.map((column) => column && mergeColumn(column, order, target, count + 1));
  return { micros: mergedMicros, columns };
}

/** The points in [fromMicros, toMicros) of sorted points. */
export function cutPoints(points: Points, fromMicros: number, toMicros: number): Points {
  const from = firstAtOrAfter(points.micros, fromMicros);
  const to = Math.max(from, firstAtOrAfter(points.micros, toMicros));
  return slicePoints(points, from, to);
}

export function slicePoints(points: Points, from: number, to: number): Points {
  return {
    micros: points.micros.subarray(from, to),
    columns: points.columns.map((column) => column?.subarray(from, to)),
  };
}

function joinPoints(parts: readonly Points[]): Points {
  let count = 0;
  let width = 0;
  for (const part of parts) {
    count += part.micros.length;
    width = Math.max(width, part.columns.length);
  }
  const micros = new Float64Array(count);
  const columns = new Array<Float64Array | undefined>(width).fill(undefined);
  let at = 0;
  for (const part of parts) {
    micros.set(part.micros, at);
    for (const [c, values] of part.columns.entries()) {
      if (values === undefined) continue;
      columns[c] ??= new Float64Array(count).fill(Number.NaN);
      columns[c].set(values, at);
    }
    at += part.micros.length;
  }
  return { micros, columns };
}

function isSorted(micros: Float64Array): boolean {
  for (let i = 1; i < micros.length; i += 1) if (!(micros[i - 1]! < micros[i]!)) return false;
  return true;
}

function mergeColumn(
  column: Float64Array,
  order: Uint32Array,
  target: Uint32Array,
  count: number,
): Float64Array {
  const merged = new Float64Array(count).fill(Number.NaN);
  for (let i = 0; i < order.length; i += 1) {
    const value = column[order[i]!]!;
    if (!Number.isNaN(value)) merged[target[i]!] = value;
  }
  return merged;
}
