import type { RawMessage, Reading } from '../model/reading.ts';
import type { Report } from './family.ts';
import * as fields from './fields.ts';
import { feedCeilings, outletCeilings } from './fields.ts';
import { isObject, type JsonObject } from './json.ts';
import { readingAt } from './measured-time.ts';
import type { ShellyComponent, ShellyDevice } from './shelly-device.ts';

/**
 * The status of one component → readings. In a notification only what changed is in it; any value may be null.
 * `atMs` is the device's trusted time, if it told one.
 */
export function readComponent(
  device: ShellyDevice,
  component: ShellyComponent,
  status: unknown,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): void {
  const name = device.device;
  if (!isObject(status)) {
    report.rejectField(name, 'wrong-shape');
    return;
  }
  switch (component.kind) {
    case 'load':
      report.reading(load(component, status, readingAt(name, component.outlet, atMs, message), report));
      break;
    case 'em1':
      report.reading(clamp(status, em1Keys, readingAt(name, component.outlet, atMs, message), report));
      break;
    case 'em1data':
      report.reading(counters(status, em1DataKeys, readingAt(name, component.outlet, atMs, message), report));
      break;
    case 'em':
      for (const phase of emPhases) {
        report.reading(clamp(status, phase, readingAt(name, device[phase.outlet], atMs, message), report));
      }
      report.reading(clamp(status, emTotalKeys, readingAt(name, device.total, atMs, message), report));
      break;
    case 'emdata':
      for (const phase of emDataPhases) {
        report.reading(counters(status, phase, readingAt(name, device[phase.outlet], atMs, message), report));
      }
      report.reading(counters(status, emDataTotalKeys, readingAt(name, device.total, atMs, message), report));
      break;
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

/** The names of a clamp's figures. */
interface ClampKeys {
  readonly watts: string;
  readonly voltAmps: string;
  readonly volts: string;
  readonly amps: string;
  readonly powerFactor: string;
  readonly hertz: string;
}

/** EM1 page. */
const em1Keys: ClampKeys = clampKeys('');
/** EM page: three phases side by side. */
const emPhases = [
  { ...clampKeys('a_'), outlet: 'phaseA' as const },
  { ...clampKeys('b_'), outlet: 'phaseB' as const },
  { ...clampKeys('c_'), outlet: 'phaseC' as const },
];
const emTotalKeys: ClampKeys = {
  ...clampKeys('total_'),
  watts: 'total_act_power',
  voltAmps: 'total_aprt_power',
  amps: 'total_current',
};

function clampKeys(prefix: string): ClampKeys {
  return {
    watts: `${prefix}act_power`,
    voltAmps: `${prefix}aprt_power`,
    volts: `${prefix}voltage`,
    amps: `${prefix}current`,
    powerFactor: `${prefix}pf`,
    hertz: `${prefix}freq`,
  };
}

function clamp(status: JsonObject, keys: ClampKeys, reading: Reading, report: Report): Reading {
  const name = reading.device;
  reading.watts = fields.watts(status[keys.watts], feedCeilings, name, report);
  reading.voltAmps = fields.voltAmps(status[keys.voltAmps], feedCeilings, name, report);
  reading.volts = fields.volts(status[keys.volts], name, report);
  reading.amps = fields.amps(status[keys.amps], feedCeilings, name, report);
  reading.powerFactor = signedAs(reading.watts, fields.powerFactor(status[keys.powerFactor], name, report));
  reading.hertz = fields.hertz(status[keys.hertz], name, report);
  return reading;
}

/** The signs of power and power factor do not always agree; that of the power is right. */
function signedAs(watts: number | undefined, powerFactor: number | undefined): number | undefined {
  if (watts === undefined || powerFactor === undefined || watts === 0) return powerFactor;
  return watts < 0 ? -Math.abs(powerFactor) : Math.abs(powerFactor);
}

interface CounterKeys {
  readonly drawn: string;
  readonly returned: string;
}

/** EM1Data page. */
const em1DataKeys: CounterKeys = { drawn: 'total_act_energy', returned: 'total_act_ret_energy' };
/** EMData page. */
const emDataPhases = [
  { drawn: 'a_total_act_energy', returned: 'a_total_act_ret_energy', outlet: 'phaseA' as const },
  { drawn: 'b_total_act_energy', returned: 'b_total_act_ret_energy', outlet: 'phaseB' as const },
  { drawn: 'c_total_act_energy', returned: 'c_total_act_ret_energy', outlet: 'phaseC' as const },
];
const emDataTotalKeys: CounterKeys = { drawn: 'total_act', returned: 'total_act_ret' };

function counters(status: JsonObject, keys: CounterKeys, reading: Reading, report: Report): Reading {
  reading.wattHoursTotal = fields.wattHours(status[keys.drawn], 1, reading.device, report);
  reading.wattHoursReturnedTotal = fields.wattHours(status[keys.returned], 1, reading.device, report);
  return reading;
}
