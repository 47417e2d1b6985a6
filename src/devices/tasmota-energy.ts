import type { Quantity } from '../model/quantity.ts';
import type { RawMessage, Reading } from '../model/reading.ts';
import type { Report } from './family.ts';
import * as fields from './fields.ts';
import { feedCeilings, outletCeilings } from './fields.ts';
import { isObject, type JsonObject } from './json.ts';
import { readingAt } from './measured-time.ts';
import type { TasmotaDevice } from './tasmota-device.ts';

/** One key of an energy object: what it is in our words, and the factor to our unit. */
interface EnergyKey {
  readonly key: string;
  readonly quantity: Quantity;
  readonly scale: number;
}

/** `ENERGY` (Tasmota xdrv_03_energy.ino); `ActivePower` is what an old SDM driver says for `Power`. */
const energyKeys: readonly EnergyKey[] = [
  { key: 'Power', quantity: 'watts', scale: 1 },
  { key: 'ActivePower', quantity: 'watts', scale: 1 },
  { key: 'ApparentPower', quantity: 'voltAmps', scale: 1 },
  { key: 'ReactivePower', quantity: 'voltAmpsReactive', scale: 1 },
  { key: 'Factor', quantity: 'powerFactor', scale: 1 },
  { key: 'Voltage', quantity: 'volts', scale: 1 },
  { key: 'Current', quantity: 'amps', scale: 1 },
  { key: 'Frequency', quantity: 'hertz', scale: 1 },
  { key: 'Total', quantity: 'wattHoursTotal', scale: 1000 },
  { key: 'ExportActive', quantity: 'wattHoursReturnedTotal', scale: 1000 },
];

/** `SPM` (Sonoff SPM, xdrv_86_esp32_sonoff_spm.ino) and `ANALOG.CTEnergy<n>`: the counter is called `Energy`. */
const clampKeys: readonly EnergyKey[] = [
  ...energyKeys.filter(({ key }) => key !== 'Total' && key !== 'ExportActive'),
  { key: 'Energy', quantity: 'wattHoursTotal', scale: 1000 },
];

/** More channels than any Tasmota has (Sonoff SPM: 32). */
const channelsMax = 64;

/** The trusted device time of the message being read, if it has one. */
export type DeviceTime = number | undefined;

/** Reads whatever energy objects a telemetry body holds. False: it holds none. */
export function readTelemetry(
  body: JsonObject,
  device: TasmotaDevice,
  atMs: DeviceTime,
  message: RawMessage,
  report: Report,
): boolean {
  const { ENERGY: energy, SPM: spm, ANALOG: analog } = body;
  const hasEnergy = isObject(energy);
  if (hasEnergy) readEnergy(energy, device, atMs, message, report);
  else if (energy !== undefined) report.rejectField(device.device, 'wrong-shape');
  const hasSpm = isObject(spm);
  if (hasSpm) readChannels(spm, clampKeys, device, atMs, message, report);
  const hasClamps =
    isObject(analog) && readClamps(analog, hasEnergy || hasSpm, device, atMs, message, report);
  return hasEnergy || hasSpm || hasClamps;
}

/** An `ENERGY` object: plain numbers are one meter, any array or object means several. */
export function readEnergy(
  energy: JsonObject,
  device: TasmotaDevice,
  atMs: DeviceTime,
  message: RawMessage,
  report: Report,
): void {
  const power = energy.Power === undefined ? energy.ActivePower : energy.Power;
  const { ApparentPower, ReactivePower, Factor, Voltage, Current, Frequency } = energy;
  let { Total, ExportActive } = energy;
  if (
    isMany(power) ||
    isMany(Current) ||
    isMany(Voltage) ||
    isMany(ApparentPower) ||
    isMany(ReactivePower) ||
    isMany(Factor) ||
    isMany(Frequency) ||
    isManyTotals(Total, power) ||
    isManyTotals(ExportActive, power)
  ) {
    readChannels(energy, energyKeys, device, atMs, message, report);
    return;
  }
  // Before 8.4 the counters of one meter were [total, tariff 1, tariff 2] (Tasmota changelog): the sum stands first.
  if (isMany(Total)) Total = firstOf(Total);
  if (isMany(ExportActive)) ExportActive = firstOf(ExportActive);
  device.channelled = false;
  const name = device.device;
  const reading = readingAt(device.device, device.sole, atMs, message);
  reading.watts = fields.watts(power, outletCeilings, name, report);
  reading.volts = fields.volts(Voltage, name, report);
  reading.amps = fields.amps(Current, outletCeilings, name, report);
  reading.voltAmps = fields.voltAmps(ApparentPower, outletCeilings, name, report);
  reading.voltAmpsReactive = fields.voltAmps(ReactivePower, outletCeilings, name, report);
  reading.powerFactor = fields.powerFactor(Factor, name, report);
  reading.hertz = fields.hertz(Frequency, name, report);
  // Firmware in the manner of Tasmota (OpenBeken) has another key, in Wh.
  reading.wattHoursTotal =
    Total === undefined
      ? fields.wattHours(energy.ConsumptionTotal, 1, name, report)
      : fields.wattHours(Total, 1000, name, report);
  reading.wattHoursReturnedTotal = fields.wattHours(ExportActive, 1000, name, report);
  report.reading(reading);
}

function isMany(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Three totals beside one power are the tariffs of one meter, not three meters. */
function isManyTotals(value: unknown, power: unknown): boolean {
  return isMany(value) && !(Array.isArray(value) && value.length === 3 && power !== undefined);
}

function firstOf(values: object): unknown {
  return Array.isArray(values) ? values[0] : undefined;
}

/**
 * Several meters. Each key is decoded on its own: an array (or an object such as `{"Phase1":…}`) has one element
 * for each outlet; a plain voltage or frequency is shared by all; any other plain figure belongs to the whole.
 */
function readChannels(
  energy: JsonObject,
  keys: readonly EnergyKey[],
  device: TasmotaDevice,
  atMs: DeviceTime,
  message: RawMessage,
  report: Report,
): void {
  device.channelled = true;
  const name = device.device;
  const channels = new Map<number, Reading>();
  const total = readingAt(device.device, device.total, atMs, message);
  const shared: { quantity: Quantity; value: number }[] = [];
  for (const { key, quantity, scale } of keys) {
    const value = energy[key];
    if (isMany(value)) {
      for (const [number, element] of elementsOf(value, name, report)) {
        let reading = channels.get(number);
        if (reading === undefined) {
          reading = readingAt(device.device, device.outlet(number), atMs, message);
          channels.set(number, reading);
        }
        reading[quantity] = fields.measured(quantity, element, scale, outletCeilings, name, report);
      }
      continue;
    }
    const whole = fields.measured(quantity, value, scale, feedCeilings, name, report);
    if (whole === undefined) continue;
    if (quantity === 'volts' || quantity === 'hertz') shared.push({ quantity, value: whole });
    else total[quantity] = whole;
  }
  for (const reading of channels.values()) {
    for (const { quantity, value } of shared) reading[quantity] = value;
    report.reading(reading);
  }
  report.reading(total);
}

/** Channel numbers, from 1, and their values. In an object the number ends the key, else the place counts. */
function elementsOf(values: object, device: string, report: Report): [number: number, element: unknown][] {
  const named = Array.isArray(values)
    ? values.map((element, index) => ['', element, index] as const)
    : undefined;
  const all = named ?? Object.entries(values).map(([key, element], index) => [key, element, index] as const);
  if (all.length > channelsMax) report.rejectField(device, 'too-many-outlets');
  return all.slice(0, channelsMax).map(([key, element, index]) => [numberAtEnd(key) ?? index + 1, element]);
}

function numberAtEnd(key: string): number | undefined {
  const number = Number(/\d{1,2}$/.exec(key)?.[0] ?? 0);
  return number >= 1 && number <= channelsMax ? number : undefined;
}

/** `ANALOG`: `{"CTEnergy1":{…}}`. Beside another meter the clamps are labelled `ct1`, `ct2` … so as not to mix. */
function readClamps(
  analog: JsonObject,
  besideMeter: boolean,
  device: TasmotaDevice,
  atMs: DeviceTime,
  message: RawMessage,
  report: Report,
): boolean {
  let found = false;
  for (let number = 0; number <= 8; number++) {
    const clamp = analog[number === 0 ? 'CTEnergy' : `CTEnergy${number}`];
    if (!isObject(clamp)) continue;
    found = true;
    const label = besideMeter ? `ct${number || ''}` : String(number);
    const reading = readingAt(device.device, `${device.device}/${label}`, atMs, message);
    for (const { key, quantity, scale } of clampKeys) {
      reading[quantity] ??= fields.measured(quantity, clamp[key], scale, feedCeilings, device.device, report);
    }
    report.reading(reading);
  }
  return found;
}
