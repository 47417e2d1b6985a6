import type { Quantity } from '../model/quantity.ts';

export interface VictronFigure {
  readonly quantity: Quantity;
  readonly scale: number;
  /** `L1`, `dc`; empty: the service as a whole. */
  readonly label: string;
}

const long: Readonly<Record<string, Quantity>> = {
  Power: 'watts',
  Voltage: 'volts',
  Current: 'amps',
  Frequency: 'hertz',
  PowerFactor: 'powerFactor',
  'Energy/Forward': 'wattHoursTotal',
  'Energy/Reverse': 'wattHoursReturnedTotal',
};
const short: Readonly<Record<string, Quantity>> = {
  P: 'watts',
  S: 'voltAmps',
  V: 'volts',
  I: 'amps',
  F: 'hertz',
};

/**
 * A D-Bus path (Venus OS wiki, dbus): `Ac/Power`, `Ac/L1/Power`, `Ac/Out/L1/P`, `Ac/ConsumptionOnOutput/L1/Power`,
 * `Dc/0/Power`. What goes through an inverter counts where it comes out, the sums of `system` once.
 */
export function figureOfPath(type: string, path: string): VictronFigure | undefined {
  const match =
    /^(Ac\/Out|Ac\/ConsumptionOnOutput|Ac\/ConsumptionOnInput|Ac|Dc\/0)\/(?:(L[123])\/)?(.+)$/.exec(path);
  if (match === null) return undefined;
  const [, where, phase, what] = match as unknown as [string, string, string | undefined, string];
  if (type === 'system' ? !where.startsWith('Ac/Consumption') : where.startsWith('Ac/Consumption'))
    return undefined;
  const quantity = where === 'Ac/Out' ? (own(short, what) ?? own(long, what)) : own(long, what);
  if (where === 'Dc/0' && !dcServices.test(type)) return undefined;
  if (quantity === undefined || (where === 'Dc/0' && (phase !== undefined || what.startsWith('Energy'))))
    return undefined;
  return { quantity, scale: what.startsWith('Energy') ? 1000 : 1, label: labelOf(type, where, phase) };
}

/** An inverter's DC side is that of the battery, which tells it itself. */
const dcServices = /^(battery|solarcharger|dcload|dcsource|dcsystem|fuelcell|alternator)$/;

function labelOf(type: string, where: string, phase: string | undefined): string {
  if (where === 'Dc/0') return type === 'battery' ? '' : 'dc';
  if (where === 'Ac/ConsumptionOnOutput') return phase === undefined ? 'output' : `output:${phase}`;
  if (where === 'Ac/ConsumptionOnInput') return phase === undefined ? 'input' : `input:${phase}`;
  return phase ?? '';
}

function own(table: Readonly<Record<string, Quantity>>, key: string): Quantity | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
