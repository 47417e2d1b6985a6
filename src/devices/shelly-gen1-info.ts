import type { RawMessage, Reading } from '../model/reading.ts';
import type { Report } from './family.ts';
import * as fields from './fields.ts';
import { feedCeilings, outletCeilings } from './fields.ts';
import { isObject, type JsonObject, readObject } from './json.ts';
import { readingAt, trustedSeconds } from './measured-time.ts';
import { channelsMax, type ShellyGen1Device } from './shelly-gen1-device.ts';

/** Gen1's marker for "no value", in every field (CoIoT description, range `-1`). Undefined: it was that. */
export function unlessMissing(value: unknown, device: string, report: Report): unknown {
  if (value !== -1 && value !== '-1') return value;
  report.rejectField(device, 'sentinel');
  return undefined;
}

/** `info`: the whole state at once, as under `/status` (Gen1 docs). */
export function readInfo(device: ShellyGen1Device, message: RawMessage, report: Report): void {
  const body = readObject(message, device.device, report);
  if (body === undefined) return;
  // 0 until the clock is set.
  const atMs = trustedSeconds(body.unixtime, message.receivedAtMs);
  const clamps = objectsOf(body.emeters);
  if (clamps.length > 0) readClamps(device, clamps, body, atMs, message, report);
  readLoads(device, body, atMs, message, report);
  device.meet(report);
  report.ignore('not-a-meter');
}

function readClamps(
  device: ShellyGen1Device,
  clamps: readonly JsonObject[],
  body: JsonObject,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): void {
  const name = device.device;
  clamps.forEach((clamp, number) => {
    const reading = readingAt(name, device.clamp(number), atMs, message);
    if (clamp.is_valid === false) return;
    const present = (key: string) => unlessMissing(clamp[key], name, report);
    reading.watts = fields.watts(present('power'), feedCeilings, name, report);
    reading.voltAmpsReactive = fields.voltAmps(present('reactive'), feedCeilings, name, report);
    reading.volts = fields.volts(present('voltage'), name, report);
    reading.amps = fields.amps(present('current'), feedCeilings, name, report);
    reading.powerFactor = fields.powerFactor(clamp.pf, name, report);
    reading.wattHoursTotal = fields.wattHours(present('total'), 1, name, report);
    reading.wattHoursReturnedTotal = fields.wattHours(present('total_returned'), 1, name, report);
    report.reading(reading);
  });
  const total = readingAt(name, device.total, atMs, message);
  total.watts = fields.watts(unlessMissing(body.total_power, name, report), feedCeilings, name, report);
  report.reading(total);
}

/** Relays, rollers and lights beside their meters: as many of one as of the other, or one meter for all. */
function readLoads(
  device: ShellyGen1Device,
  body: JsonObject,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): void {
  const meters = objectsOf(body.meters);
  const switches = [body.relays, body.lights].map(objectsOf).find(({ length }) => length > 0) ?? [];
  const isShared = meters.length === 1 && switches.length > 1;
  const volts = fields.volts(body.voltage, device.device, report);
  const count = Math.max(switches.length, isShared ? 0 : meters.length);
  for (let number = 0; number < count; number++) {
    const reading = readingAt(device.device, device.load(number), atMs, message);
    reading.volts = volts;
    reading.on = fields.switched(switches[number]?.ison, device.device, report);
    if (!isShared) setMeter(reading, meters[number], report);
    report.reading(reading);
  }
  if (!isShared) return;
  const total = readingAt(device.device, device.total, atMs, message);
  setMeter(total, meters[0], report);
  report.reading(total);
}

/** `{"power":87.4,"is_valid":true,"total":72600}`, the total in watt-minutes. */
function setMeter(reading: Reading, meter: JsonObject | undefined, report: Report): void {
  if (meter === undefined || meter.is_valid === false) return;
  const name = reading.device;
  reading.watts = fields.watts(unlessMissing(meter.power, name, report), outletCeilings, name, report);
  reading.wattHoursTotal = fields.wattHours(unlessMissing(meter.total, name, report), 1 / 60, name, report);
}

/** What is no object stands as an empty one, so that the others keep their numbers. */
function objectsOf(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, channelsMax).map((element) => (isObject(element) ? element : {}));
}
