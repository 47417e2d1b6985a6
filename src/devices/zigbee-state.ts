import type { RawMessage, Reading } from '../model/reading.ts';
import type { Report } from './family.ts';
import * as fields from './fields.ts';
import type { JsonObject } from './json.ts';
import { readingAt, trustedIso, trustedMs } from './measured-time.ts';
import { plainValue } from './plain-value.ts';
import type { ZigbeeDevice, ZigbeeFigure } from './zigbee-device.ts';

/** A state as one JSON object, whose keys the device has learnt → a reading for each outlet in it. */
export function readState(
  device: ZigbeeDevice,
  state: JsonObject,
  message: RawMessage,
  report: Report,
): void {
  const atMs = lastSeenMs(state.last_seen, message.receivedAtMs);
  const { figures, outlets } = device;
  if (outlets.length === 1) readSole(device, figures, state, atMs, message, report);
  else readMany(device, figures, state, atMs, message, report);
  report.ignore('no-meter');
}

/** One outlet, as most have. */
function readSole(
  device: ZigbeeDevice,
  figures: readonly ZigbeeFigure[],
  state: JsonObject,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): void {
  const reading = readingAt(device.device, device.outlets[0] as string, atMs, message);
  for (let index = 0; index < figures.length; index++) {
    const figure = figures[index] as ZigbeeFigure;
    const value = state[figure.key];
    if (value !== undefined && value !== null) set(reading, figure, value, report);
  }
  for (const { key } of device.flows) turn(reading, state[key]);
  report.reading(reading);
}

function readMany(
  device: ZigbeeDevice,
  figures: readonly ZigbeeFigure[],
  state: JsonObject,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): void {
  const readings: (Reading | undefined)[] = device.outlets.map(() => undefined);
  for (const figure of figures) {
    const value = state[figure.key];
    if (value === undefined || value === null) continue;
    for (const index of figure.outlets) {
      const known = readings[index];
      const reading = known ?? readingAt(device.device, device.outlets[index] as string, atMs, message);
      if (known === undefined) readings[index] = reading;
      // Its own went before the shared one.
      if (figure.kind === 'relay' || reading[figure.kind] === undefined) set(reading, figure, value, report);
    }
  }
  for (const { key, outlet } of device.flows) turn(readings[outlet], state[key]);
  for (const reading of readings) if (reading !== undefined) report.reading(reading);
}

/** `energy_flow_a`: `producing`, and `power_a` without a sign. */
function turn(reading: Reading | undefined, flow: unknown): void {
  if (flow === 'producing' && reading?.watts !== undefined && reading.watts > 0)
    reading.watts = -reading.watts;
}

/** A state that comes key by key: `<name>/<key>`. */
export function readAttribute(device: ZigbeeDevice, key: string, message: RawMessage, report: Report): void {
  const figure = device.figure(key);
  if (figure === undefined) {
    report.ignore('no-meter');
    return;
  }
  const value = plainValue(message.payload);
  if (value === 'null') {
    report.ignore('no-value');
    return;
  }
  for (const index of figure.outlets) {
    const reading = readingAt(device.device, device.outlets[index] as string, undefined, message);
    set(reading, figure, value, report);
    report.reading(reading);
  }
  report.ignore('no-value');
}

/** Puts one figure into a reading, unless it is of no use. */
function set(reading: Reading, figure: ZigbeeFigure, value: unknown, report: Report): void {
  const { kind, scale, ceilings } = figure;
  const name = reading.device;
  if (kind === 'relay') reading.on = onOf(value);
  else if (isMarker(kind, value)) report.rejectField(name, 'sentinel');
  // The usual ones by name: quicker than by a name that varies.
  else if (kind === 'wattHoursTotal') reading.wattHoursTotal = fields.wattHours(value, scale, name, report);
  else if (scale !== 1) reading[kind] = fields.measured(kind, value, scale, ceilings, name, report);
  else if (kind === 'watts') reading.watts = fields.watts(value, ceilings, name, report);
  else if (kind === 'volts') reading.volts = fields.volts(value, name, report);
  else if (kind === 'amps') reading.amps = fields.amps(value, ceilings, name, report);
  else if (kind === 'powerFactor') reading.powerFactor = fields.powerFactor(value, name, report);
  else if (kind === 'hertz') reading.hertz = fields.hertz(value, name, report);
  else reading[kind] = fields.measured(kind, value, scale, ceilings, name, report);
}

/** Locks and covers have a `state` too, with other words: nothing of ours, nothing wrong. */
function onOf(value: unknown): boolean | undefined {
  if (value === 'ON' || value === true || value === 'true') return true;
  return value === 'OFF' || value === false || value === 'false' ? false : undefined;
}

/** `last_seen`: ISO with zone, or epoch ms; absent, null, or local time of an unknown place: not known. */
function lastSeenMs(value: unknown, receivedAtMs: number): number | undefined {
  return typeof value === 'number' ? trustedMs(value, receivedAtMs) : trustedIso(value, receivedAtMs);
}

/** "No value" of the attributes behind the figures, as the bridge passes it on after its divisor. */
const markers: Partial<Record<ZigbeeFigure['kind'], ReadonlySet<number>>> = {
  watts: new Set([
    ...divided([-32768, 32767, 65535], [1, 10, 100]),
    ...divided([-8388608, 8388607], [1, 10, 100, 1000]),
  ]),
  amps: new Set(divided([-32768, 32767, 65535], [1, 10, 100, 1000])),
  hertz: new Set(divided([65535], [1000])),
  wattHoursTotal: new Set(
    divided([4294967295, 281474976710655], [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]),
  ),
};
/** No marker is smaller: looked at first, since nearly all figures are. */
const smallestMarker = 32.767;

function isMarker(kind: ZigbeeFigure['kind'], value: unknown): boolean {
  return (
    typeof value === 'number' &&
    (value >= smallestMarker || value <= -smallestMarker) &&
    markers[kind]?.has(value) === true
  );
}

function divided(values: readonly number[], by: readonly number[]): number[] {
  return values.flatMap((value) => by.map((divisor) => value / divisor));
}
