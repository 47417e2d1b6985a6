/**
 * Devices by what they are in hardware (MAC, IEEE address, or the last six digits of a MAC), whatever they are
 * called: so that one which two families hear of is read by one of them only.
 */
export class HardwareIds<Device> {
  readonly #max: number;
  readonly #devices = new Map<string, Device[]>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Notes the address that a device's name or description ends with, if any. */
  note(text: string, device: Device): void {
    const id = hardwareId(text);
    if (id === undefined) return;
    const isShort = id.length === shortLength;
    const keys = isShort ? [`short ${id}`, `any ${id}`] : [id, `any ${id.slice(-shortLength)}`];
    for (const key of keys) {
      const known = this.#devices.get(key);
      if (known === undefined && this.#devices.size < this.#max) this.#devices.set(key, [device]);
      else if (known !== undefined && !known.includes(device) && known.length < sameMax) known.push(device);
    }
  }

  /** Is there a device with one of these ids (of `hardwareId`) that is so? A short id is the end of a long one. */
  some(ids: readonly string[], isSo: (device: Device) => boolean): boolean {
    for (const id of ids) {
      const isShort = id.length === shortLength;
      const keys = isShort ? [`any ${id}`] : [id, `short ${id.slice(-shortLength)}`];
      if (keys.some((key) => this.#devices.get(key)?.some(isSo))) return true;
    }
    return false;
  }
}

/** Families that may hear of one device. */
const sameMax = 4;
const shortLength = 6;

/** `shellyplus1pm-A8032AB12345` → `a8032ab12345`; `tasmota_1A2B3C` → `1a2b3c`; undefined: no address at its end. */
export function hardwareId(text: string): string | undefined {
  const end = text.length > 300 ? '' : text.slice(-23).replace(/(?<=[0-9a-f]{2})[:-](?=[0-9a-f]{2})/gi, '');
  const id = /(?:^|[^0-9a-z])(0x[0-9a-f]{16}|[0-9a-f]{12}|[0-9a-f]{6})$/i.exec(end)?.[1]?.toLowerCase();
  // A word such as `facade` is no address.
  return id !== undefined && /\d/.test(id) ? id : undefined;
}
