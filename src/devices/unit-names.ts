import type { Quantity } from '../model/quantity.ts';

/** What a figure is in our words, and the factor to our unit. */
export interface Meaning {
  readonly quantity: Quantity;
  readonly scale: number;
}

/** By its exact spelling: SI tells milli from mega by case alone. */
const symbols: Readonly<Record<string, Meaning>> = {
  W: { quantity: 'watts', scale: 1 },
  kW: { quantity: 'watts', scale: 1e3 },
  MW: { quantity: 'watts', scale: 1e6 },
  mW: { quantity: 'watts', scale: 1e-3 },
  V: { quantity: 'volts', scale: 1 },
  kV: { quantity: 'volts', scale: 1e3 },
  mV: { quantity: 'volts', scale: 1e-3 },
  A: { quantity: 'amps', scale: 1 },
  mA: { quantity: 'amps', scale: 1e-3 },
  VA: { quantity: 'voltAmps', scale: 1 },
  kVA: { quantity: 'voltAmps', scale: 1e3 },
  var: { quantity: 'voltAmpsReactive', scale: 1 },
  kvar: { quantity: 'voltAmpsReactive', scale: 1e3 },
  Hz: { quantity: 'hertz', scale: 1 },
  Wh: { quantity: 'wattHoursTotal', scale: 1 },
  kWh: { quantity: 'wattHoursTotal', scale: 1e3 },
  MWh: { quantity: 'wattHoursTotal', scale: 1e6 },
  mWh: { quantity: 'wattHoursTotal', scale: 1e-3 },
};

/** In any case; `mwh` is not here: milli and mega both occur in counters. Nothing in a rack draws megawatts. */
const words: Readonly<Record<string, Meaning>> = {
  ...Object.fromEntries(
    ['W', 'kW', 'mW', 'V', 'kV', 'mV', 'A', 'mA', 'VA', 'kVA', 'var', 'kvar', 'Hz', 'Wh', 'kWh'].map(
      (symbol) => [symbol.toLowerCase(), symbols[symbol] as Meaning],
    ),
  ),
  watt: { quantity: 'watts', scale: 1 },
  watts: { quantity: 'watts', scale: 1 },
  kilowatt: { quantity: 'watts', scale: 1e3 },
  kilowatts: { quantity: 'watts', scale: 1e3 },
  milliwatt: { quantity: 'watts', scale: 1e-3 },
  milliwatts: { quantity: 'watts', scale: 1e-3 },
  deciwatts: { quantity: 'watts', scale: 0.1 },
  volt: { quantity: 'volts', scale: 1 },
  volts: { quantity: 'volts', scale: 1 },
  millivolts: { quantity: 'volts', scale: 1e-3 },
  decivolts: { quantity: 'volts', scale: 0.1 },
  amp: { quantity: 'amps', scale: 1 },
  amps: { quantity: 'amps', scale: 1 },
  ampere: { quantity: 'amps', scale: 1 },
  amperes: { quantity: 'amps', scale: 1 },
  milliamps: { quantity: 'amps', scale: 1e-3 },
  milliamp: { quantity: 'amps', scale: 1e-3 },
  deciamps: { quantity: 'amps', scale: 0.1 },
  milliamperes: { quantity: 'amps', scale: 1e-3 },
  hertz: { quantity: 'hertz', scale: 1 },
  voltamps: { quantity: 'voltAmps', scale: 1 },
  voltamperes: { quantity: 'voltAmps', scale: 1 },
  vars: { quantity: 'voltAmpsReactive', scale: 1 },
  kwhr: { quantity: 'wattHoursTotal', scale: 1e3 },
  watthours: { quantity: 'wattHoursTotal', scale: 1 },
  kilowatthours: { quantity: 'wattHoursTotal', scale: 1e3 },
};

/** Spelt out, `dA` and such: what a poller calls tenths that it has read out of a MIB. */
const tenths: Readonly<Record<string, Meaning>> = {
  dw: { quantity: 'watts', scale: 0.1 },
  dv: { quantity: 'volts', scale: 0.1 },
  da: { quantity: 'amps', scale: 0.1 },
  dhz: { quantity: 'hertz', scale: 0.1 },
};

/** `kW`, `Volts`, `kilowatt-hours` → what it measures; undefined: no unit of ours. */
export function meaningOfUnit(text: string): Meaning | undefined {
  const plain = text.length > 24 ? '' : text.replace(/[^A-Za-z]/g, '');
  return own(symbols, plain) ?? own(words, plain.toLowerCase());
}

/** The same for the last word of a name, e.g. `current_da`. */
export function meaningOfSuffix(word: string): Meaning | undefined {
  return meaningOfUnit(word) ?? own(tenths, word.toLowerCase());
}

function own(table: Readonly<Record<string, Meaning>>, key: string): Meaning | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
