import type { DeviceDescription, RejectReason } from './family.ts';
import { HardwareIds } from './hardware-ids.ts';

/** Messages nobody could read, or of devices that found no place, are counted under this name. */
export const unknownDevice = '?';

/** What is known and counted of one device. */
export interface DeviceRecord {
  readonly device: string;
  readonly family: string;
  /** Outlet ids, in the order they were first heard. */
  readonly outlets: readonly string[];
  readonly name?: string;
  readonly model?: string;
  readonly firmware?: string;
  /** When its newest message came, epoch ms; absent while only retained ones did. */
  readonly lastAtMs?: number;
  /** As it told itself; absent: it never did. */
  readonly online?: boolean;
  readonly messages: number;
  /** Messages and fields dropped, by reason. */
  readonly rejects: Readonly<Partial<Record<RejectReason, number>>>;
}

/** The same while it is kept. One shape for all, since it is touched with every message. */
export class Device {
  readonly device: string;
  readonly family: string;
  readonly outlets: string[] = [];
  name: string | undefined = undefined;
  model: string | undefined = undefined;
  firmware: string | undefined = undefined;
  /** NaN: never; a number always, so that it is written in place. */
  lastAtMs = Number.NaN;
  online: boolean | undefined = undefined;
  messages = 0;
  rejects: Partial<Record<RejectReason, number>> | undefined = undefined;

  constructor(device: string, family: string) {
    this.device = device;
    this.family = family;
  }
}

export interface DeviceLimits {
  readonly devicesMax: number;
  readonly outletsPerDeviceMax: number;
  /** All devices together. */
  readonly outletsMax: number;
  /** Characters of a device's name; an outlet's label may have a third of it. */
  readonly nameLengthMax: number;
}

/** The devices heard of, and what was dropped of them. Bounded: whoever comes too late is refused and counted. */
export class DeviceTable {
  readonly #limits: DeviceLimits;
  readonly #devices = new Map<string, Device>();
  readonly #slots = new Map<string, number>();
  /** Family → reason → how many. */
  readonly #rejected = new Map<string, Partial<Record<RejectReason, number>>>();
  readonly #unknown = new Device(unknownDevice, unknownDevice);
  readonly #hardware: HardwareIds<Device>;

  constructor(limits: DeviceLimits) {
    this.#limits = limits;
    this.#hardware = new HardwareIds(3 * limits.devicesMax);
  }

  /** The device of this name, made when it is new and there is room, else why not. */
  admit(name: string, family: string): Device | RejectReason {
    const known = this.#devices.get(name);
    if (known !== undefined) return known;
    if (name.length === 0 || name.length > this.#limits.nameLengthMax) return 'name-too-long';
    if (this.#devices.size >= this.#limits.devicesMax) return 'too-many-devices';
    const device = new Device(name, family);
    this.#devices.set(name, device);
    this.#hardware.note(name, device);
    return device;
  }

  /** A dense number for the outlet, 0 … outletsMax−1, given when it is new and there is room; else why not. */
  slotOf(outlet: string, device: Device): number | RejectReason {
    const known = this.#slots.get(outlet);
    if (known !== undefined) return known;
    if (outlet.length - device.device.length > this.#limits.nameLengthMax / 3) return 'name-too-long';
    if (device.outlets.length >= this.#limits.outletsPerDeviceMax) return 'too-many-outlets';
    if (this.#slots.size >= this.#limits.outletsMax) return 'too-many-outlets';
    const slot = this.#slots.size;
    this.#slots.set(outlet, slot);
    device.outlets.push(outlet);
    return slot;
  }

  /** Counts one message or field dropped; without a device, under `?`. */
  reject(device: Device | undefined, family: string, reason: RejectReason): void {
    const record = device ?? this.#unknown;
    record.rejects ??= {};
    record.rejects[reason] = (record.rejects[reason] ?? 0) + 1;
    const totals = this.#rejected.get(family) ?? {};
    totals[reason] = (totals[reason] ?? 0) + 1;
    this.#rejected.set(family, totals);
  }

  /** Counts one message; without a device, under `?`. */
  heard(device: Device | undefined, receivedAtMs: number, retained: boolean): void {
    const record = device ?? this.#unknown;
    record.messages += 1;
    if (!retained) record.lastAtMs = Math.floor(receivedAtMs);
  }

  /** Takes what the device says of itself, clipped; what it does not say this time stays as it was. */
  describe(device: Device, description: DeviceDescription): void {
    device.name = description.name ?? device.name;
    device.model = description.model ?? device.model;
    device.firmware = description.firmware ?? device.firmware;
    for (const text of [description.hardware, description.name])
      if (text !== undefined) this.#hardware.note(text, device);
  }

  /** Has another family given readings of a device with one of these addresses? */
  isKnownByHardware(ids: readonly string[], family: string): boolean {
    return this.#hardware.some(ids, (device) => device.family !== family && device.outlets.length > 0);
  }

  setOnline(name: string, online: boolean): void {
    const device = this.#devices.get(name);
    if (device !== undefined) device.online = online;
  }

  /** All devices heard of; `?` last, when anything was counted under it. */
  rows(): DeviceRecord[] {
    const all = [...this.#devices.values()];
    if (this.#unknown.messages > 0 || this.#unknown.rejects !== undefined) all.push(this.#unknown);
    return all.map(rowOf);
  }

  rejected(): { family: string; reason: RejectReason; count: number }[] {
    return [...this.#rejected].flatMap(([family, byReason]) =>
      Object.entries(byReason).map(([reason, count]) => ({ family, reason: reason as RejectReason, count })),
    );
  }
}

function rowOf(device: Device): DeviceRecord {
  return {
    device: device.device,
    family: device.family,
    outlets: [...device.outlets],
    ...(device.name !== undefined && { name: device.name }),
    ...(device.model !== undefined && { model: device.model }),
    ...(device.firmware !== undefined && { firmware: device.firmware }),
    ...(!Number.isNaN(device.lastAtMs) && { lastAtMs: device.lastAtMs }),
    ...(device.online !== undefined && { online: device.online }),
    messages: device.messages,
    rejects: { ...device.rejects },
  };
}
