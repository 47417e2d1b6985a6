import type { Quantity } from '../model/quantity.ts';
import { type RawMessage, type Reading, soleLabel, totalLabel } from '../model/reading.ts';
import type { Report } from './family.ts';
import { type Ceilings, feedCeilings, measured, outletCeilings } from './fields.ts';
import { readingAt } from './measured-time.ts';
import { figureOfName, type NamedFigure } from './quantity-names.ts';
import type { SeriesIdentity } from './telegraf-identity.ts';

/** What the series of one device have shown together. */
export interface TelegrafDevice {
  /** It has outlets of its own: figures without a label are those of the whole, and groups are sums of outlets. */
  hasOutlets: boolean;
}

/** What a field means and where it goes. */
interface FieldSlot {
  readonly quantity: Quantity;
  readonly scale: number;
  readonly outlet: OutletSlot;
  /** Its unit is known. */
  readonly sure: boolean;
  /** Power out of a MIB by its own name: many tell it in kW, with a point or without. */
  readonly isColumn: boolean;
}

interface OutletSlot {
  readonly outlet: string;
  readonly ceilings: Ceilings;
  reading: Reading | undefined;
}

/** Fields remembered of one series. */
const fieldsMax = 256;

/** What field names mean by themselves: series of a kind have the same ones, so each is looked at once. */
export class FieldNames {
  readonly #figures = new Map<string, NamedFigure | undefined>();

  get(name: string): NamedFigure | undefined {
    if (this.#figures.has(name)) return this.#figures.get(name);
    const figure = figureOfName(name);
    if (this.#figures.size < namesMax && name.length <= nameLengthMax) this.#figures.set(name, figure);
    return figure;
  }
}

const namesMax = 4_096;
const nameLengthMax = 128;

/** One measurement with one set of tags: a device, mostly one outlet, and the meaning of its fields. */
export class TelegrafSeries {
  readonly identity: SeriesIdentity;
  readonly #device: TelegrafDevice;
  readonly #names: FieldNames;
  /** By name; null: not for us. */
  readonly #fields = new Map<string, FieldSlot | null>();
  /** Few: one, or three phases. */
  readonly #outlets: { readonly label: string; readonly slot: OutletSlot }[] = [];
  readonly #touched: OutletSlot[] = [];
  /** Of which a fraction was seen: those are no raw registers. */
  readonly #plain: Quantity[] = [];
  /** Tells both sides of a UPS: what comes in is that of the device as a whole. */
  #hasOutput = false;
  /** What `#fields` was made with. */
  #hadOutlets = false;

  constructor(identity: SeriesIdentity, device: TelegrafDevice, names: FieldNames) {
    this.identity = identity;
    this.#device = device;
    this.#names = names;
  }

  /** Nothing is known of its fields yet. */
  get isNew(): boolean {
    return this.#fields.size === 0;
  }

  get isMetered(): boolean {
    return this.#outlets.length > 0;
  }

  /** Looks at all fields at once: what one means may depend on its neighbours. */
  learn(names: readonly string[]): void {
    const known = names.length > fieldsMax ? names.slice(0, fieldsMax) : names;
    const figures = known.map((name) => this.#figure(name, names));
    const isLabelled = figures.some((figure) => figure?.label !== undefined);
    const counts = figures.some((figure) => figure !== undefined);
    this.#hasOutput ||= figures.some((figure) => figure?.side === 'output');
    if (counts && (isLabelled || (this.identity.label !== undefined && !this.identity.isGroup)))
      this.#device.hasOutlets ||= this.identity.label !== totalLabel;
    this.#hadOutlets = this.#device.hasOutlets;
    for (const [index, name] of known.entries()) this.#fields.set(name, this.#slot(name, figures[index]));
  }

  /** Puts one value into the reading of its outlet; false: not a figure of ours. */
  take(name: string, value: unknown, message: RawMessage, report: Report): boolean {
    // Meanwhile another series has shown that there are outlets.
    if (this.#device.hasOutlets !== this.#hadOutlets) this.learn([...this.#fields.keys()]);
    const slot = this.#slotOf(name);
    if (slot === null) return false;
    const { device, isNut, isSnmp } = this.identity;
    if (
      !slot.sure &&
      !isNut &&
      !(this.#isPlain(slot.quantity, value) && slot.scale === 1 && !slot.isColumn)
    ) {
      report.rejectField(device, 'unit-unknown');
      return true;
    }
    if ((isSnmp || isNut) && isInvalid(value, slot.quantity)) {
      report.rejectField(device, 'sentinel');
      return true;
    }
    const figure = measured(slot.quantity, value, slot.scale, slot.outlet.ceilings, device, report);
    if (figure === undefined) return true;
    const { outlet } = slot;
    if (outlet.reading === undefined) {
      outlet.reading = readingAt(device, outlet.outlet, undefined, message);
      this.#touched.push(outlet);
    }
    outlet.reading[slot.quantity] ??= figure;
    return true;
  }

  /** A figure with a fraction is no raw register, so its unit is the plain one. Counters are told in Wh and kWh alike. */
  #isPlain(quantity: Quantity, value: unknown): boolean {
    if (quantity === 'wattHoursTotal' || quantity === 'wattHoursReturnedTotal') return false;
    if (this.#plain.includes(quantity)) return true;
    const isFraction = typeof value === 'number' && !Number.isInteger(value);
    if (isFraction) this.#plain.push(quantity);
    return isFraction;
  }

  /** Hands on the readings, at their trusted time if they have one. */
  finish(atMs: number | undefined, report: Report): void {
    for (const outlet of this.#touched) {
      const reading = outlet.reading as Reading;
      if (atMs !== undefined) {
        reading.atMs = atMs;
        reading.atBasis = 'device';
      }
      report.reading(reading);
      outlet.reading = undefined;
    }
    this.#touched.length = 0;
  }

  /** What was taken belongs to a torn line. */
  discard(): void {
    for (const outlet of this.#touched) outlet.reading = undefined;
    this.#touched.length = 0;
  }

  #slotOf(name: string): FieldSlot | null {
    const known = this.#fields.get(name);
    if (known !== undefined) return known;
    const slot = this.#slot(name, this.#figure(name, [...this.#fields.keys()]));
    if (this.#fields.size < fieldsMax) this.#fields.set(name, slot);
    return slot;
  }

  #figure(name: string, all: readonly string[]): NamedFigure | undefined {
    if (this.identity.ignored || (this.identity.isGroup && this.#device.hasOutlets)) return undefined;
    const { unit, valueName, isNut, side } = this.identity;
    const isValue = /(^|[a-z_])value$/i.test(name);
    if (isValue && (valueName !== undefined || unit !== undefined))
      return figureOfName(valueName ?? 'value', unit);
    const lower = name.toLowerCase();
    // NUT's own word: ups.power is apparent, ups.realpower is not.
    const told = isNut ? lower.replace(/^(ups|output|input)_power$/, '$1_apparent_power') : name;
    // `current_a` is in amperes, unless `current_b` stands beside it.
    const isPhase = lower.endsWith('_a') && hasName(all, `${lower.slice(0, -1)}b`);
    const figure = this.#names.get(isPhase ? told.slice(0, -2) : told);
    if (figure === undefined || (side !== undefined && figure.side !== undefined && figure.side !== side))
      return undefined;
    return isPhase ? { ...figure, label: 'a' } : figure;
  }

  #slot(name: string, figure: NamedFigure | undefined): FieldSlot | null {
    if (figure === undefined) return null;
    const { identity } = this;
    const label =
      figure.side === 'input' && (identity.isNut || (this.#hasOutput && identity.label === undefined))
        ? totalLabel
        : [identity.label, figure.label].filter((part) => part !== undefined).join(':') || this.#unlabelled();
    const isPower = figure.quantity === 'watts' || figure.quantity === 'voltAmps';
    return {
      quantity: figure.quantity,
      scale: figure.scale,
      sure: figure.sure,
      isColumn: isPower && identity.isSnmp && /[a-z0-9][A-Z]/.test(name),
      outlet: this.#outlet(label),
    };
  }

  #unlabelled(): string {
    return this.#device.hasOutlets || this.identity.isWhole ? totalLabel : soleLabel;
  }

  #outlet(label: string): OutletSlot {
    const known = this.#outlets.find((one) => one.label === label);
    if (known !== undefined) return known.slot;
    const isFeed = this.identity.isGroup || /^(total|L\d|[abc])$/.test(label);
    const ceilings = isFeed ? feedCeilings : outletCeilings;
    const slot = { outlet: `${this.identity.device}/${label}`, ceilings, reading: undefined };
    this.#outlets.push({ label, slot });
    return slot;
  }
}

function hasName(names: readonly string[], lower: string): boolean {
  return names.some((name) => name.length === lower.length && name.toLowerCase() === lower);
}

/** What MIBs and NUT say for "no value", raw or after the poller has moved the point. */
function isInvalid(value: unknown, quantity: Quantity): boolean {
  if (typeof value !== 'number') return false;
  const isCounter = quantity === 'wattHoursTotal' || quantity === 'wattHoursReturnedTotal';
  if (isCounter && value < 0) return true;
  if (quantity === 'powerFactor') return value === -1 || value === -0.01 || value === -0.001;
  for (const places of isCounter ? whole : shifted) {
    const raw = Math.round(value * places * 1e6) / 1e6;
    if (raw === -1 || raw === 65535 || raw === 32767 || raw === -32768) return true;
  }
  return false;
}

const whole = [1];
const shifted = [1, 10, 100, 1000];
