import type { Quantity } from '../../model/quantity.ts';
import { soleLabel } from '../../model/reading.ts';
import type { Announced, Family, FamilySession, Report, TopicReader } from '../family.ts';
import * as fields from '../fields.ts';
import { outletCeilings } from '../fields.ts';
import { isObject, readObject, textOf } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt, trustedIso } from '../measured-time.ts';
import { availabilityReader, ignoring, quantityReader, switchedText } from '../plain-reader.ts';

/**
 * OpenBeken on BK7231 and kindred chips: one value a topic, and telemetry in the manner of Tasmota if that is
 * switched on. Docs: openshwprojects/OpenBK7231T_App, docs/mqttTopics.md; source drv_bl_shared.c.
 */
const figures: Readonly<Record<string, Quantity>> = {
  voltage: 'volts',
  current: 'amps',
  power: 'watts',
  power_apparent: 'voltAmps',
  power_reactive: 'voltAmpsReactive',
  power_factor: 'powerFactor',
  frequency: 'hertz',
  energycounter: 'wattHoursTotal',
};
const relaysMax = 8;
const brace = 123;

export const family: Family = {
  name: 'openbeken',
  topics: [
    ...Object.keys(figures).map((name) => `+/${name}/get`),
    ...Array.from({ length: relaysMax + 1 }, (_, relay) => `+/${relay}/get`),
  ],
  // Before Tasmota, whose telemetry it sends under another energy key.
  rank: 9,
  expectedIntervalMs: 60_000,
  open: () => new OpenBekenSession(),
};

const devicesMax = 20_000;
/** Each costs a subscription. */
const learntFiltersMax = 2_000;

/** What is known of one plug. */
class OpenBekenDevice {
  readonly device: string;
  readonly sole: string;
  met = false;
  /** To Wh: kWh only where discovery says so. */
  energyScale = 1;
  /** Relays heard of. With one alone, it is the outlet's. */
  readonly relays = new Set<number>();

  constructor(device: string) {
    this.device = device;
    this.sole = `${device}/${soleLabel}`;
  }
}

class OpenBekenSession implements FamilySession {
  readonly #devices = new Known(devicesMax, (client) => new OpenBekenDevice(client));
  #learntFilters = 0;

  claim(topic: string, announced?: Announced): TopicReader | undefined {
    const telemetry = /^tele\/([^/]+)\/SENSOR$/.exec(topic)?.[1];
    if (telemetry !== undefined && this.#isMet(telemetry)) {
      const device = this.#devices.get(telemetry);
      return (message, report) => readTelemetry(device, message, report);
    }
    const [, client = '', part = '', tail] = /^([^/]+)\/([a-z0-9_]+)(?:\/(get))?$/.exec(topic) ?? [];
    if (part === 'connected' && tail === undefined)
      return this.#isMet(client) ? availabilityReader(client) : undefined;
    if (tail === undefined || announced?.isPlain === false) return undefined;
    if (/^\d$/.test(part)) return this.#relayReader(client, Number(part));
    if (!Object.hasOwn(figures, part)) return this.#isMet(client) ? ignoring('not-a-meter') : undefined;
    return this.#figureReader(this.#devices.get(client), figures[part] as Quantity, announced);
  }

  /** Heard telling figures in its own manner, or called as it is by default. */
  #isMet(client: string): boolean {
    return /^obk[0-9A-F]{8}$/i.test(client) || (this.#devices.has(client) && this.#devices.get(client).met);
  }

  #figureReader(device: OpenBekenDevice, quantity: Quantity, announced: Announced | undefined): TopicReader {
    const scale = announced?.quantity === quantity ? announced.scale : 1;
    if (quantity === 'wattHoursTotal') device.energyScale = scale;
    const read = quantityReader(device.device, device.sole, quantity, scale, outletCeilings);
    let described = announced === undefined;
    return (message, report) => {
      // A question to a Zigbee device that happens to be called so.
      if (message.payload[0] === brace) {
        report.ignore('not-a-meter');
        return;
      }
      if (!device.met) this.#meet(device, report);
      if (!described && announced !== undefined) {
        described = true;
        const { deviceName, model, firmware } = announced;
        report.describe({ device: device.device, name: deviceName, model, firmware });
      }
      read(message, report);
    };
  }

  /** Channels that are no relays tell other numbers. */
  #relayReader(client: string, relay: number): TopicReader | undefined {
    if (relay > relaysMax) return undefined;
    const device = this.#devices.get(client);
    return (message, report) => {
      const on = switchedText(textOf(message.payload));
      if (on === undefined || !device.met) {
        report.ignore('not-a-meter');
        return;
      }
      device.relays.add(relay);
      const outlet = device.relays.size === 1 ? device.sole : `${device.device}/${relay}`;
      const reading = readingAt(device.device, outlet, undefined, message);
      reading.on = on;
      report.reading(reading);
    };
  }

  /** Once: now its other topics are known for what they are. */
  #meet(device: OpenBekenDevice, report: Report): void {
    device.met = true;
    const topics = [`${device.device}/connected`, `tele/${device.device}/SENSOR`];
    for (const topic of topics) report.reconsider(topic);
    if (this.#learntFilters >= learntFiltersMax) return;
    this.#learntFilters += 1;
    for (const topic of topics) report.subscribe(topic);
  }
}

/** `tele/<client>/SENSOR`: as of Tasmota, but for `ConsumptionTotal`, in Wh. */
function readTelemetry(device: OpenBekenDevice, message: Parameters<TopicReader>[0], report: Report): void {
  const body = readObject(message, device.device, report);
  if (body === undefined) return;
  const { ENERGY: energy } = body;
  if (!isObject(energy)) {
    report.ignore('no-meter');
    return;
  }
  const name = device.device;
  const reading = readingAt(name, device.sole, trustedIso(body.Time, message.receivedAtMs), message);
  reading.watts = fields.watts(energy.Power, outletCeilings, name, report);
  reading.volts = fields.volts(energy.Voltage, name, report);
  reading.amps = fields.amps(energy.Current, outletCeilings, name, report);
  reading.voltAmps = fields.voltAmps(energy.ApparentPower, outletCeilings, name, report);
  reading.voltAmpsReactive = fields.voltAmps(energy.ReactivePower, outletCeilings, name, report);
  reading.powerFactor = fields.powerFactor(energy.Factor, name, report);
  reading.hertz = fields.hertz(energy.Frequency, name, report);
  reading.wattHoursTotal = fields.wattHours(energy.ConsumptionTotal, device.energyScale, name, report);
  report.reading(reading);
}
