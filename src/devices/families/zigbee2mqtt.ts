import type { RawMessage } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TickReport, TopicReader } from '../family.ts';
import { isObject, type JsonObject, parseObject, readObject, textOf } from '../json.ts';
import { listMembers } from '../list-members.ts';
import { availabilityText, ignoring } from '../plain-reader.ts';
import { type ListedDevice, listedMax, ZigbeeBase, type ZigbeeRoute } from '../zigbee-base.ts';
import type { ZigbeeDevice } from '../zigbee-device.ts';
import { readAttribute, readState } from '../zigbee-state.ts';

/**
 * Zigbee plugs and meters behind Zigbee2MQTT, whatever its base topic and output: states as JSON or key by key,
 * the list of devices, availability. Docs: zigbee2mqtt.io, MQTT topics and messages.
 */
export const family: Family = {
  name: 'zigbee2mqtt',
  topics: [
    'zigbee2mqtt/#',
    ...['+/', '+/+/'].flatMap((base) =>
      ['state', 'info', 'config', 'devices'].map((tail) => `${base}bridge/${tail}`),
    ),
  ],
  rank: 10,
  expectedIntervalMs: 60_000,
  // `bridge/devices` and `bridge/info` list all devices, some 5 KB each.
  payloadBytesMax: 8 * 1024 * 1024,
  open: () => new ZigbeeSession(),
};

const defaultBase = 'zigbee2mqtt';
const basesMax = 16;
const stateBytesMax = 65_536;
/** A longer list of devices is taken apart before it is parsed. */
const listBytesAtOnce = 65_536;
/** Entries of a list under an unknown name, to see whether it is ours. */
const lookedAt = 8;

class ZigbeeSession implements FamilySession {
  readonly #bases = new Map([[defaultBase, new ZigbeeBase()]]);

  claim(topic: string): TopicReader | undefined {
    const bridge = /^(.+)\/bridge\/(state|info|config|devices|groups)$/.exec(topic);
    if (bridge !== null) return this.#bridgeReader(bridge[1] as string, bridge[2] as string);
    let name = '';
    for (const known of this.#bases.keys())
      if (known.length > name.length && topic.startsWith(`${known}/`)) name = known;
    const base = this.#bases.get(name);
    return base && deviceReader(base, topic.slice(name.length + 1));
  }

  tick(_nowMs: number, report: TickReport): void {
    for (const base of this.#bases.values()) base.readOn(report);
  }

  #bridgeReader(name: string, tail: string): TopicReader | undefined {
    switch (tail) {
      case 'state':
        return (message, report) => this.#readBridgeState(name, message, report);
      case 'devices':
        return (message, report) => this.#readDevices(name, message, report);
      case 'info':
      case 'config':
        return (message, report) => this.#readInfo(name, message, report);
      default:
        return this.#bases.has(name)
          ? (message, report) => this.#readGroups(name, message, report)
          : undefined;
    }
  }

  #readBridgeState(name: string, message: RawMessage, report: Report): void {
    const text = textOf(message.payload);
    // Plain words under a name that says nothing may be those of another kind of bridge.
    if (!this.#bases.has(name) && !text.startsWith('{') && !/zigbee|z2m|zb/i.test(name)) {
      report.ignore('not-a-meter');
      return;
    }
    const online = onlineOf(text, report);
    if (online !== undefined) this.#learn(name, report)?.tellBridge(online, report);
    report.ignore('availability');
  }

  /** Before 1.17 `config`. Of use only where the base is new. */
  #readInfo(name: string, message: RawMessage, report: Report): void {
    if (!this.#bases.has(name)) {
      const text = textOf(message.payload);
      if (text.startsWith('{') && text.includes('"coordinator"') && text.includes('"version"'))
        this.#learn(name, report);
    }
    report.ignore('description');
  }

  #readDevices(name: string, message: RawMessage, report: Report): void {
    const list =
      message.payload.length > listBytesAtOnce ? longList(message, report) : shortList(message, report);
    if (list === undefined) return;
    const isOurs =
      this.#bases.has(name) ||
      list.slice(0, lookedAt).some(({ entry }) => typeof entry()?.ieee_address === 'string');
    if (isOurs) this.#learn(name, report)?.setDevices(list, report);
    report.ignore('description');
  }

  #readGroups(name: string, message: RawMessage, report: Report): void {
    const list = listOf(message, report);
    if (list !== undefined) this.#bases.get(name)?.setGroups(namesIn(list));
    report.ignore('description');
  }

  #learn(name: string, report: Report): ZigbeeBase | undefined {
    const known = this.#bases.get(name);
    if (known !== undefined || this.#bases.size >= basesMax) return known;
    const base = new ZigbeeBase();
    this.#bases.set(name, base);
    report.subscribe(`${name}/#`);
    report.reconsiderUnread();
    return base;
  }
}

/** Reads one topic under a base. Whose it is may change with the list of devices, so it is asked anew after each. */
function deviceReader(base: ZigbeeBase, rest: string): TopicReader {
  if (rest === 'bridge' || rest.startsWith('bridge/')) return ignoring('not-a-meter');
  if (/\/(?:[sg]et|action)(?:\/|$)/.test(rest)) return ignoring('not-a-meter');
  if (rest.endsWith('/availability')) {
    const name = rest.slice(0, -'/availability'.length);
    return (message, report) => readAvailability(base, name, message, report);
  }
  let route = base.route(rest);
  return (message, report) => {
    if (route.lesson !== base.lessons) route = base.route(rest);
    if (route.isGroup) report.ignore('group-state');
    else if (message.payload.length > stateBytesMax) report.rejectMessage(undefined, 'too-large');
    else readRouted(base, route, rest, message, report);
  };
}

function readRouted(
  base: ZigbeeBase,
  route: ZigbeeRoute,
  rest: string,
  message: RawMessage,
  report: Report,
): void {
  if (!startsObject(message.payload)) {
    if (route.key === undefined) report.ignore('no-meter');
    else readKey(base.device(route.device, report), route.key, base, message, report);
    return;
  }
  // Without the list any name may go on where this one seemed to end.
  if (route.key !== undefined && route.isSure) report.ignore('no-meter');
  else readWhole(base.device(rest, report), base, message, report);
}

function readWhole(device: ZigbeeDevice, base: ZigbeeBase, message: RawMessage, report: Report): void {
  const state = readObject(message, device.met ? device.device : undefined, report);
  if (state === undefined) return;
  device.learn(state);
  base.meet(device, report);
  readState(device, state, message, report);
}

function readKey(
  device: ZigbeeDevice,
  key: string,
  base: ZigbeeBase,
  message: RawMessage,
  report: Report,
): void {
  device.figure(key);
  base.meet(device, report);
  readAttribute(device, key, message, report);
}

function readAvailability(base: ZigbeeBase, name: string, message: RawMessage, report: Report): void {
  const online = onlineOf(textOf(message.payload), report);
  if (online === undefined) return;
  base.tellOnline(name, online, report);
  report.ignore('availability');
}

/** `{"state":"online"}`, before 2.0 just `online`; anything else is reported. */
function onlineOf(text: string, report: Report): boolean | undefined {
  const body = text.startsWith('{') ? parseObject(text, undefined, report) : undefined;
  if (text.startsWith('{') && body === undefined) return undefined;
  const state = body === undefined ? text : body.state;
  const online = typeof state === 'string' ? availabilityText(state) : undefined;
  if (online === undefined) report.rejectMessage(undefined, 'wrong-shape');
  return online;
}

function shortList(message: RawMessage, report: Report): ListedDevice[] | undefined {
  return listOf(message, report)
    ?.filter(isObject)
    .filter(({ friendly_name }) => typeof friendly_name === 'string')
    .map((entry) => ({ name: entry.friendly_name as string, entry: () => entry, bytes: 0 }));
}

/** Of some hundred devices: to parse it all at once would keep everything else waiting. */
function longList(message: RawMessage, report: Report): ListedDevice[] | undefined {
  const members = listMembers(message.payload, 'friendly_name', listedMax);
  if (typeof members === 'string') {
    report.rejectMessage(undefined, members);
    return undefined;
  }
  return members.flatMap(({ name, bytes }) =>
    name === undefined ? [] : [{ name, entry: () => entryIn(bytes), bytes: bytes.length }],
  );
}

/** A broken entry costs that device its description; its states are read all the same. */
function entryIn(bytes: Uint8Array): JsonObject | undefined {
  try {
    return JSON.parse(textOf(bytes)) as JsonObject;
  } catch {
    return undefined;
  }
}

/** A payload that is a JSON array; anything else is reported. */
function listOf(message: RawMessage, report: Report): readonly unknown[] | undefined {
  const text = `{"list":${textOf(message.payload)}}`;
  const list = parseObject(text, undefined, report, Number.POSITIVE_INFINITY)?.list;
  if (Array.isArray(list)) return list;
  if (list !== undefined) report.rejectMessage(undefined, 'wrong-shape');
  return undefined;
}

function namesIn(list: readonly unknown[]): string[] {
  return list.flatMap((entry) =>
    isObject(entry) && typeof entry.friendly_name === 'string' ? [entry.friendly_name] : [],
  );
}

function startsObject(payload: Uint8Array): boolean {
  return payload[0] === 123;
}
