import { totalLabel } from '../model/reading.ts';
import type { DeviceDescription, Report } from './family.ts';

/** More than any Gen1 device has (4Pro, RGBW2: 4). */
export const channelsMax = 16;

/**
 * What is known of one Shelly Gen1, shared by the readers of its topics. The label of an outlet is the number of
 * its relay, light, roller or clamp. Where a device has both (EM: two clamps and a contactor without a meter) the
 * clamps keep the plain number and the contactor is `relay:0`.
 */
export class ShellyGen1Device {
  readonly device: string;
  readonly total: string;
  #hasClamps: boolean;
  /** Has sent something only a Gen1 sends: a Gen2 may be told to publish `shellies/<id>/online` too. */
  #met: boolean;
  #heldOnline: boolean | undefined = undefined;
  #heldDescription: DeviceDescription | undefined = undefined;
  readonly #plain: string[] = [];
  readonly #keyed: string[] = [];
  /** Numbers of the loads heard of, one bit each: asked with every message. */
  #loads = 0;

  constructor(device: string) {
    this.device = device;
    this.total = `${device}/${totalLabel}`;
    const ownName = device.slice(device.lastIndexOf('/') + 1);
    this.#hasClamps = /^shellyem/i.test(ownName);
    // Gen1 writes its MAC in capitals, later ones in small letters.
    this.#met = /^shelly[a-z0-9-]*-(?=[0-9A-F]*[A-F])(?:[0-9A-F]{6}|[0-9A-F]{12})$/.test(ownName);
  }

  /** Outlet of a relay, light or roller. */
  load(number: number): string {
    this.#loads |= 1 << number;
    if (!this.#hasClamps) return this.#plainOutlet(number);
    this.#keyed[number] ??= `${this.device}/relay:${number}`;
    return this.#keyed[number];
  }

  clamp(number: number): string {
    this.#hasClamps = true;
    return this.#plainOutlet(number);
  }

  /** The outlets of all loads heard of; the first, while none was. */
  loads(): string[] {
    if (this.#loads === 0) return [this.load(0)];
    const loads: string[] = [];
    for (let number = 0; number < channelsMax; number++)
      if ((this.#loads & (1 << number)) !== 0) loads.push(this.load(number));
    return loads;
  }

  /** To be called with every message only a Gen1 sends. */
  meet(report: Report): void {
    if (this.#met && this.#heldOnline === undefined && this.#heldDescription === undefined) return;
    this.#met = true;
    if (this.#heldDescription !== undefined) report.describe(this.#heldDescription);
    if (this.#heldOnline !== undefined) report.availability(this.device, this.#heldOnline);
    this.#heldDescription = undefined;
    this.#heldOnline = undefined;
  }

  /** Held back until it is sure that this is a Gen1. */
  tellOnline(online: boolean, report: Report): void {
    if (this.#met) report.availability(this.device, online);
    else this.#heldOnline = online;
    report.ignore('availability');
  }

  /** Held back until the device is heard under this very id: it may publish under another. */
  describe(description: DeviceDescription, report: Report): void {
    if (/^SHEM/.test(description.model ?? '')) this.#hasClamps = true;
    if (this.#met) report.describe(description);
    else this.#heldDescription = description;
    report.ignore('description');
  }

  #plainOutlet(number: number): string {
    this.#plain[number] ??= `${this.device}/${number}`;
    return this.#plain[number];
  }
}
