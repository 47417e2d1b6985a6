import { crc32 } from 'node:zlib';

/**
 * How a checkpoint lies on disk. 24 bytes of head: `RWCP`, the format's version, when it was saved, CRC32 of
 * these 20 bytes. Then sections and a tail. Numbers are little-endian.
 *
 *   section   `SECT`, length of the name, name, chunks (length, bytes), an end mark, CRC32 of all of it
 *   tail      `TAIL`, number of sections, CRC32 of both
 *
 * Magic, version and the head's sum stay where they are in every version, so that a newer one is known as such.
 */
export const headBytes = 24;
export const formatVersion = 1;
export const sectionMark = 0x54_43_45_53;
const tailMark = 0x4c_49_41_54;
/** In place of a chunk's length: the section ends. */
export const endMark = 0xff_ff_ff_ff;
export const nameBytesMax = 255;

const magic = 0x50_43_57_52;

export function checkpointHead(savedAtMs: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(formatVersion, 4);
  head.writeDoubleLE(savedAtMs, 8);
  head.writeUInt32LE(crc32(head.subarray(0, 20)), 20);
  return head;
}

/** Undefined when this is no head, or a damaged one. */
export function readCheckpointHead(head: Buffer): { version: number; savedAtMs: number } | undefined {
  if (head.length < headBytes || head.readUInt32LE(0) !== magic) return undefined;
  if (head.readUInt32LE(20) !== crc32(head.subarray(0, 20))) return undefined;
  return { version: head.readUInt32LE(4), savedAtMs: head.readDoubleLE(8) };
}

export function checkpointTail(sections: number): Buffer {
  const tail = u32(tailMark, sections, 0);
  tail.writeUInt32LE(crc32(tail.subarray(0, 8)), 8);
  return tail;
}

export function u32(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [i, number] of numbers.entries()) bytes.writeUInt32LE(number, 4 * i);
  return bytes;
}
