import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const zstdMagic = 0xfd2f_b528;
const compressFromBytes = 1000;
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Rows deleted at one step: freeing their pages takes time, and writes are waiting. */
const deleteRowsMax = 256;
const batchBytesMax = 2 ** 30;

interface Entry {
  readonly sequence: number;
  readonly bytes: number;
  /** Where its rows begin in the heads. */
  readonly position: number;
}

/**
 * The writes whose points are not all in blocks yet. Each is one row, durable when its transaction commits;
 * at start they are played back. What lies before the oldest point that is in no block is let go.
 */
export class Journal {
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  readonly #select: StatementSync;
  readonly #oldest: StatementSync;
  /** Oldest first. */
  #entries: Entry[] = [];
  #first = 0;
  #bytes = 0;
  /** How far `before` has counted (what is of use only ever moves on), and what it found. */
  #counted = 0;
  #spareBytes = 0;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO journal (sequence, body) VALUES (?, ?)');
    this.#remove = db.prepare('DELETE FROM journal WHERE sequence <= ?');
    this.#oldest = db.prepare('SELECT min(sequence) AS oldest FROM journal');
    this.#select = db.prepare('SELECT sequence, body FROM journal ORDER BY sequence');
  }

  /** Bytes of the batches in it, unpacked: what the heads hold in memory, or a little more. */
  get bytes(): number {
    return this.#bytes;
  }

  get rows(): number {
    return this.#entries.length - this.#first;
  }

  insert(sequence: number, batch: Uint8Array): void {
    this.#insert.run(
      sequence,
      batch.length < compressFromBytes ? batch : zstdCompressSync(batch, zstdOptions),
    );
  }

  /** To be called once the row is committed. */
  note(sequence: number, bytes: number, position: number): void {
    this.#entries.push({ sequence, bytes, position });
    this.#bytes += bytes;
  }

  /** Oldest first. */
  *playBack(): Generator<{ sequence: number; body: ArrayBuffer }> {
    for (const row of this.#select.iterate()) {
      const { sequence, body } = row as unknown as { sequence: number; body: Uint8Array };
      yield { sequence, body: unpack(body) };
    }
  }

  /** The oldest write in the file. */
  oldest(): number | undefined {
    return (this.#oldest.get()?.oldest ?? undefined) as number | undefined;
  }

  /** What lies before this write. */
  before(sequence: number): { bytes: number; rows: number } {
    while ((this.#entries[this.#counted]?.sequence ?? sequence) < sequence) {
      this.#spareBytes += this.#entries[this.#counted]!.bytes;
      this.#counted += 1;
    }
    return { bytes: this.#spareBytes, rows: this.#counted - this.#first };
  }

  /**
   * Deletes rows before this write, not all at once. Answers the write up to which it did, for `forget` once
   * that is committed; undefined: there was nothing to do.
   */
  removeBefore(sequence: number): number | undefined {
    let last: number | undefined;
    for (let i = this.#first; i < Math.min(this.#entries.length, this.#first + deleteRowsMax); i += 1) {
      const entry = this.#entries[i]!;
      if (entry.sequence >= sequence) break;
      last = entry.sequence;
    }
    if (last !== undefined) this.#remove.run(last);
    return last;
  }

  /** Answers where in the heads the oldest row left begins; undefined: none is left. */
  forget(through: number): number | undefined {
    let entry = this.#entries[this.#first];
    while (entry !== undefined && entry.sequence <= through) {
      this.#bytes -= entry.bytes;
      this.#spareBytes -= entry.bytes;
      this.#first += 1;
      entry = this.#entries[this.#first];
    }
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#counted -= this.#first;
      this.#first = 0;
    }
    return entry?.position;
  }
}

function unpack(body: Uint8Array): ArrayBuffer {
  const isPacked =
    body.length >= 4 && new DataView(body.buffer, body.byteOffset).getUint32(0, true) === zstdMagic;
  const plain = isPacked ? zstdDecompressSync(body, { maxOutputLength: batchBytesMax }) : body;
  // A buffer of its own: the rows are read as numbers of eight bytes and must begin at such an address.
  return new Uint8Array(plain).buffer;
}
