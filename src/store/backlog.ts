import { type FileHandle, open, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { readPart, syncFolder, writeAll } from './backlog-files.ts';
import {
  findRecordHead,
  leadingWrites,
  readRecord,
  readRecordHead,
  recordHead,
  recordHeadBytes,
  segmentHead,
  segmentHeadBytes,
} from './backlog-format.ts';
import {
  asidePrefix,
  type LeftBehind,
  positionFile,
  type Segment,
  segmentName,
  takeUpFolder,
} from './backlog-take-up.ts';
import type { Store, StoreWrite } from './store.ts';

export interface BacklogOptions {
  /** Made when missing; nothing else may live in it. */
  readonly folder: string;
  /** What is put in is in this store's own form and is given back to no other. */
  readonly storeKind: Store['kind'];
  readonly clock: Clock;
  /** By which what waits is too old. Default: `clock`. */
  readonly age?: Pick<Clock, 'nowMs'> | undefined;
  readonly log?: Log | undefined;
  /** On disk, in all; when it is full the oldest falls off. Default 1 GiB. */
  readonly bytesMax?: number | undefined;
  /** What was put in longer ago falls off. Default: nothing does. */
  readonly ageMsMax?: number | undefined;
}

export interface BacklogStatus {
  readonly readings: number;
  readonly bytes: number;
  /** When the oldest of it was put in, epoch ms. */
  readonly oldestAtMs?: number;
  /** Readings that fell off because it was full, or they too old, since the start of the process. */
  readonly droppedReadings: number;
  /** Places where the files were damaged, since the start of the process. */
  readonly damagedPlaces: number;
  /** Parts that lie beside as files, for a person to look at: damaged, or never taken by the store. */
  readonly setAside: number;
}

/** The oldest records, all of one tier, as they were put in. */
export interface BacklogRun {
  readonly writes: readonly StoreWrite[];
  readonly segment: number;
  readonly from: number;
  readonly to: number;
}

const asideFilesMax = 16;
/** So finely falls off what is too old: a sixteenth of the age. */
const segmentsOfAge = 16;

/**
 * Writes that the store could not take, on disk, first in first out. What `append` has resolved for is synced
 * and survives the end of the process and of the power. Calls are worked off one after another.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  readonly #bytesMax: number;
  readonly #ageMsMax: number;
  readonly #segmentBytes: number;
  /** Oldest first; the last one is written to while `#tail` is open. */
  readonly #segments: Segment[];
  #tail: FileHandle | undefined;
  /** Where in the oldest segment the next record to give back starts. */
  #headAt: number;
  #nextId: number;
  #bytesOnDisk: number;
  #droppedReadings = 0;
  #damagedPlaces = 0;
  #asideFiles: number;
  #queue: Promise<unknown> = Promise.resolve();

  /** Takes up what an earlier process left. Rejects when the folder cannot be used. */
  static async open(options: BacklogOptions): Promise<Backlog> {
    return new Backlog(options, await takeUpFolder(options.folder, options.storeKind, options.log));
  }

  private constructor(options: BacklogOptions, left: LeftBehind) {
    this.#options = options;
    this.#segments = left.segments;
    this.#headAt = left.headAt;
    this.#nextId = left.nextId;
    this.#asideFiles = left.asideFiles;
    this.#bytesOnDisk = left.segments.reduce((sum, segment) => sum + segment.size, 0);
    this.#bytesMax = options.bytesMax ?? 1_073_741_824;
    this.#ageMsMax = options.ageMsMax ?? Number.POSITIVE_INFINITY;
    this.#segmentBytes = Math.max(4096, Math.floor(this.#bytesMax / 64));
  }

  get empty(): boolean {
    return this.#segments.length === 0;
  }

  get status(): BacklogStatus {
    const oldestAtMs = this.#segments[0]?.oldestAtMs;
    return {
      readings: this.#segments.reduce((sum, segment) => sum + segment.readings, 0),
      bytes: this.empty ? 0 : this.#bytesOnDisk - this.#headAt,
      ...(oldestAtMs === undefined ? {} : { oldestAtMs }),
      droppedReadings: this.#droppedReadings,
      damagedPlaces: this.#damagedPlaces,
      setAside: this.#asideFiles,
    };
  }

  /** Resolves once everything is synced to disk; rejects with Node's error when the disk will not take it. */
  append(writes: readonly StoreWrite[]): Promise<void> {
    return this.#inTurn(() => this.#append(writes));
  }

  /** The oldest records, up to about `bytesMax` and `recordsMax`; undefined when there are none. */
  peek(bytesMax: number, recordsMax = Number.POSITIVE_INFINITY): Promise<BacklogRun | undefined> {
    return this.#inTurn(() => this.#peek(bytesMax, recordsMax));
  }

  /** Takes away what `peek` gave; does nothing when it has fallen off meanwhile. */
  shift(run: BacklogRun): Promise<void> {
    return this.#inTurn(() => this.#shift(run));
  }

  /** Takes away what `peek` gave and keeps its bytes as a file beside, for a person to look at. */
  setAside(run: BacklogRun): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isHead(run)) return;
      await this.#keepAside(run.from, run.to, 'the store never took it');
      await this.#shift(run);
    });
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#closeTail());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** As many as go into one segment are written and synced together. */
  async #append(writes: readonly StoreWrite[]): Promise<void> {
    const atMs = this.#options.clock.nowMs();
    let buffers: Uint8Array[] = [];
    let bytes = 0;
    let readings = 0;
    for (const [i, write] of writes.entries()) {
      buffers.push(recordHead(write, atMs), write.bytes);
      bytes += recordHeadBytes + write.bytes.byteLength;
      readings += write.count;
      if (bytes < this.#segmentBytes && i < writes.length - 1) continue;
      await this.#appendSynced(buffers, bytes, readings, atMs);
      buffers = [];
      bytes = 0;
      readings = 0;
    }
  }

  async #appendSynced(
    buffers: readonly Uint8Array[],
    bytes: number,
    readings: number,
    atMs: number,
  ): Promise<void> {
    if (bytes + segmentHeadBytes > this.#bytesMax)
      throw new Error(`${bytes} bytes are more than the whole backlog may hold (${this.#bytesMax})`);
    await this.#dropTooOld();
    while (this.#bytesOnDisk + bytes + segmentHeadBytes > this.#bytesMax)
      await this.#dropOldest('the backlog is full: its oldest readings are lost');
    const segment = await this.#segmentToWrite(atMs);
    try {
      await writeAll(this.#tail!, buffers, segment.size);
      await this.#tail!.datasync();
    } catch (error) {
      await this.#giveUpTail(segment);
      throw error;
    }
    segment.size += bytes;
    segment.readings += readings;
    segment.oldestAtMs ??= atMs;
    segment.newestAtMs = atMs;
    this.#bytesOnDisk += bytes;
  }

  /** A new one when the last is full, or spans so much time that falling off by age would take too much with it. */
  async #segmentToWrite(atMs: number): Promise<Segment> {
    const last = this.#segments.at(-1);
    if (this.#tail !== undefined && last !== undefined && last.size < this.#segmentBytes)
      if (atMs - (last.oldestAtMs ?? atMs) <= this.#ageMsMax / segmentsOfAge) return last;
    await this.#closeTail();
    const id = this.#nextId;
    const path = join(this.#options.folder, segmentName(id));
    const file = await open(path, 'wx');
    this.#nextId += 1;
    try {
      await writeAll(file, [segmentHead(this.#options.storeKind)], 0);
      await file.sync();
      await syncFolder(this.#options.folder);
    } catch (error) {
      await file.close();
      await unlink(path).catch(() => undefined);
      throw error;
    }
    this.#tail = file;
    const segment: Segment = {
      id,
      path,
      size: segmentHeadBytes,
      readings: 0,
      oldestAtMs: undefined,
      newestAtMs: undefined,
    };
    this.#segments.push(segment);
    this.#bytesOnDisk += segmentHeadBytes;
    return segment;
  }

  /** After a failed write or sync nobody knows what the file holds beyond its good end: it is cut off there. */
  async #giveUpTail(segment: Segment): Promise<void> {
    await this.#tail?.truncate(segment.size).catch(() => undefined);
    await this.#closeTail();
    if (segment.size === segmentHeadBytes) await this.#remove(segment).catch(() => undefined);
  }

  async #closeTail(): Promise<void> {
    const tail = this.#tail;
    this.#tail = undefined;
    await tail?.close().catch(() => undefined);
  }

  async #dropTooOld(): Promise<void> {
    const { age, clock } = this.#options;
    const oldestMs = (age ?? clock).nowMs() - this.#ageMsMax;
    while ((this.#segments[0]?.newestAtMs ?? Number.POSITIVE_INFINITY) < oldestMs)
      await this.#dropOldest('the oldest of the backlog has waited for too long and is lost');
  }

  async #dropOldest(why: string): Promise<void> {
    const segment = this.#segments[0]!;
    this.#droppedReadings += segment.readings;
    this.#options.log?.error({ readings: segment.readings, droppedReadings: this.#droppedReadings }, why);
    await this.#remove(segment);
  }

  async #remove(segment: Segment): Promise<void> {
    const index = this.#segments.indexOf(segment);
    if (index === this.#segments.length - 1) await this.#closeTail();
    this.#segments.splice(index, 1);
    this.#bytesOnDisk -= segment.size;
    if (index === 0) this.#headAt = segmentHeadBytes;
    await unlink(segment.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  async #peek(bytesMax: number, recordsMax: number): Promise<BacklogRun | undefined> {
    await this.#dropTooOld();
    for (let segment = this.#segments[0]; segment !== undefined; segment = this.#segments[0]) {
      if (this.#headAt >= segment.size) {
        await this.#remove(segment);
        continue;
      }
      const bytes = await this.#readFrom(segment, bytesMax);
      if (bytes === undefined) {
        await this.#loseFile(segment);
        continue;
      }
      const { writes, end } = leadingWrites(bytes, recordsMax);
      if (writes.length > 0)
        return { writes, segment: segment.id, from: this.#headAt, to: this.#headAt + end };
      await this.#stepOverDamage(segment);
    }
    return undefined;
  }

  /** Up to about `bytesMax` from the head on, but the first record as a whole; undefined: the file has gone. */
  async #readFrom(segment: Segment, bytesMax: number): Promise<Buffer | undefined> {
    const file = await open(segment.path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    try {
      if (file === undefined) return undefined;
      const first = readRecordHead(await readPart(file, this.#headAt, recordHeadBytes), 0);
      const wanted = Math.max(bytesMax, recordHeadBytes + (first?.bodyBytes ?? 0));
      return await readPart(file, this.#headAt, Math.min(wanted, segment.size - this.#headAt));
    } finally {
      await file?.close();
    }
  }

  async #loseFile(segment: Segment): Promise<void> {
    this.#damagedPlaces += 1;
    this.#droppedReadings += segment.readings;
    this.#options.log?.error(
      { file: segment.path, readings: segment.readings },
      'a file of the backlog was taken away from outside: what was in it is lost',
    );
    await this.#remove(segment);
  }

  async #stepOverDamage(segment: Segment): Promise<void> {
    const bytes = (await readFile(segment.path)).subarray(0, segment.size);
    const bad = readRecord(bytes, this.#headAt);
    const next =
      bad !== undefined && bad.nextAt <= segment.size ? bad.nextAt : findRecordHead(bytes, this.#headAt + 1);
    const to = next < 0 ? segment.size : next;
    this.#damagedPlaces += 1;
    await this.#keepAside(this.#headAt, to, 'it was damaged');
    await this.#shift({
      writes: [{ tier: 'raw', count: bad?.head.count ?? 0, bytes: new Uint8Array() }],
      segment: segment.id,
      from: this.#headAt,
      to,
    });
  }

  #isHead(run: BacklogRun): boolean {
    return this.#segments[0]?.id === run.segment && this.#headAt === run.from;
  }

  async #shift(run: BacklogRun): Promise<void> {
    if (!this.#isHead(run)) return;
    const segment = this.#segments[0]!;
    const readings = run.writes.reduce((sum, write) => sum + write.count, 0);
    segment.readings = Math.max(0, segment.readings - readings);
    this.#headAt = run.to;
    if (this.#headAt >= segment.size) return await this.#remove(segment);
    const next = await this.#readFrom(segment, recordHeadBytes).catch(() => undefined);
    segment.oldestAtMs =
      (next === undefined ? undefined : readRecordHead(next, 0)?.atMs) ?? segment.oldestAtMs;
    await this.#notePosition(segment);
  }

  /**
   * Neither synced nor needed: without it, after a restart, some records are written to the store once more,
   * which does no harm.
   */
  async #notePosition(segment: Segment): Promise<void> {
    const path = join(this.#options.folder, positionFile);
    const text = JSON.stringify({ segment: segment.id, at: this.#headAt });
    await writeFile(`${path}.new`, text)
      .then(() => rename(`${path}.new`, path))
      .catch(() => undefined);
  }

  async #keepAside(from: number, to: number, why: string): Promise<void> {
    const segment = this.#segments[0]!;
    const name = `${asidePrefix}${segment.id}-${from}.bin`;
    const kept = this.#asideFiles < asideFilesMax && (await this.#copy(segment, from, to, name));
    if (kept) this.#asideFiles += 1;
    this.#options.log?.error(
      { segment: segment.path, from, to, ...(kept ? { keptAs: name } : {}) },
      `a part of the backlog is left out: ${why}`,
    );
  }
  /** Answers whether it worked: a full disk must not keep the rest of the backlog waiting. */
  #copy(segment: Segment, from: number, to: number, name: string): Promise<boolean> {
    return readFile(segment.path)
      .then((bytes) => writeFile(join(this.#options.folder, name), bytes.subarray(from, to)))
      .then(
        () => true,
        () => false,
      );
  }
}
