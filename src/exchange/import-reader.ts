import { fieldsOf } from './csv-fields.ts';
import { feedForm } from './emoncms-form.ts';
import { haHistoryForm, haStatisticsForm } from './home-assistant-form.ts';
import {
  type FormReader,
  type ImportedRow,
  type ImportOptions,
  type LeftOutReason,
  leftOutReasons,
} from './import-rows.ts';
import { rollUpForm, tableForm } from './own-form.ts';

/** Why lines were left out: how many, and the first of them. */
export interface LeftOutLines {
  readonly reason: LeftOutReason;
  /** For a person. */
  readonly text: string;
  count: number;
  readonly lines: number[];
  /** What stood there: names that are not mapped, figures that are none. */
  readonly details: string[];
}

export const lineLengthMax = 65_536;
const linesTold = 5;
const detailsTold = 12;
const delimiters = [',', ';', '\t', '|'];

/**
 * Reads a file of readings line by line and finds out by its first line what form it has: our own tables, history and
 * statistics of Home Assistant, feeds of emoncms; parted by comma, semicolon or tab, with point or comma in numbers.
 */
export class ImportReader {
  readonly #options: ImportOptions;
  #reader: FormReader | undefined;
  #line = 0;
  readonly #leftOut = new Map<LeftOutReason, LeftOutLines>();

  constructor(options: ImportOptions) {
    this.#options = options;
  }

  /** Undefined while nothing has shown it. */
  get form(): string | undefined {
    return this.#reader?.form;
  }

  /** Columns of which nothing is taken. */
  get leftOutColumns(): readonly string[] {
    return this.#reader?.leftOutColumns ?? [];
  }

  get leftOut(): readonly LeftOutLines[] {
    return [...this.#leftOut.values()];
  }

  /** Undefined: a blank line, the header, or one that was left out. Throws an Error when the form is not known. */
  take(text: string, isTooLong = false): Exclude<ImportedRow, { kind: 'left-out' }> | undefined {
    this.#line += 1;
    if (isTooLong) return this.#leave('too-long');
    const line = this.#line === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (line.trim() === '' || line.startsWith('#')) return undefined;
    if (this.#reader === undefined) {
      const { reader, isHeader } = recognise(line, this.#options);
      this.#reader = reader;
      if (isHeader) return undefined;
    }
    const row = this.#reader.read(line);
    return row.kind === 'left-out' ? this.#leave(row.reason, row.detail) : row;
  }

  #leave(reason: LeftOutReason, detail?: string): undefined {
    let lines = this.#leftOut.get(reason);
    if (lines === undefined) {
      lines = { reason, text: leftOutReasons[reason], count: 0, lines: [], details: [] };
      this.#leftOut.set(reason, lines);
    }
    lines.count += 1;
    if (lines.lines.length < linesTold) lines.lines.push(this.#line);
    const text = detail?.trim().slice(0, 80) ?? '';
    if (text !== '' && lines.details.length < detailsTold && !lines.details.includes(text))
      lines.details.push(text);
  }
}

function recognise(line: string, options: ImportOptions): { reader: FormReader; isHeader: boolean } {
  for (const delimiter of delimiters) {
    const header = fieldsOf(line, delimiter);
    if (header.length < 2) continue;
    const reader =
      rollUpForm(header, delimiter) ??
      haHistoryForm(header, delimiter, options) ??
      haStatisticsForm(header, delimiter, options) ??
      tableForm(header, delimiter, options);
    if (reader !== undefined) return { reader, isHeader: true };
  }
  for (const delimiter of delimiters) {
    const reader = feedForm(line, delimiter, options);
    if (reader !== undefined) return { reader, isHeader: false };
  }
  throw new Error(
    `no form of file that is known: its first line is "${line.slice(0, 100)}". Expected is a header with a time column, an outlet column and columns such as watts, volts, wattHoursTotal; or a file of Home Assistant or emoncms.`,
  );
}
