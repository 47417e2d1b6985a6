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
  const needsPlain = all.some(({ mapping }) => mapping.format === 'plain');
  const device = rows[0]?.fixedDevice;
  return (message, report) => {
    const json = needsJson ? readJson(message, device, report) : undefined;
    const documents = needsLines ? readLines(message) : [];
    const plain = needsPlain ? plainValue(message.payload) : undefined;
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
  readonly #figures: readonly { figure: MappedFigure; place: Place }[];
  readonly #device: readonly NamePart[];
  readonly #label: readonly NamePart[];
  readonly #where: readonly { place: Place; value: string }[];
  readonly #time: Place | undefined;
  /** Outlet ids put together before, by label, of one device. */
  #outlets = new Map<string, string>();
  #outletsOf = '';

  constructor(bound: BoundMapping) {
    this.bound = bound;
    const { device, outlet, time, format, where } = bound.mapping;
    this.#device = partsOf(device, bound.parts);
    this.#label = partsOf(outlet, bound.parts);
    this.fixedDevice = fixed(this.#device);
    this.#fixedLabel = fixed(this.#label);
    this.#figures = bound.figures.map((figure) => ({ figure, place: placeOf(figure.path) }));
    this.#where = where.map(({ path, value }) => ({ place: placeOf(path), value }));
    const timePath = time ?? (format === 'influx' ? ['timestamp'] : undefined);
    this.#time = timePath && placeOf(timePath);
  }

  read(document: unknown, message: RawMessage, report: Report): void {
    const { each } = this.bound.mapping;
    const list = each && lookUp(document, each);
    if (each === undefined) this.#readMember(document, undefined, 0, message, report);
    else if (Array.isArray(list)) {
      const count = Math.min(list.length, membersMax);
      for (let index = 0; index < count; index++)
        this.#readMember(document, list[index], index, message, report);
    } else if (isObject(list)) {
      for (const key of Object.keys(list).slice(0, membersMax))
        this.#readMember(document, list[key], key, message, report);
    }
  }

  /** `key`: which member of the list, or its key. */
  #readMember(
    document: unknown,
    member: unknown,
    key: string | number,
    message: RawMessage,
    report: Report,
  ): void {
    for (const { place, value } of this.#where)
      if (String(valueAt(place, document, member)) !== value) return;
    const device = this.fixedDevice ?? filled(this.#device, document, member, key);
    const label = this.#fixedLabel ?? filled(this.#label, document, member, key);
    if (device === undefined || label === undefined) return;
    const ceilings = label === totalLabel ? feedCeilings : outletCeilings;
    let reading: Reading | undefined;
    for (let index = 0; index < this.#figures.length; index++) {
      const { figure, place } = this.#figures[index] as { figure: MappedFigure; place: Place };
      const value = valueAt(place, document, member);
      if (value === undefined) continue;
      const { quantity, missingText } = figure;
      if (missingText !== undefined && String(value) === missingText) {
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
        this.#timeIn(document, member, message),
        message,
      );
      if (quantity !== 'on')
        reading[quantity] = measured(quantity, value, figure.scale, ceilings, device, report);
      else {
        reading.on = wordIn(value, figure, switchedText);
        if (reading.on === undefined) report.rejectField(device, 'wrong-shape');
      }
    }
    if (reading !== undefined) report.reading(reading);
  }

  #outletId(device: string, label: string): string {
    if (this.#outletsOf !== device) {
      this.#outletsOf = device;
      this.#outlets = new Map();
    }
    const known = this.#outlets.get(label);
    if (known !== undefined) return known;
    const outlet = `${device}/${label.replaceAll('/', '-')}`;
    if (this.#outlets.size < membersMax) this.#outlets.set(label, outlet);
    return outlet;
  }

  #timeIn(document: unknown, member: unknown, message: RawMessage): number | undefined {
    if (this.#time === undefined) return undefined;
    const value = valueAt(this.#time, document, member);
    if (typeof value === 'string' && /[-:]/.test(value)) return trustedIso(value, message.receivedAtMs);
    const number = typeof value === 'string' && /^\d{1,20}(\.\d{1,9})?$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number') return undefined;
    return trustedMs(Math.round(number * this.bound.mapping.timeScale * 1e3) / 1e3, message.receivedAtMs);
  }
}

/** A path into the member of the list, or into the whole document. */
interface Place {
  readonly ofMember: boolean;
  readonly path: JsonPath;
}

function placeOf(path: JsonPath): Place {
  const star = path.indexOf(undefined);
  return { ofMember: star >= 0, path: path.slice(star + 1) };
}

function valueAt({ ofMember, path }: Place, document: unknown, member: unknown): unknown {
  return lookUp(ofMember ? member : document, path);
}

type NamePart = string | Place | { readonly counted: number };

function partsOf(name: MappedName, parts: ReadonlyMap<string, string>): NamePart[] {
  return name.map((part) => {
    if (typeof part === 'string') return part;
    if ('part' in part) return parts.get(part.part) ?? '';
    return 'path' in part ? placeOf(part.path) : part;
  });
}

/** Undefined: it depends on the payload. */
function fixed(name: readonly NamePart[]): string | undefined {
  const text = name.join('');
  return name.every((part) => typeof part === 'string') && text !== ''
    ? text.slice(0, nameLengthMax)
    : undefined;
}

const nameLengthMax = 200;

/** Undefined: the payload does not say. */
function filled(
  name: readonly NamePart[],
  document: unknown,
  member: unknown,
  key: string | number,
): string | undefined {
  let text = '';
  for (const part of name) {
    if (typeof part === 'string') text += part;
    else if ('counted' in part) text += typeof key === 'string' ? key : key + part.counted;
    else {
      const value = valueAt(part, document, member);
      if ((typeof value !== 'string' && typeof value !== 'number') || value === '') return undefined;
      text += value;
    }
  }
  if (text.length > nameLengthMax) return text.slice(0, nameLengthMax);
  return text === '' ? undefined : text;
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
