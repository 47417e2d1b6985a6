import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { syncFolder, writeAll } from './backlog-files.ts';
import {
  checkpointHead,
  checkpointTail,
  endMark,
  nameBytesMax,
  sectionMark,
  u32,
} from './checkpoint-format.ts';
import { type Checkpoint, DamagedCheckpoint, NewerCheckpoint, readCheckpoint } from './checkpoint-reader.ts';

export interface CheckpointFileOptions {
  /** There already; the store's folder. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log?: Log | undefined;
}

/**
 * Named bytes. Chunks are written as they come, so that a large section need not lie in memory as a whole, and
 * come back as they were given; empty ones too.
 */
export interface CheckpointSection {
  /** At most 255 bytes, no two the same. */
  readonly name: string;
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface CheckpointStatus {
  /** When the newest one, written or read by this process, was saved, epoch ms. */
  readonly savedAtMs?: number;
  readonly bytes?: number;
  /** Why the last attempt to write failed. */
  readonly problem?: string;
  /** Attempts to write that failed, since the start of the process. */
  readonly failures: number;
  /** Damaged files found and set aside, since the start of the process. */
  readonly setAside: number;
}

export const checkpointName = 'rackwatt.checkpoint';
/** Collected before it is written. */
const writeBytes = 1_048_576;

/**
 * What a process must know to go on where the one before stopped, as one file and the generation before it. It
 * is written beside, synced, and only then put in place, so that there is a whole one at any moment. What the
 * bytes mean is not known here. Writes and reads are worked off one after another.
 */
export class CheckpointFile {
  readonly #options: CheckpointFileOptions;
  readonly #path: string;
  #queue: Promise<unknown> = Promise.resolve();
  #savedAtMs: number | undefined;
  #bytes: number | undefined;
  #problem: string | undefined;
  #failures = 0;
  #setAside = 0;
  /** A newer program's file must not be written over. */
  #newer: NewerCheckpoint | undefined;

  constructor(options: CheckpointFileOptions) {
    this.#options = options;
    this.#path = join(options.folder, checkpointName);
  }

  get status(): CheckpointStatus {
    return {
      ...(this.#savedAtMs === undefined ? {} : { savedAtMs: this.#savedAtMs }),
      ...(this.#bytes === undefined ? {} : { bytes: this.#bytes }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
      failures: this.#failures,
      setAside: this.#setAside,
    };
  }

  /**
   * Resolves once everything is on disk. `savedAtMs` (default: now) is the moment the sections speak of; chunks
   * made while others are being written must belong to it as well. Rejects with Node's error when the disk will
   * not take it, or with what a section throws; then the checkpoint before stays.
   */
  write(sections: readonly CheckpointSection[], savedAtMs = this.#options.clock.nowMs()): Promise<void> {
    return this.#inTurn(async () => {
      try {
        if (this.#newer !== undefined) throw this.#newer;
        const bytes = await this.#writeBeside(sections, savedAtMs);
        await this.#putInPlace();
        this.#savedAtMs = savedAtMs;
        this.#bytes = bytes;
        this.#problem = undefined;
      } catch (error) {
        this.#failures += 1;
        this.#problem = `the checkpoint ${this.#path} cannot be written: ${error instanceof Error ? error.message : error}`;
        await unlink(this.#newPath).catch(() => undefined);
        throw error;
      }
    });
  }

  /**
   * The newest whole checkpoint; undefined when there is none. Damaged ones are renamed to `….bad`, with a
   * warning, and the generation before is taken. Rejects with NewerCheckpoint when a newer program wrote it, and
   * with Node's error when it cannot be read.
   */
  read(): Promise<Checkpoint | undefined> {
    return this.#inTurn(async () => {
      // Without the first there may be a whole new one that was just not put in place.
      const checkpoint =
        (await this.#readOne(this.#path)) ??
        (await this.#readNew()) ??
        (await this.#readOne(this.#previousPath));
      this.#savedAtMs = checkpoint?.savedAtMs;
      return checkpoint;
    });
  }

  get #newPath(): string {
    return `${this.#path}.new`;
  }

  get #previousPath(): string {
    return `${this.#path}.previous`;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #writeBeside(sections: readonly CheckpointSection[], savedAtMs: number): Promise<number> {
    checkNames(sections);
    const file = await open(this.#newPath, 'w');
    try {
      const writer = new SummedWriter(file);
      await writer.put(checkpointHead(savedAtMs));
      for (const { name, chunks } of sections) {
        const nameBytes = Buffer.from(name, 'utf8');
        await writer.put(u32(sectionMark));
        writer.sum = 0;
        await writer.put(u32(nameBytes.length));
        await writer.put(nameBytes);
        for await (const chunk of chunks) {
          await writer.put(u32(chunk.length));
          await writer.put(chunk);
        }
        await writer.put(u32(endMark));
        await writer.put(u32(writer.sum));
      }
      await writer.put(checkpointTail(sections.length));
      await writer.flush();
      await file.sync();
      return writer.written;
    } finally {
      await file.close();
    }
  }

  async #putInPlace(): Promise<void> {
    await rename(this.#path, this.#previousPath).catch(unlessMissing);
    await rename(this.#newPath, this.#path);
    await syncFolder(this.#options.folder);
  }

  async #readNew(): Promise<Checkpoint | undefined> {
    const checkpoint = await this.#readOne(this.#newPath);
    if (checkpoint !== undefined) await rename(this.#newPath, this.#path);
    return checkpoint;
  }

  async #readOne(path: string): Promise<Checkpoint | undefined> {
    const file = await open(path, 'r').catch(unlessMissing);
    if (file === undefined) return undefined;
    try {
      return await readCheckpoint(file, path);
    } catch (error) {
      await file.close();
      if (error instanceof NewerCheckpoint) this.#newer = error;
      if (!(error instanceof DamagedCheckpoint)) throw error;
      // One that was never put in place is torn whenever its process was killed: no news.
      if (path === this.#newPath) await unlink(path);
      else await this.#putAside(path, error);
      return undefined;
    }
  }

  async #putAside(path: string, error: DamagedCheckpoint): Promise<void> {
    const keptAs = `${path}.bad`;
    await rename(path, keptAs);
    this.#setAside += 1;
    this.#options.log?.warn(
      { keptAs, problem: error.message },
      'a checkpoint is damaged and left out: what is known goes back to the one before',
    );
  }
}

/** Collects small pieces into writes of some size, with the CRC32 of what went by. */
class SummedWriter {
  readonly #file: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(writeBytes);
  #used = 0;
  written = 0;
  sum = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The bytes are copied before anything is waited for: they may be changed from then on. */
  async put(bytes: Uint8Array): Promise<void> {
    this.sum = crc32(bytes, this.sum);
    if (this.#used + bytes.length <= writeBytes) {
      this.#buffer.set(bytes, this.#used);
      this.#used += bytes.length;
      return;
    }
    const copy = Uint8Array.from(bytes);
    await this.flush();
    await this.#write(copy);
  }

  async flush(): Promise<void> {
    await this.#write(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await writeAll(this.#file, [bytes], this.written);
    this.written += bytes.length;
  }
}

function checkNames(sections: readonly CheckpointSection[]): void {
  const names = new Set(sections.map(({ name }) => name));
  if (names.size < sections.length) throw new RangeError('two sections of a checkpoint have the same name');
  for (const name of names)
    if (Buffer.byteLength(name) > nameBytesMax)
      throw new RangeError(`a section's name is longer than ${nameBytesMax} bytes: ${name}`);
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
