import type { RawMessage } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import { isObject, type JsonObject, parseObject, readObject, textOf } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt, trustedIso } from '../measured-time.ts';
import { TasmotaDevice } from '../tasmota-device.ts';
import { readAnnouncement, type TasmotaAnnouncement } from '../tasmota-discovery.ts';
import { readEnergy, readTelemetry } from '../tasmota-energy.ts';
import { readNamedMeters } from '../tasmota-named-meters.ts';
import {
  isHeardAnyway,
  relayOf,
  relaysMax,
  routeOf,
  type TasmotaTail,
  tailOf,
  tasmotaFilters,
} from '../tasmota-topics.ts';
import { readZigbee } from '../tasmota-zigbee.ts';

/**
 * Tasmota: plugs, strips and boards, any `FullTopic`. Telemetry, poll answers, relays, availability, discovery.
 * Docs: tasmota.github.io/docs/MQTT, source xdrv_03_energy.ino.
 */
export const family: Family = {
  name: 'tasmota',
  topics: tasmotaFilters,
  rank: 10,
  expectedIntervalMs: 300_000,
  open: () => new TasmotaSession(),
};

const devicesMax = 20_000;
/** Four for each device at most. */
const basesMax = 4 * devicesMax;
/** Deeper topics than those listened to from the start; each costs a subscription at the broker. */
const learntFiltersMax = 1_000;
const discoveryPrefix = 'tasmota/discovery/';
const tailLevels = [
  'SENSOR',
  'STATUS0',
  'STATUS8',
  'STATUS10',
  'STATUS11',
  'ENERGY',
  'STATE',
  'RESULT',
  'LWT',
  'POWER',
];

class TasmotaSession implements FamilySession {
  readonly #devices = new Known(devicesMax, (name) => new TasmotaDevice(name));
  /** Topics that do not say by themselves what is the device: up to the tail → device. */
  readonly #bases = new Map<string, TasmotaDevice>();
  /** By MAC, to forget what was removed. */
  readonly #announced = new Map<string, TasmotaAnnouncement>();
  #learntFilters = 0;

  claim(topic: string): TopicReader | undefined {
    if (topic.startsWith(discoveryPrefix)) return this.#claimDiscovery(topic);
    const slash = topic.lastIndexOf('/');
    const learnt = this.#bases.get(topic.slice(0, slash + 1));
    if (learnt !== undefined) {
      const found = tailOf(topic.slice(slash + 1));
      return found && readerOf(found.tail, found.relay, learnt);
    }
    const route = routeOf(topic);
    return route && readerOf(route.tail, route.relay, this.#devices.get(route.device));
  }

  /** The device may still be there, so its topics stay what they are: else it would go on under another name. */
  cleared(topic: string): void {
    const mac = macOf(topic);
    if (mac !== undefined) this.#announced.delete(mac);
  }

  #claimDiscovery(topic: string): TopicReader | undefined {
    // `…/sensors` holds the shape of SENSOR with numbers frozen at boot: never a reading.
    if (topic.endsWith('/sensors')) return (_, report) => report.ignore('discovery-sample');
    const mac = macOf(topic);
    return mac === undefined ? undefined : (message, report) => this.#announce(mac, message, report);
  }

  #announce(mac: string, message: RawMessage, report: Report): void {
    const config = readObject(message, undefined, report);
    if (config === undefined) return;
    const announced = readAnnouncement(config, mac);
    if (announced === undefined) {
      report.rejectMessage(undefined, 'wrong-shape');
      return;
    }
    const before = this.#announced.get(mac);
    if (before === undefined && this.#announced.size >= devicesMax) {
      report.rejectMessage(undefined, 'too-many-devices');
      return;
    }
    this.#announced.set(mac, announced);
    const device = this.#devices.get(announced.device);
    device.learn(announced);
    for (const base of before?.bases ?? []) {
      if (!announced.bases.includes(base) && this.#bases.delete(base)) reconsiderAll(base, report);
    }
    if (announced.unusual) this.#learnBases(announced, device, report);
    report.describe(announced.description);
  }

  #learnBases(announced: TasmotaAnnouncement, device: TasmotaDevice, report: Report): void {
    for (const base of announced.bases) {
      if (this.#bases.get(base) === device) continue;
      if (this.#bases.size >= basesMax) return;
      this.#bases.set(base, device);
      reconsiderAll(base, report);
      if (isHeardAnyway(base)) continue;
      if (this.#learntFilters >= learntFiltersMax) {
        report.rejectMessage(device.device, 'too-many-devices');
        return;
      }
      this.#learntFilters += 1;
      report.subscribe(`${base}+`);
    }
  }
}

function macOf(topic: string): string | undefined {
  const match = /^tasmota\/discovery\/([0-9A-Fa-f]{12})\/config$/.exec(topic);
  return match?.[1];
}

function reconsiderAll(base: string, report: Report): void {
  for (const tail of tailLevels) report.reconsider(base + tail);
  for (let relay = 1; relay <= relaysMax; relay++) report.reconsider(`${base}POWER${relay}`);
}

function readerOf(tail: TasmotaTail, relay: number, device: TasmotaDevice): TopicReader {
  switch (tail) {
    case 'sensor':
      return (message, report) => readSensor(device, message, report);
    case 'status':
      return (message, report) => readStatus(device, message, report);
    case 'energy':
      return (message, report) => readOldEnergy(device, message, report);
    case 'state':
      return (message, report) => readState(device, message, report);
    case 'result':
      return (message, report) => readResult(device, message, report);
    case 'power':
      return (message, report) => readPower(device, relay, message, report);
    case 'will':
      return (message, report) => readWill(device, message, report);
  }
}

/** `tele/…/SENSOR` */
function readSensor(device: TasmotaDevice, message: RawMessage, report: Report): void {
  const body = readObject(message, device.device, report);
  if (body !== undefined) readBody(body, device, message, report);
}

/**
 * `stat/…/STATUS8`, `STATUS10`, `STATUS11`, or all at once as `STATUS0`: the answer to a poll, telemetry and state one
 * level down. Before 6.0 `STATUS8` held the energy keys themselves.
 */
function readStatus(device: TasmotaDevice, message: RawMessage, report: Report): void {
  const status = readObject(message, device.device, report);
  if (status === undefined) return;
  const { StatusSNS: telemetry, StatusPWR: energy, StatusSTS: state } = status;
  if (isObject(telemetry)) readBody(telemetry, device, message, report);
  if (isObject(energy)) readEnergy(energy, device, undefined, message, report);
  if (isObject(state)) readStateBody(state, device, message, report);
  report.ignore('no-telemetry');
}

function readBody(body: JsonObject, device: TasmotaDevice, message: RawMessage, report: Report): void {
  const atMs = trustedIso(body.Time, message.receivedAtMs);
  if (readTelemetry(body, device, atMs, message, report)) return;
  if (readZigbee(body, device, message, report)) return;
  if (!readNamedMeters(body, device, atMs, message, report)) report.ignore('no-meter');
}

/** Very old firmware: the energy keys stand at the top. */
function readOldEnergy(device: TasmotaDevice, message: RawMessage, report: Report): void {
  const body = readObject(message, device.device, report);
  if (body !== undefined)
    readEnergy(body, device, trustedIso(body.Time, message.receivedAtMs), message, report);
}

/** `tele/…/STATE` names every relay there is, so their number is learnt here. */
function readState(device: TasmotaDevice, message: RawMessage, report: Report): void {
  const body = readObject(message, device.device, report);
  if (body !== undefined) readStateBody(body, device, message, report);
}

function readStateBody(body: JsonObject, device: TasmotaDevice, message: RawMessage, report: Report): void {
  const relays = Object.keys(body).filter((key) => relayOf(key) !== undefined).length;
  if (relays > 0) device.relays = relays;
  readRelays(body, device, message, report);
}

/** `stat/…/RESULT` answers any command; of use is only what it says of relays. */
function readResult(device: TasmotaDevice, message: RawMessage, report: Report): void {
  const body = readObject(message, device.device, report);
  if (body !== undefined) readRelays(body, device, message, report);
}

function readRelays(body: JsonObject, device: TasmotaDevice, message: RawMessage, report: Report): void {
  const atMs = trustedIso(body.Time, message.receivedAtMs);
  for (const key in body) {
    const relay = relayOf(key);
    const on = relay === undefined ? undefined : device.isOn(body[key]);
    if (relay === undefined || on === undefined) continue;
    const reading = readingAt(device.device, device.outletOfRelay(relay), atMs, message);
    reading.on = on;
    report.reading(reading);
  }
  report.ignore('no-relay-state');
}

/** `stat/…/POWER3`: plain `ON` or `OFF`; with SetOption4 the answer to a command comes here too, as JSON. */
function readPower(device: TasmotaDevice, relay: number, message: RawMessage, report: Report): void {
  const text = textOf(message.payload);
  if (text.startsWith('{')) {
    const body = parseObject(text, device.device, report);
    if (body !== undefined) readRelays(body, device, message, report);
    return;
  }
  const on = device.isOn(text);
  if (on === undefined) {
    report.rejectMessage(device.device, 'wrong-shape');
    return;
  }
  const reading = readingAt(device.device, device.outletOfRelay(relay), undefined, message);
  reading.on = on;
  report.reading(reading);
}

/** `tele/…/LWT`: retained by design, and true as such. */
function readWill(device: TasmotaDevice, message: RawMessage, report: Report): void {
  const text = textOf(message.payload);
  if (text === device.onlineText) report.availability(device.device, true);
  else if (text === device.offlineText) report.availability(device.device, false);
  else report.rejectMessage(device.device, 'wrong-shape');
}
