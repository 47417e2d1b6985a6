import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type RefusedWrite, writeTiers } from './store.ts';

export interface RefusedFilesOptions {
  /** Where they are made: beside the backlog. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log?: Log | undefined;
  /** All of them together; what comes when they are full is not kept, but counted. Default 64 MiB. */
  readonly bytesMax?: number | undefined;
}

export interface RefusedFilesStatus {
  /** In all files now. */
  readonly bytes: number;
  /** Points not kept since the start of the process: the files are full, or the disk. */
  readonly notKept: number;
}

/**
 * What the store refuses for good and a person may put right, in files of its own form, one for each tier:
 * `refused-raw.lp` can be written to InfluxDB as it is. The first of them tell the cause best, so a full file stays as it
 * is until somebody takes it away.
 */
export class RefusedFiles {
  readonly #options: RefusedFilesOptions;
  readonly #bytesMax: number;
  #bytes = 0;
  #notKept = 0;
  #queue: Promise<void> = Promise.resolve();
  #saidFull = false;

  static async open(options: RefusedFilesOptions): Promise<RefusedFiles> {
    const files = new RefusedFiles(options);
    await files.#measure();
    return files;
  }

  private constructor(options: RefusedFilesOptions) {
    this.#options = options;
    this.#bytesMax = options.bytesMax ?? 64 * 2 ** 20;
  }

  get status(): RefusedFilesStatus {
    return { bytes: this.#bytes, notKept: this.#notKept };
  }

  /** Resolves when it is on disk, or counted as not kept. */
  keep(refused: RefusedWrite): Promise<void> {
    this.#queue = this.#queue.then(() => this.#keep(refused));
    return this.#queue;
  }

  async #keep({ write, points, said }: RefusedWrite): Promise<void> {
    const atMs = this.#options.clock.nowMs();
    const head = Buffer.from(
      `# ${new Date(atMs).toISOString()}: ${points} of these ${write.count} refused: ${said}\n`,
    );
    try {
      await this.#measure();
      if (this.#bytes + head.length + write.bytes.length > this.#bytesMax) return this.#leaveOut(points);
      await appendSynced(this.#path(write.tier), Buffer.concat([head, write.bytes]));
      this.#bytes += head.length + write.bytes.length;
      this.#saidFull = false;
    } catch (error) {
      this.#leaveOut(points, error);
    }
  }

  #leaveOut(points: number, error?: unknown): void {
    this.#notKept += points;
    if (this.#saidFull) return;
    this.#saidFull = true;
    this.#options.log?.error(
      { err: error, folder: this.#options.folder },
      'what the store refuses is not kept any more: look at refused-*.lp and take them away',
    );
  }

  /** Somebody may have taken files away. */
  async #measure(): Promise<void> {
    const sizes = writeTiers.map((tier) =>
      stat(this.#path(tier)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    this.#bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  #path(tier: string): string {
    return join(this.#options.folder, `refused-${tier}.lp`);
  }
}

async function appendSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file: FileHandle = await open(path, 'a');
  try {
    await file.appendFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}
