import { crc32 } from 'node:zlib';
import { type Store, type StoreWrite, type WriteTier, writeTiers } from './store.ts';

/**
 * How the backlog lies on disk. A segment begins with 16 bytes: `RWBL`, the format's version, the kind of store
 * its bytes are for. Then records: 32 bytes of head (`RWRC`, length, count, tier, moment, CRC32 of the body,
 * CRC32 of the head itself) and the body. The head has a sum of its own, so that a damaged body can be stepped
 * over; after a damaged head the next good one is searched. Numbers are little-endian.
 */

export const segmentHeadBytes = 16;
export const recordHeadBytes = 32;

const segmentMagic = 'RWBL';
const recordMagic = 'RWRC';
const formatVersion = 1;
const plausibleVersionMax = 1000;

export function segmentHead(kind: Store['kind']): Buffer {
  const head = Buffer.alloc(segmentHeadBytes);
  head.write(segmentMagic, 0, 'latin1');
  head.writeUInt32LE(formatVersion, 4);
  head.write(kind, 8, 'latin1');
  return head;
}

/** The backlog was written by a newer rackwatt. */
export class NewerBacklog extends Error {
  override readonly name = 'NewerBacklog';
}

/**
 * The kind of store a segment is for; undefined when this is no segment. Throws NewerBacklog. There is one version so
 * far; what an older one had is to be read here too.
 */
export function kindOfSegment(bytes: Buffer, path: string): string | undefined {
  if (bytes.length < segmentHeadBytes || bytes.toString('latin1', 0, 4) !== segmentMagic) return undefined;
  const version = bytes.readUInt32LE(4);
  const kind = bytes.toString('latin1', 8, segmentHeadBytes).replace(/\0+$/, '');
  // Damaged rather than newer, where nothing of it makes sense.
  if (version > formatVersion && version < plausibleVersionMax && /^[a-z]+$/.test(kind))
    throw new NewerBacklog(
      `the backlog ${path} was written by a newer rackwatt (format ${version}, this one reads up to ${formatVersion}): start the newer program until its backlog is empty, or move the folder away; what is in it reaches the store only then`,
    );
  return version === formatVersion ? kind : undefined;
}

export interface RecordHead {
  readonly tier: WriteTier;
  readonly count: number;
  readonly bodyBytes: number;
  /** When it was put in, epoch ms. */
  readonly atMs: number;
  readonly bodySum: number;
}

export function recordHead(write: StoreWrite, atMs: number): Buffer {
  const head = Buffer.alloc(recordHeadBytes);
  head.write(recordMagic, 0, 'latin1');
  head.writeUInt32LE(write.bytes.byteLength, 4);
  head.writeUInt32LE(write.count, 8);
  head.writeUInt8(writeTiers.indexOf(write.tier), 12);
  head.writeDoubleLE(atMs, 16);
  head.writeUInt32LE(crc32(write.bytes), 24);
  head.writeUInt32LE(crc32(head.subarray(0, 28)), 28);
  return head;
}

/** The head at a place, if there is a whole, undamaged one. */
export function readRecordHead(bytes: Buffer, at: number): RecordHead | undefined {
  if (at + recordHeadBytes > bytes.length) return undefined;
  const head = bytes.subarray(at, at + recordHeadBytes);
  if (head.toString('latin1', 0, 4) !== recordMagic || head.readUInt32LE(28) !== crc32(head.subarray(0, 28)))
    return undefined;
  const tier = writeTiers[head.readUInt8(12)];
  if (tier === undefined) return undefined;
  return {
    tier,
    count: head.readUInt32LE(8),
    bodyBytes: head.readUInt32LE(4),
    atMs: head.readDoubleLE(16),
    bodySum: head.readUInt32LE(24),
  };
}

/** The record at a place: its head, its body if that is whole and undamaged, and where the next one starts. */
export function readRecord(
  bytes: Buffer,
  at: number,
): { head: RecordHead; body: Buffer | undefined; nextAt: number } | undefined {
  const head = readRecordHead(bytes, at);
  if (head === undefined) return undefined;
  const bodyAt = at + recordHeadBytes;
  const nextAt = bodyAt + head.bodyBytes;
  const body = nextAt <= bytes.length ? bytes.subarray(bodyAt, nextAt) : undefined;
  return { head, body: body !== undefined && crc32(body) === head.bodySum ? body : undefined, nextAt };
}

/** Where the next undamaged record head is; −1 when there is none. */
export function findRecordHead(bytes: Buffer, from: number): number {
  for (
    let at = bytes.indexOf(recordMagic, from, 'latin1');
    at >= 0;
    at = bytes.indexOf(recordMagic, at + 1, 'latin1')
  )
    if (readRecordHead(bytes, at) !== undefined) return at;
  return -1;
}

/** All records of a segment whose head is undamaged, also those behind a damaged place. */
export function* recordsOf(bytes: Buffer): Generator<{ at: number; head: RecordHead; nextAt: number }> {
  for (let at = segmentHeadBytes; at >= 0 && at < bytes.length; ) {
    const head = readRecordHead(bytes, at);
    const nextAt = head === undefined ? -1 : at + recordHeadBytes + head.bodyBytes;
    if (head !== undefined) yield { at, head, nextAt };
    at = head !== undefined && nextAt <= bytes.length ? nextAt : findRecordHead(bytes, at + 1);
  }
}

/**
 * Up to the end of the last undamaged record. What follows is a torn end; damage before it is not, and stays
 * for the reader to find.
 */
export function goodEnd(bytes: Buffer): number {
  let end = segmentHeadBytes;
  for (const { at, nextAt } of recordsOf(bytes)) if (readRecord(bytes, at)?.body !== undefined) end = nextAt;
  return end;
}

/** As many whole, undamaged records of one tier as there are at the beginning of the bytes. */
export function leadingWrites(bytes: Buffer, recordsMax: number): { writes: StoreWrite[]; end: number } {
  const writes: StoreWrite[] = [];
  let at = 0;
  while (at < bytes.length && writes.length < recordsMax) {
    const record = readRecord(bytes, at);
    if (record?.body === undefined || record.head.tier !== (writes[0]?.tier ?? record.head.tier)) break;
    writes.push({ tier: record.head.tier, count: record.head.count, bytes: record.body });
    at = record.nextAt;
  }
  return { writes, end: at };
}
