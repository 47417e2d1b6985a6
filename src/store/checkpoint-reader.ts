import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { readPart } from './backlog-files.ts';
import {
  checkpointTail,
  endMark,
  formatVersion,
  headBytes,
  nameBytesMax,
  readCheckpointHead,
  sectionMark,
  u32,
} from './checkpoint-format.ts';

/** What was saved last. To be closed when everything wanted has been read. */
export interface Checkpoint {
  /** Epoch ms. */
  readonly savedAtMs: number;
  readonly sections: readonly string[];
  /** The chunks of a section as they were handed in; none when there is no such section. */
  chunks(section: string): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

/** The file is torn or damaged. */
export class DamagedCheckpoint extends Error {
  override readonly name = 'DamagedCheckpoint';
}

/** The file was written by a newer rackwatt. */
export class NewerCheckpoint extends Error {
  override readonly name = 'NewerCheckpoint';
}

/** Reads a whole checkpoint once, to be sure of it, before anything of it is handed out. */
export async function readCheckpoint(file: FileHandle, path: string): Promise<Checkpoint> {
  const head = readCheckpointHead(await readPart(file, 0, headBytes));
  if (head === undefined) throw new DamagedCheckpoint('its head is damaged');
  if (head.version > formatVersion)
    throw new NewerCheckpoint(
      `${path} was written by a newer rackwatt (format ${head.version}, this one reads up to ${formatVersion}): start the newer program, or move the file away to begin anew`,
    );
  const starts = await checkSections(new SummedBytes(file, headBytes, (await file.stat()).size));
  return {
    savedAtMs: head.savedAtMs,
    sections: [...starts.keys()],
    chunks: (section) => chunksAt(file, starts.get(section)),
    close: () => file.close(),
  };
}

/** Where the chunks of each section begin. */
async function checkSections(bytes: SummedBytes): Promise<Map<string, number>> {
  const starts = new Map<string, number>();
  let mark = await bytes.u32();
  for (; mark === sectionMark; mark = await bytes.u32()) {
    bytes.sum = 0;
    const nameBytes = await bytes.u32();
    if (nameBytes > nameBytesMax) throw new DamagedCheckpoint('a section has an impossible name');
    const name = (await bytes.take(nameBytes)).toString('utf8');
    starts.set(name, bytes.at);
    for (let length = await bytes.u32(); length !== endMark; length = await bytes.u32())
      await bytes.pass(length);
    const { sum } = bytes;
    if ((await bytes.u32()) !== sum) throw new DamagedCheckpoint(`section ${name} has a wrong checksum`);
  }
  const rest = Buffer.concat([u32(mark), await bytes.take(checkpointTail(0).length - 4)]);
  if (!rest.equals(checkpointTail(starts.size)) || !bytes.atEnd)
    throw new DamagedCheckpoint('its end is missing or damaged');
  return starts;
}

async function* chunksAt(file: FileHandle, start: number | undefined): AsyncGenerator<Buffer> {
  if (start === undefined) return;
  const bytes = new SummedBytes(file, start, (await file.stat()).size);
  for (let length = await bytes.u32(); length !== endMark; length = await bytes.u32())
    yield await bytes.take(length);
}

const bufferBytes = 262_144;

/** Bytes of a file one after another, with the CRC32 of those that went by. */
class SummedBytes {
  readonly #file: FileHandle;
  readonly #size: number;
  /** Where in the file the buffer ends, and how far it has been used. */
  #bufferEnd: number;
  #buffer: Buffer = Buffer.alloc(0);
  #used = 0;
  sum = 0;

  constructor(file: FileHandle, from: number, size: number) {
    this.#file = file;
    this.#bufferEnd = from;
    this.#size = size;
  }

  get at(): number {
    return this.#bufferEnd - this.#buffer.length + this.#used;
  }

  get atEnd(): boolean {
    return this.at === this.#size;
  }

  async u32(): Promise<number> {
    return (await this.take(4)).readUInt32LE(0);
  }

  /** So many bytes, as a buffer of their own or a part that stays as it is. */
  async take(count: number): Promise<Buffer> {
    this.#mustHave(count);
    const parts: Buffer[] = [];
    for (let left = count; left > 0; left -= parts.at(-1)!.length) parts.push(await this.#next(left));
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  async pass(count: number): Promise<void> {
    this.#mustHave(count);
    for (let left = count; left > 0; ) left -= (await this.#next(left)).length;
  }

  #mustHave(count: number): void {
    if (count > this.#size - this.at) throw new DamagedCheckpoint('it ends too early');
  }

  async #next(countMax: number): Promise<Buffer> {
    if (this.#used === this.#buffer.length) {
      this.#buffer = await readPart(this.#file, this.#bufferEnd, bufferBytes);
      if (this.#buffer.length === 0) throw new DamagedCheckpoint('it ends too early');
      this.#bufferEnd += this.#buffer.length;
      this.#used = 0;
    }
    const part = this.#buffer.subarray(this.#used, this.#used + countMax);
    this.#used += part.length;
    this.sum = crc32(part, this.sum);
    return part;
  }
}
