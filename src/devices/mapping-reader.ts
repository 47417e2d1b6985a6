import type { Quantity } from '../model/quantity.ts';
import { type RawMessage, type Reading, totalLabel } from '../model/reading.ts';
import type { Report, TopicReader } from './family.ts';
import { type Ceilings, feedCeilings, measured, outletCeilings } from './fields.ts';
import type { MappedFigure, MappedName, Mapping } from './mapping.ts';
import { documentsOf } from './mapping-document.ts';
import { MappingLists, type Place } from './mapping-lists.ts';
import { readingAt, trustedIso, trustedMs } from './measured-time.ts';
import { availabilityText, switchedText } from './plain-reader.ts';
import { wordOfValue } from './plain-value.ts';
import { meaningOfUnit } from './unit-names.ts';

/** A row of the mapping table that fits a topic, with the named parts of that topic. */
export interface BoundMapping {
  readonly mapping: Mapping;
  readonly parts: ReadonlyMap<string, string>;
  readonly figures: readonly MappedFigure[];
}

/** Outlet ids remembered of one device. */
const outletsMax = 1_024;

/** Reads a topic by all rows that fit it; the payload is parsed once for each format. */
export function mappingReader(all: readonly BoundMapping[]): TopicReader {
  const rows = all.map((bound) => new Row(bound));
  const formats = [...new Set(all.map(({ mapping }) => mapping.format))];
  const byFormat = formats.map((format) => ({
    format,
    rows: rows.filter(({ bound }) => bound.mapping.format === format),
  }));
  const device = rows[0]?.fixedDevice;
  return (message, report) => {
    for (const { format, rows } of byFormat) {
      const documents = documentsOf(format, message, device, report);
      for (const row of rows) for (const document of documents) row.read(document, message, report);
    }
    report.ignore('no-value');
  };
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
  readonly #lists = new MappingLists();
  /** Outlet ids put together before, by label, of one device. */
  #outlets = new Map<string, string>();
  #outletsOf = '';

  constructor(bound: BoundMapping) {
    this.bound = bound;
    const { device, outlet, time, format, where } = bound.mapping;
    const lists = this.#lists;
    this.#figures = bound.figures.map((figure) => ({ figure, place: lists.place(figure.path) }));
    lists.lead();
    this.#device = partsOf(device, bound.parts, lists);
    this.#label = partsOf(outlet, bound.parts, lists);
    this.fixedDevice = fixed(this.#device);
    this.#fixedLabel = fixed(this.#label);
    this.#where = where.map(({ path, value }) => ({ place: lists.place(path), value }));
    const timePath = time ?? (format === 'influx' ? ['timestamp'] : undefined);
    this.#time = timePath && lists.place(timePath);
  }

  read(document: unknown, message: RawMessage, report: Report): void {
    if (this.#lists.isEmpty) {
      this.#readMember(document, 0, message, report);
      return;
    }
    const members = this.#lists.membersOf(document);
    for (let index = 0; index < members.length; index++)
      this.#readMember(document, members[index] as string | number, message, report);
  }

  /** `key`: which member of the list, or its key. */
  #readMember(document: unknown, key: string | number, message: RawMessage, report: Report): void {
    const lists = this.#lists;
    for (const { place, value } of this.#where)
      if (wordOfValue(lists.valueAt(place, document, key)) !== value) return;
    const device = this.fixedDevice ?? filled(this.#device, lists, document, key);
    const label = this.#fixedLabel ?? filled(this.#label, lists, document, key);
    if (device === undefined || label === undefined) return;
    const ceilings = label === totalLabel ? feedCeilings : outletCeilings;
    let reading: Reading | undefined;
    for (let index = 0; index < this.#figures.length; index++) {
      const { figure, place } = this.#figures[index] as { figure: MappedFigure; place: Place };
      const value = lists.valueAt(place, document, key);
      if (value === undefined) continue;
      const { quantity, missingText } = figure;
      if (missingText !== undefined && wordOfValue(value) === missingText) {
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
      if (quantity !== 'on')
        reading[quantity] =
          typeof value === 'string'
            ? figureOfText(figure, quantity, value, ceilings, device, report)
            : measured(quantity, value, figure.scale, ceilings, device, report);
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
    if (this.#outlets.size < outletsMax) this.#outlets.set(label, outlet);
    return outlet;
  }

  #timeIn(document: unknown, key: string | number, message: RawMessage): number | undefined {
    if (this.#time === undefined) return undefined;
    const value = this.#lists.valueAt(this.#time, document, key);
    if (typeof value === 'string' && /[-:]/.test(value)) return trustedIso(value, message.receivedAtMs);
    const number = typeof value === 'string' && /^\d{1,20}(\.\d{1,9})?$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number') return undefined;
    return trustedMs(Math.round(number * this.bound.mapping.timeScale * 1e3) / 1e3, message.receivedAtMs);
  }
}

/** Text may tell the unit behind the number, `126 Watts`: then it is believed, if it is one of that quantity. */
function figureOfText(
  { scale }: MappedFigure,
  quantity: Quantity,
  value: string,
  ceilings: Ceilings,
  device: string,
  report: Report,
): number | undefined {
  const words = value.length <= 40 ? numberWithUnit.exec(value) : null;
  const told = words === null ? undefined : meaningOfUnit(words[2] as string);
  const isCounter = quantity === 'wattHoursReturnedTotal' && told?.quantity === 'wattHoursTotal';
  return words !== null && told !== undefined && (told.quantity === quantity || isCounter)
    ? measured(quantity, words[1], told.scale, ceilings, device, report)
    : measured(quantity, value, scale, ceilings, device, report);
}

const numberWithUnit = /^\s*([-+]?\d{1,15}(?:\.\d{0,9})?)\s*([A-Za-z]{1,12})\s*$/;

type NamePart = string | Place | { readonly counted: number };

function partsOf(name: MappedName, parts: ReadonlyMap<string, string>, lists: MappingLists): NamePart[] {
  return name.map((part) => {
    if (typeof part === 'string') return part;
    if ('part' in part) return parts.get(part.part) ?? '';
    return 'path' in part ? lists.place(part.path) : part;
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
  lists: MappingLists,
  document: unknown,
  key: string | number,
): string | undefined {
  let text = '';
  for (const part of name) {
    if (typeof part === 'string') text += part;
    else if ('counted' in part) text += typeof key === 'string' ? key : key + part.counted;
    else {
      const value = lists.valueAt(part, document, key);
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
  const word = wordOfValue(value);
  if (onText === undefined && offText === undefined) return usual(word);
  if (word === onText) return true;
  return word === offText ? false : undefined;
}
