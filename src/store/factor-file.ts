import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';

/** A factor as it was taken. */
export interface FactorRow {
  readonly fromMs: number;
  readonly gramsPerKwh: number;
  readonly receivedAtMs: number;
}

const waitingMax = 10_000;
/** Some ten years of five minutes; beyond, what was replaced since is left out at the next start. */
const bytesMax = 32 * 2 ** 20;

/**
 * The published factors on disk: a line for each, only ever added to, so that the file also tells what was corrected
 * and when. A line cut short by a crash is passed over.
 */
export class FactorFile {
  readonly #path: string;
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  #lost = 0;
  #problem: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Rows that could not be kept for want of a disk. */
  get lost(): number {
    return this.#lost;
  }

  /** Why the last attempt to write failed; undefined when it did not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** In the order they were taken. Rejects when there is a file that cannot be read. */
  async read(): Promise<FactorRow[]> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    // What is added next must not be taken for the rest of a torn line.
    if (text !== '' && !text.endsWith('\n')) this.#waiting.unshift('\n');
    const rows = text.split('\n').flatMap(rowIn);
    if (text.length > bytesMax) await this.#rewrite(rows);
    return rows;
  }

  add(row: FactorRow): void {
    if (this.#waiting.length >= waitingMax) {
      this.#waiting.shift();
      this.#lost += 1;
    }
    this.#waiting.push(lineOf(row));
    this.flush();
  }

  /** Writes what waits; what fails waits on. */
  flush(): void {
    if (this.#waiting.length > 0) this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Resolves when what waits was written, or could not be. */
  async close(): Promise<void> {
    await this.#writing;
    this.flush();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    try {
      await appendFile(this.#path, lines.join(''), { flush: true });
      this.#problem = undefined;
    } catch (error) {
      this.#problem = (error as Error).message;
      // Part of it may be there: a line of its own then, read twice at worst.
      this.#waiting = ['\n', ...lines.filter((line) => line !== '\n'), ...this.#waiting];
    }
  }

  async #rewrite(rows: readonly FactorRow[]): Promise<void> {
    const newest = new Map(rows.map((row) => [row.fromMs, row]));
    const fresh = `${this.#path}.new`;
    await writeFile(fresh, [...newest.values()].map(lineOf).join(''), { flush: true });
    await rename(fresh, this.#path);
  }
}

function lineOf({ fromMs, gramsPerKwh, receivedAtMs }: FactorRow): string {
  return `${fromMs},${gramsPerKwh},${receivedAtMs}\n`;
}

function rowIn(line: string): FactorRow[] {
  const parts = /^(\d{1,15}),(\d{1,6}(?:\.\d{1,12})?(?:e-\d{1,2})?),(\d{1,15})$/.exec(line);
  if (parts === null) return [];
  return [{ fromMs: Number(parts[1]), gramsPerKwh: Number(parts[2]), receivedAtMs: Number(parts[3]) }];
}
