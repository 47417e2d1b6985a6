import type { RawMessage } from '../../model/reading.ts';
import { channelName } from '../channel-names.ts';
import type { Announced, Family, FamilySession, Report, TickReport, TopicReader } from '../family.ts';
import {
  type AnnouncedEntity,
  type DiscoveryTopic,
  discoveryTopic,
  readAnnouncement,
} from '../ha-announcement.ts';
import { figureOf, HaDevice } from '../ha-device.ts';
import { HaTopic } from '../ha-reader.ts';
import { readObject } from '../json.ts';

/**
 * Any device that announces itself by Home Assistant's MQTT discovery, whatever else it is: read by what its
 * announcement says. Docs: home-assistant.io/integrations/mqtt, MQTT Discovery.
 */
export const family: Family = {
  name: 'home-assistant',
  // Any prefix of one level or two: some choose their own.
  topics: ['+/', '+/+/'].flatMap((prefix) =>
    ['sensor', 'binary_sensor', 'switch', 'device'].flatMap((component) =>
      ['+/', '+/+/'].map((ids) => `${prefix}${component}/${ids}config`),
    ),
  ),
  // Whatever a family reads that knows the device itself is theirs.
  rank: 50,
  expectedIntervalMs: 60_000,
  open: () => new HomeAssistantSession(),
};

const devicesMax = 20_000;
/** Of one announcement. */
const fieldsMax = 10_000;
const configsMax = 100_000;
/** Topics listened to as announced; each costs a subscription. */
const learntTopicsMax = 6_000;
const idLengthMax = 150;
/** Devices of which one topic may tell figures, or whether they are there: each message is worked off at once. */
const devicesPerTopicMax = { figures: 512, availability: 4_096 } as const;

interface Part {
  readonly device: HaDevice;
  readonly key: string;
}

/** Says to the other families that this topic has a device it belongs to. */
const announcedAvailability: Announced = {
  isPlain: false,
  quantity: 'on',
  scale: 1,
  deviceName: undefined,
  model: undefined,
  firmware: undefined,
};

class HomeAssistantSession implements FamilySession {
  readonly #devices = new Map<string, HaDevice>();
  readonly #topics = new Map<string, HaTopic>();
  /** What each discovery message has brought. */
  readonly #configs = new Map<string, readonly Part[]>();
  readonly #subscribed = new Set<string>();

  claim(topic: string): TopicReader | undefined {
    const discovery = discoveryTopic(topic);
    if (discovery !== undefined)
      return (message, report) => this.#readConfig(topic, discovery, message, report);
    return this.#topics.get(topic)?.read;
  }

  cleared(topic: string, report: Report): void {
    if (this.#configs.has(topic)) this.#replace(topic, [], report);
  }

  tick(nowMs: number, report: TickReport): void {
    for (const device of this.#devices.values()) {
      const { expireAfterMs, heardAtMs } = device;
      if (expireAfterMs === undefined || device.expired || !(nowMs - heardAtMs > expireAfterMs)) continue;
      device.expired = true;
      report.availability(device.device, false);
    }
  }

  #readConfig(topic: string, discovery: DiscoveryTopic, message: RawMessage, report: Report): void {
    const config = readObject(message, undefined, report, fieldsMax);
    if (config === undefined) return;
    const announcement = readAnnouncement(config, discovery);
    if (announcement === undefined) {
      report.ignore('not-a-discovery');
      return;
    }
    const { entities, device, left } = announcement;
    this.#replace(topic, entities, report);
    for (let count = 0; count < left; count++) report.rejectField(device.id, 'too-many-outlets');
    report.ignore(this.#configs.has(topic) ? 'announcement' : 'not-a-meter');
  }

  /** Takes what a discovery message says in place of what it said before. */
  #replace(topic: string, entities: readonly AnnouncedEntity[], report: Report): void {
    if (!this.#configs.has(topic) && this.#configs.size >= configsMax) {
      report.rejectMessage(undefined, 'too-many-devices');
      return;
    }
    const before = this.#configs.get(topic) ?? [];
    const topicsBefore = before.map(({ device, key }) => ({ device, topics: device.topicsOf(key) }));
    const answers = new Map<string, boolean>();
    const isReadBefore = (one: string) => {
      const isRead = answers.get(one) ?? report.isReadBefore(one);
      answers.set(one, isRead);
      return isRead;
    };
    const parts = entities.flatMap((entity) => this.#put(topic, entity, isReadBefore, report) ?? []);
    const kept = new Set(parts.map(({ key, device }) => `${device.device} ${key}`));
    for (const { device, key } of before) if (!kept.has(`${device.device} ${key}`)) device.remove(key);
    for (const { device, topics } of topicsBefore)
      for (const one of topics) this.#unbind(one, device, report);
    if (parts.length > 0) this.#configs.set(topic, parts);
    else this.#configs.delete(topic);
    for (const device of new Set([...before, ...parts].map((part) => part.device)))
      this.#changed(device, new Set(parts.map(({ key }) => key)), report);
  }

  #put(
    topic: string,
    entity: AnnouncedEntity,
    isReadBefore: (topic: string) => boolean,
    report: Report,
  ): Part | undefined {
    const figure = figureOf(entity);
    if (figure === undefined) return undefined;
    // Without a device block, what is left of the entity's own name stands for it.
    const id =
      espHomeNode(entity) ?? (entity.device.id || channelName(entity.id, 'watts', []).words || entity.id);
    if (id.length > idLengthMax) {
      report.rejectMessage(undefined, 'name-too-long');
      return undefined;
    }
    if (figure === 'unit-unknown') {
      if (!isReadBefore(entity.stateTopic)) report.rejectField(id, 'unit-unknown');
      return undefined;
    }
    const device = this.#devices.get(id) ?? new HaDevice(id, entity.device);
    if (!this.#devices.has(id)) {
      if (this.#devices.size >= devicesMax) {
        report.rejectMessage(undefined, 'too-many-devices');
        return undefined;
      }
      this.#devices.set(id, device);
    }
    const key = `${topic} ${entity.id}`;
    if (!device.put(key, figure)) {
      report.rejectField(id, 'too-many-outlets');
      return undefined;
    }
    if (figure.quantity === 'on' || (figure.template !== undefined && !figure.unitGuessed))
      return { device, key };
    if (isReadBefore(entity.stateTopic)) return { device, key };
    if (figure.template === undefined) report.rejectField(id, 'unsupported-template');
    else report.rejectField(id, 'unit-unknown');
    return { device, key };
  }

  /** Lets go of a topic that nothing of the device uses any more. */
  #unbind(topic: string, device: HaDevice, report: Report): void {
    const bound = this.#topics.get(topic);
    if (bound === undefined || device.uses(topic)) return;
    bound.remove(device);
    if (bound.devices > 0) return;
    this.#topics.delete(topic);
    report.announce(topic, undefined);
  }

  /** `fresh`: what was announced just now. */
  #changed(device: HaDevice, fresh: ReadonlySet<string>, report: Report): void {
    if (device.size === 0) this.#devices.delete(device.device);
    const { isMeter } = device;
    const figures = device.figures();
    for (const [key, { entity, quantity, scale, template }] of device.entries()) {
      if (!isMeter || template === undefined) continue;
      if (this.#bind(entity.stateTopic, 'figures', device, report) || fresh.has(key)) {
        const { name, model, firmware } = entity.device;
        report.announce(entity.stateTopic, {
          isPlain: template.source === 'value',
          quantity,
          scale: scale * template.factor,
          deviceName: name,
          model,
          firmware,
        });
      }
    }
    if (!isMeter) return;
    const { hardware } = device.announced;
    if (report.isKnownByHardware(hardware)) return;
    for (const topic of new Set(figures.map(({ entity }) => entity.stateTopic)))
      if (!(device.isOurs && this.#subscribed.has(topic)) && !report.isReadBefore(topic)) {
        device.isOurs = true;
        this.#listen(topic, device, report);
      }
    if (!device.isOurs) return;
    for (const { topic } of figures.flatMap(({ entity }) => entity.availability))
      if (this.#bind(topic, 'availability', device, report)) this.#listen(topic, device, report);
    describe(device, report);
  }

  /** False: it was bound already, or there is no room, which has been counted. */
  #bind(topic: string, use: keyof typeof devicesPerTopicMax, device: HaDevice, report: Report): boolean {
    const bound = this.#topics.get(topic) ?? new HaTopic(topic);
    if (bound.has(device)) {
      bound.put(device);
      return false;
    }
    if (bound.devices >= devicesPerTopicMax[use]) {
      report.rejectMessage(device.device, 'too-many-devices');
      return false;
    }
    if (!this.#topics.has(topic)) {
      if (this.#topics.size >= configsMax) {
        report.rejectMessage(device.device, 'too-many-devices');
        return false;
      }
      this.#topics.set(topic, bound);
      if (use === 'availability') report.announce(topic, announcedAvailability);
      else report.reconsider(topic);
    }
    bound.put(device);
    return true;
  }

  #listen(topic: string, device: HaDevice, report: Report): void {
    if (this.#subscribed.has(topic)) return;
    if (this.#subscribed.size >= learntTopicsMax) {
      report.rejectMessage(device.device, 'too-many-devices');
      return;
    }
    this.#subscribed.add(topic);
    report.subscribe(topic);
  }
}

/**
 * An entity of an ESPHome node with a topic of its own: the others are read by their topics, whose prefix is the name
 * of the node, so this one is of the same.
 */
function espHomeNode({ device, uniqueId, availability }: AnnouncedEntity): string | undefined {
  const isEspHome = /esphome/i.test(`${device.firmware} ${device.model}`) || /^ESP[a-z]/.test(uniqueId ?? '');
  return isEspHome ? /^(.+)\/status$/.exec(availability[0]?.topic ?? '')?.[1] : undefined;
}

/** Again only when it says something else: each of its many messages brings it. */
function describe(device: HaDevice, report: Report): void {
  const { name, model, firmware } = device.announced;
  const described = JSON.stringify([name, model, firmware]);
  if (described === device.described) return;
  device.described = described;
  report.describe({ device: device.device, name, model, firmware });
}
