import type { RawMessage, Reading } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import * as fields from '../fields.ts';
import { feedCeilings, outletCeilings } from '../fields.ts';
import { readObject, textOf } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt } from '../measured-time.ts';
import { plainValue } from '../plain-value.ts';
import { channelsMax, ShellyGen1Device } from '../shelly-gen1-device.ts';
import { readInfo, unlessMissing } from '../shelly-gen1-info.ts';

/**
 * Shelly of the first generation (Plug S, 1PM, 2, 2.5, 4Pro, EM, 3EM, Dimmer, RGBW2): one plain value a topic, and
 * the whole state as JSON under `info`. Docs: shelly-api-docs.shelly.cloud/gen1, MQTT Support.
 */
export const family: Family = {
  name: 'shelly-gen1',
  topics: ['shellies/#'],
  // After Gen2, which may be told to publish under `shellies/` too and is surer of its topics.
  rank: 11,
  expectedIntervalMs: 30_000,
  open: () => new ShellyGen1Session(),
};

const root = 'shellies/';
const devicesMax = 20_000;
const idLengthMax = 128;

/** `<id>/relay/0/power`; the id may have slashes itself. */
const channelTopic = /^(.+)\/(relay|light|white|color|roller|emeter)\/(\d{1,2})(?:\/([a-z_]+))?$/;
/** Shelly 2: one meter for both relays. */
const sharedMeterTopic = /^(.+)\/relay\/(power|energy)$/;
const deviceTopic = /^(.+)\/(online|announce|info|voltage)$/;
const unmeteredTopic =
  /\/(?:(?:over|ext_)?temperature(?:_f|_status|s(?:_f)?\/\d+)?|(?:input|input_event|longpush|ext_switch|adc|ext_humidity)\/\d+|sensor\/[a-z_]+|command|settings|status)$/;

class ShellyGen1Session implements FamilySession {
  readonly #devices = new Known(devicesMax, (id) => new ShellyGen1Device(id));

  claim(topic: string): TopicReader | undefined {
    if (!topic.startsWith(root)) return undefined;
    if (topic === 'shellies/announce') return (message, report) => this.#announce(message, report);
    if (topic === 'shellies/command') return (_, report) => report.ignore('not-a-meter');
    const rest = topic.slice(root.length);
    const channel = channelTopic.exec(rest);
    if (channel !== null) {
      const [, id = '', part = '', number, tail] = channel;
      return channelReader(this.#devices.get(id), part, Number(number), tail);
    }
    const shared = sharedMeterTopic.exec(rest);
    if (shared !== null)
      return sharedMeterReader(this.#devices.get(shared[1] as string), shared[2] as string);
    const whole = deviceTopic.exec(rest);
    if (whole !== null) return deviceReader(this.#devices.get(whole[1] as string), whole[2] as string);
    return unmeteredTopic.test(rest) ? (_, report) => report.ignore('not-a-meter') : undefined;
  }

  /** `shellies/announce`, at every connect; who it is stands in the payload. */
  #announce(message: RawMessage, report: Report): void {
    const body = readObject(message, undefined, report);
    if (body === undefined) return;
    const { id } = body;
    if (typeof id !== 'string' || id === '' || id.length > idLengthMax) {
      report.rejectMessage(undefined, 'wrong-shape');
      return;
    }
    describe(this.#devices.get(id), body, report);
  }
}

function channelReader(
  device: ShellyGen1Device,
  part: string,
  number: number,
  tail: string | undefined,
): TopicReader | undefined {
  if (number >= channelsMax) return undefined;
  if (part === 'emeter') return clampReader(device, number, tail ?? '');
  if (tail === undefined)
    return part === 'roller'
      ? (_, report) => report.ignore('not-a-meter')
      : (message, report) => readRelay(device, number, message, report);
  return loadReader(device, tail, () => device.load(number));
}

/** `relay/power`, `relay/energy` */
function sharedMeterReader(device: ShellyGen1Device, tail: string): TopicReader {
  return loadReader(device, tail, () => device.total);
}

/** Power in W, energy in watt-minutes (Gen1 docs, relay attributes). */
function loadReader(device: ShellyGen1Device, tail: string, outlet: () => string): TopicReader {
  const name = device.device;
  if (tail === 'power')
    return plainReader(device, outlet, (reading, value, report) => {
      reading.watts = fields.watts(value, outletCeilings, name, report);
    });
  if (tail === 'energy')
    return plainReader(device, outlet, (reading, value, report) => {
      reading.wattHoursTotal = fields.wattHours(value, 1 / 60, name, report);
    });
  return (_, report) => report.ignore('not-a-meter');
}

/** EM and 3EM: their `energy` counts the moment in watt-minutes, `total` is the counter, in Wh. */
function clampReader(device: ShellyGen1Device, number: number, tail: string): TopicReader {
  const set = Object.hasOwn(clampFields, tail) ? clampFields[tail] : undefined;
  if (set === undefined) return (_, report) => report.ignore('not-a-meter');
  return plainReader(device, () => device.clamp(number), set);
}

type SetField = (reading: Reading, value: unknown, report: Report) => void;

const clampFields: Readonly<Record<string, SetField>> = {
  power(reading, value, report) {
    reading.watts = fields.watts(value, feedCeilings, reading.device, report);
  },
  voltage(reading, value, report) {
    reading.volts = fields.volts(value, reading.device, report);
  },
  current(reading, value, report) {
    reading.amps = fields.amps(value, feedCeilings, reading.device, report);
  },
  pf(reading, value, report) {
    reading.powerFactor = fields.powerFactor(value, reading.device, report);
  },
  reactive_power(reading, value, report) {
    reading.voltAmpsReactive = fields.voltAmps(value, feedCeilings, reading.device, report);
  },
  total(reading, value, report) {
    reading.wattHoursTotal = fields.wattHours(value, 1, reading.device, report);
  },
  total_returned(reading, value, report) {
    reading.wattHoursReturnedTotal = fields.wattHours(value, 1, reading.device, report);
  },
};

function plainReader(device: ShellyGen1Device, outlet: () => string, set: SetField): TopicReader {
  // −1 is a power factor like any other.
  const takesAny = set === clampFields.pf;
  const name = device.device;
  return (message, report) => {
    device.meet(report);
    const raw = plainValue(message.payload);
    const value = takesAny ? raw : unlessMissing(raw, name, report);
    if (value === undefined) return;
    const reading = readingAt(name, outlet(), undefined, message);
    set(reading, value, report);
    report.reading(reading);
  };
}

/** `on`, `off`; `overpower`: it has switched itself off. */
function readRelay(device: ShellyGen1Device, number: number, message: RawMessage, report: Report): void {
  device.meet(report);
  const text = textOf(message.payload);
  if (text !== 'on' && text !== 'off' && text !== 'overpower') {
    report.rejectMessage(device.device, 'wrong-shape');
    return;
  }
  const reading = readingAt(device.device, device.load(number), undefined, message);
  reading.on = text === 'on';
  report.reading(reading);
}

function deviceReader(device: ShellyGen1Device, tail: string): TopicReader {
  switch (tail) {
    case 'online':
      return (message, report) => readOnline(device, message, report);
    case 'announce':
      return (message, report) => {
        const body = readObject(message, device.device, report);
        if (body === undefined) return;
        device.meet(report);
        describe(device, body, report);
      };
    case 'info':
      return (message, report) => readInfo(device, message, report);
    default:
      return (message, report) => readVoltage(device, message, report);
  }
}

function readOnline(device: ShellyGen1Device, message: RawMessage, report: Report): void {
  const text = textOf(message.payload);
  if (text === 'true' || text === 'false') device.tellOnline(text === 'true', report);
  else report.rejectMessage(undefined, 'wrong-shape');
}

/** 2.5: the mains voltage, which all its relays share. */
function readVoltage(device: ShellyGen1Device, message: RawMessage, report: Report): void {
  device.meet(report);
  const volts = fields.volts(plainValue(message.payload), device.device, report);
  if (volts === undefined) return;
  for (const outlet of device.loads()) {
    const reading = readingAt(device.device, outlet, undefined, message);
    reading.volts = volts;
    report.reading(reading);
  }
}

function describe(device: ShellyGen1Device, body: Readonly<Record<string, unknown>>, report: Report): void {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  device.describe({ device: device.device, model: text(body.model), firmware: text(body.fw_ver) }, report);
}
