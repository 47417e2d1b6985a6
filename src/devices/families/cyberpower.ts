import type { Quantity } from '../../model/quantity.ts';
import { type RawMessage, totalLabel } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import * as fields from '../fields.ts';
import { feedCeilings, outletCeilings } from '../fields.ts';
import { isObject, type JsonObject, readObject, textOf } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt, trustedIso, trustedSeconds } from '../measured-time.ts';
import { availabilityReader, ignoring, quantityReader, relayReader } from '../plain-reader.ts';

/**
 * CyberPower switched and metered PDUs behind the open bridge that polls them about once a second. Everything it
 * sends is retained. Docs: mvalancy/CyberPower-PDU, docs/mqtt-topics.md.
 */
export const family: Family = {
  name: 'cyberpower',
  topics: [
    'pdu/+/outlet/+/+',
    'pdu/+/bank/+/+',
    'pdu/+/total/+',
    'pdu/+/input/+',
    'pdu/+/bridge/status',
    'pdu/+/status',
    'pdu/+/device',
  ],
  rank: 20,
  expectedIntervalMs: 1_000,
  open: () => new CyberPowerSession(),
};

const devicesMax = 5_000;
const banksMax = 16;

interface Figure {
  readonly quantity: Quantity;
  readonly scale: number;
}

const figures: Readonly<Record<string, Figure>> = {
  current: { quantity: 'amps', scale: 1 },
  power: { quantity: 'watts', scale: 1 },
  energy: { quantity: 'wattHoursTotal', scale: 1000 },
  voltage: { quantity: 'volts', scale: 1 },
  frequency: { quantity: 'hertz', scale: 1 },
  apparent_power: { quantity: 'voltAmps', scale: 1 },
  power_factor: { quantity: 'powerFactor', scale: 1 },
  /** Of the total: A. */
  load: { quantity: 'amps', scale: 1 },
};

/** What is known of one PDU. */
class CyberPowerDevice {
  readonly device: string;
  readonly total: string;
  /** Meters each outlet, so that its banks are but their sums. */
  metersOutlets = false;
  /** Banks whose power was heard live before. */
  readonly banks = new Set<string>();
  identity = '';

  constructor(device: string) {
    this.device = device;
    this.total = `${device}/${totalLabel}`;
  }
}

class CyberPowerSession implements FamilySession {
  readonly #devices = new Known(devicesMax, (name) => new CyberPowerDevice(name));

  claim(topic: string): TopicReader | undefined {
    if (!topic.startsWith('pdu/')) return undefined;
    const numbered = /^pdu\/([^/]+)\/(outlet|bank)\/(\d{1,3})\/([a-z_]+)$/.exec(topic);
    if (numbered !== null) {
      const [, name = '', part, number = '', tail = ''] = numbered;
      const device = this.#devices.get(name);
      return part === 'outlet' ? outletReader(device, number, tail) : bankReader(device, number, tail);
    }
    const whole = /^pdu\/([^/]+)\/(total|input|bridge)\/([a-z]+)$/.exec(topic);
    if (whole !== null) {
      const [, name = '', part, tail = ''] = whole;
      return wholeReader(this.#devices.get(name), part as string, tail);
    }
    const described = /^pdu\/([^/]+)\/(?:status|device)$/.exec(topic);
    if (described === null) return undefined;
    const device = this.#devices.get(described[1] as string);
    return (message, report) => readSummary(device, message, report);
  }
}

function figureOf(tail: string): Figure | undefined {
  return Object.hasOwn(figures, tail) ? figures[tail] : undefined;
}

function outletReader(device: CyberPowerDevice, number: string, tail: string): TopicReader {
  const outlet = `${device.device}/${number}`;
  if (tail === 'state') return relayReader(device.device, outlet);
  if (tail === 'name') return (message, report) => readName(device, number, message, report);
  const figure = figureOf(tail);
  if (figure === undefined) return ignoring('not-a-meter');
  const read = quantityReader(device.device, outlet, figure.quantity, figure.scale, outletCeilings);
  return (message, report) => {
    device.metersOutlets = true;
    read(message, report);
  };
}

function readName(device: CyberPowerDevice, number: string, message: RawMessage, report: Report): void {
  report.describe({ device: device.device, outletNames: { [number]: textOf(message.payload) } });
}

/**
 * A bank is the sum of its outlets: counted only where the outlets have no meters. Known once a second round of the
 * bank has come live without any outlet's figure; the retained flood comes in any order.
 */
function bankReader(device: CyberPowerDevice, number: string, tail: string): TopicReader {
  const figure = figureOf(tail);
  if (figure === undefined) return ignoring('not-a-meter');
  const outlet = `${device.device}/bank${number}`;
  const read = quantityReader(device.device, outlet, figure.quantity, figure.scale, feedCeilings);
  const bank = `${number}/${tail}`;
  return (message, report) => {
    if (!device.metersOutlets && device.banks.has(bank)) {
      read(message, report);
      return;
    }
    if (!message.retained && device.banks.size < banksMax * Object.keys(figures).length)
      device.banks.add(bank);
    report.ignore('bank-sum');
  };
}

function wholeReader(device: CyberPowerDevice, part: string, tail: string): TopicReader | undefined {
  if (part === 'bridge') return tail === 'status' ? availabilityReader(device.device) : undefined;
  const figure = figureOf(tail);
  if (figure === undefined) return ignoring('not-a-meter');
  return quantityReader(device.device, device.total, figure.quantity, figure.scale, feedCeilings);
}

/** `status` and `device`: who it is, and the mains once more. */
function readSummary(device: CyberPowerDevice, message: RawMessage, report: Report): void {
  const body = readObject(message, device.device, report);
  if (body === undefined) return;
  describe(device, body, report);
  const { receivedAtMs } = message;
  const atMs = trustedSeconds(body.timestamp, receivedAtMs) ?? trustedIso(body.timestamp, receivedAtMs);
  const reading = readingAt(device.device, device.total, atMs, message);
  reading.volts = fields.volts(body.input_voltage, device.device, report);
  reading.hertz = fields.hertz(body.input_frequency, device.device, report);
  report.reading(reading);
  report.ignore('not-a-meter');
}

/** Once, and again when it changes: it comes every second. */
function describe(device: CyberPowerDevice, body: JsonObject, report: Report): void {
  const own = isObject(body.identity) ? body.identity : body;
  const name = text(body.device_name) ?? text(body.name) ?? text(body.sys_name);
  const model = text(own.model);
  const firmware = text(own.firmware) ?? text(own.firmware_main);
  const identity = JSON.stringify([name, model, firmware]);
  if (identity === device.identity || (name ?? model ?? firmware) === undefined) return;
  device.identity = identity;
  report.describe({ device: device.device, name, model, firmware });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 100) : undefined;
}
