import type { VarintReader, VarintWriter } from './varint.ts';

/** A figure is a whole number of its last decimal up to here; meters send at most three or four. */
const decimalsMax = 9;
const powers = Array.from({ length: decimalsMax + 1 }, (_, d) => 10 ** d);
/** Larger scaled figures are kept raw: the difference of two must stay below 2^52. */
const scaledMax = 2 ** 50;
/** What a raw figure costs more than a scaled one, in bytes, after compression. */
const rawCostBytes = 9;
/** What one more decimal costs each figure of a column. */
const decimalCostBytes = 0.4;
const odd = decimalsMax + 1;

/**
 * One column of a block. Meters send decimals: 104.3 is kept as 1043 with one decimal, and 1043 / 10 is again
 * the nearest number to 104.3, so nothing is lost. The column gets as many decimals as pay; figures that need
 * more (or have no short decimal form) are kept raw beside it. Scaled figures are written as differences.
 *
 * Layout: runs of present and absent, decimals, raw figures (position, eight bytes), differences.
 */
export function writeColumn(writer: VarintWriter, values: Float64Array): void {
  const present = writePresence(writer, values);
  const decimals = chooseDecimals(present);
  writer.byte(decimals);
  const power = powers[decimals]!;
  writeRawFigures(writer, present, power);
  let before = 0;
  for (let i = 0; i < present.length; i += 1) {
    const value = present[i]!;
    const scaled = Math.round(value * power);
    if (!isExact(value, scaled, power)) continue;
    writer.signed(scaled - before);
    before = scaled;
  }
}

export function readColumn(reader: VarintReader, count: number): Float64Array {
  const values = new Float64Array(count).fill(Number.NaN);
  const positions = readPresence(reader, count);
  const power = powers[reader.byte()];
  if (power === undefined) throw new RangeError('packed column with an unknown number of decimals');
  const isRaw = readRawFigures(reader, values, positions);
  const scaledPositions = isRaw === undefined ? positions : positions.filter((_, i) => isRaw[i] === 0);
  const differences = new Float64Array(scaledPositions.length);
  reader.signedInto(differences);
  let scaled = 0;
  for (let i = 0; i < differences.length; i += 1) {
    scaled += differences[i]!;
    values[scaledPositions[i]!] = scaled / power;
  }
  return values;
}

/** Puts them where they belong. Answers which of the present figures they were; undefined: there are none. */
function readRawFigures(
  reader: VarintReader,
  values: Float64Array,
  positions: Uint32Array,
): Uint8Array | undefined {
  const count = reader.unsigned();
  if (count === 0) return undefined;
  const isRaw = new Uint8Array(positions.length);
  let at = -1;
  for (let i = 0; i < count; i += 1) {
    at += reader.unsigned() + 1;
    const position = positions[at];
    if (position === undefined) throw new RangeError('packed column is longer than its block');
    isRaw[at] = 1;
    values[position] = reader.float64();
  }
  return isRaw;
}

/** Lengths of alternating runs, the first of present figures. Answers the present figures. */
function writePresence(writer: VarintWriter, values: Float64Array): Float64Array {
  const runs: number[] = [];
  let inRun = true;
  let runStart = 0;
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    const isPresent = !Number.isNaN(values[i]!);
    if (isPresent) count += 1;
    if (isPresent === inRun) continue;
    runs.push(i - runStart);
    runStart = i;
    inRun = isPresent;
  }
  writer.unsigned(runs.length);
  for (const run of runs) writer.unsigned(run);
  return count === values.length ? values : values.filter((value) => !Number.isNaN(value));
}

function readPresence(reader: VarintReader, count: number): Uint32Array {
  const positions = new Uint32Array(count);
  let present = 0;
  let at = 0;
  const runs = reader.unsigned();
  for (let run = 0; run <= runs; run += 1) {
    const end = run === runs ? count : at + reader.unsigned();
    if (end > count) throw new RangeError('packed column is longer than its block');
    if (run % 2 === 0) for (; at < end; at += 1) positions[present++] = at;
    at = end;
  }
  return positions.subarray(0, present);
}

function chooseDecimals(values: Float64Array): number {
  const needing = countDecimals(values);
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  let raw = values.length;
  for (let decimals = 0; decimals <= decimalsMax; decimals += 1) {
    raw -= needing[decimals]!;
    const cost = raw * rawCostBytes + (values.length - raw) * decimals * decimalCostBytes;
    if (cost < bestCost) {
      best = decimals;
      bestCost = cost;
    }
  }
  return best;
}

/** How many figures need no decimal, one, two …; last those that have no short decimal form. */
function countDecimals(values: Float64Array): Uint32Array {
  const needing = new Uint32Array(odd + 1);
  // Figures of one column mostly need the same number: start from the last answer and go either way.
  let guess = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    let decimals = guess;
    if (isExactAt(value, decimals)) while (decimals > 0 && isExactAt(value, decimals - 1)) decimals -= 1;
    else
      do decimals += 1;
      while (decimals < odd && !isExactAt(value, decimals));
    needing[decimals]! += 1;
    if (decimals < odd) guess = decimals;
  }
  return needing;
}

function isExactAt(value: number, decimals: number): boolean {
  const power = powers[decimals]!;
  return isExact(value, Math.round(value * power), power);
}

/** −0 is taken for 0. */
function isExact(value: number, scaled: number, power: number): boolean {
  return scaled / power === value && scaled < scaledMax && scaled > -scaledMax;
}

function writeRawFigures(writer: VarintWriter, values: Float64Array, power: number): void {
  const positions: number[] = [];
  for (let i = 0; i < values.length; i += 1)
    if (!isExact(values[i]!, Math.round(values[i]! * power), power)) positions.push(i);
  writer.unsigned(positions.length);
  let before = -1;
  for (const position of positions) {
    writer.unsigned(position - before - 1);
    writer.float64(values[position]!);
    before = position;
  }
}
