import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromGrid, gridMax, toGrid } from '../../../src/store/influx/binary-grid.ts';
import { MadeRoom } from '../made-readings.ts';

const decimalsMax = 6;
/** Figures of so many decimals have a grid when they are smaller. */
const sizesMax = [gridMax, gridMax, gridMax, gridMax, 2 ** 18, 2 ** 15, 2 ** 12];

it.each([
  [104, 104],
  [0, 0],
  [104.3, 104.28125],
  [-104.3, -104.28125],
  [104.5, 104.5],
  [104.4, 104.40625],
  [107.25, 107.25],
  [0.97, 0.97265625],
  [0.453, 0.45263671875],
  [230.1234, 230.12338256835938],
])('%d is written as %d', (figure, written) => {
  expect(toGrid(figure, 1)).toBe(written);
  expect(fromGrid(written)).toBe(figure);
});

it('a figure of up to six decimals reads back to its last digit, and is off by less than half of it until then', () => {
  const figures = fc
    .tuple(fc.integer({ min: 0, max: decimalsMax }), fc.integer({ min: 0, max: 30 }))
    .chain(([decimals, bits]) =>
      fc
        .bigInt({
          min: 0n,
          max: BigInt(Math.min(2 ** bits, sizesMax[decimals]! - 1)) * 10n ** BigInt(decimals),
        })
        .map((digits) => [Number(digits) / 10 ** decimals, decimals] as const),
    );
  fc.assert(
    fc.property(
      figures,
      fc.constantFrom(1, 2, 3),
      fc.boolean(),
      ([size, decimals], decimalsMin, isNegative) => {
        const figure = isNegative ? 0 - size : size;
        const written = toGrid(figure, decimalsMin);
        expect(fromGrid(written)).toBe(figure);
        const digits = String(figure).split('.')[1]?.length ?? 0;
        expect(digits).toBeLessThanOrEqual(decimals);
        expect(Math.abs(written - figure)).toBeLessThan(0.5 * 10 ** -digits);
        if (digits > 0) expect(Math.abs(written - figure)).toBeLessThan(0.5 * 10 ** -decimalsMin);
      },
    ),
    { numRuns: 20_000 },
  );
});

it('larger figures of many decimals read back too', () => {
  const figures = fc
    .tuple(fc.integer({ min: 1, max: decimalsMax }), fc.integer({ min: 0, max: 2 ** 50 }))
    .map(([decimals, digits]) => digits / 10 ** decimals);
  fc.assert(
    fc.property(figures, (figure) => {
      expect(fromGrid(toGrid(figure, 1))).toBe(figure);
    }),
    { numRuns: 50_000, examples: [[159_532_623.175293]] },
  );
});

it('every figure of up to three decimals below a hundred reads back', () => {
  for (let digits = 0; digits < 100_000; digits += 1)
    for (const power of [10, 100, 1000]) {
      const figure = digits / power;
      const read = fromGrid(toGrid(figure, 1));
      // A hundred thousand calls of expect would take seconds.
      if (read !== figure) expect(read).toBe(figure);
    }
});

it('figures with no short decimal form read back, also those that lie on a grid by themselves', () => {
  const odd = fc.oneof(
    // Meters that compute in single precision tell decimals such as 230.10000610351562.
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -3_000_000, max: 3_000_000 }).map((tenths) => Math.fround(tenths / 10)),
    fc
      .tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.integer({ min: 0, max: 22 }))
      .map(([multiple, bits]) => multiple / 2 ** bits),
  );
  fc.assert(
    fc.property(odd, (figure) => {
      expect(fromGrid(toGrid(figure, 1)) + 0).toBe(figure + 0);
    }),
    { numRuns: 50_000 },
  );
});

it('figures with all bits set at random come back with their 17th digit off by one at most', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (figure) => {
      const read = fromGrid(toGrid(figure, 1));
      expect(Math.abs(read - figure)).toBeLessThanOrEqual(Math.abs(figure) * Number.EPSILON);
    }),
    { numRuns: 20_000 },
  );
});

it('what older programs wrote as plain decimals reads as it was', () => {
  const plain = fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 4 }));
  fc.assert(
    fc.property(plain, ([digits, decimals]) => {
      const figure = digits / 10 ** decimals;
      expect(fromGrid(figure)).toBe(figure);
    }),
    { numRuns: 20_000 },
  );
});

it('costs a third of what plain decimals cost, packed as InfluxDB packs floats', () => {
  const room = new MadeRoom(10, 0, 10_000);
  const columns = new Map<string, number[]>();
  const readings = 20_000;
  for (let i = 0; i < readings; i += 1) {
    const one = room.next();
    for (const quantity of ['watts', 'volts', 'amps', 'powerFactor', 'wattHoursTotal'] as const) {
      const key = `${quantity} ${one.outlet}`;
      const values = columns.get(key) ?? [];
      values.push(one[quantity]!);
      columns.set(key, values);
    }
  }
  const bytes = (write: (value: number, quantity: string) => number) =>
    [...columns].reduce(
      (sum, [key, values]) => sum + packedBytes(values.map((value) => write(value, key))),
      0,
    ) / readings;
  const decimalsMin = (key: string) => (key.startsWith('amps') ? 3 : key.startsWith('powerFactor') ? 2 : 1);
  expect(bytes((value) => value)).toBeGreaterThan(23);
  expect(bytes((value, key) => toGrid(value, decimalsMin(key)))).toBeLessThan(7.5);
});

/** Of one block of floats: each by what differs, bit by bit, from the one before (Gorilla). */
function packedBytes(values: readonly number[]): number {
  const view = new DataView(new ArrayBuffer(8));
  const bitsOf = (value: number) => {
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  };
  let total = 64;
  let window = { leading: 64, trailing: 64 };
  for (let i = 1; i < values.length; i += 1) {
    const differing = bitsOf(values[i]!) ^ bitsOf(values[i - 1]!);
    total += 1;
    if (differing === 0n) continue;
    const leading = Math.min(31, 64 - differing.toString(2).length);
    const trailing = differing.toString(2).length - differing.toString(2).lastIndexOf('1') - 1;
    const fits = window.leading < 64 && leading >= window.leading && trailing >= window.trailing;
    if (!fits) window = { leading, trailing };
    total += (fits ? 1 : 12) + 64 - window.leading - window.trailing;
  }
  return total / 8;
}
