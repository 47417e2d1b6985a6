import { wordsOf } from './channel-names.ts';
import { hardwareId } from './hardware-ids.ts';
import { isObject, type JsonObject } from './json.ts';

/**
 * What a Home Assistant discovery message says, in our words: long and short keys, `~`, one component or a whole
 * device (home-assistant/core: components/mqtt/discovery.py, abbreviations.py).
 */
export interface AnnouncedEntity {
  readonly component: Component;
  /** Of the topic or of the list of components. */
  readonly id: string;
  readonly stateTopic: string;
  readonly template: string | undefined;
  readonly unit: string | undefined;
  readonly deviceClass: string | undefined;
  readonly name: string | undefined;
  readonly uniqueId: string | undefined;
  readonly onText: string;
  readonly offText: string;
  readonly availability: readonly AnnouncedAvailability[];
  readonly availabilityMode: 'all' | 'any' | 'latest';
  /** Silence after which it is away, in ms. */
  readonly expireAfterMs: number | undefined;
  readonly device: AnnouncedDevice;
}

export type Component = 'sensor' | 'binary_sensor' | 'switch';

export interface AnnouncedAvailability {
  readonly topic: string;
  readonly template: string | undefined;
  readonly onlineText: string;
  readonly offlineText: string;
}

export interface AnnouncedDevice {
  /** Its first identifier; empty: it tells nothing of itself. */
  readonly id: string;
  readonly name: string | undefined;
  readonly model: string | undefined;
  readonly firmware: string | undefined;
  /** Of its name and its id: what the names of its figures often begin with. */
  readonly words: readonly (readonly string[])[];
  /** Addresses among its identifiers and connections (hardware-ids.ts). */
  readonly hardware: readonly string[];
}

/** Where a discovery message belongs; its prefix may be any. */
export interface DiscoveryTopic {
  readonly component: Component | 'device';
  readonly nodeId: string | undefined;
  readonly objectId: string;
}

export function discoveryTopic(topic: string): DiscoveryTopic | undefined {
  const levels = topic.split('/');
  if (levels.pop() !== 'config') return undefined;
  const componentAt = levels.findLastIndex((level) => isComponent(level) || level === 'device');
  const component = levels[componentAt] as Component | 'device';
  const ids = levels.slice(componentAt + 1);
  if (
    componentAt < 1 ||
    ids.length < 1 ||
    ids.length > 2 ||
    !ids.every((id) => /^[A-Za-z0-9_-]{1,100}$/.test(id))
  )
    return undefined;
  return { component, nodeId: ids.length === 2 ? ids[0] : undefined, objectId: ids.at(-1) as string };
}

/** Taken from one message: 64 outlets with five figures each. */
const componentsMax = 320;

export interface Announcement {
  readonly device: AnnouncedDevice;
  /** Those that could be of use. */
  readonly entities: readonly AnnouncedEntity[];
  /** How many more there are than are taken. */
  readonly left: number;
}

/** Undefined: no discovery message, or one of a rackwatt, whose sums are no meter. */
export function readAnnouncement(config: JsonObject, topic: DiscoveryTopic): Announcement | undefined {
  const origin = field(config, 'origin', 'o');
  if (isObject(origin) && origin.name === 'rackwatt') return undefined;
  if (topic.component !== 'device') {
    if (typeof field(config, 'state_topic', 'stat_t') !== 'string') return undefined;
    const device = deviceOf(config, topic);
    const entity = readEntity(config, {}, topic.component, topic.objectId, device);
    return { device, entities: entity === undefined ? [] : [entity], left: 0 };
  }
  const components = field(config, 'components', 'cmps');
  if (!isObject(components)) return undefined;
  const device = deviceOf(config, topic);
  const entities: AnnouncedEntity[] = [];
  let taken = 0;
  let left = 0;
  for (const [id, own] of Object.entries(components)) {
    if (!isObject(own)) continue;
    const platform = field(own, 'platform', 'p');
    if (typeof platform !== 'string' || !isComponent(platform)) continue;
    if (taken >= componentsMax) {
      left += 1;
      continue;
    }
    taken += 1;
    const entity = readEntity(own, config, platform, id, device);
    if (entity !== undefined) entities.push(entity);
  }
  return { device, entities, left };
}

function isComponent(text: string): text is Component {
  return text === 'sensor' || text === 'binary_sensor' || text === 'switch';
}

/** `over` is what all components of a device have in common, where they do not say otherwise. */
function readEntity(
  own: JsonObject,
  over: JsonObject,
  component: Component,
  id: string,
  device: AnnouncedDevice,
): AnnouncedEntity | undefined {
  const either = (long: string, short: string) => field(own, long, short) ?? field(over, long, short);
  const base = text(own['~']) ?? text(over['~']);
  const stateTopic = topicOf(either('state_topic', 'stat_t'), base);
  if (stateTopic === undefined) return undefined;
  const mode = either('availability_mode', 'avty_mode');
  const expireAfter = field(own, 'expire_after', 'exp_aft');
  const on = text(field(own, 'payload_on', 'pl_on')) ?? 'ON';
  const off = text(field(own, 'payload_off', 'pl_off')) ?? 'OFF';
  return {
    component,
    id,
    stateTopic,
    template: text(field(own, 'value_template', 'val_tpl')),
    unit: text(field(own, 'unit_of_measurement', 'unit_of_meas')),
    deviceClass: text(field(own, 'device_class', 'dev_cla')),
    name: text(own.name),
    uniqueId: text(field(own, 'unique_id', 'uniq_id')) ?? text(field(own, 'object_id', 'obj_id')),
    onText: text(field(own, 'state_on', 'stat_on')) ?? on,
    offText: text(field(own, 'state_off', 'stat_off')) ?? off,
    availability: availabilityOf(either, base),
    availabilityMode: mode === 'all' || mode === 'any' ? mode : 'latest',
    expireAfterMs: typeof expireAfter === 'number' && expireAfter > 0 ? expireAfter * 1_000 : undefined,
    device,
  };
}

const availabilitiesMax = 8;

function availabilityOf(
  either: (long: string, short: string) => unknown,
  base: string | undefined,
): AnnouncedAvailability[] {
  const list = either('availability', 'avty');
  const many = (Array.isArray(list) ? list : isObject(list) ? [list] : []).filter(isObject);
  const inList = many.slice(0, availabilitiesMax).flatMap((one) => {
    const topic = topicOf(field(one, 'topic', 't'), base);
    if (topic === undefined) return [];
    return {
      topic,
      template: text(field(one, 'value_template', 'val_tpl')),
      onlineText: text(field(one, 'payload_available', 'pl_avail')) ?? 'online',
      offlineText: text(field(one, 'payload_not_available', 'pl_not_avail')) ?? 'offline',
    };
  });
  const topic = topicOf(either('availability_topic', 'avty_t'), base);
  if (topic === undefined) return inList;
  return [
    ...inList,
    {
      topic,
      template: text(either('availability_template', 'avty_tpl')),
      onlineText: text(either('payload_available', 'pl_avail')) ?? 'online',
      offlineText: text(either('payload_not_available', 'pl_not_avail')) ?? 'offline',
    },
  ];
}

function deviceOf(config: JsonObject, topic: DiscoveryTopic): AnnouncedDevice {
  const own = field(config, 'device', 'dev');
  const device = isObject(own) ? own : {};
  const ids = field(device, 'identifiers', 'ids');
  const connections = field(device, 'connections', 'cns');
  const identifiers = (Array.isArray(ids) ? ids.slice(0, 16) : [ids]).flatMap((id) => text(id) ?? []);
  const addresses = (Array.isArray(connections) ? connections.slice(0, 16) : []).flatMap(
    (connection: unknown) => (Array.isArray(connection) ? (text(connection[1]) ?? []) : []),
  );
  const name = text(device.name);
  const ofTopic = topic.nodeId ?? (topic.component === 'device' ? topic.objectId : undefined);
  const id = identifiers[0] ?? addresses[0] ?? ofTopic ?? name ?? '';
  return {
    id,
    name,
    words: [name, id].flatMap((one) => (one === undefined ? [] : [wordsOf(one)])),
    model: text(field(device, 'model', 'mdl')),
    firmware: text(field(device, 'sw_version', 'sw')),
    hardware: [...new Set([...identifiers, ...addresses].flatMap((one) => hardwareId(one) ?? []))],
  };
}

/** Long and short keys may stand side by side in one object. */
function field(object: JsonObject, long: string, short: string): unknown {
  return object[long] ?? object[short];
}

const textLengthMax = 1_000;

function text(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' && value.length <= textLengthMax ? value : undefined;
}

const topicLengthMax = 256;

/** `~` is the base topic as the first or the last character. Undefined: nothing one may listen to. */
function topicOf(value: unknown, base: string | undefined): string | undefined {
  const plain = text(value);
  if (plain === undefined) return undefined;
  const topic =
    base === undefined
      ? plain
      : plain.startsWith('~')
        ? base + plain.slice(1)
        : plain.endsWith('~')
          ? plain.slice(0, -1) + base
          : plain;
  return topic.length > topicLengthMax || /[+#\0]/.test(topic) || topic.startsWith('$') ? undefined : topic;
}
