/** Raw readings of all outlets over some time, in the order of their times, those of one moment by outlet. */
export interface RawSlice {
  /** Nothing more is to be had before this time. */
  readonly toMs: number;
  readonly outlets: readonly string[];
  /** For each reading its place in `outlets`, its time and its quantities (NaN: not brought). */
  readonly outletOf: Uint32Array;
  readonly atMs: Float64Array;
  readonly columns: readonly Float64Array[];
}

/** The readings of one outlet, sorted by time, no two of one moment. A column nobody brought is undefined. */
export interface RawPart {
  readonly outlet: string;
  readonly micros: Float64Array;
  readonly columns: readonly (Float64Array | undefined)[];
}

/** A slice is at most this long, so that time and outlet together fit into one whole number below 2^53. */
export const sliceMsMax = 6 * 3_600_000;

/**
 * Weaves the parts into one: each reading becomes the number time × outlets + outlet, and sorting plain numbers
 * is many times faster than comparing rows. Readings that brought none of the columns are left out.
 */
export function weaveSlice(parts: RawPart[], fromMicros: number, width: number, toMs: number): RawSlice {
  parts.sort((a, b) => (a.outlet < b.outlet ? -1 : 1));
  const keys = sortedKeys(parts, fromMicros);
  const outletOf = new Uint32Array(keys.length);
  const atMs = new Float64Array(keys.length);
  const columns = Array.from({ length: width }, () => new Float64Array(keys.length));
  const nextOf = new Uint32Array(parts.length);
  for (let i = 0; i < keys.length; i += 1) {
    const offset = Math.floor(keys[i]! / parts.length);
    const outlet = keys[i]! - offset * parts.length;
    const part = parts[outlet]!;
    let row = nextOf[outlet]!;
    while (part.micros[row]! - fromMicros !== offset) row += 1;
    nextOf[outlet] = row + 1;
    outletOf[i] = outlet;
    atMs[i] = part.micros[row]! / 1000;
    for (let c = 0; c < width; c += 1) columns[c]![i] = part.columns[c]?.[row] ?? Number.NaN;
  }
  return { toMs, outlets: parts.map((part) => part.outlet), outletOf, atMs, columns };
}

function sortedKeys(parts: readonly RawPart[], fromMicros: number): Float64Array {
  const keys = new Float64Array(parts.reduce((sum, part) => sum + part.micros.length, 0));
  let count = 0;
  for (const [outlet, { micros, columns }] of parts.entries())
    for (let row = 0; row < micros.length; row += 1) {
      if (!columns.some((column) => column !== undefined && !Number.isNaN(column[row]!))) continue;
      keys[count] = (micros[row]! - fromMicros) * parts.length + outlet;
      count += 1;
    }
  return keys.subarray(0, count).sort();
}
