import type { RawMessage, Reading } from '../model/reading.ts';
import type { Report } from './family.ts';
import * as fields from './fields.ts';
import { feedCeilings, outletCeilings } from './fields.ts';
import { isObject, type JsonObject } from './json.ts';
import { readingAt } from './measured-time.ts';
import type { ShellyComponent, ShellyDevice } from './shelly-device.ts';

/**
 * The status of one component → readings. In a notification only what changed is in it; any value may be null.
 * `siblings` is the notification it stands in, if any; `atMs` the device's trusted time, if it told one.
 */
export function readComponent(
  device: ShellyDevice,
  component: ShellyComponent,
  status: unknown,
  siblings: JsonObject | undefined,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): void {
  if (!isObject(status)) {
    report.rejectField(device.device, 'wrong-shape');
    return;
  }
  if (component.kind === 'load') {
    report.reading(
      load(component, status, readingAt(device.device, component.outlet, atMs, message), report),
    );
    return;
  }
  // Power and counters of one instant stand in two components: one reading of both, made with the first half.
  const other = component.partner === undefined ? undefined : siblings?.[component.partner];
  const partner = isObject(other) ? other : undefined;
  const isData = component.kind === 'em1data' || component.kind === 'emdata';
  if (isData && partner !== undefined) return;
  const power = isData ? undefined : status;
  const energy = isData ? status : partner;
  const isThreePhase = component.kind === 'em' || component.kind === 'emdata';
  for (const channel of isThreePhase ? threePhases : onePhase) {
    const outlet = channel.outlet === undefined ? component.outlet : device[channel.outlet];
    const reading = readingAt(device.device, outlet, atMs, message);
    if (power !== undefined) clamp(power, channel, reading, report);
    if (energy !== undefined) counters(energy, channel, reading, report);
    report.reading(reading);
  }
}

/** Switch, PM1, Cover and Light pages: W, V, A, Hz, Wh. */
function load(component: ShellyComponent, status: JsonObject, reading: Reading, report: Report): Reading {
  const name = reading.device;
  reading.watts = fields.watts(status.apower, outletCeilings, name, report);
  reading.volts = fields.volts(status.voltage, name, report);
  reading.amps = fields.amps(status.current, outletCeilings, name, report);
  reading.powerFactor = fields.powerFactor(status.pf, name, report);
  reading.hertz = fields.hertz(status.freq, name, report);
  reading.on = fields.switched(status.output, name, report);
  if (status.ret_aenergy !== undefined) {
    reading.wattHoursReturnedTotal = fields.wattHours(totalOf(status.ret_aenergy), 1, name, report);
    component.returnedWattHours = reading.wattHoursReturnedTotal ?? component.returnedWattHours;
  }
  if (status.aenergy !== undefined) {
    const both = fields.wattHours(totalOf(status.aenergy), 1, name, report);
    const returned = component.returnedWattHours;
    reading.wattHoursTotal =
      both === undefined || !returned ? both : Math.round((both - returned) * 1000) / 1000;
  }
  return reading;
}

/** Only the last minutes may have changed: then there is no total, and nothing wrong. */
function totalOf(counter: unknown): unknown {
  return isObject(counter) ? counter.total : counter;
}

/** Where the figures of one channel stand in the status of a clamp meter, and whose they are. */
interface ChannelKeys {
  /** Undefined: the component's own. */
  readonly outlet: 'phaseA' | 'phaseB' | 'phaseC' | 'total' | undefined;
  readonly watts: string;
  readonly voltAmps: string;
  readonly volts: string;
  readonly amps: string;
  readonly powerFactor: string;
  readonly hertz: string;
  readonly drawn: string;
  readonly returned: string;
}

/** EM1 and EM1Data pages. */
const onePhase: readonly ChannelKeys[] = [channelKeys('', undefined)];
/** EM and EMData pages: three phases side by side, and their sum. */
const threePhases: readonly ChannelKeys[] = [
  channelKeys('a_', 'phaseA'),
  channelKeys('b_', 'phaseB'),
  channelKeys('c_', 'phaseC'),
  { ...channelKeys('total_', 'total'), drawn: 'total_act', returned: 'total_act_ret' },
];

function channelKeys(prefix: string, outlet: ChannelKeys['outlet']): ChannelKeys {
  return {
    outlet,
    watts: `${prefix}act_power`,
    voltAmps: `${prefix}aprt_power`,
    volts: `${prefix}voltage`,
    amps: `${prefix}current`,
    powerFactor: `${prefix}pf`,
    hertz: `${prefix}freq`,
    drawn: `${prefix}total_act_energy`,
    returned: `${prefix}total_act_ret_energy`,
  };
}

function clamp(status: JsonObject, keys: ChannelKeys, reading: Reading, report: Report): void {
  const name = reading.device;
  reading.watts = fields.watts(status[keys.watts], feedCeilings, name, report);
  reading.voltAmps = fields.voltAmps(status[keys.voltAmps], feedCeilings, name, report);
  reading.volts = fields.volts(status[keys.volts], name, report);
  reading.amps = fields.amps(status[keys.amps], feedCeilings, name, report);
  reading.powerFactor = signedAs(reading.watts, fields.powerFactor(status[keys.powerFactor], name, report));
  reading.hertz = fields.hertz(status[keys.hertz], name, report);
}

/** The signs of power and power factor do not always agree; that of the power is right. */
function signedAs(watts: number | undefined, powerFactor: number | undefined): number | undefined {
  if (watts === undefined || powerFactor === undefined || watts === 0) return powerFactor;
  return watts < 0 ? -Math.abs(powerFactor) : Math.abs(powerFactor);
}

function counters(status: JsonObject, keys: ChannelKeys, reading: Reading, report: Report): void {
  reading.wattHoursTotal = fields.wattHours(status[keys.drawn], 1, reading.device, report);
  reading.wattHoursReturnedTotal = fields.wattHours(status[keys.returned], 1, reading.device, report);
}
