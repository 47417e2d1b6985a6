import { type RawMessage, type Reading, totalLabel } from '../model/reading.ts';
import type { Report, TopicReader } from './family.ts';
import { feedCeilings, measured, outletCeilings } from './fields.ts';
import { InfluxLines, readSeries } from './influx-lines.ts';
import { isObject, parseObject, textOf } from './json.ts';
import { type JsonPath, lookUp } from './json-path.ts';
import type { MappedFigure, MappedName, Mapping } from './mapping.ts';
import { readingAt, trustedIso, trustedMs } from './measured-time.ts';
import { availabilityText, switchedText } from './plain-reader.ts';
import { plainValue } from './plain-value.ts';

/** A row of the mapping table that fits a topic, with the named parts of that topic. */
export interface BoundMapping {
  readonly mapping: Mapping;
  readonly parts: ReadonlyMap<string, string>;
  readonly figures: readonly MappedFigure[];
}

/** Members of a list that are looked at; more than any PDU has outlets. */
const membersMax = 1_024;
const linesMax = 5_000;

/** Reads a topic by all rows that fit it; the payload is parsed once. */
export function mappingReader(all: readonly BoundMapping[]): TopicReader {
  const rows = all.map((bound) => new Row(bound));
  const needsJson = all.some(({ mapping }) => mapping.format === 'json');
  const needsLines = all.some(({ mapping }) => mapping.format === 'influx');
  const device = rows[0]?.fixedDevice;
  return (message, report) => {
    const json = needsJson ? readJson(message, device, report) : undefined;
    const documents = needsLines ? readLines(message) : [];
    const plain = plainValue(message.payload);
    for (const row of rows) {
      const { format } = row.bound.mapping;
      if (format === 'plain') row.read(plain, message, report);
      else if (format === 'influx') for (const document of documents) row.read(document, message, report);
      else if (json !== undefined) row.read(json, message, report);
    }
    report.ignore('no-value');
  };
}

/** Also a list at the top. */
function readJson(message: RawMessage, device: string | undefined, report: Report): unknown {
  const text = textOf(message.payload);
  return text.trimStart().startsWith('[')
    ? parseObject(`{"list":${text}}`, device, report)?.list
    : parseObject(text, device, report);
}

/** Each line as Telegraf would write it in JSON. */
function readLines(message: RawMessage): object[] {
  const lines = new InfluxLines();
  const documents: object[] = [];
  lines.open(textOf(message.payload));
  while (documents.length < linesMax && lines.nextLine()) {
    const fields: [string, unknown][] = [];
    while (fields.length < membersMax && lines.nextField()) fields.push([lines.field, lines.value]);
    const { name, tags } = readSeries(lines.series);
    const timestamp = lines.stamp();
    if (!lines.broken)
      documents.push({ name, tags: Object.fromEntries(tags), fields: Object.fromEntries(fields), timestamp });
  }
  return documents;
}

class Row {
  readonly bound: BoundMapping;
  readonly fixedDevice: string | undefined;
  readonly #fixedLabel: string | undefined;
  readonly #time: JsonPath | undefined;
  /** The last outlet id put together: most topics have one only. */
  #outlet = '';
  #outletOf = '';

  constructor(bound: BoundMapping) {
    this.bound = bound;
    const { device, outlet, time, format } = bound.mapping;
    this.fixedDevice = fixed(device, bound.parts);
    this.#fixedLabel = fixed(outlet, bound.parts);
    this.#time = time ?? (format === 'influx' ? ['timestamp'] : undefined);
  }

  read(document: unknown, message: RawMessage, report: Report): void {
    const { where, each } = this.bound.mapping;
    if (each === undefined) {
      if (where.every(({ path, value }) => String(lookUp(document, path)) === value))
        this.#readMember(document, undefined, 0, message, report);
      return;
    }
    const list = lookUp(document, each);
    const members = typeof list === 'object' && list !== null ? Object.keys(list).slice(0, membersMax) : [];
    for (const [index, member] of members.entries()) {
      const key = Array.isArray(list) ? Number(member) : member;
      if (where.every(({ path, value }) => String(lookUp(document, at(path, key))) === value))
        this.#readMember(document, key, index, message, report);
    }
  }

  #readMember(
    document: unknown,
    key: string | number | undefined,
    index: number,
    message: RawMessage,
    report: Report,
  ): void {
    const { mapping, parts, figures } = this.bound;
    const device = this.fixedDevice ?? filled(mapping.device, parts, document, key, index);
    const label = this.#fixedLabel ?? filled(mapping.outlet, parts, document, key, index);
    if (device === undefined || label === undefined) return;
    const ceilings = label === totalLabel ? feedCeilings : outletCeilings;
    let reading: Reading | undefined;
    for (const figure of figures) {
      const { quantity, scale, path } = figure;
      const value = path.length === 0 ? document : lookUp(document, key === undefined ? path : at(path, key));
      if (value === undefined) continue;
      if (figure.missingText !== undefined && String(value) === figure.missingText) {
        report.rejectField(device, 'sentinel');
        continue;
      }
      if (quantity === 'online') {
        const online = wordIn(value, figure, availabilityText);
        if (online === undefined) report.rejectField(device, 'wrong-shape');
        else report.availability(device, online);
        continue;
      }
      reading ??= readingAt(
        device,
        this.#outletId(device, label),
        this.#timeIn(document, key, message),
        message,
      );
      if (quantity !== 'on') reading[quantity] = measured(quantity, value, scale, ceilings, device, report);
      else {
        reading.on = wordIn(value, figure, switchedText);
        if (reading.on === undefined) report.rejectField(device, 'wrong-shape');
      }
    }
    if (reading !== undefined) report.reading(reading);
  }

  #outletId(device: string, label: string): string {
    if (this.#fixedLabel === undefined || this.#outletOf !== device) {
      this.#outlet = `${device}/${label.replaceAll('/', '-')}`;
      this.#outletOf = device;
    }
    return this.#outlet;
  }

  #timeIn(document: unknown, key: string | number | undefined, message: RawMessage): number | undefined {
    if (this.#time === undefined) return undefined;
    const value = lookUp(document, key === undefined ? this.#time : at(this.#time, key));
    if (typeof value === 'string' && /[-:]/.test(value)) return trustedIso(value, message.receivedAtMs);
    const number = typeof value === 'string' && /^\d{1,20}(\.\d{1,9})?$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number') return undefined;
    return trustedMs(Math.round(number * this.bound.mapping.timeScale * 1e3) / 1e3, message.receivedAtMs);
  }
}

/** The path with the member in place of `[*]`. */
function at(path: JsonPath, key: string | number): JsonPath {
  return path.includes(undefined) ? path.map((step) => step ?? key) : path;
}

/** Undefined: it depends on the payload. */
function fixed(name: MappedName, parts: ReadonlyMap<string, string>): string | undefined {
  const isFixed = name.every((part) => typeof part === 'string' || 'part' in part);
  return isFixed ? filled(name, parts, undefined, undefined, 0) : undefined;
}

const nameLengthMax = 200;

/** Undefined: the payload does not say. */
function filled(
  name: MappedName,
  parts: ReadonlyMap<string, string>,
  document: unknown,
  key: string | number | undefined,
  index: number,
): string | undefined {
  let text = '';
  for (const part of name) {
    if (typeof part === 'string') text += part;
    else if ('part' in part) text += parts.get(part.part) ?? '';
    else if ('counted' in part) text += typeof key === 'string' ? key : index + part.counted;
    else {
      const value = lookUp(document, key === undefined ? part.path : at(part.path, key));
      if ((typeof value !== 'string' && typeof value !== 'number') || value === '') return undefined;
      text += value;
    }
  }
  return text === '' ? undefined : text.slice(0, nameLengthMax);
}

function wordIn(
  value: unknown,
  { onText, offText }: MappedFigure,
  usual: (text: string) => boolean | undefined,
): boolean | undefined {
  const word = isObject(value) || Array.isArray(value) ? '' : String(value);
  if (onText === undefined && offText === undefined) return usual(word);
  if (word === onText) return true;
  return word === offText ? false : undefined;
}
