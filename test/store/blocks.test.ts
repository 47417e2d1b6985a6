import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readingWidth } from '../../src/store/embedded/batch.ts';
import { BlockWriter, columnBits, readBlock } from '../../src/store/embedded/block.ts';
import { mergePoints, type Points } from '../../src/store/embedded/points.ts';
import { foldMean, unfoldMean } from '../../src/store/embedded/roll-up-columns.ts';
import { VarintReader, VarintWriter } from '../../src/store/embedded/varint.ts';
import { MadeRoom } from './made-readings.ts';

const allColumns = 0xffff;
const baseMicros = 1_700_000_000_000_000;

describe('a block', () => {
  it('gives back every point it was made of', () => {
    const writer = new BlockWriter();
    fc.assert(
      fc.property(points, (made) => {
        expect(plain(readBlock(writer.encode(made), allColumns))).toEqual(plain(made));
      }),
      { numRuns: 150 },
    );
  });

  it('gives back figures of any size and form', () => {
    const writer = new BlockWriter();
    const any = fc.double({ noNaN: true }).map((value) => value + 0);
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 200 }), (values) => {
        const made = { micros: ascending(values.length), columns: [Float64Array.from(values)] };
        expect([...readBlock(writer.encode(made), 1).columns[0]!]).toEqual(values);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps one odd figure among many plain ones without making the others dear', () => {
    const writer = new BlockWriter();
    const values = Float64Array.from({ length: 1000 }, (_, i) => (1000 + (i % 7)) / 10);
    const made = { micros: ascending(1000), columns: [values] };
    const plainLength = writer.encode(made).length;
    values[500] = 100 / 3;
    const block = writer.encode(made);
    expect(block.length).toBeLessThan(plainLength + 40);
    expect(readBlock(block, 1).columns[0]![500]).toBe(100 / 3);
  });

  it('unpacks only the columns asked for', () => {
    const columns = [1, 2, 3].map((value) => Float64Array.of(value, value + 0.5));
    const block = new BlockWriter().encode({ micros: ascending(2), columns });
    const { columns: got } = readBlock(block, 0b010);
    expect(got[0]).toBeUndefined();
    expect([...got[1]!]).toEqual([2, 2.5]);
    expect(got[2]).toBeUndefined();
  });

  it('keeps fractions of a millisecond, and costs nothing for them where there are none', () => {
    const writer = new BlockWriter();
    const micros = Float64Array.from({ length: 1000 }, (_, i) => baseMicros + i * 10_000_000);
    const columns = [new Float64Array(1000).fill(5)];
    const whole = writer.encode({ micros, columns }).length;
    expect(whole).toBeLessThan(60);
    micros[500]! += 1;
    const block = writer.encode({ micros, columns });
    expect([...readBlock(block, 1).micros]).toEqual([...micros]);
  });

  it('takes no more than 3 bytes for a reading of five quantities with regular times', () => {
    expect(bytesPerReading(() => 0)).toBeLessThan(3);
  });

  it('takes no more than 4 bytes for a reading of five quantities with jittering times', () => {
    let state = 1;
    expect(
      bytesPerReading(() => {
        state = (state * 48_271) % 2_147_483_647;
        return (state % 50) * 1000;
      }),
    ).toBeLessThan(4);
  });

  it('refuses bytes that are damaged anywhere, instead of giving wrong figures', () => {
    const values = Float64Array.from({ length: 300 }, (_, i) => Math.round(1000 * Math.sin(i)) / 10);
    const block = new BlockWriter().encode({ micros: ascending(300), columns: [values] });
    fc.assert(
      fc.property(fc.nat(block.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        // The second byte says only how to unpack; every other one is under the checksum or the version.
        const damaged = Uint8Array.from(block);
        damaged[at]! ^= flip;
        if (at === 1) return;
        expect(() => readBlock(damaged, 1)).toThrow();
      }),
    );
    fc.assert(
      fc.property(fc.nat(block.length - 1), (length) => {
        expect(() => readBlock(block.subarray(0, length), 1)).toThrow();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => readBlock(bytes, allColumns)).toThrow();
      }),
    );
  });
});

describe('merging points', () => {
  it('sorts by time and lets the later win field by field', () => {
    const part = fc.array(
      fc.record({
        micros: fc.integer({ min: 0, max: 20 }),
        values: fc.tuple(maybe(fc.integer()), maybe(fc.integer())),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const truth = new Map<number, [number | undefined, number | undefined]>();
        for (const { micros, values } of parts.flat()) {
          const before = truth.get(micros) ?? [undefined, undefined];
          truth.set(micros, [values[0] ?? before[0], values[1] ?? before[1]]);
        }
        const merged = mergePoints(
          parts.map((rows) => ({
            micros: Float64Array.from(rows, (row) => row.micros),
            columns: [0, 1].map((c) => Float64Array.from(rows, (row) => row.values[c] ?? Number.NaN)),
          })),
        );
        const got = Array.from(merged.micros, (at, i) => [
          at,
          merged.columns.map((column) => absentIfNaN(column?.[i])),
        ]);
        expect(got).toEqual([...truth].sort(([a], [b]) => a - b));
      }),
    );
  });
});

describe('the mean of a roll-up', () => {
  it('comes back from what it differs from Wh over time', () => {
    const row = fc.record({
      mean: fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1e4),
      wattHours: fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1e6),
      observedMs: fc.integer({ min: 0, max: 900_000 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
        const column = (pick: (row: (typeof rows)[number]) => number) => Float64Array.from(rows, pick);
        const made: Points = {
          micros: ascending(rows.length),
          columns: [
            column((one) => one.mean),
            column((one) => one.mean - 1),
            column((one) => one.mean + 1),
            column((one) => one.wattHours),
            column((one) => one.observedMs),
          ],
        };
        expect(plain(unfoldMean(foldMean(made)))).toEqual(plain(made));
      }),
    );
  });
});

describe('numbers of few bytes', () => {
  it('come back as they were written', () => {
    const writer = new VarintWriter();
    const unsigned = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.nat(300));
    const signed = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
    fc.assert(
      fc.property(fc.array(fc.tuple(unsigned, signed), { maxLength: 50 }), (pairs) => {
        writer.reset();
        for (const [one, other] of pairs) {
          writer.unsigned(one);
          writer.signed(other);
        }
        const reader = new VarintReader(writer.written);
        for (const [one, other] of pairs) {
          expect(reader.unsigned()).toBe(one);
          expect(reader.signed()).toBe(other);
        }
        expect(() => reader.byte()).toThrow(RangeError);
      }),
      { numRuns: 500 },
    );
  });
});

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const absentIfNaN = (value: number | undefined) => (Number.isNaN(value) ? undefined : value);

/** What meters send, what they might, what they never do. */
const figure = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -5000, max: 60_000 }).map((n) => n / 10) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 2 ** 40 }).map((n) => n / 1000) },
  { weight: 1, arbitrary: fc.double({ noNaN: true }).map((value) => value + 0) },
  { weight: 2, arbitrary: fc.constant(Number.NaN) },
);

const points: fc.Arbitrary<Points> = fc.integer({ min: 1, max: 120 }).chain((count) =>
  fc
    .tuple(
      fc.uniqueArray(
        fc.oneof(
          fc.nat(1e9),
          fc.nat(1e6).map((s) => s * 1e6),
        ),
        {
          minLength: count,
          maxLength: count,
        },
      ),
      fc.array(fc.option(fc.array(figure, { minLength: count, maxLength: count }), { nil: undefined }), {
        minLength: readingWidth,
        maxLength: readingWidth,
      }),
    )
    .map(([offsets, columns]) => ({
      micros: Float64Array.from(
        offsets.sort((a, b) => a - b),
        (offset) => baseMicros + offset,
      ),
      columns: columns.map((column) => column && Float64Array.from(column)),
    })),
);

function ascending(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => baseMicros + i * 10_000_000);
}

/** Without columns nobody brought: they are not kept, and read as absent all the same. */
function plain({ micros, columns }: Points): unknown {
  const bits = columnBits(columns);
  return {
    micros: [...micros],
    columns: columns.flatMap((column, c) => ((bits >>> c) & 1 ? [[c, [...column!]]] : [])),
  };
}

function bytesPerReading(jitterMicros: () => number): number {
  const readings = 1024;
  const room = new MadeRoom(1, baseMicros / 1000, 10_000);
  const rows = Array.from({ length: readings }, () => room.next());
  const column = (pick: (row: (typeof rows)[number]) => number | undefined) =>
    Float64Array.from(rows, (row) => pick(row)!);
  const made: Points = {
    micros: Float64Array.from(rows, (row) => row.atMs * 1000 + jitterMicros()),
    columns: [
      column((row) => row.watts),
      column((row) => row.volts),
      column((row) => row.amps),
      undefined,
      undefined,
      column((row) => row.powerFactor),
      undefined,
      column((row) => row.wattHoursTotal),
    ],
  };
  return new BlockWriter().encode(made).length / readings;
}
