import type { Quantity } from '../model/quantity.ts';
import { type RawMessage, type Reading, soleLabel, totalLabel } from '../model/reading.ts';
import type { Report } from './family.ts';
import { feedCeilings, measured } from './fields.ts';
import { isObject, type JsonObject } from './json.ts';
import { readingAt, trustedSeconds } from './measured-time.ts';
import type { TasmotaDevice } from './tasmota-device.ts';

/** Tasmota docs, Zigbee.md: attributes without a factor of the device's own. `RMSCurrent` has one: raw, of a unit that nothing tells. */
const attributes: readonly (readonly [string, Quantity])[] = [
  ['ActivePower', 'watts'],
  ['RMSVoltage', 'volts'],
  ['ApparentPower', 'voltAmps'],
  ['ReactivePower', 'voltAmpsReactive'],
];
const phases: readonly (readonly [string, string])[] = [
  ['PhB', 'b'],
  ['PhC', 'c'],
];

const devicesMax = 32;
const nameLengthMax = 60;

/**
 * What a Tasmota that is a Zigbee bridge passes on: `{"ZbReceived":{"0x329F":{"Device":"0x329F","Name":…}}}`, the
 * same as `ZbInfo` when asked, or without that wrapping. Each plug is a device of its own, called by its name.
 * False: none of it.
 */
export function readZigbee(
  body: JsonObject,
  bridge: TasmotaDevice,
  message: RawMessage,
  report: Report,
): boolean {
  const wrapped = [body.ZbReceived, body.ZbInfo].filter(isObject);
  const holder = wrapped[0] ?? body;
  const all = isDevice(body)
    ? [body]
    : Object.values(holder).slice(0, devicesMax).filter(isObject).filter(isDevice);
  for (const one of all) readDevice(one, bridge, message, report);
  return all.length > 0 || wrapped.length > 0;
}

function isDevice(part: JsonObject): boolean {
  return typeof part.Device === 'string' && /^0x[0-9A-F]{1,4}$/i.test(part.Device);
}

function readDevice(part: JsonObject, bridge: TasmotaDevice, message: RawMessage, report: Report): void {
  const address = String(part.Device);
  const name = typeof part.Name === 'string' ? part.Name.trim().slice(0, nameLengthMax) : '';
  const device = deviceOf(bridge.device, name, address);
  if (
    !bridge.hasZigbeeMeter(
      device,
      attributes.some(([key]) => key !== 'RMSVoltage' && typeof part[key] === 'number'),
    )
  ) {
    report.ignore('no-meter');
    return;
  }
  const atMs = trustedSeconds(part.LastSeenEpoch, message.receivedAtMs);
  const { IEEEAddr } = part;
  if (typeof IEEEAddr === 'string') report.describe({ device, name: name || address, hardware: IEEEAddr });
  const isThreePhase = phases.some(([ending]) => part[`ActivePower${ending}`] !== undefined);
  const endpoint = typeof part.Endpoint === 'number' && part.Endpoint > 1 ? String(part.Endpoint) : soleLabel;
  const label = isThreePhase ? 'a' : endpoint;
  const reading = filled('', `${device}/${label}`, device, part, atMs, message, report);
  // The relay: `ActivePower` is the power.
  if (part.Power === 0 || part.Power === 1) reading.on = part.Power === 1;
  report.reading(reading);
  if (!isThreePhase) return;
  for (const [ending, phase] of phases)
    report.reading(filled(ending, `${device}/${phase}`, device, part, atMs, message, report));
  const total = readingAt(device, `${device}/${totalLabel}`, atMs, message);
  total.watts = measured('watts', part.TotalActivePower, 1, feedCeilings, device, report);
  report.reading(total);
}

/** With a topic for each of them the bridge ends its own with their name. */
function deviceOf(bridge: string, name: string, address: string): string {
  const last = bridge.slice(bridge.lastIndexOf('/') + 1);
  const isOwnTopic = last === name || last.toUpperCase() === address.slice(2).toUpperCase();
  return isOwnTopic ? bridge : `${bridge}/${name || address}`;
}

function filled(
  ending: string,
  outlet: string,
  device: string,
  part: JsonObject,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): Reading {
  const reading = readingAt(device, outlet, atMs, message);
  for (const [key, quantity] of attributes)
    reading[quantity] = measured(quantity, part[`${key}${ending}`], 1, feedCeilings, device, report);
  return reading;
}
