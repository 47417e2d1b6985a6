import type { Quantity } from '../model/quantity.ts';
import type { RawMessage, Reading } from '../model/reading.ts';
import type { Report, TopicReader } from './family.ts';
import { measured } from './fields.ts';
import type { AnnouncedAvailability } from './ha-announcement.ts';
import type { HaDevice, HaFigure, HaPlace } from './ha-device.ts';
import { type JsonObject, parseObject, textOf } from './json.ts';
import { type JsonPath, lookUp, member } from './json-path.ts';
import { readingAt } from './measured-time.ts';
import { plainValue } from './plain-value.ts';
import { evaluate, readTemplate, type Template, wholePayload } from './template.ts';

/** What is to be done with a message of one topic. Thrown away whenever one of its devices changes. */
interface Plan {
  readonly needsJson: boolean;
  readonly parts: readonly DevicePart[];
}

interface DevicePart {
  readonly needsJson: boolean;
  readonly device: HaDevice;
  readonly outlets: readonly (readonly ReadPlace[])[];
  readonly availability: { template: Template; from: AnnouncedAvailability } | undefined;
}

/** A place, with its path's beginning: the same object where the one before it begins alike. */
interface ReadPlace extends HaPlace {
  readonly template: Template;
  readonly parent: JsonPath | undefined;
  readonly leaf: string | number | undefined;
  readonly quantity: Quantity | 'on';
  /** Of unit and template. */
  readonly scale: number;
}

/** A topic that was announced, for the figures or the availability of one device or several. */
export class HaTopic {
  readonly topic: string;
  /** What each device has on it; undefined: to be looked up. */
  readonly #parts = new Map<HaDevice, DevicePart | undefined>();
  #plan: Plan | undefined;

  constructor(topic: string) {
    this.topic = topic;
  }

  /** How many devices have something on it. */
  get devices(): number {
    return this.#parts.size;
  }

  has(device: HaDevice): boolean {
    return this.#parts.has(device);
  }

  /** A device that is new here, or has changed. */
  put(device: HaDevice): void {
    this.#parts.set(device, undefined);
    this.#plan = undefined;
  }

  remove(device: HaDevice): void {
    this.#parts.delete(device);
    this.#plan = undefined;
  }

  readonly read: TopicReader = (message, report) => {
    if (this.#plan === undefined) {
      this.#plan = this.#makePlan();
      for (const device of this.#parts.keys()) tellNames(device, report);
    }
    const { needsJson, parts } = this.#plan;
    const text = needsJson ? textOf(message.payload) : undefined;
    const json =
      text === undefined
        ? undefined
        : parseDocument(text, parts.length === 1 ? parts[0]?.device.device : undefined, report);
    if (needsJson && json === undefined) return;
    const value = text ?? withoutPadding(plainValue(message.payload));
    for (const part of parts) readPart(part, json, value, message, report);
    report.ignore('no-value');
  };

  #makePlan(): Plan {
    for (const [device, part] of this.#parts)
      if (part === undefined) this.#parts.set(device, makePart(this.topic, device));
    const parts = [...this.#parts.values()] as DevicePart[];
    return { needsJson: parts.some(({ needsJson }) => needsJson), parts };
  }
}

/** Home Assistant takes a number with blanks around it; many a sketch pads its numbers or ends the line. */
function withoutPadding(value: string | number): string | number {
  if (typeof value === 'number' || value.length > 40) return value;
  const inside = value.trim();
  return inside.length < value.length && /^-?\d+(?:\.\d+)?$/.test(inside) ? Number(inside) : value;
}

/** A payload that is an object or a list. */
function parseDocument(
  text: string,
  device: string | undefined,
  report: Report,
): JsonObject | readonly unknown[] | undefined {
  // Nearly all begin with a brace.
  if (text.charCodeAt(0) === 123 || !/^\s*\[/.test(text)) return parseObject(text, device, report);
  const list = parseObject(`{"list":${text}}`, device, report)?.list;
  return Array.isArray(list) ? list : undefined;
}

/** When they have changed. */
function tellNames(device: HaDevice, report: Report): void {
  const outletNames = device.isOurs ? device.takeOutletNames() : undefined;
  if (outletNames === undefined) return;
  const { name, model, firmware } = device.announced;
  report.describe({ device: device.device, name, model, firmware, outletNames });
}

function makePart(topic: string, device: HaDevice): DevicePart {
  const outlets = new Map<string, HaPlace[]>();
  for (const place of device.placesOn(topic)) {
    const places = outlets.get(place.outlet);
    if (places === undefined) outlets.set(place.outlet, [place]);
    else places.push(place);
  }
  const availability = availabilityOn(topic, device);
  const needsJson =
    availability?.template.needsJson ||
    device.placesOn(topic).some(({ figure }) => figure.template?.needsJson);
  return {
    needsJson: needsJson === true,
    device,
    outlets: [...outlets.values()].map(withParents),
    availability,
  };
}

function withParents(places: readonly HaPlace[]): ReadPlace[] {
  const parents = new Map<string, JsonPath>();
  return places.map((place) => {
    const { figure } = place;
    const template = figure.template as Template;
    const { leaf } = template;
    const key = JSON.stringify(template.parent);
    const parent = leaf === undefined ? undefined : (parents.get(key) ?? template.parent);
    if (parent !== undefined) parents.set(key, parent);
    return {
      ...place,
      template,
      parent,
      leaf,
      quantity: figure.quantity,
      scale: figure.scale * template.factor,
    };
  });
}

function availabilityOn(topic: string, device: HaDevice): DevicePart['availability'] {
  const from = device.first?.entity.availability.find((one) => one.topic === topic);
  const template = from?.template === undefined ? wholePayload : readTemplate(from.template);
  return from === undefined || template === undefined ? undefined : { template, from };
}

function readPart(
  { device, outlets, availability }: DevicePart,
  json: unknown,
  value: string | number,
  message: RawMessage,
  report: Report,
): void {
  const { hardware } = device.announced;
  if (hardware.length > 0 && report.isKnownByHardware(hardware)) {
    report.ignore('read-natively');
    return;
  }
  if (availability !== undefined)
    tell(device, availability.template, availability.from, json, value, message, report);
  if (outlets.length === 0) return;
  if (!message.retained) {
    device.heardAtMs = message.receivedAtMs;
    if (device.expired) {
      device.expired = false;
      report.availability(device.device, true);
    }
  }
  for (const places of outlets) readOutlet(device.device, places, json, value, message, report);
}

/** All figures of one outlet become one reading. Most stand side by side: what holds them is looked up once. */
function readOutlet(
  device: string,
  places: readonly ReadPlace[],
  json: unknown,
  value: string | number,
  message: RawMessage,
  report: Report,
): void {
  let reading: Reading | undefined;
  let parent: JsonPath | undefined;
  let holder: unknown;
  for (let index = 0; index < places.length; index++) {
    const place = places[index] as ReadPlace;
    const { quantity } = place;
    if (place.parent !== undefined && place.parent !== parent) {
      parent = place.parent;
      holder = lookUp(json, parent);
    }
    const found =
      place.parent === undefined ? valueIn(place.template, json, value) : member(holder, place.leaf);
    if (found === undefined) continue;
    reading ??= readingAt(device, place.outlet, undefined, message);
    if (quantity === 'on') reading.on = stateOf(found, place.figure, device, report);
    else reading[quantity] = measured(quantity, found, place.scale, place.ceilings, device, report);
  }
  if (reading !== undefined) report.reading(reading);
}

function valueIn({ node, source }: Template, json: unknown, value: string | number): unknown {
  if (source === 'value') return value;
  if (source !== undefined) return lookUp(json, source);
  return evaluate(node, json, value);
}

function stateOf(value: unknown, { entity }: HaFigure, device: string, report: Report): boolean | undefined {
  const word = String(typeof value === 'object' ? '' : value).toLowerCase();
  if (word === entity.onText.toLowerCase()) return true;
  if (word === entity.offText.toLowerCase()) return false;
  if (value !== null && word !== '' && word !== 'unknown' && word !== 'unavailable' && word !== 'none')
    report.rejectField(device, 'wrong-shape');
  return undefined;
}

function tell(
  device: HaDevice,
  template: Template,
  from: AnnouncedAvailability,
  json: unknown,
  value: string | number,
  message: RawMessage,
  report: Report,
): void {
  const found =
    template.source === 'value' && typeof value === 'number'
      ? textOf(message.payload)
      : valueIn(template, json, value);
  const online =
    found === undefined || typeof found === 'object'
      ? undefined
      : isWord(found, from.onlineText)
        ? true
        : isWord(found, from.offlineText)
          ? false
          : undefined;
  if (online === undefined) {
    report.ignore('no-value');
    return;
  }
  report.ignore('availability');
  if (device.tell(from.topic, online) && device.isOurs) report.availability(device.device, online);
}

function isWord(value: unknown, word: string): boolean {
  return String(value).toLowerCase() === word.toLowerCase();
}
