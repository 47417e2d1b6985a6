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

/** More than any coordinator carries. */
const devicesMax = 1_000;
const nameLengthMax = 256;

/** What is known of one bridge, by its base topic. Names may have slashes: they are told by the list of devices. */
export class ZigbeeBase {
  /** Grows with every list. */
  lessons = 0;
  readonly #devices = new Known(devicesMax, (name) => new ZigbeeDevice(name));
  #listed: ReadonlySet<string> = new Set();
  #groups: ReadonlySet<string> = new Set();
  /** Those that have brought readings. */
  readonly #met = new Set<ZigbeeDevice>();
  #isAway = false;

  device(name: string): ZigbeeDevice {
    return this.#devices.get(name);
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
  meet(device: ZigbeeDevice, report: Report): void {
    if (device.met || device.figures.length === 0) return;
    device.met = true;
    if (this.#met.size < devicesMax) this.#met.add(device);
    if (this.#isAway) report.availability(device.device, false);
    else if (device.online !== undefined) report.availability(device.device, device.online);
  }

  /** `<name>/availability`. */
  tellOnline(name: string, online: boolean, report: Report): void {
    if (this.#groups.has(name)) return;
    const device = this.device(name);
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
  setDevices(list: readonly unknown[], report: Report): void {
    const listed = new Set<string>();
    for (const entry of list.slice(0, devicesMax)) {
      if (!isObject(entry) || entry.type === 'Coordinator') continue;
      const name = entry.friendly_name;
      if (typeof name !== 'string' || name === '' || name.length > nameLengthMax) continue;
      listed.add(name);
      this.#expose(this.device(name), entry, report);
    }
    for (const name of this.#listed) if (!listed.has(name)) this.#remove(this.device(name), report);
    this.#listed = listed;
    this.lessons += 1;
  }

  /** `bridge/groups`: what a group says is said by its members too. */
  setGroups(names: readonly string[]): void {
    this.#groups = new Set(names.slice(0, devicesMax));
    this.lessons += 1;
  }

  #expose(device: ZigbeeDevice, entry: JsonObject, report: Report): void {
    const definition = isObject(entry.definition) ? entry.definition : undefined;
    const exposes = definition && readExposes(definition.exposes);
    device.expose(exposes);
    if (exposes?.isMeter !== true) return;
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    report.describe({
      device: device.device,
      name: device.device,
      model: [text(definition?.vendor), text(definition?.model)].filter(Boolean).join(' ') || undefined,
      firmware: text(entry.software_build_id),
      hardware: text(entry.ieee_address),
    });
    this.meet(device, report);
  }

  #remove(device: ZigbeeDevice, report: Report): void {
    if (!this.#met.delete(device)) return;
    device.met = false;
    device.online = undefined;
    device.expose(undefined);
    report.availability(device.device, false);
  }
}
