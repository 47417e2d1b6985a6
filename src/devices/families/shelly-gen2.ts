import type { RawMessage } from '../../model/reading.ts';
import type { Announced, Family, FamilySession, Report, TopicReader } from '../family.ts';
import { isObject, type JsonObject, parseObject, readObject, textOf } from '../json.ts';
import { Known } from '../known.ts';
import { trustedSeconds } from '../measured-time.ts';
import { partsOfAnswer } from '../shelly-answers.ts';
import { readComponent } from '../shelly-components.ts';
import { ShellyDevice } from '../shelly-device.ts';

/**
 * Shelly Gen2, Gen3, Gen4 (Plus, Pro, Mini, EM, Power Strip): notifications, component status, availability.
 * Docs: shelly-api-docs.shelly.cloud/gen2, Mqtt, Notifications and component pages.
 */
export const family: Family = {
  name: 'shelly-gen2',
  topics: ['events/rpc', 'status/+', 'rpc', 'online'].flatMap((tail) =>
    [1, 2, 3, 4, 5, 6].map((levels) => `${'+/'.repeat(levels)}${tail}`),
  ),
  rank: 10,
  expectedIntervalMs: 60_000,
  open: () => new ShellySession(),
};

const devicesMax = 20_000;

/** Parts of a Shelly that come without a number in their topic; none measures. */
const unnumbered =
  /^(sys|wifi|eth|ble|cloud|mqtt|ws|ui|matter|zigbee|knx|modbus|bthome|schedule|webhook|plugs_ui|serial|em|ht_ui)$/;

const factoryName = /^shelly[a-z0-9]+-[0-9a-f]+$/i;

class ShellySession implements FamilySession {
  /** What was said under `<prefix>/online` of prefixes that may be a Shelly's, by prefix. */
  readonly #onlineBefore = new Map<string, boolean>();
  readonly #devices = new Known(devicesMax, (prefix) => new ShellyDevice(prefix, this.#onlineBefore));
  /** By its own id, where it publishes under another name. */
  readonly #byId = new Map<string, ShellyDevice>();

  claim(topic: string, announced?: Announced): TopicReader | undefined {
    const slash = topic.lastIndexOf('/');
    if (slash <= 0) return undefined;
    const last = topic.slice(slash + 1);
    if (last === 'online') return this.#claimOnline(topic.slice(0, slash), announced);
    const before = topic.lastIndexOf('/', slash - 1);
    if (last === 'rpc' && !topic.endsWith('/events/rpc'))
      return (message, report) => this.#readAnswer(message, report);
    if (before <= 0) return undefined;
    const prefix = topic.slice(0, before);
    const middle = topic.slice(before + 1, slash);
    if (middle === 'events' && last === 'rpc') {
      const device = this.#devices.get(prefix);
      return (message, report) => {
        readNotification(device, message, report, (id) => this.#name(device, id));
      };
    }
    return middle === 'status' ? this.#claimStatus(prefix, last) : undefined;
  }

  #claimStatus(prefix: string, key: string): TopicReader | undefined {
    if (!/^[a-z0-9_]+:\d{1,5}$/.test(key)) {
      return unnumbered.test(key) ? (_, report) => report.ignore('not-a-meter') : undefined;
    }
    const device = this.#devices.get(prefix);
    return (message, report) => readStatus(device, key, message, report);
  }

  #name(device: ShellyDevice, id: string): void {
    if (this.#byId.size < devicesMax) this.#byId.set(id, device);
  }

  /** `<who asked>/rpc`: the answer to a request of somebody, or a request, whose topic looks the same. */
  #readAnswer(message: RawMessage, report: Report): void {
    const text = textOf(message.payload);
    const body = text.startsWith('{"') ? parseObject(text, undefined, report) : {};
    if (body === undefined) return;
    const { src, result } = body;
    const parts =
      typeof src === 'string' && /^shelly[\w-]{1,60}$/i.test(src) && isObject(result)
        ? partsOfAnswer(result)
        : undefined;
    if (parts === undefined) {
      report.ignore('not-a-status');
      return;
    }
    const id = src as string;
    const device = this.#byId.get(id) ?? this.#devices.get(id);
    if (!device.met) meet(device, report);
    if (!device.described) introduce(device, id, report, () => {});
    readParts(device, parts, undefined, message, report);
  }

  /**
   * Many things publish `…/online`, Gen1 under `shellies/`, bridges for what they announce: unless it is called as they
   * come from the factory, a Gen2 is known by its other topics, and what was said before waits until it is.
   */
  #claimOnline(prefix: string, announced: Announced | undefined): TopicReader | undefined {
    if (factoryName.test(prefix) || this.#devices.has(prefix))
      return (message, report) => readOnline(prefix, message, report);
    if (announced !== undefined || /^(shellies|netio)\//.test(prefix)) return undefined;
    return (message, report) => {
      const text = textOf(message.payload);
      const isOnline = text === 'true' || text === 'false';
      report.ignore(isOnline ? 'availability' : 'not-a-meter');
      if (isOnline && this.#onlineBefore.size < devicesMax) this.#onlineBefore.set(prefix, text === 'true');
    };
  }
}

/** `<prefix>/events/rpc`: `NotifyFullStatus` once connected, then `NotifyStatus` with only what changed. */
function readNotification(
  device: ShellyDevice,
  message: RawMessage,
  report: Report,
  tellId: (id: string) => void,
): void {
  const body = readObject(message, device.device, report);
  if (body === undefined) return;
  const params = body.params;
  if (body.method !== 'NotifyStatus' && body.method !== 'NotifyFullStatus') {
    report.ignore('not-a-status');
    return;
  }
  if (!isObject(params)) {
    report.rejectMessage(device.device, 'wrong-shape');
    return;
  }
  if (!device.met) meet(device, report);
  if (!device.described) introduce(device, body.src, report, tellId);
  readParts(device, params, trustedSeconds(params.ts, message.receivedAtMs), message, report);
}

function readParts(
  device: ShellyDevice,
  parts: JsonObject,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): void {
  for (const key in parts) {
    if (key === 'ts') continue;
    const component = device.component(key);
    if (component !== undefined) readComponent(device, component, parts[key], parts, atMs, message, report);
  }
  report.ignore('not-a-meter');
}

/** Once: now its `online` can be told from that of a stranger. */
function meet(device: ShellyDevice, report: Report): void {
  device.met = true;
  report.reconsider(`${device.device}/online`);
  const online = device.takeOnlineBefore();
  if (online !== undefined) report.availability(device.device, online);
}

/** Once: `src` is its own id, `<model>-<mac>`, whatever its topics are called. */
function introduce(device: ShellyDevice, src: unknown, report: Report, tellId: (id: string) => void): void {
  device.described = true;
  if (typeof src !== 'string' || !src.startsWith('shelly')) return;
  device.identify(src);
  tellId(src);
  report.describe({ device: device.device, name: src, model: src.split('-', 1)[0] });
}

/** `<prefix>/status/<component>:<n>`: the component as a whole, without a time. */
function readStatus(device: ShellyDevice, key: string, message: RawMessage, report: Report): void {
  if (!device.met) meet(device, report);
  const component = device.component(key);
  if (component === undefined) {
    report.ignore('not-a-meter');
    return;
  }
  const body = readObject(message, device.device, report);
  if (body !== undefined) readComponent(device, component, body, undefined, undefined, message, report);
}

function readOnline(device: string, message: RawMessage, report: Report): void {
  const text = textOf(message.payload);
  if (text === 'true' || text === 'false') report.availability(device, text === 'true');
  else report.rejectMessage(device, 'wrong-shape');
}
