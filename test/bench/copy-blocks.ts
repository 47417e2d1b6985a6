import { DatabaseSync } from 'node:sqlite';
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Tier, tiers } from '../../src/model/roll-up.ts';
import { VarintReader, VarintWriter } from '../../src/store/embedded/varint.ts';

/** Blocks of a tier that are copied to earlier times. */
export interface BlockCopies {
  readonly tier: Tier;
  /** So much earlier each copy is, ms. */
  readonly shiftMs: number;
  /** Copies reach back to here; a block that holds older points too is copied whole. */
  readonly fromMs: number;
}

const headerBytes = 6;
const timeUnits = [1_000_000, 100_000, 1000, 1];
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/**
 * Fills the past of an embedded store, which must be closed, with what lies in its newest blocks: their only absolute time
 * is the first one (block.ts), so a copy is packed just as if it had been written then.
 */
export function copyBlocks(file: string, copies: readonly BlockCopies[]): void {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA synchronous = OFF');
  const insert = db.prepare(
    `INSERT INTO block (series, tier, open, from_micros, to_micros, points, columns, through, watt_hours, body)
     SELECT series, tier, open, from_micros - ?, to_micros - ?, points, columns, through, watt_hours, ? FROM block WHERE id = ?`,
  );
  for (const { tier, shiftMs, fromMs } of copies) {
    const own = db
      .prepare('SELECT id, to_micros, body FROM block WHERE tier = ? ORDER BY series, from_micros')
      .all(tiers.indexOf(tier)) as { id: number; to_micros: number; body: Uint8Array }[];
    db.exec('BEGIN');
    for (const { id, to_micros: toMicros, body } of own)
      for (let shift = shiftMs * 1000; toMicros - shift >= fromMs * 1000; shift += shiftMs * 1000)
        insert.run(shift, shift, moved(body, shift), id);
    db.exec('COMMIT');
  }
  db.close();
}

function moved(block: Uint8Array, shiftMicros: number): Uint8Array {
  const kept = block.subarray(headerBytes);
  const isPacked = block[1] === 1;
  const plain = isPacked ? zstdDecompressSync(kept) : kept;
  const reader = new VarintReader(plain);
  const writer = new VarintWriter();
  writer.unsigned(reader.unsigned());
  const unit = reader.byte();
  writer.byte(unit);
  const first = new Float64Array(1);
  reader.signedInto(first);
  writer.signed(first[0]! - shiftMicros / timeUnits[unit]!);
  writer.append(plain.subarray(reader.at));
  const made = isPacked ? zstdCompressSync(writer.written, zstdOptions) : writer.written;
  const copy = new Uint8Array(headerBytes + made.length);
  copy[0] = block[0]!;
  copy[1] = block[1]!;
  new DataView(copy.buffer).setUint32(2, crc32(made), true);
  copy.set(made, headerBytes);
  return copy;
}
