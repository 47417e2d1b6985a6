/**
 * How figures lie in InfluxDB. It packs a float by what differs, bit by bit, from the float before, and a decimal
 * such as 104.3 fills all 52 bits of its fraction: five figures cost 23 to 30 bytes. On a binary grid finer than
 * the meter's own resolution (104.28125) few bits differ, and they cost about 7; whoever asks InfluxDB itself
 * still reads plain watts, off by less than half of the figure's last digit.
 *
 * A figure of d decimals becomes the nearest *odd* multiple of 2^-k, k by d. So the lowest bit that is set tells
 * how many decimals there were, and rounding to so many gives the figure back to its last digit. Whole numbers,
 * what is exact in binary anyway (x.5, x.25), and figures with more decimals than that are kept as they are.
 *
 * The price: there are as many floats as before, so a few must go. Of figures with no short decimal form (nobody
 * measures those; some meters compute them) about one in ten million comes back with its 17th digit off by one.
 */
const gridBits = [0, 5, 8, 11, 15, 18, 21] as const;
/** Larger figures of so many decimals are kept as they are. */
const sizesMax = [0, 2 ** 30, 2 ** 30, 2 ** 30, 2 ** 18, 2 ** 15, 2 ** 12] as const;
export const gridMax = 2 ** 30;
/** Half a meter's last digit must be more than one step: 2^-k < 0.5 × 10^-d. */
const steps = gridBits.map((bits) => 2 ** bits);
const powers = gridBits.map((_, decimals) => 10 ** decimals);

/**
 * The figure as it is written. `decimalsMin`: what a meter of this quantity tells at least, so that a last digit
 * that happens to be 0 does not make the step coarser.
 */
export function toGrid(value: number, decimalsMin: number): number {
  if (Number.isInteger(value * 16)) return value;
  const decimals = decimalsOf(value);
  if (decimals !== undefined) return onGrid(value, Math.max(decimals, decimalsMin));
  // No meter's decimal, yet it looks like one on the grid: its very last bit says so.
  return decimalAt(value) === undefined ? value : withLastBit(value);
}

/** The figure that was written so; also right for plain decimals, which older programs wrote. */
export function fromGrid(written: number): number {
  if (Number.isInteger(written)) return written;
  const decimal = decimalAt(written);
  if (decimal !== undefined) return decimal;
  const marked = withoutLastBit(written);
  if (marked === undefined || isDecimal(written)) return written;
  return decimalsOf(marked) === undefined && decimalAt(marked) !== undefined ? marked : written;
}

/** Is it a figure of up to six decimals, however large? */
function isDecimal(value: number): boolean {
  return powers.some((power) => Math.round(value * power) / power === value);
}

/** So many decimals has the figure; undefined: too many, or it is too large. */
function decimalsOf(value: number): number | undefined {
  const size = Math.abs(value);
  for (let decimals = 1; decimals < powers.length; decimals += 1) {
    if (!(size < sizesMax[decimals]!)) return undefined;
    const power = powers[decimals]!;
    // A quotient is the nearest number to what its decimals say, so equality proves that they suffice.
    if (Math.round(size * power) / power === size) return decimals;
  }
  return undefined;
}

/** Odd multiples lie two steps apart, so none is further away than one. */
function onGrid(value: number, decimals: number): number {
  const step = steps[decimals]!;
  const size = (2 * Math.floor((Math.abs(value) * step) / 2) + 1) / step;
  return value < 0 ? -size : size;
}

/** The decimal that lies at this point of a grid; undefined: none does. */
function decimalAt(point: number): number | undefined {
  const size = Math.abs(point);
  for (let decimals = 1; decimals < steps.length; decimals += 1) {
    if (!(size < sizesMax[decimals]!)) return undefined;
    const multiple = size * steps[decimals]!;
    if (!Number.isInteger(multiple)) continue;
    if (multiple % 2 === 0) return undefined;
    const power = powers[decimals]!;
    const decimal = Math.round(point * power) / power;
    return !Number.isInteger(decimal) && onGrid(decimal, decimals) === point ? decimal : undefined;
  }
  return undefined;
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const lowWord = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

function withLastBit(value: number): number {
  float[0] = value;
  words[lowWord]! |= 1;
  return float[0]!;
}

/** Undefined when it is not set. */
function withoutLastBit(value: number): number | undefined {
  float[0] = value;
  if ((words[lowWord]! & 1) === 0) return undefined;
  words[lowWord]! ^= 1;
  return float[0]!;
}
