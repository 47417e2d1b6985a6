import { appendFile, readFile, rename, stat } from 'node:fs/promises';
import type { Request, Response } from 'express';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Pass } from './access.ts';
import type { AuditRow } from './shapes.ts';

export interface AuditParts {
  /** JSON lines; when it is full it is renamed to `….1`, over the one before. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Rows that are answered. */
export const auditRowsMax = 1_000;
const fileBytesMax = 4 * 2 ** 20;
/** Rows not yet on the disk; beyond, they are in the log alone, and counted. */
const waitingMax = 1_000;
const textMax = 256;
const bodyMax = 1_000;

/** Who changed what, when: in memory for the API, on disk for later, and in the log with `audit: true`. */
export class AuditLog {
  readonly #parts: AuditParts;
  #rows: AuditRow[] = [];
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  #bytes: number | undefined;
  #lost = 0;

  constructor(parts: AuditParts) {
    this.#parts = parts;
  }

  /** Rows that could not be written to the disk. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes up what earlier runs wrote. Never rejects. */
  async open(): Promise<void> {
    const { file } = this.#parts;
    const texts = await Promise.all(
      [`${file}.1`, file].map((path) => readFile(path, 'utf8').catch(() => '')),
    );
    this.#bytes = Buffer.byteLength(texts[1] ?? '');
    const earlier = texts.flatMap((text) => text.split('\n')).flatMap(rowIn);
    this.#rows = [...earlier, ...this.#rows].slice(-auditRowsMax);
  }

  /** Notes the request once it is answered. */
  follow(request: Request, response: Response, pass: Pass, address: string): void {
    const action = `${request.method} ${request.path}`;
    response.once('close', () => {
      const body = bodyText(request.body);
      const { name: who, basis } = pass;
      const status = response.writableFinished ? response.statusCode : 0;
      this.add({ who, basis, address, action, status, ...(body === undefined ? {} : { body }) });
    });
  }

  add(about: Omit<AuditRow, 'atMs'>): void {
    const row: AuditRow = {
      atMs: this.#parts.clock.nowMs(),
      ...about,
      action: about.action.slice(0, textMax),
    };
    this.#rows.push(row);
    if (this.#rows.length > 2 * auditRowsMax) this.#rows = this.#rows.slice(-auditRowsMax);
    this.#parts.log.info({ audit: true, ...row }, 'audit');
    if (this.#waiting.length >= waitingMax) this.#lost += 1;
    else this.#waiting.push(`${JSON.stringify(row)}\n`);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Newest first. */
  rows(limit: number): AuditRow[] {
    return this.#rows.slice(-limit).reverse();
  }

  /** Resolves when everything is on the disk, or lost. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    const { file, log } = this.#parts;
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      const text = lines.join('');
      try {
        this.#bytes ??= await stat(file).then(
          ({ size }) => size,
          () => 0,
        );
        if (this.#bytes > 0 && this.#bytes + text.length > fileBytesMax) {
          await rename(file, `${file}.1`);
          this.#bytes = 0;
        }
        await appendFile(file, text, { mode: 0o600 });
        this.#bytes += Buffer.byteLength(text);
      } catch (err) {
        if (this.#lost === 0) log.warn({ err }, 'the audit log cannot be written to the disk');
        this.#lost += lines.length;
      }
    }
  }
}

function bodyText(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  return JSON.stringify(body).slice(0, bodyMax);
}

/** A line cut short by a crash is left out. */
function rowIn(line: string): AuditRow[] {
  try {
    const row = JSON.parse(line) as Partial<AuditRow>;
    return typeof row.atMs === 'number' && typeof row.who === 'string' ? [row as AuditRow] : [];
  } catch {
    return [];
  }
}
