import { type RawMessage, type Reading, soleLabel, totalLabel } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import { feedCeilings, measured, outletCeilings } from '../fields.ts';
import { isObject, type JsonObject, readObject, textOf } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt } from '../measured-time.ts';
import { type NutVariable, nutVariable } from '../nut-variables.ts';
import { plainValue } from '../plain-value.ts';

/**
 * Bridges from NUT (UPSes, and PDUs by snmp-ups): `nut/<ups>/<variable>`, one JSON for each UPS, or
 * `nut/hosts/<host>/<ups>/<variable with slashes>` (gerrowadat/nut2mqtt).
 */
export const family: Family = {
  name: 'nut',
  topics: ['nut/#', 'nut2mqtt/#'],
  rank: 20,
  expectedIntervalMs: 60_000,
  open: () => new NutSession(),
};

const devicesMax = 5_000;

class NutSession implements FamilySession {
  readonly #devices = new Known(devicesMax, (device) => new NutDevice(device));

  claim(topic: string): TopicReader | undefined {
    const levels = topic.split('/');
    if (levels[0] !== 'nut' && levels[0] !== 'nut2mqtt') return undefined;
    const isByHost = levels[1] === 'hosts' && levels.length >= 4;
    const name = isByHost ? levels.slice(2, 4) : levels.slice(1, 2);
    const device = name.join('/');
    if (device === '' || levels[1] === 'bridge') return undefined;
    const path = levels.slice(1 + name.length + (isByHost ? 1 : 0)).join('.');
    if (path === '') return (message, report) => readAll(this.#devices.get(device), message, report);
    const variable = nutVariable(path);
    if (variable !== undefined)
      return (message, report) => readOne(this.#devices.get(device), variable, message, report);
    // A share of what the UPS could bear is an estimate, and there is no reading for estimates.
    const reason = path === 'ups.load' ? 'load-in-percent-only' : 'not-a-meter';
    return (_, report) => report.ignore(reason);
  }
}

class NutDevice {
  readonly device: string;
  /** Its outlets are metered: all else is the device as a whole. */
  hasOutlets = false;

  constructor(device: string) {
    this.device = device;
  }

  /** Undefined: phases where the outlets are known would count twice. */
  outlet({ quantity, side, label }: NutVariable): string | undefined {
    if (side === 'outlet') {
      this.hasOutlets ||= quantity === 'watts';
      return `${this.device}/${label}`;
    }
    if (this.hasOutlets && label !== '') return undefined;
    if (side === 'input') return `${this.device}/${label === '' ? totalLabel : `in:${label}`}`;
    return `${this.device}/${label === '' ? (this.hasOutlets ? totalLabel : soleLabel) : label}`;
  }
}

function readOne(device: NutDevice, variable: NutVariable, message: RawMessage, report: Report): void {
  if (variable.quantity === 'name') {
    report.describe({ device: device.device, outletNames: { [variable.label]: textOf(message.payload) } });
    return;
  }
  const readings = new Map<string, Reading>();
  take(device, variable, plainValue(message.payload), readings, message, report);
  for (const reading of readings.values()) report.reading(reading);
  report.ignore('not-a-meter');
}

/** `{"ups.realpower":"120",…}`, or the same as a tree. */
function readAll(device: NutDevice, message: RawMessage, report: Report): void {
  const body = readObject(message, device.device, report);
  if (body === undefined) return;
  const found: [NutVariable, unknown][] = [];
  collect(body, '', 0, found);
  const readings = new Map<string, Reading>();
  const names: Record<string, string> = {};
  // Outlets first: they decide what the rest is.
  found.sort(([one], [other]) => Number(one.side !== 'outlet') - Number(other.side !== 'outlet'));
  for (const [variable, value] of found) {
    if (variable.quantity !== 'name') take(device, variable, value, readings, message, report);
    else if (typeof value === 'string') names[variable.label] = value;
  }
  if (Object.keys(names).length > 0) report.describe({ device: device.device, outletNames: names });
  for (const reading of readings.values()) report.reading(reading);
  report.ignore('not-a-meter');
}

const depthMax = 5;
const variablesMax = 2_000;

function collect(body: JsonObject, path: string, depth: number, found: [NutVariable, unknown][]): void {
  for (const key in body) {
    if (found.length >= variablesMax) return;
    const value = body[key];
    const name = path === '' ? key : `${path}.${key}`;
    if (isObject(value) && depth < depthMax) {
      collect(value, name, depth + 1, found);
      continue;
    }
    const variable = name.length > 80 ? undefined : nutVariable(name);
    if (variable !== undefined) found.push([variable, value]);
  }
}

function take(
  device: NutDevice,
  variable: NutVariable,
  value: unknown,
  readings: Map<string, Reading>,
  message: RawMessage,
  report: Report,
): void {
  const outlet = device.outlet(variable);
  if (outlet === undefined) return;
  let reading = readings.get(outlet);
  if (reading === undefined) {
    reading = readingAt(device.device, outlet, undefined, message);
    readings.set(outlet, reading);
  }
  const { quantity } = variable;
  if (quantity === 'name') return;
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
  const ceilings = variable.side === 'outlet' ? outletCeilings : feedCeilings;
  reading[quantity] ??= measured(quantity, value, 1, ceilings, device.device, report);
}
