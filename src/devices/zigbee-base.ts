import type { Report } from './family.ts';
import { isObject, type JsonObject } from './json.ts';
import { Known } from './known.ts';
import { ZigbeeDevice } from './zigbee-device.ts';
import { readExposes } from './zigbee-keys.ts';

/** What a topic under a base is about. */
export interface ZigbeeRoute {
  readonly device: string;
  /** The key of the state, where the topic carries only that one. */
  readonly key: string | undefined;
  /** The device is in the list, so that its name is not a guess. */
  readonly isSure: boolean;
  readonly isGroup: boolean;
  /** As of which list. */
  readonly lesson: number;
}

/** One entry of `bridge/devices`. */
export interface ListedDevice {
  readonly name: string;
  /** What it says; undefined: nothing that could be read. */
  readonly entry: () => JsonObject | undefined;
  /** How long it is; 0: parsed already. */
  readonly bytes: number;
}

/** Where is said what the list tells of devices, during a message or between two. */
type News = Pick<Report, 'availability' | 'describe'>;

/** More than any coordinator carries. */
export const listedMax = 1_000;
const devicesMax = listedMax;
const nameLengthMax = 256;
/** Of a long list so much is parsed at once, the rest when it is needed or between messages. */
const bytesAtOnce = 131_072;

/** What is known of one bridge, by its base topic. Names may have slashes: they are told by the list of devices. */
export class ZigbeeBase {
  /** Grows with every list. */
  lessons = 0;
  readonly #devices = new Known(devicesMax, (name) => new ZigbeeDevice(name));
  #listed: ReadonlySet<string> = new Set();
  /** Those in the list of which it was not read yet what they are; they hold on to the bytes of the list. */
  readonly #unread = new Map<string, ListedDevice>();
  #groups: ReadonlySet<string> = new Set();
  /** Those that have brought readings. */
  readonly #met = new Set<ZigbeeDevice>();
  #isAway = false;

  /** Knows all that the list says of it. */
  device(name: string, news: News): ZigbeeDevice {
    const unread = this.#unread.size === 0 ? undefined : this.#unread.get(name);
    if (unread !== undefined) this.#readEntry(unread, news);
    return this.#devices.get(name);
  }

  /** Goes on with a long list; to be called every now and then. */
  readOn(news: News): void {
    let left = bytesAtOnce;
    for (const listed of this.#unread.values()) {
      if (left <= 0) return;
      left -= listed.bytes;
      this.#readEntry(listed, news);
    }
  }

  /** The longest name in the list that the topic begins with; without a list a guess. */
  route(rest: string): ZigbeeRoute {
    const lesson = this.lessons;
    const isGroup = this.#groups.has(rest);
    if (isGroup || this.#listed.has(rest))
      return { device: rest, key: undefined, isSure: true, isGroup, lesson };
    for (let slash = rest.lastIndexOf('/'); slash > 0; slash = rest.lastIndexOf('/', slash - 1)) {
      const device = rest.slice(0, slash);
      if (this.#groups.has(device)) return { device, key: undefined, isSure: true, isGroup: true, lesson };
      if (this.#listed.has(device))
        return { device, key: rest.slice(slash + 1), isSure: true, isGroup: false, lesson };
    }
    const slash = rest.lastIndexOf('/');
    return slash > 0
      ? { device: rest.slice(0, slash), key: rest.slice(slash + 1), isSure: false, isGroup: false, lesson }
      : { device: rest, key: undefined, isSure: false, isGroup: false, lesson };
  }

  /** Takes note that a device has a meter or a relay; then its availability is news. */
  meet(device: ZigbeeDevice, news: Pick<News, 'availability'>): void {
    if (device.met || device.figures.length === 0) return;
    device.met = true;
    if (this.#met.size < devicesMax) this.#met.add(device);
    if (this.#isAway) news.availability(device.device, false);
    else if (device.online !== undefined) news.availability(device.device, device.online);
  }

  /** `<name>/availability`. */
  tellOnline(name: string, online: boolean, report: Report): void {
    if (this.#groups.has(name)) return;
    const device = this.device(name, report);
    device.online = online;
    if (device.met) report.availability(name, online && !this.#isAway);
  }

  /** `bridge/state`: without the bridge nothing is heard of any device. */
  tellBridge(online: boolean, report: Report): void {
    if (this.#isAway === !online) return;
    this.#isAway = !online;
    for (const device of this.#met) report.availability(device.device, online && device.online !== false);
  }

  /** `bridge/devices`: all there are, so that what is missing was removed or renamed. */
  setDevices(list: readonly ListedDevice[], report: Report): void {
    this.#unread.clear();
    for (const listed of list.slice(0, devicesMax))
      if (listed.name !== '' && listed.name.length <= nameLengthMax) this.#unread.set(listed.name, listed);
    const listed = new Set(this.#unread.keys());
    this.readOn(report);
    for (const name of this.#listed) if (!listed.has(name)) this.#remove(this.#devices.get(name), report);
    this.#listed = listed;
    this.lessons += 1;
  }

  /** `bridge/groups`: what a group says is said by its members too. */
  setGroups(names: readonly string[]): void {
    this.#groups = new Set(names.slice(0, devicesMax));
    this.lessons += 1;
  }

  #readEntry({ name, entry: read }: ListedDevice, news: News): void {
    this.#unread.delete(name);
    const entry = read();
    if (entry !== undefined && entry.type !== 'Coordinator')
      this.#expose(this.#devices.get(name), entry, news);
  }

  #expose(device: ZigbeeDevice, entry: JsonObject, news: News): void {
    const definition = isObject(entry.definition) ? entry.definition : undefined;
    const exposes = definition && readExposes(definition.exposes);
    device.expose(exposes);
    if (exposes?.isMeter !== true) return;
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    news.describe({
      device: device.device,
      name: device.device,
      model: [text(definition?.vendor), text(definition?.model)].filter(Boolean).join(' ') || undefined,
      firmware: text(entry.software_build_id),
      hardware: text(entry.ieee_address),
    });
    this.meet(device, news);
  }

  #remove(device: ZigbeeDevice, report: Report): void {
    if (!this.#met.delete(device)) return;
    device.met = false;
    device.online = undefined;
    device.expose(undefined);
    report.availability(device.device, false);
  }
}
