import type { Quantity } from '../../model/quantity.ts';
import { totalLabel } from '../../model/reading.ts';
import { type ChannelName, channelName, wordsOf } from '../channel-names.ts';
import type { Announced, Family, FamilySession, Report, TopicReader } from '../family.ts';
import { feedCeilings, measured, outletCeilings } from '../fields.ts';
import { meaningOf } from '../figure-meaning.ts';
import { labelsOf } from '../ha-device.ts';
import { textOf } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt } from '../measured-time.ts';
import { availabilityReader, ignoring, switchedText } from '../plain-reader.ts';
import { plainValue } from '../plain-value.ts';

/**
 * ESPHome: one value a topic, retained. What it measures and in which unit it tells by Home Assistant discovery;
 * without that only names beyond doubt are read. Docs: esphome.io/components/mqtt, source mqtt_sensor.cpp.
 */
export const family: Family = {
  name: 'esphome',
  topics: ['+/', '+/+/'].flatMap((prefix) => ['sensor', 'switch'].map((part) => `${prefix}${part}/+/state`)),
  // Before discovery, which calls the device by its address, and after whoever owns a whole prefix.
  rank: 40,
  expectedIntervalMs: 60_000,
  open: () => new EspHomeSession(),
};

const devicesMax = 20_000;
const entitiesMax = 256;
/** Each costs a subscription. */
const learntFiltersMax = 2_000;

interface Entity {
  readonly quantity: Quantity | 'on';
  readonly scale: number;
  readonly channels: readonly ChannelName[];
}

/** What is known of one node. */
class EspHomeDevice {
  readonly device: string;
  /** Has told a figure of ours. */
  met = false;
  described = false;
  /** Grows with every entity learnt: labels may change. */
  version = 0;
  readonly #entities = new Map<string, Entity>();
  #outlets: ReadonlyMap<string, string> = new Map();
  #outletsVersion = -1;

  constructor(device: string) {
    this.device = device;
  }

  put(id: string, quantity: Quantity | 'on', scale: number): Entity | undefined {
    const known = this.#entities.get(id);
    if (known?.quantity === quantity && known.scale === scale) return known;
    if (known === undefined && this.#entities.size >= entitiesMax) return undefined;
    const entity = { quantity, scale, channels: [channelName(id, quantity, [wordsOf(this.device)])] };
    this.#entities.set(id, entity);
    this.version += 1;
    return entity;
  }

  /** Undefined: it belongs to no outlet. */
  outletOf(id: string): string | undefined {
    if (this.#outletsVersion !== this.version) {
      const figures = [...this.#entities].map(([key, entity]) => ({ ...entity, id: key }));
      this.#outlets = new Map(
        labelsOf(figures).map(({ figure, label }) => [figure.id, `${this.device}/${label}`]),
      );
      this.#outletsVersion = this.version;
    }
    return this.#outlets.get(id);
  }
}

class EspHomeSession implements FamilySession {
  readonly #devices = new Known(devicesMax, (prefix) => new EspHomeDevice(prefix));
  #learntFilters = 0;

  claim(topic: string, announced?: Announced): TopicReader | undefined {
    const status = /^(.+)\/status$/.exec(topic)?.[1];
    if (status !== undefined)
      return this.#devices.has(status) && this.#devices.get(status).met
        ? availabilityReader(status)
        : undefined;
    const [, prefix, part, id] = /^(.+)\/(sensor|switch)\/([a-z0-9_-]{1,100})\/state$/.exec(topic) ?? [];
    // Under the discovery prefix others put states of their own.
    if (prefix === undefined || id === undefined || prefix === 'homeassistant') return undefined;
    if (announced?.isPlain === false) return undefined;
    if (part === 'switch') return this.#switchReader(prefix, id, announced);
    const figure = announced ?? figureNamed(id);
    if (figure === 'unit-unknown') return this.#unknownUnit(prefix);
    if (figure === undefined || figure.quantity === 'on') return ignoring('not-a-meter');
    return this.#figureReader(this.#devices.get(prefix), id, figure.quantity, figure.scale, announced);
  }

  #figureReader(
    device: EspHomeDevice,
    id: string,
    quantity: Quantity,
    scale: number,
    announced: Announced | undefined,
  ): TopicReader | undefined {
    if (device.put(id, quantity, scale) === undefined) return ignoring('too-many-outlets');
    let version = -1;
    let outlet: string | undefined;
    let ceilings = outletCeilings;
    return (message, report) => {
      if (!device.met || !device.described) this.#meet(device, announced, report);
      if (version !== device.version) {
        version = device.version;
        outlet = device.outletOf(id);
        ceilings = outlet?.endsWith(`/${totalLabel}`) ? feedCeilings : outletCeilings;
      }
      if (outlet === undefined) {
        report.ignore('second-figure');
        return;
      }
      const value = plainValue(message.payload);
      // What it has no value for, by design.
      if (value === 'nan' || value === 'NaN') {
        report.ignore('no-value');
        return;
      }
      const found = measured(quantity, value, scale, ceilings, device.device, report);
      if (found === undefined) return;
      const reading = readingAt(device.device, outlet, undefined, message);
      reading[quantity] = found;
      report.reading(reading);
    };
  }

  /** A relay counts where its outlet has a meter. */
  #switchReader(prefix: string, id: string, announced: Announced | undefined): TopicReader | undefined {
    if (announced !== undefined && announced.quantity !== 'on') return undefined;
    const device = this.#devices.get(prefix);
    device.put(`switch ${id}`, 'on', 1);
    return (message, report) => {
      const outlet = device.met ? device.outletOf(`switch ${id}`) : undefined;
      const on = switchedText(textOf(message.payload));
      if (outlet === undefined || on === undefined) {
        report.ignore('not-a-meter');
        return;
      }
      const reading = readingAt(device.device, outlet, undefined, message);
      reading.on = on;
      report.reading(reading);
    };
  }

  /** Wh and kWh are equally usual: not guessed. Told once the device is known for more than a name. */
  #unknownUnit(prefix: string): TopicReader {
    return (message, report) => {
      const isMet = this.#devices.has(prefix) && this.#devices.get(prefix).met;
      if (isMet && !message.retained) report.rejectMessage(prefix, 'unit-unknown');
      else report.ignore('unit-unknown');
    };
  }

  /** Once: now its `status` is known for what it is. */
  #meet(device: EspHomeDevice, announced: Announced | undefined, report: Report): void {
    if (!device.met) {
      device.met = true;
      report.reconsider(`${device.device}/status`);
      if (this.#learntFilters < learntFiltersMax) {
        this.#learntFilters += 1;
        report.subscribe(`${device.device}/status`);
      }
    }
    if (announced === undefined) return;
    device.described = true;
    const { deviceName, model, firmware } = announced;
    report.describe({ device: device.device, name: deviceName, model, firmware });
  }
}

/** ESPHome's meters tell W, V and A; only counters come in two units. */
function figureNamed(id: string): { quantity: Quantity; scale: number } | 'unit-unknown' | undefined {
  const words = wordsOf(id);
  const kind = words.includes('factor') ? 'power_factor' : words.findLast((word) => kinds.has(word));
  const unit = kind === 'energy' ? words.findLast((word) => word === 'kwh' || word === 'wh') : undefined;
  return meaningOf(unit, kind, words);
}

const kinds: ReadonlySet<string> = new Set(['power', 'voltage', 'current', 'frequency', 'energy']);
