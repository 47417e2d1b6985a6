import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImportAnswer } from './api/shapes.ts';
import type { ImportedRow } from './exchange/import-rows.ts';
import { ImportJob, type ImportParts } from './import-job.ts';
import { readingFigures } from './model/quantity.ts';
import type { Reading } from './model/reading.ts';
import { EmbeddedStore } from './store/embedded/embedded-store.ts';

export type ImportingParts = Omit<ImportParts, 'staging' | 'stagingFolder'> & {
  /** A folder of our own. */
  readonly folder: string;
  /** History has got outlets that it did not know. */
  readonly imported: () => Promise<void>;
};

export type ImportStatus = Omit<ImportAnswer, 'form' | 'leftOut'>;

/** Another import is under way. */
export class ImportBusyError extends Error {
  override readonly name = 'ImportBusyError';
}

/** A job that gets nothing more for so long is ended with what came. */
const silentMsMax = 10 * 60_000;
/** Old readings of live meters are put together for so long. */
const collectMs = 10_000;
const oldReadingsMax = 100_000;
/** Readings of any age are staged. */
const forEver = { rawMs: 1e15, minuteMs: 1e15 };

/**
 * Imports into the running service, one at a time: each a job that takes its readings in parts, and then makes roll-ups
 * and energy in the background. A job cut off by a stop is to be brought again, which does no harm. Readings of live
 * meters that are older than the raw tier keeps take the same road.
 */
export class Importing {
  readonly #parts: ImportingParts;
  #job: { readonly id: string; readonly work: ImportJob; heardMs: number; takes: number } | undefined;
  #last: ImportStatus | undefined;
  #making: Promise<void> | undefined;
  #old: Reading[] = [];
  #oldSinceMs = 0;
  #oldDropped = 0;
  #stopped = false;

  constructor(parts: ImportingParts) {
    this.#parts = parts;
  }

  /** Removes what a job left behind that was cut off; says so. */
  async start(): Promise<void> {
    const { folder, log } = this.#parts;
    const left = await readdir(folder).catch(() => []);
    await rm(folder, { recursive: true, force: true });
    if (left.length > 0)
      log.warn('an import was cut off by a stop: import that file again, doing so twice does no harm');
  }

  /** The job under way, or the one before. */
  get status(): ImportStatus | undefined {
    const job = this.#job;
    if (job === undefined) return this.#last;
    return { job: job.id, state: this.#making === undefined ? 'taking' : 'making', ...job.work.progress };
  }

  /** Readings of live meters that were too many to be put into roll-ups. */
  get oldDropped(): number {
    return this.#oldDropped;
  }

  /**
   * Takes rows for a job, which the first of them opens. Rejects with an ImportBusyError while another one is under
   * way, and with a StoreError.
   */
  async take(id: string, rows: AsyncIterable<Exclude<ImportedRow, { kind: 'left-out' }>>): Promise<void> {
    const job = await this.#open(id);
    job.takes += 1;
    try {
      for await (const row of rows) {
        job.heardMs = this.#parts.clock.nowMs();
        await job.work.take(row);
      }
    } finally {
      job.takes -= 1;
    }
  }

  /** No more comes for this job: roll-ups and energy are made in the background. */
  end(id: string): void {
    const job = this.#job;
    if (job?.id !== id || this.#making !== undefined) return;
    this.#making = this.#make(job.id, job.work).finally(() => {
      this.#making = undefined;
    });
  }

  /** A live reading of a time of which the raw tier keeps nothing any more. */
  old(reading: Reading): void {
    if (this.#old.length >= oldReadingsMax) {
      this.#oldDropped += 1;
      return;
    }
    this.#oldSinceMs ||= this.#parts.clock.nowMs();
    this.#old.push({ ...reading });
  }

  /** Called about every second. */
  tick(nowMs: number): void {
    if (this.#stopped) return;
    const job = this.#job;
    if (job !== undefined) {
      if (job.takes === 0 && nowMs - job.heardMs > silentMsMax) this.end(job.id);
      return;
    }
    if (this.#old.length === 0 || nowMs - this.#oldSinceMs < collectMs) return;
    const readings = this.#old;
    this.#old = [];
    this.#oldSinceMs = 0;
    this.#takeOld(readings).catch((err: unknown) => {
      this.#parts.log.warn({ err }, 'old readings could not be put into roll-ups');
    });
  }

  /** What is under way is given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const job = this.#job;
    this.#job = undefined;
    if (job === undefined) return;
    this.#parts.log.warn('an import is cut off: import that file again, doing so twice does no harm');
    await job.work.close().catch(() => {});
  }

  async #takeOld(readings: readonly Reading[]): Promise<void> {
    const id = 'late readings';
    await this.take(id, rowsOf(readings));
    this.end(id);
    await this.#making;
  }

  async #open(id: string): Promise<{ work: ImportJob; heardMs: number; takes: number }> {
    if (this.#job !== undefined) {
      if (this.#job.id === id && this.#making === undefined) return this.#job;
      throw new ImportBusyError(`another import is under way (${this.#job.id}): wait until it is done`);
    }
    const work = await openJob(this.#parts);
    // Two may have opened theirs at once.
    if (this.#job !== undefined || this.#stopped) {
      await work.close();
      throw new ImportBusyError('another import is under way: wait until it is done');
    }
    this.#job = { id, work, heardMs: this.#parts.clock.nowMs(), takes: 0 };
    return this.#job;
  }

  async #make(id: string, work: ImportJob): Promise<void> {
    const { log, imported } = this.#parts;
    let problem: string | undefined;
    try {
      await work.finish();
      await imported();
    } catch (error) {
      problem = (error as Error).message;
      if (!this.#stopped)
        log.warn({ err: error }, 'roll-ups of an import could not be made: import that file again');
    }
    const { progress } = work;
    await work.close().catch(() => {});
    if (this.#stopped) return;
    this.#last = {
      job: id,
      state: problem === undefined ? 'done' : 'failed',
      ...(problem !== undefined && { problem }),
      ...progress,
    };
    this.#job = undefined;
  }
}

/** A job with a staging store in the folder. Rejects with a StoreError. */
export async function openJob(parts: Omit<ImportingParts, 'imported'>): Promise<ImportJob> {
  const stagingFolder = join(parts.folder, randomUUID());
  await mkdir(stagingFolder, { recursive: true });
  const staging = new EmbeddedStore({
    path: stagingFolder,
    retention: forEver,
    clock: parts.clock,
    log: parts.log,
  });
  await staging.open();
  return new ImportJob({ ...parts, staging, stagingFolder });
}

async function* rowsOf(
  readings: readonly Reading[],
): AsyncGenerator<Exclude<ImportedRow, { kind: 'left-out' }>> {
  for (const reading of readings) {
    const values = Object.fromEntries(
      readingFigures.flatMap((figure) =>
        reading[figure] === undefined ? [] : [[figure, Number(reading[figure])]],
      ),
    );
    yield { kind: 'readings', readings: [{ outlet: reading.outlet, atMs: reading.atMs, values }] };
  }
}
