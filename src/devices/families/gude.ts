import { type RawMessage, type Reading, soleLabel, totalLabel } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import * as fields from '../fields.ts';
import { type Ceilings, feedCeilings, outletCeilings } from '../fields.ts';
import { isObject, type JsonObject, readObject } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt, trustedSeconds } from '../measured-time.ts';

/**
 * GUDE Expert Power Control and Expert PDU: switch messages and the periodic telemetry. Docs: the MQTT chapter of
 * the device manuals (EPC 8221, PDU 8311).
 */
export const family: Family = {
  name: 'gude',
  topics: [
    ...['+/gudesystems/epc/+/', '+/', '+/+/', '+/+/+/'].map((prefix) => `${prefix}device/telemetry`),
    '+/gudesystems/epc/+/switch/+',
  ],
  rank: 20,
  expectedIntervalMs: 60_000,
  open: () => new GudeSession(),
};

const devicesMax = 5_000;
/** Prefixes the owner chose; each costs a subscription. */
const learntPrefixesMax = 500;
const portsMax = 128;
const inputsMax = 16;
const labelLengthMax = 48;
const nameLengthMax = 100;

/** `de/gudesystems/epc/<mac>`, or `en/…`, or with the host name. */
const ownPrefix = /^[^/]+\/gudesystems\/epc\/([^/]+)$/;

/** What is known of one unit. */
class GudeDevice {
  readonly device: string;
  readonly prefix: string;
  /** Has been listened to in full. */
  met: boolean;
  /** Names of its ports as last told, by what `port` says. */
  readonly names = new Map<unknown, string>();
  /** By what `port` or `idx` says; undefined: of no use as a label. */
  readonly #outlets = new Map<unknown, string | undefined>();

  constructor(prefix: string) {
    const own = ownPrefix.exec(prefix);
    this.device = own?.[1] ?? prefix;
    this.prefix = prefix;
    this.met = own !== null;
  }

  /** The outlet of a port; undefined: it has no usable label. */
  outlet(port: unknown): string | undefined {
    if (typeof port !== 'number' && (typeof port !== 'string' || port.length > labelLengthMax))
      return undefined;
    const known = this.#outlets.get(port);
    if (known !== undefined || this.#outlets.has(port)) return known;
    const label = labelOf(port);
    const outlet = label === undefined ? undefined : `${this.device}/${label}`;
    if (this.#outlets.size < 2 * portsMax) this.#outlets.set(port, outlet);
    return outlet;
  }
}

class GudeSession implements FamilySession {
  readonly #devices = new Known(devicesMax, (prefix) => new GudeDevice(prefix));
  #learntPrefixes = 0;

  claim(topic: string): TopicReader | undefined {
    const telemetry = /^(.+)\/device\/telemetry$/.exec(topic);
    if (telemetry !== null) {
      const device = this.#devices.get(telemetry[1] as string);
      return (message, report) => this.#readTelemetry(device, message, report);
    }
    const port = /^(.+)\/switch\/[^/]+$/.exec(topic);
    const prefix = port?.[1];
    if (prefix !== undefined && (isOwnPrefix(prefix) || this.#isMet(prefix))) {
      const device = this.#devices.get(prefix);
      return (message, report) => readSwitch(device, message, report);
    }
    // Orders and their answers.
    return /^[^/]+\/gudesystems\/epc\/[^/]+\/cmd(?:res)?(?:\/|$)/.test(topic)
      ? (_, report) => report.ignore('not-a-meter')
      : undefined;
  }

  #isMet(prefix: string): boolean {
    return this.#devices.has(prefix) && this.#devices.get(prefix).met;
  }

  #readTelemetry(device: GudeDevice, message: RawMessage, report: Report): void {
    const body = readObject(message, device.met ? device.device : undefined, report);
    if (body === undefined) return;
    const isTelemetry = body.type === 'telemetry' || (body.type === undefined && device.met);
    if (!isTelemetry || !(Array.isArray(body.line_in) || Array.isArray(body.portstates))) {
      report.ignore('not-a-gude');
      return;
    }
    if (!device.met && this.#learntPrefixes < learntPrefixesMax) {
      device.met = true;
      this.#learntPrefixes += 1;
      report.subscribe(`${device.prefix}/switch/+`);
      for (let port = 1; port <= portsMax; port++) report.reconsider(`${device.prefix}/switch/${port}`);
    }
    readTelemetry(device, body, message, report);
  }
}

function isOwnPrefix(prefix: string): boolean {
  return ownPrefix.test(prefix);
}

/** `{"type":"portswitch","idx":2,"port":"A2","state":1,…}` */
function readSwitch(device: GudeDevice, message: RawMessage, report: Report): void {
  const body = readObject(message, device.device, report);
  if (body === undefined) return;
  const outlet = device.outlet(body.port) ?? device.outlet(body.idx);
  if (body.type !== 'portswitch' || outlet === undefined) {
    report.ignore('not-a-switch');
    return;
  }
  const atMs = trustedSeconds(body.ts, message.receivedAtMs);
  const reading = readingAt(device.device, outlet, atMs, message);
  reading.on = stateOf(body.state, device.device, report);
  report.reading(reading);
}

function readTelemetry(device: GudeDevice, body: JsonObject, message: RawMessage, report: Report): void {
  // Seconds since it was switched on, until the clock is set.
  const atMs = trustedSeconds(body.ts, message.receivedAtMs);
  const ports = new Map<string, Reading>();
  const states: readonly unknown[] = Array.isArray(body.portstates) ? body.portstates : [];
  for (const key in body)
    if (key !== 'line_in') addPorts(device, body[key], states, ports, atMs, message, report);
  const inputs = Array.isArray(body.line_in) ? body.line_in.slice(0, inputsMax) : [];
  inputs.forEach((input: unknown, index) => {
    if (!isObject(input)) return;
    const whole = ports.size > 0 ? totalLabel : soleLabel;
    const label = inputs.length === 1 ? whole : `in${index + 1}`;
    const reading = readingAt(device.device, `${device.device}/${label}`, atMs, message);
    setFigures(reading, input, feedCeilings, report);
    report.reading(reading);
  });
  for (const reading of ports.values()) report.reading(reading);
  describePorts(device, body.portstates, report);
  report.ignore('not-a-meter');
}

/**
 * Whatever list has a `port` in its elements: `portstates`, and the figures of units that meter each outlet, merged
 * by port. Figures without a port stand in the order of the ports.
 */
function addPorts(
  device: GudeDevice,
  list: unknown,
  states: readonly unknown[],
  ports: Map<string, Reading>,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): void {
  if (!Array.isArray(list)) return;
  const count = Math.min(list.length, portsMax);
  for (let index = 0; index < count; index++) {
    const element: unknown = list[index];
    if (!isObject(element)) continue;
    const hasFigures =
      element.voltage !== undefined || element.act_pow !== undefined || element.tot_energy !== undefined;
    const outlet = device.outlet(element.port ?? (hasFigures ? portAt(states, index) : undefined));
    if (outlet === undefined) continue;
    let reading = ports.get(outlet);
    if (reading === undefined) {
      reading = readingAt(device.device, outlet, atMs, message);
      ports.set(outlet, reading);
    }
    reading.on ??= stateOf(element.state, device.device, report);
    if (hasFigures) setFigures(reading, element, outletCeilings, report);
  }
}

function portAt(states: readonly unknown[], index: number): unknown {
  const state = states[index];
  return isObject(state) ? state.port : index + 1;
}

function setFigures(reading: Reading, from: JsonObject, ceilings: Ceilings, report: Report): void {
  const name = reading.device;
  reading.watts ??= fields.watts(from.act_pow, ceilings, name, report);
  reading.volts ??= fields.volts(from.voltage, name, report);
  reading.amps ??= fields.amps(from.current, ceilings, name, report);
  reading.hertz ??= fields.hertz(from.freq, name, report);
  reading.voltAmps ??= fields.voltAmps(from.app_pow, ceilings, name, report);
  reading.voltAmpsReactive ??= fields.voltAmps(from.react_pow, ceilings, name, report);
  reading.powerFactor ??= fields.powerFactor(from.pow_fact, name, report);
  // Wh, as on its console and over Modbus; `res_energy` is the counter its owner may set back.
  reading.wattHoursTotal ??= fields.wattHours(from.tot_energy, 1, name, report);
}

/** Once, and again when they change. */
function describePorts(device: GudeDevice, portstates: unknown, report: Report): void {
  if (!Array.isArray(portstates)) return;
  const count = Math.min(portstates.length, portsMax);
  let isNews = false;
  for (let index = 0; index < count; index++) {
    const element: unknown = portstates[index];
    if (!isObject(element) || typeof element.name !== 'string' || device.outlet(element.port) === undefined)
      continue;
    const name = element.name.slice(0, nameLengthMax);
    if (device.names.get(element.port) === name || device.names.size >= 2 * portsMax) continue;
    device.names.set(element.port, name);
    isNews = true;
  }
  if (!isNews) return;
  const names = Array.from(device.names, ([port, name]) => [labelOf(port), name]);
  report.describe({ device: device.device, outletNames: Object.fromEntries(names) });
}

/** `A2`, 3: what stands on the unit. */
function labelOf(value: unknown): string | undefined {
  const label = typeof value === 'number' && Number.isInteger(value) && value >= 0 ? String(value) : value;
  return typeof label === 'string' && /^[\w.: -]+$/.test(label) ? label : undefined;
}

function stateOf(value: unknown, device: string, report: Report): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === 1 || value === '1') return true;
  if (value === 0 || value === '0') return false;
  return fields.switched(value, device, report);
}
