import { totalLabel } from '../model/reading.ts';

/** How the parts of a Shelly that measure are read. `load`: switches, plain meters, covers, lights. */
export type ComponentKind = 'load' | 'em' | 'emdata' | 'em1' | 'em1data';

/** One part of a device, e.g. `switch:2`, and where its figures go. */
export interface ShellyComponent {
  readonly kind: ComponentKind;
  /** The key of the part that tells the other half of the same meter: `em:0` and `emdata:0`. */
  readonly partner: string | undefined;
  /** The outlet of a component with one channel. */
  outlet: string;
  /** Wh given back, as last told: `aenergy.total` counts both directions. */
  returnedWattHours: number | undefined;
}

interface KindOfKey {
  readonly kind: ComponentKind;
  /** Who gets the plain number when two parts of a device have the same: smaller first. */
  readonly rank: number;
  /** Parts that share an outlet have the same name here. */
  readonly name: string;
  readonly partner?: string;
}

const kinds: Readonly<Record<string, KindOfKey>> = {
  em1: { kind: 'em1', rank: 0, name: 'em1', partner: 'em1data' },
  em1data: { kind: 'em1data', rank: 0, name: 'em1', partner: 'em1' },
  pm1: { kind: 'load', rank: 1, name: 'pm1' },
  switch: { kind: 'load', rank: 2, name: 'switch' },
  cover: { kind: 'load', rank: 3, name: 'cover' },
  light: { kind: 'load', rank: 4, name: 'light' },
  rgb: { kind: 'load', rank: 5, name: 'rgb' },
  rgbw: { kind: 'load', rank: 6, name: 'rgbw' },
  cct: { kind: 'load', rank: 7, name: 'cct' },
  em: { kind: 'em', rank: 8, name: 'em', partner: 'emdata' },
  emdata: { kind: 'emdata', rank: 8, name: 'em', partner: 'em' },
};

/** Components remembered of one device, those that do not measure included. */
const componentsMax = 256;

/** What is known of one Shelly, shared by the readers of its topics. */
export class ShellyDevice {
  readonly device: string;
  /** Phases and the sum of a three-phase meter. */
  readonly phaseA: string;
  readonly phaseB: string;
  readonly phaseC: string;
  readonly total: string;
  /** Has sent something only a Gen2 sends. */
  met = false;
  /** Has told who it is. */
  described = false;
  readonly #onlineBefore: Map<string, boolean>;
  readonly #components = new Map<string, ShellyComponent | undefined>();
  /** Asked for last: most devices notify one and the same part again and again. */
  #lastKey = '';
  #last: ShellyComponent | undefined = undefined;
  /** Plain number → who has it. */
  readonly #numbered = new Map<number, KindOfKey>();
  #isMeterPanel: boolean;

  /** `onlineBefore`: by prefix, what was said of its being online before it was known to be a Shelly. */
  constructor(device: string, onlineBefore: Map<string, boolean>) {
    this.#onlineBefore = onlineBefore;
    this.device = device;
    this.phaseA = `${device}/a`;
    this.phaseB = `${device}/b`;
    this.phaseC = `${device}/c`;
    this.total = `${device}/${totalLabel}`;
    this.#isMeterPanel = isMeterPanel(device.slice(device.lastIndexOf('/') + 1));
  }

  /** Once; undefined: nothing was said. */
  takeOnlineBefore(): boolean | undefined {
    const online = this.#onlineBefore.get(this.device);
    this.#onlineBefore.delete(this.device);
    return online;
  }

  /** Takes note of its own id, e.g. `shellyproem50-aabbccddeeff`. */
  identify(id: string): void {
    this.#isMeterPanel ||= isMeterPanel(id);
  }

  /** The part a key such as `switch:2` stands for; undefined: it measures nothing (`wifi`, `input:0`). */
  component(key: string): ShellyComponent | undefined {
    if (key !== this.#lastKey) {
      this.#last = this.#find(key);
      this.#lastKey = key;
    }
    return this.#last;
  }

  #find(key: string): ShellyComponent | undefined {
    const known = this.#components.get(key);
    if (known !== undefined || this.#components.has(key)) return known;
    if (this.#components.size >= componentsMax) return undefined;
    const made = this.#make(key);
    this.#components.set(key, made);
    return made;
  }

  #make(key: string): ShellyComponent | undefined {
    const match = /^([a-z0-9]+):(\d{1,5})$/.exec(key);
    const name = match?.[1];
    const kind = name !== undefined && Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    const number = Number(match?.[2]);
    if (kind === undefined || (kind.name === 'em' && number > 0)) return undefined;
    return {
      kind: kind.kind,
      partner: kind.partner && `${kind.partner}:${number}`,
      outlet: this.#outletOf(kind, number),
      returnedWattHours: undefined,
    };
  }

  /**
   * The label is the number. Where two parts share one (the contactor `switch:0` of a Pro EM-50 beside its clamp
   * `em1:0`), the better meter keeps it and the other is called by its whole key.
   */
  #outletOf(kind: KindOfKey, number: number): string {
    const plain = `${this.device}/${number}`;
    const keyed = `${this.device}/${kind.name}:${number}`;
    if (kind.name === 'em') return this.total;
    if (this.#isMeterPanel && kind.name !== 'em1') return keyed;
    const holder = this.#numbered.get(number);
    if (holder !== undefined && holder.name !== kind.name) {
      if (holder.rank < kind.rank) return keyed;
      const loser = this.#components.get(`${holder.name}:${number}`);
      if (loser !== undefined) loser.outlet = `${this.device}/${holder.name}:${number}`;
    }
    this.#numbered.set(number, kind);
    return plain;
  }
}

/** Energy meters for the distribution board (EM, Pro EM-50, Pro 3EM): their switch drives a contactor, unmetered. */
function isMeterPanel(id: string): boolean {
  return /^shelly[a-z0-9]*em/i.test(id);
}
