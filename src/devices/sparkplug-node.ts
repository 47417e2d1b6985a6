import type { Quantity } from '../model/quantity.ts';
import { type RawMessage, type Reading, soleLabel, totalLabel } from '../model/reading.ts';
import type { Report } from './family.ts';
import { type Ceilings, feedCeilings, measured, outletCeilings, switched } from './fields.ts';
import { readingAt } from './measured-time.ts';
import { type MetricMeaning, meaningOfMetric } from './sparkplug-names.ts';
import { dataTypes, type SparkplugMetric } from './sparkplug-payload.ts';
import { neverAsked } from './sparkplug-rebirth.ts';

/** Names and aliases remembered of one node. */
const metricsMax = 8_192;

/** One edge node: its own metrics, those of its devices, and where it stands in its sequence. */
export class SparkplugEdge {
  readonly group: string;
  readonly edge: string;
  readonly own: SparkplugNode;
  readonly nodes: SparkplugNode[] = [];
  /** `seq` of its last message; −1: not known. */
  seq = -1;
  /** Which birth this is; −1: not told. A death belongs to one of them. */
  birthNumber = -1;
  readonly wait = neverAsked();

  constructor(group: string, edge: string) {
    this.group = group;
    this.edge = edge;
    this.own = new SparkplugNode(`${group}/${edge}`);
  }
}

/** What a metric of a node is and where it goes. */
interface MetricSlot extends MetricMeaning {
  readonly dataType: number;
  readonly outlet: OutletSlot;
}

/** An outlet, and its reading while a message is being read. */
class OutletSlot {
  readonly outlet: string;
  readonly ceilings: Ceilings;
  reading: Reading | undefined = undefined;
  /** Trusted time of `reading`. */
  atMs: number | undefined = undefined;

  constructor(outlet: string, ceilings: Ceilings) {
    this.outlet = outlet;
    this.ceilings = ceilings;
  }
}

/** An edge node's own metrics, or those of one device under it, as its birth has told them. */
export class SparkplugNode {
  readonly device: string;
  born = false;
  /** It has metrics that we read. */
  metered = false;
  /** It has more metrics than are remembered: those unknown are no reason to ask. */
  overfull = false;
  /** Names and aliases; null: known, and nothing for us. */
  #byName = new Map<string, MetricSlot | null>();
  #byAlias = new Map<number, MetricSlot | null>();
  readonly #touched: OutletSlot[] = [];

  constructor(device: string) {
    this.device = device;
  }

  get metrics(): number {
    return this.#byName.size + this.#byAlias.size;
  }

  forget(): void {
    this.born = false;
    this.metered = false;
    this.overfull = false;
    this.#byName = new Map();
    this.#byAlias = new Map();
  }

  /** Takes what a birth says; `metrics` yields each of its metrics in turn, `spare` is how many may be remembered. */
  learn(next: () => SparkplugMetric | null | undefined, spare: number, report: Report): void {
    this.forget();
    this.born = true;
    const found: { name: string; alias: number; dataType: number; meaning: MetricMeaning | undefined }[] = [];
    for (let metric = next(); metric !== undefined; metric = next()) {
      if (metric === null || (metric.name === '' && metric.alias < 0)) continue;
      if (found.length * 2 >= Math.min(metricsMax, spare)) {
        this.overfull = true;
        report.rejectMessage(this.device, 'too-many-outlets');
        break;
      }
      const { name, alias, dataType, unit } = metric;
      const meaning = meaningOfMetric(name, unit, dataType);
      if (meaning === 'unknown') report.rejectField(this.device, 'unit-unknown');
      found.push({ name, alias, dataType, meaning: meaning === 'unknown' ? undefined : meaning });
    }
    const isStrip = found.some(({ meaning }) => meaning?.label !== undefined);
    const outlets = new Map<string, OutletSlot>();
    const taken = new Set<string>();
    for (const { name, alias, dataType, meaning } of found) {
      const slot = meaning === undefined ? null : this.#slot(meaning, dataType, isStrip, outlets, taken);
      if (name !== '') this.#byName.set(name, slot);
      if (alias >= 0) this.#byAlias.set(alias, slot);
    }
    this.metered = taken.size > 0;
  }

  /** Null: another metric says the same of the same outlet already. */
  #slot(
    meaning: MetricMeaning,
    dataType: number,
    isStrip: boolean,
    outlets: Map<string, OutletSlot>,
    taken: Set<string>,
  ): MetricSlot | null {
    const label = (meaning.label ?? (isStrip ? totalLabel : soleLabel)).slice(0, labelLengthMax);
    const key = `${label}/${meaning.quantity}`;
    if (taken.has(key)) return null;
    taken.add(key);
    let outlet = outlets.get(label);
    if (outlet === undefined) {
      const ceilings =
        meaning.label === undefined || /^(L[123]|[abc])$/.test(label) ? feedCeilings : outletCeilings;
      outlet = new OutletSlot(`${this.device}/${label}`, ceilings);
      outlets.set(label, outlet);
    }
    return { ...meaning, dataType, outlet };
  }

  /** Undefined: a metric no birth has told of. */
  find(metric: SparkplugMetric): MetricSlot | null | undefined {
    if (metric.name === '') return this.#byAlias.get(metric.alias);
    const slot = this.#byName.get(metric.name);
    return slot === undefined && metric.alias >= 0 ? this.#byAlias.get(metric.alias) : slot;
  }

  /** Puts one value into the reading of its outlet and instant. */
  take(
    slot: MetricSlot,
    metric: SparkplugMetric,
    atMs: number | undefined,
    message: RawMessage,
    report: Report,
  ): void {
    const dataType = metric.dataType === 0 ? slot.dataType : metric.dataType;
    const value = metric.valueAs(dataType);
    if (value === undefined) return;
    const outlet = slot.outlet;
    let reading = outlet.reading;
    if (reading === undefined) this.#touched.push(outlet);
    if (reading === undefined || outlet.atMs !== atMs || reading[slot.quantity] !== undefined) {
      if (reading !== undefined) report.reading(reading);
      reading = readingAt(this.device, outlet.outlet, atMs, message);
      outlet.reading = reading;
      outlet.atMs = atMs;
    }
    if (slot.quantity === 'on') reading.on = switched(value, this.device, report);
    else if (isEndOfRange(value, dataType)) report.rejectField(this.device, 'sentinel');
    else
      reading[slot.quantity as Quantity] = measured(
        slot.quantity,
        value,
        slot.scale,
        outlet.ceilings,
        this.device,
        report,
      );
  }

  /** Hands on the readings of the message. */
  finish(report: Report): void {
    for (const outlet of this.#touched) {
      if (outlet.reading !== undefined) report.reading(outlet.reading);
      outlet.reading = undefined;
    }
    this.#touched.length = 0;
  }
}

const labelLengthMax = 60;

/** Registers that were relayed as they are say "invalid" with the end of their range. */
function isEndOfRange(value: unknown, dataType: number): boolean {
  if (dataType === dataTypes.uint16) return value === 65535;
  return dataType === dataTypes.int16 && (value === 32767 || value === -32768);
}
