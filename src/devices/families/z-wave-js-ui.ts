import type { Quantity } from '../../model/quantity.ts';
import { type RawMessage, soleLabel, totalLabel } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import { measured, outletCeilings, switched } from '../fields.ts';
import { isObject, readObject } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt, trustedMs } from '../measured-time.ts';
import { plainValue } from '../plain-value.ts';
import { meaningOfUnit } from '../unit-names.ts';

/**
 * Z-Wave JS UI: meters and switches by ValueID or by name, in any of its three payloads.
 * Docs: zwave-js.github.io/zwave-js-ui, MQTT; meter keys: zwave-js, MeterCC and registries/Meters.
 */
export const family: Family = {
  name: 'z-wave-js-ui',
  // With and without a location before the node.
  topics: ['+', '+/+'].flatMap((node) =>
    [
      '50/+/value/+',
      'meter/+/value/+',
      '49/+/+',
      'sensor_multilevel/+/+',
      '37/+/currentValue',
      'switch_binary/+/currentValue',
      'status',
    ].map((tail) => `zwave/${node}/${tail}`),
  ),
  rank: 20,
  expectedIntervalMs: 600_000,
  open: () => new ZwaveSession(),
};

const devicesMax = 20_000;

class ZwaveSession implements FamilySession {
  readonly #nodes = new Known(devicesMax, (device) => new ZwaveNode(device));

  claim(topic: string): TopicReader | undefined {
    const sensor = sensorForm.exec(topic);
    if (sensor !== null) {
      const [, device = '', endpoint, name = ''] = sensor;
      return readerOfSensor(this.#nodes.get(device), Number(endpoint), name);
    }
    const found = topicForm.exec(topic);
    if (found === null) return undefined;
    const [, device, meter, key, relay] = found;
    if (device === undefined || device.startsWith('_') || device === 'driver') return undefined;
    const node = this.#nodes.get(device);
    if (meter !== undefined) return readerOfMeter(node, Number(meter), Number(key));
    if (relay === undefined) return (message, report) => readStatus(node, message, report);
    const endpoint = Number(relay);
    return (message, report) => readRelay(node, endpoint, message, report);
  }
}

/** `zwave/[location/]node/` and then a meter, a switch or the status. */
const topicForm =
  /^zwave\/((?:[^/]+\/)?[^/]+)\/(?:(?:50|meter)\/(?:endpoint_)?(\d{1,3})\/value\/(\d{1,9})|(?:37|switch_binary)\/(?:endpoint_)?(\d{1,3})\/currentValue|status)$/;

/** Older plugs tell their power as a sensor of many, by name. */
const sensorForm =
  /^zwave\/((?:[^/]+\/)?[^/]+)\/(?:49|sensor_multilevel)\/(?:endpoint_)?(\d{1,3})\/([\w ]{1,60})$/;

class ZwaveNode {
  readonly device: string;
  /** Has told a power: the voltage is not that of its battery. */
  isMeter = false;
  /** It has endpoints that measure: the root is then the sum of them. */
  #isStrip = false;
  readonly #outlets: string[] = [];

  constructor(device: string) {
    this.device = device;
  }

  outlet(endpoint: number): string {
    if (endpoint > 0) this.#isStrip = true;
    else return `${this.device}/${this.#isStrip ? totalLabel : soleLabel}`;
    this.#outlets[endpoint] ??= `${this.device}/${endpoint}`;
    return this.#outlets[endpoint];
  }
}

interface MeterKey {
  readonly quantity: Quantity;
  readonly scale: number;
}

/** Scales of the electric meter, as consumed. */
const scales: Readonly<Record<number, MeterKey>> = {
  0: { quantity: 'wattHoursTotal', scale: 1000 },
  2: { quantity: 'watts', scale: 1 },
  4: { quantity: 'volts', scale: 1 },
  5: { quantity: 'amps', scale: 1 },
  6: { quantity: 'powerFactor', scale: 1 },
  7: { quantity: 'voltAmpsReactive', scale: 1000 },
};
const electric = 1;
const produced = 2;

/** meter type · 65536 + scale · 256 + rate type (not told, consumed, produced). */
function meterKey(key: number): MeterKey | undefined {
  if (key >> 16 !== electric) return undefined;
  const scale = (key >> 8) & 255;
  const rate = key & 255;
  if (rate === produced) return scale === 0 ? { quantity: 'wattHoursReturnedTotal', scale: 1000 } : undefined;
  return rate < produced ? scales[scale] : undefined;
}

function readerOfMeter(node: ZwaveNode, endpoint: number, key: number): TopicReader {
  const meter = meterKey(key);
  if (meter === undefined) return (_, report) => report.ignore('not-a-meter');
  const { quantity, scale } = meter;
  return (message, report) => {
    const found = toldIn(node, message, report);
    if (found === undefined) return;
    const reading = readingAt(node.device, node.outlet(endpoint), found.atMs, message);
    if (quantity === 'watts') node.isMeter = true;
    reading[quantity] = measured(quantity, found.value, scale, outletCeilings, node.device, report);
    report.reading(reading);
  };
}

const sensors: Readonly<Record<string, Quantity>> = { Power: 'watts', Voltage: 'volts', Current: 'amps' };

/** W, V and A, unless the ValueID says otherwise. */
function readerOfSensor(node: ZwaveNode, endpoint: number, name: string): TopicReader {
  const quantity = Object.hasOwn(sensors, name) ? sensors[name] : undefined;
  if (quantity === undefined) return (_, report) => report.ignore('not-a-meter');
  return (message, report) => {
    const found = toldIn(node, message, report);
    if (found === undefined) return;
    const told = found.unit === undefined ? { quantity, scale: 1 } : meaningOfUnit(found.unit);
    if (told?.quantity === 'watts') node.isMeter = true;
    if (told?.quantity !== quantity || !node.isMeter) {
      report.ignore('not-a-meter');
      return;
    }
    const reading = readingAt(node.device, node.outlet(endpoint), found.atMs, message);
    reading[quantity] = measured(quantity, found.value, told.scale, outletCeilings, node.device, report);
    report.reading(reading);
  };
}

function readRelay(node: ZwaveNode, endpoint: number, message: RawMessage, report: Report): void {
  const found = toldIn(node, message, report);
  if (found === undefined) return;
  const reading = readingAt(node.device, node.outlet(endpoint), found.atMs, message);
  reading.on = switched(asBoolean(found.value), node.device, report);
  report.reading(reading);
}

/** `{"value":true,"status":"Alive"}`, or the bare value. */
function readStatus(node: ZwaveNode, message: RawMessage, report: Report): void {
  const found = toldIn(node, message, report);
  if (found === undefined) return;
  const alive = asBoolean(found.value);
  if (typeof alive === 'boolean') report.availability(node.device, alive);
  else report.rejectMessage(node.device, 'wrong-shape');
}

function asBoolean(value: unknown): unknown {
  return value === 'true' || value === 'false' ? value === 'true' : value;
}

/** `{"time":…,"value":…}`, the whole ValueID, or the bare value: a setting of the gateway. */
function toldIn(
  node: ZwaveNode,
  message: RawMessage,
  report: Report,
): { value: unknown; atMs: number | undefined; unit: string | undefined } | undefined {
  if (message.payload[0] !== brace)
    return { value: plainValue(message.payload), atMs: undefined, unit: undefined };
  const body = readObject(message, node.device, report);
  if (body === undefined) return undefined;
  const { value, time, unit } = body;
  if (value === undefined || value === null || isObject(value)) {
    report.ignore('no-value');
    return undefined;
  }
  return {
    value,
    atMs: typeof time === 'number' ? trustedMs(time, message.receivedAtMs) : undefined,
    unit: typeof unit === 'string' ? unit : undefined,
  };
}

const brace = 123;
