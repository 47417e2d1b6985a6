import type { Quantity } from '../model/quantity.ts';
import { soleLabel, totalLabel } from '../model/reading.ts';
import { type Ceilings, feedCeilings, outletCeilings } from './fields.ts';
import type { JsonObject } from './json.ts';
import { isMetered, type ZigbeeExposes, type ZigbeeKey, zigbeeKey } from './zigbee-keys.ts';

/** Where the figure under one key of the state goes. */
export interface ZigbeeFigure {
  readonly key: string;
  readonly kind: Quantity | 'relay';
  readonly scale: number;
  readonly ceilings: Ceilings;
  /** Indexes of the device's outlets: one, or all where it is shared. */
  readonly outlets: readonly number[];
}

/** Some meters tell the direction of the power under a key of its own, and the power itself without a sign. */
export interface ZigbeeFlow {
  readonly key: string;
  readonly outlet: number;
}

/** Keys remembered of one device. */
const keysMax = 160;
const keyLengthMax = 64;
const flowKey = 'energy_flow';

/**
 * What is known of one device behind Zigbee2MQTT: which of its keys are figures, and of which outlet. Learnt from
 * `bridge/devices`, and from the keys it sends.
 */
export class ZigbeeDevice {
  readonly device: string;
  /** As it told itself; undefined: it never did. */
  online: boolean | undefined = undefined;
  /** Has brought a reading. */
  met = false;
  /** Ids, in the order of the indexes in `figures`. */
  outlets: readonly string[] = [];
  figures: readonly ZigbeeFigure[] = [];
  flows: readonly ZigbeeFlow[] = [];
  #exposes: ZigbeeExposes | undefined = undefined;
  readonly #keys = new Map<string, ZigbeeKey | undefined>();
  #hasBattery = false;
  #byKey = new Map<string, ZigbeeFigure>();

  constructor(device: string) {
    this.device = device;
  }

  /** Takes what `bridge/devices` says of it; undefined: it is no longer there. */
  expose(exposes: ZigbeeExposes | undefined): void {
    this.#exposes = exposes;
    const heard = [...this.#keys.keys()];
    this.#keys.clear();
    this.#hasBattery = exposes?.hasBattery ?? heard.includes('battery');
    for (const key of exposes?.keys.keys() ?? []) this.#add(key);
    for (const key of heard) this.#add(key);
    this.#layOut();
  }

  /** Takes note of keys not seen before. */
  learn(state: JsonObject): void {
    let isNew = false;
    for (const key in state) if (!this.#keys.has(key) && this.#add(key)) isNew = true;
    if (isNew) this.#layOut();
  }

  /** The figure under a key, for states that come key by key. */
  figure(key: string): ZigbeeFigure | undefined {
    if (!this.#keys.has(key) && this.#add(key)) this.#layOut();
    return this.#byKey.get(key);
  }

  /** True: the layout may have changed. */
  #add(key: string): boolean {
    if (this.#keys.size >= keysMax || key.length > keyLengthMax) return false;
    const exposed = this.#exposes;
    let found = exposed?.keys.has(key) === true ? exposed.keys.get(key) : zigbeeKey(key);
    if (exposed !== undefined && !exposed.keys.has(key) && found?.kind === 'relay') found = undefined;
    this.#keys.set(key, found);
    if (key === 'battery') this.#hasBattery = true;
    return found !== undefined || key === 'battery' || key.startsWith(flowKey);
  }

  /**
   * Which outlet each figure is of. Endings of keys are labels. A key without one is the only meter's; beside phases
   * B and C it is phase A (Zigbee numbers them so); beside other endings it is the whole, but voltage and frequency
   * are shared.
   */
  #layOut(): void {
    // Endings first, so that an outlet's own voltage goes before the shared one.
    const found = this.#best().sort(
      (one, other) => Number(one.label === undefined) - Number(other.label === undefined),
    );
    const labels = [...new Set(found.filter(({ label }) => label !== undefined).map(labelOf))];
    const metered = new Set(found.filter((key) => key.label !== undefined && isMetered(key)).map(labelOf));
    const hasPhases = found.some(({ isPhase }) => isPhase);
    const isPhaseA = hasPhases && !metered.has('a');
    const outlets = new Map<string, number>();
    const indexOf = (label: string) => {
      const id = `${this.device}/${label}`;
      const index = outlets.get(id) ?? outlets.size;
      outlets.set(id, index);
      return index;
    };
    for (const label of labels) indexOf(label);
    const meters = [...metered].map(indexOf);
    const wholeOf = (key: ZigbeeKey): readonly number[] => {
      if (metered.size === 0) return [indexOf(soleLabel)];
      const isEnergy = key.kind === 'wattHoursTotal' || key.kind === 'wattHoursReturnedTotal';
      if (key.kind === 'hertz') return isPhaseA ? [indexOf('a'), ...meters] : meters;
      if (isPhaseA && !isEnergy && key.kind !== 'relay') return [indexOf('a')];
      return key.kind === 'volts' ? meters : [indexOf(totalLabel)];
    };
    this.figures = found.map((key) => ({
      key: key.key,
      kind: key.kind,
      scale: key.scale,
      ceilings: hasPhases || (key.label === undefined && metered.size > 0) ? feedCeilings : outletCeilings,
      outlets: key.label === undefined ? wholeOf(key) : [indexOf(key.label)],
    }));
    this.outlets = [...outlets.keys()];
    this.flows = this.figures.flatMap(({ key, kind, outlets: [outlet] }) => {
      const flow = `${flowKey}${key.slice('power'.length)}`;
      return kind === 'watts' && outlet !== undefined && this.#keys.has(flow) ? [{ key: flow, outlet }] : [];
    });
    this.#byKey = new Map(this.figures.map((figure) => [figure.key, figure]));
  }

  /**
   * The keys that are figures, one for each figure. A device with a battery tells the voltage of that; one without
   * any meter that has a battery tells nothing of ours.
   */
  #best(): (ZigbeeKey & { readonly key: string })[] {
    const best = new Map<string, ZigbeeKey & { readonly key: string }>();
    for (const [key, found] of this.#keys) {
      if (found === undefined || (this.#hasBattery && found.kind === 'volts')) continue;
      const figure = `${found.kind} ${found.label ?? ''}`;
      const other = best.get(figure);
      if (other === undefined || found.rank < other.rank) best.set(figure, { ...found, key });
    }
    return [...best.values()];
  }
}

function labelOf({ label }: ZigbeeKey): string {
  return label as string;
}
