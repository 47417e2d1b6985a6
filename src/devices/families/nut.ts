import { type RawMessage, type Reading, soleLabel, totalLabel } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import { type Ceilings, feedCeilings, measured, outletCeilings } from '../fields.ts';
import { isObject, type JsonObject, readObject, textOf } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt } from '../measured-time.ts';
import { bridgedVariable, type NutVariable } from '../nut-variables.ts';
import { plainValue } from '../plain-value.ts';

/**
 * Bridges from NUT (UPSes, and PDUs by snmp-ups): `nut/<ups>/<variable>`, one JSON for each UPS,
 * `nut/hosts/<host>/<ups>/<variable with slashes>` (gerrowadat/nut2mqtt), or the same below `ups/`.
 */
export const family: Family = {
  name: 'nut',
  topics: ['nut/#', 'nut2mqtt/#', 'ups/#'],
  rank: 20,
  expectedIntervalMs: 60_000,
  open: () => new NutSession(),
};

const devicesMax = 5_000;

class NutSession implements FamilySession {
  readonly #devices = new Known(devicesMax, (device) => new NutDevice(device));

  claim(topic: string): TopicReader | undefined {
    const levels = topic.split('/');
    const root = levels[0];
    if (root !== 'nut' && root !== 'nut2mqtt' && root !== 'ups') return undefined;
    const isByHost = levels[1] === 'hosts' && levels.length >= 4;
    const name = isByHost ? levels.slice(2, 4) : levels.slice(1, 2);
    const device = name.join('/');
    if (device === '' || levels[1] === 'bridge') return undefined;
    const path = levels.slice(1 + name.length + (isByHost ? 1 : 0)).join('.');
    if (path === '') return (message, report) => readAll(this.#devices.get(device), message, report);
    const slot = this.#devices.get(device).slot(path);
    if (slot !== null) return (message, report) => readOne(this.#devices.get(device), path, message, report);
    // A share of what the UPS could bear is an estimate, and there is no reading for estimates.
    if (path === 'ups.load') return (_, report) => report.ignore('load-in-percent-only');
    // So is what a bridge has worked out of it; others put all in one object, one level further down.
    if (levels.at(-2) === 'computed') return (_, report) => report.ignore('not-a-meter');
    const whole = documentTails.test(path) ? device : `${device}/${path.replaceAll('.', '/')}`;
    return (message, report) => {
      if (message.payload[0] === brace) readAll(this.#devices.get(whole), message, report);
      else report.ignore('not-a-meter');
    };
  }
}

const brace = 123;
const documentTails = /^(state|status|data|json|all|variables|vars|values|telemetry|sensor)$/;

/** An outlet, and its reading while a message is being read. */
interface Place {
  readonly outlet: string;
  readonly ceilings: Ceilings;
  reading: Reading | undefined;
}

interface NutSlot {
  readonly variable: NutVariable;
  /** Undefined: phases where the outlets are known would count twice. */
  readonly place: Place | undefined;
}

/** Of one device. */
const variablesMax = 2_000;

class NutDevice {
  readonly device: string;
  /** Its outlets are metered: all else is the device as a whole. */
  hasOutlets = false;
  /** By variable; null: not for us. */
  readonly #slots = new Map<string, NutSlot | null>();
  readonly #places = new Map<string, Place>();

  constructor(device: string) {
    this.device = device;
  }

  slot(path: string): NutSlot | null {
    const known = this.#slots.get(path);
    if (known !== undefined) return known;
    const variable = path.length > 80 ? undefined : bridgedVariable(path);
    if (variable?.side === 'outlet' && variable.quantity === 'watts' && !this.hasOutlets) {
      this.hasOutlets = true;
      this.#slots.clear();
    }
    const slot = variable === undefined ? null : { variable, place: this.#placeOf(variable) };
    if (this.#slots.size < variablesMax) this.#slots.set(path, slot);
    return slot;
  }

  #placeOf({ side, label }: NutVariable): Place | undefined {
    if (side === 'outlet') return this.#place(label, outletCeilings);
    if (this.hasOutlets && label !== '') return undefined;
    if (side === 'input') return this.#place(label === '' ? totalLabel : `in:${label}`, feedCeilings);
    const whole = this.hasOutlets ? totalLabel : soleLabel;
    return this.#place(label === '' ? whole : label, feedCeilings);
  }

  #place(label: string, ceilings: Ceilings): Place {
    const known = this.#places.get(label);
    if (known !== undefined) return known;
    const place: Place = { outlet: `${this.device}/${label}`, ceilings, reading: undefined };
    if (this.#places.size < variablesMax) this.#places.set(label, place);
    return place;
  }
}

function readOne(device: NutDevice, path: string, message: RawMessage, report: Report): void {
  const slot = device.slot(path);
  if (slot?.variable.quantity === 'name') {
    report.describe({
      device: device.device,
      outletNames: { [slot.variable.label]: textOf(message.payload) },
    });
  } else if (slot?.place !== undefined) {
    take(device, slot, plainValue(message.payload), message, report);
    if (slot.place.reading !== undefined) report.reading(slot.place.reading);
    slot.place.reading = undefined;
  }
  report.ignore('not-a-meter');
}

/** `{"ups.realpower":"120",…}`, or the same as a tree. */
function readAll(device: NutDevice, message: RawMessage, report: Report): void {
  const body = readObject(message, device.device, report);
  if (body === undefined) return;
  const hadOutlets = device.hasOutlets;
  const found: Found[] = [];
  collect(body, '', 0, device, found);
  // Outlets decide what all else is, and may stand behind it.
  if (device.hasOutlets !== hadOutlets) {
    found.length = 0;
    collect(body, '', 0, device, found);
  }
  const names: Record<string, string> = {};
  let named = false;
  for (const { slot, value } of found) {
    if (slot.variable.quantity !== 'name') take(device, slot, value, message, report);
    else if (typeof value === 'string') {
      names[slot.variable.label] = value;
      named = true;
    }
  }
  if (named) report.describe({ device: device.device, outletNames: names });
  for (const { slot } of found) {
    const { place } = slot;
    if (place?.reading === undefined) continue;
    report.reading(place.reading);
    place.reading = undefined;
  }
  report.ignore('not-a-meter');
}

interface Found {
  readonly slot: NutSlot;
  readonly value: unknown;
}

const depthMax = 5;

function collect(body: JsonObject, path: string, depth: number, device: NutDevice, found: Found[]): void {
  for (const key in body) {
    if (found.length >= variablesMax || key === 'computed') return;
    const value = body[key];
    const name = path === '' ? key : `${path}.${key}`;
    if (isObject(value) && depth < depthMax) {
      collect(value, name, depth + 1, device, found);
      continue;
    }
    const slot = device.slot(name);
    if (slot !== null) found.push({ slot, value });
  }
}

function take(
  device: NutDevice,
  { variable, place }: NutSlot,
  value: unknown,
  message: RawMessage,
  report: Report,
): void {
  const { quantity } = variable;
  if (place === undefined || quantity === 'name') return;
  place.reading ??= readingAt(device.device, place.outlet, undefined, message);
  const reading = place.reading;
  if (quantity === 'on') {
    if (value === 'on' || value === 'off') reading.on = value === 'on';
    else report.rejectField(device.device, 'wrong-shape');
    return;
  }
  // "Not set", also behind the point.
  if (value === -1 || value === '-1' || value === '-1.0') {
    report.rejectField(device.device, 'sentinel');
    return;
  }
  reading[quantity] ??= measured(quantity, value, 1, place.ceilings, device.device, report);
}
