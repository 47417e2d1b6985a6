import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { linesOf } from '../base/lines.ts';
import { type RowReader, type TraceRow, tableRows, tracebaseRows } from './trace-rows.ts';

export type { TraceRow } from './trace-rows.ts';

/** A recorded course of power, every usable row in the order of the file (turned where that is newest first, sorted where it has no order), also repeated and disordered ones. */
export interface Trace {
  readonly rows: readonly TraceRow[];
  /** Lines that are no row: wrong time, no watts. */
  readonly badRows: number;
  readonly firstBad?: { readonly line: number; readonly text: string } | undefined;
  /** False: the file's times name no zone and were read as UTC. */
  readonly zoned: boolean;
}

/** The file cannot be read, or is no trace; the message says why. */
export class TraceError extends Error {}

/**
 * Reads a trace, packed by gzip or not. What it is shows in its content, not in its name: a CSV with a header
 * that has a time and a watts column (volts and amps are taken too), or the form of the tracebase data set
 * (`day/month/year hour:minute:second;W;W`, no header). Rejects with a TraceError.
 */
export async function readTrace(path: string): Promise<Trace> {
  const reader = new TraceReader();
  try {
    const packed = await isGzip(path);
    const bytes = createReadStream(path);
    const source = packed ? bytes.pipe(forwardErrors(bytes, createGunzip())) : bytes;
    for await (const line of linesOf(source, lineLengthMax)) reader.take(line.text);
  } catch (error) {
    if (error instanceof TraceError) throw error;
    throw new TraceError(`${path}: ${readProblem(error)}`, { cause: error });
  }
  const trace = reader.finish();
  if (trace === undefined) {
    throw new TraceError(
      `${path}: neither a CSV with a header (a time column and a watts column) nor lines like "28/12/2011 00:00:01;11;11"`,
    );
  }
  if (trace.rows.length === 0) {
    const first = trace.firstBad && `, the first is line ${trace.firstBad.line}: ${trace.firstBad.text}`;
    throw new TraceError(`${path}: not one usable row (${trace.badRows} unusable ones)${first ?? ''}`);
  }
  return trace;
}

/** What was left out of a trace, in a line for its reader. Undefined: nothing. */
export function leftOut(path: string, { rows, badRows, firstBad }: Trace): string | undefined {
  if (badRows === 0) return undefined;
  const [bad, all] = [badRows, rows.length + badRows].map((number) => number.toLocaleString('en'));
  return `${path}: ${bad} of ${all} lines are no rows and left out, the first is line ${firstBad?.line}: ${firstBad?.text}\n`;
}

/** The same for text at hand. Undefined: no form that we know. */
export function parseTrace(text: string): Trace | undefined {
  const reader = new TraceReader();
  for (const line of text.split(/\r?\n/)) reader.take(line);
  return reader.finish();
}

const lineLengthMax = 65_536;
/** About 1 GB of memory; 115 days of a row a second. */
const rowsMax = 10_000_000;
/** A form that has not shown itself by then is none. */
const leadingLinesMax = 10;

/** Takes a trace line by line and finds out what form it has. */
class TraceReader {
  readonly #rows: TraceRow[] = [];
  #reader: RowReader | undefined;
  #leading: { line: number; text: string }[] = [];
  #line = 0;
  #badRows = 0;
  #firstBad: Trace['firstBad'];

  take(text: string): void {
    this.#line += 1;
    const clean = this.#line === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (clean.trim() === '' || clean.startsWith('#')) return;
    if (this.#reader !== undefined) {
      this.#row(this.#reader, this.#line, clean);
    } else if (this.#leading.length < leadingLinesMax) {
      this.#leading.push({ line: this.#line, text: clean });
      this.#recognise();
    }
  }

  finish(): Trace | undefined {
    if (this.#reader === undefined) return undefined;
    this.#reader.finish(this.#rows);
    putInOrder(this.#rows);
    return {
      rows: this.#rows,
      badRows: this.#badRows,
      firstBad: this.#firstBad,
      zoned: this.#reader.zoned(),
    };
  }

  #recognise(): void {
    const newest = this.#leading.at(-1);
    if (newest === undefined) return;
    const rows = tracebaseRows();
    // A tracebase file may begin with a broken line; a header is the first line or is none.
    if (rows.read(newest.text) !== undefined) {
      this.#reader = rows;
      for (const { line, text } of this.#leading) this.#row(rows, line, text);
    } else if (this.#leading.length === 1) {
      this.#reader = tableRows(newest.text);
    }
  }

  #row(reader: RowReader, line: number, text: string): void {
    const row = reader.read(text);
    if (row === undefined) {
      this.#badRows += 1;
      this.#firstBad ??= { line, text: text.slice(0, 120) };
      return;
    }
    if (this.#rows.length === rowsMax) {
      throw new TraceError(`more than ${rowsMax.toLocaleString('en')} rows: split the file`);
    }
    this.#rows.push(row);
  }
}

/**
 * Many a program exports with the newest first, or in no order at all. Single rows out of order are what meters send, and
 * stay where they are.
 */
function putInOrder(rows: TraceRow[]): void {
  if (backShare(rows) > newestFirstShare) rows.reverse();
  if (rows.length >= unorderedRowsMin && backShare(rows) > unorderedShare)
    rows.sort((a, b) => a.atMs - b.atMs);
}

function backShare(rows: readonly TraceRow[]): number {
  let back = 0;
  for (let i = 1; i < rows.length; i += 1) if (rows[i]!.atMs < rows[i - 1]!.atMs) back += 1;
  return back / (rows.length - 1);
}

const newestFirstShare = 0.5;
const unorderedShare = 0.15;
const unorderedRowsMin = 20;

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** `pipe` does not pass errors on. */
function forwardErrors<T extends NodeJS.ReadWriteStream & { destroy(error: Error): void }>(
  from: NodeJS.ReadableStream,
  to: T,
): T {
  from.on('error', (error: Error) => to.destroy(error));
  return to;
}

function readProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'may not be read';
  if (code === 'EISDIR') return 'is a folder';
  if (code.startsWith('Z_')) return 'its packed content is damaged or cut off';
  return error instanceof Error ? error.message : String(error);
}
