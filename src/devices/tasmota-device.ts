import { soleLabel, totalLabel } from '../model/reading.ts';
import type { TasmotaAnnouncement } from './tasmota-discovery.ts';

const zigbeeMetersMax = 256;

/** What is known of one Tasmota device, shared by the readers of its topics. */
export class TasmotaDevice {
  readonly device: string;
  /** The one meter without a label, and the device as a whole. */
  readonly sole: string;
  readonly total: string;
  /** Several meters (arrays), as last seen; undefined: no meter seen yet. */
  channelled: boolean | undefined = undefined;
  /** How many it has, once a full `STATE` or its announcement told. */
  relays: number | undefined = undefined;
  onText = 'ON';
  offText = 'OFF';
  onlineText = 'Online';
  offlineText = 'Offline';
  /** Plugs behind it, where it is a Zigbee bridge, that have told a power. */
  readonly #zigbeeMeters = new Set<string>();
  readonly #labelled: string[] = [];

  constructor(device: string) {
    this.device = device;
    this.sole = `${device}/${soleLabel}`;
    this.total = `${device}/${totalLabel}`;
  }

  /** Outlet of the channel with this number, from 1. */
  outlet(number: number): string {
    this.#labelled[number] ??= `${this.device}/${number}`;
    return this.#labelled[number];
  }

  /** Which outlet a relay switches. `POWER` (0), or `POWER1` where there is but one, switches the whole device. */
  outletOfRelay(relay: number): string {
    if (relay > 1 || (relay === 1 && this.relays !== 1)) return this.outlet(relay);
    return this.channelled === true ? this.total : this.sole;
  }

  /** Is this plug behind it known for a meter? `isMeter`: it is, as of now. */
  hasZigbeeMeter(device: string, isMeter: boolean): boolean {
    if (isMeter && this.#zigbeeMeters.size < zigbeeMetersMax) this.#zigbeeMeters.add(device);
    return isMeter || this.#zigbeeMeters.has(device);
  }

  /** `ON` → true, `OFF` → false (or its own words for them), anything else undefined. */
  isOn(value: unknown): boolean | undefined {
    if (value === this.onText) return true;
    return value === this.offText ? false : undefined;
  }

  learn(announced: TasmotaAnnouncement): void {
    this.onText = announced.onText;
    this.offText = announced.offText;
    this.onlineText = announced.onlineText;
    this.offlineText = announced.offlineText;
    if (announced.relays > 0) this.relays = announced.relays;
  }
}
