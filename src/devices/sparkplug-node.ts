import type { Quantity } from '../model/quantity.ts';
import { type RawMessage, type Reading, soleLabel, totalLabel } from '../model/reading.ts';
import type { Report } from './family.ts';
import { type Ceilings, feedCeilings, measured, outletCeilings, switched } from './fields.ts';
import { readingAt } from './measured-time.ts';
import { dataTypes, type SparkplugMetric } from './sparkplug-metric.ts';
import { type MetricMeaning, MetricNames } from './sparkplug-names.ts';
import { neverAsked } from './sparkplug-rebirth.ts';

/** Metrics remembered of one node: of as many outlets as a device may have, four each. */
const metricsMax = 2_048;

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
export interface MetricSlot {
  readonly quantity: Quantity | 'on';
  readonly scale: number;
  readonly dataType: number;
  readonly outlet: OutletSlot;
}

/** A metric as its birth tells it; undefined: it is broken, or goes by nothing. */
type BornMetric =
  | {
      readonly name: string;
      readonly alias: number;
      readonly dataType: number;
      readonly meaning: MetricMeaning | undefined;
    }
  | undefined;

/** An outlet, and its reading while a message is being read. */
class OutletSlot {
  readonly outlet: string;
  readonly ceilings: Ceilings;
  reading: Reading | undefined = undefined;
  /** Trusted time of `reading`. */
  atMs: number | undefined = undefined;
  /** What its metrics tell so far: one tells the same only once. */
  readonly taken: (Quantity | 'on')[] = [];

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
  /** Names and aliases remembered. */
  metrics = 0;
  /** Metrics with an alias, which mostly go by it from then on: not in `#byName` before one goes by its name. */
  #aliased: { name: string; slot: MetricSlot | null }[] = [];
  /** Names of templates by alias: their members go by names of their own. */
  readonly #templates = new Map<number, string>();
  readonly #touched: OutletSlot[] = [];

  constructor(device: string) {
    this.device = device;
  }

  forget(): void {
    this.born = false;
    this.metered = false;
    this.overfull = false;
    this.metrics = 0;
    this.#aliased = [];
    this.#templates.clear();
    this.#byName = new Map();
    this.#byAlias = new Map();
  }

  /**
   * Takes what a birth says; `next` yields each of its metrics in turn, `spare` is how many may be remembered.
   * Answers where the metrics go, one after another.
   */
  learn(
    next: () => SparkplugMetric | null | undefined,
    spare: number,
    report: Report,
  ): readonly (MetricSlot | null)[] {
    this.forget();
    this.born = true;
    const found: BornMetric[] = [];
    const names = new MetricNames();
    let isStrip = false;
    for (let metric = next(); metric !== undefined; metric = next()) {
      if (found.length >= Math.min(metricsMax, spare / 2)) {
        this.overfull = true;
        report.rejectMessage(this.device, 'too-many-outlets');
        break;
      }
      const born = this.#born(metric, names, report);
      isStrip ||= born?.meaning?.label !== undefined;
      found.push(born);
    }
    if (names.left > 0) {
      this.overfull = true;
      report.rejectMessage(this.device, 'too-many-outlets');
    }
    return this.#place(found, isStrip);
  }

  #born(metric: SparkplugMetric | null, names: MetricNames, report: Report): BornMetric {
    if (metric === null) return undefined;
    const { alias, dataType, unit } = metric;
    const name = this.#nameOf(metric);
    if (name === '' && alias < 0) return undefined;
    if (dataType === dataTypes.template && alias >= 0 && name !== '') this.#templates.set(alias, name);
    const meaning = names.meaningOf(name, unit, dataType);
    if (meaning === 'unknown') report.rejectField(this.device, 'unit-unknown');
    return { name, alias, dataType, meaning: meaning === 'unknown' ? undefined : meaning };
  }

  #place(found: readonly BornMetric[], isStrip: boolean): (MetricSlot | null)[] {
    const outlets = new Map<string, OutletSlot>();
    const slots = found.map((born) => {
      if (born === undefined) return null;
      const { name, alias, dataType, meaning } = born;
      const slot = meaning === undefined ? null : this.#slot(meaning, dataType, isStrip, outlets);
      if (alias >= 0) {
        keepFirst(this.#byAlias, alias, slot);
        if (name !== '') this.#aliased.push({ name, slot });
      } else keepFirst(this.#byName, name, slot);
      return slot;
    });
    this.metrics = this.#byName.size + this.#byAlias.size + this.#aliased.length;
    this.metered = outlets.size > 0;
    return slots;
  }

  /** Null: another metric says the same of the same outlet already. */
  #slot(
    meaning: MetricMeaning,
    dataType: number,
    isStrip: boolean,
    outlets: Map<string, OutletSlot>,
  ): MetricSlot | null {
    const { quantity, scale } = meaning;
    const label = (meaning.label ?? (isStrip ? totalLabel : soleLabel)).slice(0, labelLengthMax);
    let outlet = outlets.get(label);
    if (outlet === undefined) {
      const ceilings = outletLabel.test(meaning.label ?? '') ? outletCeilings : feedCeilings;
      outlet = new OutletSlot(`${this.device}/${label}`, ceilings);
      outlets.set(label, outlet);
    }
    if (outlet.taken.includes(quantity)) return null;
    outlet.taken.push(quantity);
    return { quantity, scale, dataType, outlet };
  }

  #nameOf(metric: SparkplugMetric): string {
    if (metric.templateAlias < 0) return metric.name;
    return `${this.#templates.get(metric.templateAlias) ?? ''}/${metric.name}`;
  }

  /** Undefined: a metric no birth has told of. */
  find(metric: SparkplugMetric): MetricSlot | null | undefined {
    if (metric.nameLength === 0) return this.#byAlias.get(metric.alias);
    for (const { name, slot } of this.#aliased.splice(0)) keepFirst(this.#byName, name, slot);
    const slot = this.#byName.get(this.#nameOf(metric));
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

/** What is told twice under one name goes where the first of them went. */
function keepFirst<Key>(slots: Map<Key, MetricSlot | null>, key: Key, slot: MetricSlot | null): void {
  if (slot !== null || !slots.has(key)) slots.set(key, slot);
}

const labelLengthMax = 60;

/** Numbered like an outlet. Whatever else has a name may be a feed, a rack or a phase. */
const outletLabel = /(^|:)(?!L[123]$)[A-Za-z]?\d{1,4}$/;

/** Registers that were relayed as they are say "invalid" with the end of their range. */
function isEndOfRange(value: unknown, dataType: number): boolean {
  if (dataType === dataTypes.uint16) return value === 65535;
  return dataType === dataTypes.int16 && (value === 32767 || value === -32768);
}
