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
  let first: Reading | undefined;
  let readings: (Reading | undefined)[] | undefined;
  for (const figure of figures) {
    const value = state[figure.key];
    if (value === undefined || value === null) continue;
    const read = readFigure(figure, value, device.device, report);
    if (read === undefined) continue;
    for (const index of figure.outlets) {
      let reading = index === 0 ? first : readings?.[index];
      if (reading === undefined) {
        reading = readingAt(device.device, outlets[index] as string, atMs, message);
        if (index === 0) first = reading;
        else {
          readings ??= [];
          readings[index] = reading;
        }
      }
      set(reading, figure, read);
    }
  }
  if (first !== undefined) report.reading(first);
  if (readings !== undefined)
    for (const reading of readings) if (reading !== undefined) report.reading(reading);
  report.ignore('no-meter');
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
  const read = readFigure(figure, value, device.device, report);
  if (read === undefined) {
    report.ignore('no-relay-state');
    return;
  }
  for (const index of figure.outlets) {
    const reading = readingAt(device.device, device.outlets[index] as string, undefined, message);
    set(reading, figure, read);
    report.reading(reading);
  }
}

function readFigure(
  figure: ZigbeeFigure,
  value: unknown,
  device: string,
  report: Report,
): number | boolean | undefined {
  if (figure.kind === 'relay') return onOf(value);
  const markers = markersOf[figure.kind];
  if (typeof value === 'number' && markers?.has(value) === true) {
    report.rejectField(device, 'sentinel');
    return undefined;
  }
  return fields.measured(figure.kind, value, figure.scale, figure.ceilings, device, report);
}

/** Locks and covers have a `state` too, with other words: nothing of ours, nothing wrong. */
function onOf(value: unknown): boolean | undefined {
  if (value === 'ON' || value === true || value === 'true') return true;
  return value === 'OFF' || value === false || value === 'false' ? false : undefined;
}

function set(reading: Reading, figure: ZigbeeFigure, value: number | boolean): void {
  if (figure.kind === 'relay') reading.on = value as boolean;
  else reading[figure.kind] ??= value as number;
}

/** `last_seen`: ISO with zone, or epoch ms; absent, null, or local time of an unknown place: not known. */
function lastSeenMs(value: unknown, receivedAtMs: number): number | undefined {
  return typeof value === 'number' ? trustedMs(value, receivedAtMs) : trustedIso(value, receivedAtMs);
}

/** "No value" of the attributes behind the figures, as the bridge passes it on after its divisor. */
const markersOf: Partial<Record<ZigbeeFigure['kind'], ReadonlySet<number>>> = {
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

function divided(values: readonly number[], by: readonly number[]): number[] {
  return values.flatMap((value) => by.map((divisor) => value / divisor));
}
