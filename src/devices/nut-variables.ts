import type { Quantity } from '../model/quantity.ts';

/** What a NUT variable is (networkupstools/nut, docs/nut-names.txt); units are fixed there. */
export interface NutVariable {
  readonly quantity: Quantity | 'on' | 'name';
  /** `outlet`: has a label of its own. `output` and `input`: the two sides of the device. */
  readonly side: 'outlet' | 'output' | 'input';
  /** Empty: the side as a whole. */
  readonly label: string;
}

const quantities: Readonly<Record<string, Quantity>> = {
  realpower: 'watts',
  power: 'voltAmps',
  voltage: 'volts',
  current: 'amps',
  frequency: 'hertz',
  powerfactor: 'powerFactor',
};

/**
 * A variable by what bridges make of its name: `ups/realpower`, `ups_realpower`, `upsrealpower`,
 * `variables.ups.realpower`, `ups.realpower.value`.
 */
export function bridgedVariable(path: string): NutVariable | undefined {
  const name = path
    .replace(/^(?:variables|vars|data|values)\./, '')
    .replace(/\.(?:value|_|)$/, '')
    .replaceAll('_', '.');
  return nutVariable(name) ?? nutVariable(name.replace(/^(ups|input|output)(?=[a-z])/, '$1.'));
}

/** `outlet.3.realpower`, `device.2.outlet.3.current`, `ups.realpower`, `output.voltage`, `input.L1.voltage`. */
export function nutVariable(name: string): NutVariable | undefined {
  const outlet = /^(?:device\.(\d{1,3})\.)?outlet\.(\d{1,3})\.([a-z]+)$/.exec(name);
  if (outlet !== null) {
    const [, chained, number, what] = outlet as unknown as [string, string | undefined, string, string];
    const quantity = what === 'status' ? 'on' : what === 'desc' || what === 'name' ? 'name' : own(what);
    const label = chained === undefined ? number : `${chained}:${number}`;
    return quantity && { quantity, side: 'outlet', label };
  }
  const whole = /^(?:device\.(\d{1,3})\.)?(ups|output|input|outlet)\.(?:(L[123])(?:-N)?\.)?([a-z]+)$/.exec(
    name,
  );
  if (whole === null) return undefined;
  const [, chained, where, phase, what] = whole as unknown as [
    string,
    string | undefined,
    string,
    string,
    string,
  ];
  const quantity = own(what);
  if (quantity === undefined || (where === 'ups' && quantity !== 'watts' && quantity !== 'voltAmps'))
    return undefined;
  const side = where === 'input' ? 'input' : 'output';
  const label = [chained, phase].filter((part) => part !== undefined).join(':');
  return { quantity, side, label };
}

function own(what: string): Quantity | undefined {
  return Object.hasOwn(quantities, what) ? quantities[what] : undefined;
}
