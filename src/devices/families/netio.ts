import type { Quantity } from '../../model/quantity.ts';
import { type RawMessage, totalLabel } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import { type Ceilings, feedCeilings, measured, outletCeilings } from '../fields.ts';
import { type JsonObject, parseObject, textOf } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt, trustedIso } from '../measured-time.ts';
import { readDocument } from '../netio-document.ts';
import { availabilityText, ignoring, quantityReader, relayReader, switchedText } from '../plain-reader.ts';
import { wordOfValue } from '../plain-value.ts';

/**
 * NETIO PowerPDU, PowerBOX, PowerDIN, PowerCable with MQTT-flex: the layout of topics that its guides set up, and
 * its JSON document. Topics made up otherwise need the mapping in the settings. Docs: wiki.netio-products.com,
 * MQTT-flex, and NETIO's JSON M2M API protocol.
 */
export const family: Family = {
  name: 'netio',
  topics: ['netio/#', 'devices/+/messages/events', 'devices/+/messages/events/'],
  rank: 20,
  expectedIntervalMs: 60_000,
  open: () => new NetioSession(),
};

const devicesMax = 5_000;

interface Figure {
  readonly quantity: Quantity;
  readonly scale: number;
  /** A counter its owner may set back: not read once the lasting one was heard. */
  readonly resettable?: true;
  readonly lasting?: true;
}

/** By the last level, in small letters and without what joins words. CURRENT is in mA (MQTT-flex, variables). */
const figures: Readonly<Record<string, Figure>> = {
  load: { quantity: 'watts', scale: 1 },
  power: { quantity: 'watts', scale: 1 },
  current: { quantity: 'amps', scale: 0.001 },
  voltage: { quantity: 'volts', scale: 1 },
  powerfactor: { quantity: 'powerFactor', scale: 1 },
  overallpowerfactor: { quantity: 'powerFactor', scale: 1 },
  frequency: { quantity: 'hertz', scale: 1 },
  energy: { quantity: 'wattHoursTotal', scale: 1, resettable: true },
  energynr: { quantity: 'wattHoursTotal', scale: 1, lasting: true },
  reverseenergy: { quantity: 'wattHoursReturnedTotal', scale: 1, resettable: true },
  reverseenergynr: { quantity: 'wattHoursReturnedTotal', scale: 1, lasting: true },
};

const labelPattern = /^[\w.:-]{1,48}$/;

class NetioSession implements FamilySession {
  /** Outlet ids and quantities of which the lasting counter was heard. */
  readonly #lasting = new Known(devicesMax, () => new Set<string>());

  claim(topic: string): TopicReader | undefined {
    const cloud = /^devices\/([^/]+)\/messages\/events\/?$/.exec(topic)?.[1];
    if (cloud !== undefined) return (message, report) => readOther(cloud, message, report);
    const found = /^netio\/(.+?)\/outputs?\/([^/]+)(?:\/([^/]+))?$/i.exec(topic);
    if (found !== null) {
      const [, device = '', told = '', tail = ''] = found;
      const label = told.toLowerCase() === totalLabel ? totalLabel : told;
      if (!labelPattern.test(label)) return undefined;
      return tail === '' ? this.#objectReader(device, label) : this.#outputReader(device, label, tail);
    }
    const levels = topic.split('/');
    if (levels.length < 2 || levels[0] !== 'netio') return undefined;
    return this.#deviceReader(levels.slice(1));
  }

  /** All of an output in one object, under the names of the variables and in their units. */
  #objectReader(device: string, label: string): TopicReader {
    const outlet = `${device}/${label}`;
    const ceilings = label === totalLabel ? feedCeilings : outletCeilings;
    return (message, report) => {
      const text = textOf(message.payload);
      const body = text.trimStart().startsWith('{') ? parseObject(text, device, report) : undefined;
      if (body !== undefined) readObject(device, outlet, ceilings, body, message, report);
      else report.ignore('not-a-meter');
    };
  }

  #outputReader(device: string, label: string, tail: string): TopicReader {
    const outlet = `${device}/${label}`;
    const word = wordOf(tail);
    if (word === 'state') return relayReader(device, outlet);
    if (word === 'name') return (message, report) => readName(device, label, message, report);
    return this.#figureReader(device, outlet, word) ?? ignoring('not-a-meter');
  }

  /** `<name>/total/load`, `<name>/totalLoad`, `<name>/frequency`, `<name>/status`, the document. */
  #deviceReader(given: readonly string[]): TopicReader | undefined {
    // An empty level at the end, as some clouds want it.
    const levels = given.at(-1) === '' ? given.slice(0, -1) : given;
    if (levels.length === 0) return undefined;
    const last = wordOf(levels.at(-1) as string);
    const isTotal = levels.length > 2 && wholeLevels.has(wordOf(levels.at(-2) as string));
    const name = levels.slice(0, isTotal ? -2 : -1).join('/');
    if (name !== '') {
      const word = last.startsWith('total') ? last.slice('total'.length) : last;
      const figure = this.#figureReader(name, `${name}/${totalLabel}`, word, true);
      if (figure !== undefined) return figure;
      if (isTotal) return ignoring('not-a-meter');
    }
    let end = levels.length;
    while (end > 1 && documentTails.has(wordOf(levels[end - 1] as string))) end -= 1;
    const device = levels.slice(0, end).join('/');
    return device === '' ? undefined : (message, report) => readOther(device, message, report);
  }

  #figureReader(device: string, outlet: string, word: string, whole = false): TopicReader | undefined {
    const figure = Object.hasOwn(figures, word) ? figures[word] : undefined;
    if (figure === undefined) return undefined;
    const ceilings = whole || outlet.endsWith(`/${totalLabel}`) ? feedCeilings : outletCeilings;
    const read = quantityReader(device, outlet, figure.quantity, figure.scale, ceilings);
    if (figure.resettable === undefined && figure.lasting === undefined) return read;
    const lasting = this.#lasting.get(device);
    const counter = `${outlet} ${figure.quantity}`;
    if (figure.lasting)
      return (message, report) => {
        if (lasting.size < 256) lasting.add(counter);
        read(message, report);
      };
    return (message, report) => {
      if (lasting.has(counter)) report.ignore('resettable-counter');
      else read(message, report);
    };
  }
}

const wholeLevels: ReadonlySet<string> = new Set(['total', 'totals', 'global', 'globalmeasure']);

const documentTails: ReadonlySet<string> = new Set([
  'events',
  'messages',
  'netio.json',
  'json',
  'data',
  'status',
  'state',
  'online',
  'telemetry',
  'measure',
]);

/** The document, or a will: which topic has which is the owner's choice. */
function readOther(device: string, message: RawMessage, report: Report): void {
  const text = textOf(message.payload);
  const online = availabilityText(text);
  if (online !== undefined) {
    report.availability(device, online);
    return;
  }
  if (!/^\s*\{/.test(text)) {
    report.ignore('not-a-meter');
    return;
  }
  const body = parseObject(text, undefined, report);
  if (body !== undefined) readDocument(device, body, message, report);
}

function readObject(
  device: string,
  outlet: string,
  ceilings: Ceilings,
  body: JsonObject,
  message: RawMessage,
  report: Report,
): void {
  const reading = readingAt(
    device,
    outlet,
    trustedIso(body.Time ?? body.time, message.receivedAtMs),
    message,
  );
  let lasting = false;
  for (const key of Object.keys(body).slice(0, keysMax)) {
    const word = wordOf(key);
    const figure = Object.hasOwn(figures, word) ? figures[word] : undefined;
    const value = body[key];
    if (word === 'state') reading.on = switchedText(wordOfValue(value));
    // The counter that nobody can set back goes before the other.
    if (figure === undefined || (lasting && figure.resettable)) continue;
    lasting ||= figure.lasting === true;
    reading[figure.quantity] = measured(figure.quantity, value, figure.scale, ceilings, device, report);
  }
  report.reading(reading);
}

const keysMax = 64;

function readName(device: string, label: string, message: RawMessage, report: Report): void {
  report.describe({ device, outletNames: { [label]: textOf(message.payload) } });
}

/** `powerFactor`, `POWER_FACTOR`, `power-factor` → `powerfactor` */
function wordOf(level: string): string {
  return level.toLowerCase().replaceAll(/[ _-]/g, '');
}
