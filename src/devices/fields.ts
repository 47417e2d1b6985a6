import type { Quantity } from '../model/quantity.ts';
import type { RejectReason, Report } from './family.ts';

/**
 * One field of a payload → a plausible number in our unit, or undefined: absent, or dropped and counted.
 * A plain number within its range leaves at once; decimal text, sentinels and nonsense take the slow way.
 */

/** The most a meter of one kind can truthfully say, either sign. */
export interface Ceilings {
  /** Also for VA and var. */
  readonly watts: number;
  readonly amps: number;
}

/** A plug or a PDU outlet. The biggest socket (IEC 60309, 63 A at 400 V) stays well below. */
export const outletCeilings: Ceilings = { watts: 25_000, amps: 100 };
/** What sums outlets or clamps round a feed: device totals, three-phase meters, current clamps up to 400 A. */
export const feedCeilings: Ceilings = { watts: 250_000, amps: 1_000 };

const voltsMax = 500;
/** 1 TWh: beyond any room, below where doubles lose mWh. */
const wattHoursMax = 1e12;

export function watts(
  value: unknown,
  ceilings: Ceilings,
  device: string,
  report: Report,
): number | undefined {
  const max = ceilings.watts;
  if (typeof value === 'number' && value <= max && value >= -max) return value;
  if (value === undefined) return undefined;
  return slow(value, 1, -max, max, 'watts-out-of-range', device, report);
}

/** Apparent and reactive power. */
export function voltAmps(
  value: unknown,
  ceilings: Ceilings,
  device: string,
  report: Report,
): number | undefined {
  const max = ceilings.watts;
  if (typeof value === 'number' && value <= max && value >= -max) return value;
  if (value === undefined) return undefined;
  return slow(value, 1, -max, max, 'volt-amps-out-of-range', device, report);
}

export function amps(value: unknown, ceilings: Ceilings, device: string, report: Report): number | undefined {
  const max = ceilings.amps;
  if (typeof value === 'number' && value <= max && value >= -max) return value;
  if (value === undefined) return undefined;
  return slow(value, 1, -max, max, 'amps-out-of-range', device, report);
}

export function volts(value: unknown, device: string, report: Report): number | undefined {
  if (typeof value === 'number' && value <= voltsMax && value >= 0) return value;
  if (value === undefined) return undefined;
  return slow(value, 1, 0, voltsMax, 'volts-out-of-range', device, report);
}

/** Mains, or 0 where a meter without a wave to count says so. */
export function hertz(value: unknown, device: string, report: Report): number | undefined {
  if (value === 0 || (typeof value === 'number' && value <= 70 && value >= 40)) return value;
  if (value === undefined) return undefined;
  const number = slow(value, 1, 0, 70, 'hertz-out-of-range', device, report);
  if (number === undefined || number === 0 || number >= 40) return number;
  report.rejectField(device, 'hertz-out-of-range');
  return undefined;
}

/** −1…1; meters overshoot by rounding, up to 5 % is taken for 1. */
export function powerFactor(value: unknown, device: string, report: Report): number | undefined {
  if (typeof value === 'number' && value <= 1 && value >= -1) return value;
  if (value === undefined) return undefined;
  const number = slow(value, 1, -1.05, 1.05, 'power-factor-out-of-range', device, report);
  return number === undefined ? undefined : Math.max(-1, Math.min(1, number));
}

/** `scale` brings the meter's unit to Wh (1000 for kWh). To the mWh, so that 8.12 kWh is 8120 Wh and not 8119.999…. */
export function wattHours(value: unknown, scale: number, device: string, report: Report): number | undefined {
  if (typeof value === 'number') {
    const size = Math.abs(value);
    if (size < 8388607 && size * scale < 2147483647) return Math.round(value * scale * 1000) / 1000;
  }
  if (value === undefined) return undefined;
  const number = slow(value, scale, -wattHoursMax, wattHoursMax, 'energy-out-of-range', device, report);
  return number === undefined ? undefined : Math.round(number * 1000) / 1000;
}

/** A relay's state. */
export function switched(value: unknown, device: string, report: Report): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  report.rejectField(device, 'wrong-shape');
  return undefined;
}

/** Any quantity by its name, for families whose fields stand in a table. `scale` brings it to our unit. */
export function measured(
  quantity: Quantity,
  value: unknown,
  scale: number,
  ceilings: Ceilings,
  device: string,
  report: Report,
): number | undefined {
  if (value === undefined) return undefined;
  const inUnit = scale === 1 ? value : scaled(value, scale);
  switch (quantity) {
    case 'watts':
      return watts(inUnit, ceilings, device, report);
    case 'volts':
      return volts(inUnit, device, report);
    case 'amps':
      return amps(inUnit, ceilings, device, report);
    case 'voltAmps':
    case 'voltAmpsReactive':
      return voltAmps(inUnit, ceilings, device, report);
    case 'powerFactor':
      return powerFactor(inUnit, device, report);
    case 'hertz':
      return hertz(inUnit, device, report);
    case 'wattHoursTotal':
    case 'wattHoursReturnedTotal':
      return wattHours(value, scale, device, report);
  }
}

function slow(
  value: unknown,
  scale: number,
  min: number,
  max: number,
  outOfRange: RejectReason,
  device: string,
  report: Report,
): number | undefined {
  const raw = typeof value === 'number' ? value : decimal(value);
  const number = raw * scale;
  if (number >= min && number <= max && !isSentinel(raw, scale)) return number;
  report.rejectField(
    device,
    !Number.isFinite(number) ? 'not-a-number' : isSentinel(raw, scale) ? 'sentinel' : outOfRange,
  );
  return undefined;
}

/** What fixed-width integers say for "invalid": the ends of 32 and 24 bit, signed and unsigned. */
const sentinels: ReadonlySet<number> = new Set([-2147483648, 2147483647, 4294967295, -8388608, 8388607]);

/** Also when the device divided the marker before sending it, e.g. 4294967.295 kWh. */
export function isSentinel(raw: number, scale: number): boolean {
  if (Math.abs(raw) < 8388607 && Math.abs(raw * scale) < 8388607) return false;
  return sentinels.has(raw) || (scale !== 1 && sentinels.has(tidy(raw * scale)));
}

/** Whole text a plain decimal → its number, else NaN (`nan`, `unknown`, `12 W`, `0x1f`, `1e3`, ``, null, true, …). */
function decimal(value: unknown): number {
  return typeof value === 'string' && value.length <= 24 && /^[+-]?(\d+(?:\.\d*)?|\.\d+)$/.test(value)
    ? Number(value)
    : Number.NaN;
}

/** A sentinel keeps its face, so that it is still known as one after scaling. */
function scaled(value: unknown, scale: number): number {
  const raw = typeof value === 'number' ? value : decimal(value);
  return isSentinel(raw, scale) ? raw : tidy(raw * scale);
}

/** Takes away the noise of a decimal scale: 412 mA × 0.001 is 0.412. */
function tidy(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
