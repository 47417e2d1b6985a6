import type { Quantity } from '../model/quantity.ts';
import { plainName } from './csv-fields.ts';

/** What a column or a name says is measured, and how many of our units one of its is. */
export interface Measured {
  readonly quantity: Quantity;
  readonly factor: number;
}

const words: readonly [Quantity, number, string][] = [
  [
    'watts',
    1,
    'watts watt w power power_w power_watts active_power active_power_w apower act_power real_power p',
  ],
  ['watts', 1000, 'kilowatts kw power_kw active_power_kw'],
  ['volts', 1, 'volts volt v voltage voltage_v rms_voltage u'],
  ['amps', 1, 'amps amp a current current_a rms_current amperes i'],
  ['amps', 0.001, 'milliamps ma current_ma amps_ma'],
  ['voltAmps', 1, 'voltamps volt_amps va apparent_power apparent_power_va'],
  ['voltAmps', 1000, 'kva apparent_power_kva'],
  ['voltAmpsReactive', 1, 'voltampsreactive volt_amps_reactive var reactive_power reactive_power_var'],
  ['voltAmpsReactive', 1000, 'kvar'],
  ['powerFactor', 1, 'powerfactor power_factor pf'],
  ['hertz', 1, 'hertz hz frequency'],
  ['wattHoursTotal', 1, 'watthourstotal watt_hours_total wh energy_wh total_wh watt_hours'],
  [
    'wattHoursTotal',
    1000,
    'kwh energy energy_kwh total_kwh kilowatt_hours total_energy energy_total import_kwh',
  ],
  ['wattHoursTotal', 1e6, 'mwh energy_mwh'],
  [
    'wattHoursReturnedTotal',
    1,
    'watthoursreturnedtotal watt_hours_returned_total returned_wh energy_returned_wh',
  ],
  ['wattHoursReturnedTotal', 1000, 'returned_kwh energy_returned export_kwh'],
];

const byWord = new Map(
  words.flatMap(([quantity, factor, names]) =>
    names.split(' ').map((name) => [name, { quantity, factor }] as const),
  ),
);

/** `power (kW)` → watts, 1000; undefined: no word that we know. */
export function measuredAs(word: string): Measured | undefined {
  return byWord.get(plainName(word));
}

/** By the last words of a name, such as `sensor.rack1_pdu_power`. */
export function measuredByEnding(name: string): Measured | undefined {
  const parts = plainName(name).split('_');
  return measuredAs(parts.slice(-2).join('_')) ?? measuredAs(parts.at(-1) ?? '');
}

/** The figure in our unit: a product that is a decimal comes out as that decimal. */
export function inOurUnit(value: number, factor: number): number {
  return factor === 1 ? value : Number((value * factor).toPrecision(14));
}
