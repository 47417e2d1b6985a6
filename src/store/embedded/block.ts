import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { readColumn, writeColumn } from './column.ts';
import type { Points } from './points.ts';
import { VarintReader, VarintWriter } from './varint.ts';

/**
 * A block: up to a few thousand points of one series, sorted, packed to a few bytes each.
 *
 *   byte   version (1)
 *   byte   0: stored as is, 1: zstd
 *   u32    CRC-32 of what follows, as it lies there
 *   …      count, time unit, first time, differences of the differences of times;
 *          columns present (bits), length of each, then the columns (column.ts)
 */
const version = 1;
const headerBytes = 6;
/** Below this compressing costs more time than it saves room. */
const compressFromBytes = 200;
/** Decompressed blocks are refused above this: a damaged length must not take all memory. */
const packedBytesMax = 64 * 2 ** 20;
/** Times are kept in the coarsest of these steps (in µs) that loses nothing: a second, 1/10, 1 ms, 1 µs. */
const timeUnits = [1_000_000, 100_000, 1000, 1] as const;

export class BlockWriter {
  readonly #body = new VarintWriter();
  readonly #columns = new VarintWriter();

  /** Times must be sorted, and no two the same. */
  encode(points: Points): Uint8Array {
    const body = this.#body;
    body.reset();
    writeTimes(body, points.micros);
    this.#writeColumns(points.columns);
    const plain = body.written;
    const compressed = plain.length < compressFromBytes ? undefined : zstdCompressSync(plain, zstdOptions);
    const kept = compressed !== undefined && compressed.length < plain.length ? compressed : plain;
    const block = new Uint8Array(headerBytes + kept.length);
    block[0] = version;
    block[1] = kept === compressed ? 1 : 0;
    new DataView(block.buffer).setUint32(2, crc32(kept), true);
    block.set(kept, headerBytes);
    return block;
  }

  #writeColumns(columns: Points['columns']): void {
    const body = this.#body;
    const packed = this.#columns;
    packed.reset();
    let bits = 0;
    const lengths: number[] = [];
    for (const [c, values] of columns.entries()) {
      if (values === undefined || values.every(Number.isNaN)) continue;
      bits |= 1 << c;
      const start = packed.length;
      writeColumn(packed, values);
      lengths.push(packed.length - start);
    }
    body.unsigned(bits);
    for (const length of lengths) body.unsigned(length);
    body.append(packed.written);
  }
}

/** Which columns a block of these points has, as bits. */
export function columnBits(columns: Points['columns']): number {
  let bits = 0;
  for (const [c, values] of columns.entries())
    if (values !== undefined && !values.every(Number.isNaN)) bits |= 1 << c;
  return bits;
}

/** The points of a block; only the wanted columns (bits) are unpacked. Throws a RangeError when damaged. */
export function readBlock(block: Uint8Array, wantedBits: number): Points {
  const body = openBlock(block);
  const reader = new VarintReader(body);
  const micros = readTimes(reader);
  const bits = reader.unsigned();
  const width = 32 - Math.clz32(bits);
  const lengths: number[] = [];
  for (let c = 0; c < width; c += 1) lengths.push((bits >>> c) & 1 ? reader.unsigned() : 0);
  const columns = new Array<Float64Array | undefined>(width).fill(undefined);
  let at = reader.at;
  for (let c = 0; c < width; c += 1) {
    const end = at + lengths[c]!;
    if (end > body.length) throw new RangeError('packed bytes end too early');
    if ((bits >>> c) & (wantedBits >>> c) & 1)
      columns[c] = readColumn(new VarintReader(body, at, end), micros.length);
    at = end;
  }
  return { micros, columns };
}

const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

function openBlock(block: Uint8Array): Uint8Array {
  if (block.length < headerBytes || block[0] !== version)
    throw new RangeError(`block of an unknown kind (${block[0]})`);
  const kept = block.subarray(headerBytes);
  const expected = new DataView(block.buffer, block.byteOffset).getUint32(2, true);
  if (crc32(kept) !== expected) throw new RangeError('block with a wrong checksum');
  return block[1] === 1 ? zstdDecompressSync(kept, { maxOutputLength: packedBytesMax }) : kept;
}

function writeTimes(writer: VarintWriter, micros: Float64Array): void {
  const unitIndex = timeUnits.findIndex((unit) => micros.every((at) => at % unit === 0));
  const unit = timeUnits[unitIndex]!;
  writer.unsigned(micros.length);
  writer.byte(unitIndex);
  let before = 0;
  let stepBefore = 0;
  for (let i = 0; i < micros.length; i += 1) {
    const at = micros[i]! / unit;
    const step = at - before;
    writer.signed(step - stepBefore);
    // The first time is no step: from it the second starts at its own difference.
    stepBefore = i === 0 ? 0 : step;
    before = at;
  }
}

function readTimes(reader: VarintReader): Float64Array {
  const count = reader.unsigned();
  const unit = timeUnits[reader.byte()];
  if (unit === undefined || count > packedBytesMax) throw new RangeError('block with impossible times');
  const micros = new Float64Array(count);
  reader.signedInto(micros);
  let at = 0;
  let step = 0;
  for (let i = 0; i < count; i += 1) {
    step += micros[i]!;
    at += step;
    micros[i] = at * unit;
    if (i === 0) step = 0;
  }
  return micros;
}
