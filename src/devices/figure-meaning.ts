import type { Quantity } from '../model/quantity.ts';
import { meaningOfUnit } from './unit-names.ts';

/** What an announced figure is in our words. */
export interface FigureMeaning {
  readonly quantity: Quantity;
  /** To our unit. */
  readonly scale: number;
  /** Nothing tells the unit; taken for the only usual one of its class. */
  readonly unitGuessed: boolean;
}

/** As Home Assistant names them. */
const classes: Readonly<Record<string, Quantity>> = {
  power: 'watts',
  voltage: 'volts',
  current: 'amps',
  apparent_power: 'voltAmps',
  reactive_power: 'voltAmpsReactive',
  power_factor: 'powerFactor',
  frequency: 'hertz',
};

/**
 * By the unit first: device classes are often wrong (`power` on kWh). Without a unit by the class, but for energy,
 * where Wh and kWh are equally usual: `unit-unknown`. Undefined: no live figure of ours.
 */
export function meaningOf(
  unit: string | undefined,
  deviceClass: string | undefined,
  words: readonly string[],
): FigureMeaning | 'unit-unknown' | undefined {
  if (words.some((word) => notLive.has(word) || tariff.test(word))) return undefined;
  const told = unit === undefined || unit === '' ? undefined : meaningOfUnit(unit);
  if (told !== undefined) {
    // A second power, of what is given back, counted without a sign.
    if (told.quantity === 'watts' && words.some((word) => feeding.has(word))) return undefined;
    // Some meters write kWh beside the counters of kvarh and kVAh.
    if (told.quantity === 'wattHoursTotal' && kindOfPower(words) !== 'power') return undefined;
    const quantity = told.quantity === 'wattHoursTotal' ? energyOf(words) : told.quantity;
    return {
      quantity: isReactive(quantity, deviceClass) ? 'voltAmpsReactive' : quantity,
      scale: told.scale,
      unitGuessed: false,
    };
  }
  const isFactor = deviceClass === 'power_factor' || (deviceClass === undefined && saysFactor(words));
  if (unit === '%')
    return isFactor ? { quantity: 'powerFactor', scale: 0.01, unitGuessed: false } : undefined;
  if (unit !== undefined && unit !== '' && !(isFactor && /^(1|-|pf|cos ?[φϕ]|cosphi)$/i.test(unit)))
    return undefined;
  if (isFactor) return { quantity: 'powerFactor', scale: 1, unitGuessed: false };
  if (deviceClass === 'energy') return 'unit-unknown';
  const kind = deviceClass === 'power' ? kindOfPower(words) : deviceClass;
  const quantity = kind !== undefined && Object.hasOwn(classes, kind) ? classes[kind] : undefined;
  return quantity && { quantity, scale: 1, unitGuessed: true };
}

/** Limits, statistics and parts of a day. */
const notLive: ReadonlySet<string> = new Set(
  (
    'max maximum min minimum peak limit rated rating nominal threshold setpoint today yesterday daily day weekly week ' +
    'monthly month yearly year hourly average avg mean battery cost price period forecast last previous overload ' +
    'target available remaining capacity offset calibration precision delta session trip relative relativ surplus ' +
    'heute gestern tag monat jahr jour hier mois annee vandaag gisteren maand jaar leistungsgrenze'
  ).split(' '),
);

/** Counters of parts of a day: together they are the counter. */
const tariff = /^tarr?if+e?\d{0,2}$/;

const feeding: ReadonlySet<string> = new Set('export exported return returned reverse feedin'.split(' '));
/** `delivered` is what the meter's owner gets, as utilities see it. */
const returning: ReadonlySet<string> = new Set([
  ...feeding,
  ...'produced production generated generation einspeisung'.split(' '),
]);

function energyOf(words: readonly string[]): Quantity {
  return words.some((word) => returning.has(word)) ? 'wattHoursReturnedTotal' : 'wattHoursTotal';
}

function kindOfPower(words: readonly string[]): 'power' | 'apparent_power' | 'reactive_power' {
  if (words.includes('reactive')) return 'reactive_power';
  return words.includes('apparent') ? 'apparent_power' : 'power';
}

/** Some devices write VA for var. */
function isReactive(quantity: Quantity, deviceClass: string | undefined): boolean {
  return quantity === 'voltAmps' && deviceClass === 'reactive_power';
}

function saysFactor(words: readonly string[]): boolean {
  return (
    (words.includes('power') && words.includes('factor')) || words.includes('pf') || words.includes('cosphi')
  );
}
