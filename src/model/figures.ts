import type { Basis, Figure, PowerState } from './figure.ts';
import type { OutletTable } from './outlet-table.ts';
import { quantities } from './quantity.ts';
import { type ScopeSums, summed } from './scope-sums.ts';

const sumOf = Object.fromEntries(summed.map((name, index) => [name, index])) as Record<
  (typeof summed)[number],
  number
>;
const columnOf = Object.fromEntries(quantities.map((name, index) => [name, index])) as Record<
  (typeof quantities)[number],
  number
>;

/** Below this an outlet counts as off: what the cheapest meters show of nothing (power-domain: off is under ~3 W). */
const offWattsMax = 3;

/** The figure of a room, feed, breaker, rack or device, from its running sums. */
export function figureOfSum(sums: ScopeSums, scope: number, expected: number, atMs: number): Figure {
  const inSum = sums.count(scope, sumOf.watts);
  const figure: Figure = {
    state: 'unknown',
    stale: inSum === 0,
    basis: basisOf(inSum, expected),
  };
  const watts = sums.sum(scope, sumOf.watts);
  const voltAmps = sums.sum(scope, sumOf.voltAmps);
  const whole = (quantity: number) => sums.count(scope, quantity) === inSum;
  set(figure, 'watts', watts);
  // A sum to which some did not contribute would pass for the whole: then it is not known.
  if (whole(sumOf.voltAmps)) set(figure, 'voltAmps', voltAmps);
  if (whole(sumOf.amps)) set(figure, 'amps', sums.sum(scope, sumOf.amps));
  set(figure, 'volts', sums.sum(scope, sumOf.volts) / sums.count(scope, sumOf.volts));
  set(figure, 'hertz', sums.sum(scope, sumOf.hertz) / sums.count(scope, sumOf.hertz));
  // Only where every outlet told both; else the quotient would be of different things.
  if (sums.count(scope, sumOf.voltAmps) === inSum && voltAmps > 0)
    set(figure, 'powerFactor', watts / voltAmps);
  if (atMs > 0) figure.atMs = Math.floor(atMs);
  if (inSum > 0) figure.state = stateOf(watts, undefined);
  return figure;
}

/**
 * The figure of a server or an outlet, from its inputs. When none of them is fresh the last known values are
 * shown, marked as stale.
 */
export function figureOfOutlets(outlets: OutletTable, members: readonly number[], expected: number): Figure {
  const fresh = members.filter((outlet) => outlets.records[outlet]!.fresh);
  const shown = fresh.length > 0 ? fresh : members;
  const figure: Figure = { state: 'unknown', stale: fresh.length === 0, basis: 'unknown' };
  const column = (quantity: keyof typeof columnOf) =>
    shown.map((outlet) => outlets.value(outlet, columnOf[quantity])).filter((value) => !Number.isNaN(value));
  const watts = column('watts');
  const voltAmps = column('voltAmps');
  set(figure, 'watts', sum(watts));
  const amps = column('amps');
  if (voltAmps.length === shown.length) set(figure, 'voltAmps', sum(voltAmps));
  if (amps.length === shown.length) set(figure, 'amps', sum(amps));
  set(figure, 'volts', mean(column('volts')));
  set(figure, 'hertz', mean(column('hertz')));
  if (shown.length === 1) set(figure, 'powerFactor', column('powerFactor')[0] ?? Number.NaN);
  else if (voltAmps.length === watts.length && sum(voltAmps) > 0)
    set(figure, 'powerFactor', sum(watts) / sum(voltAmps));
  const atMs = shown.reduce((newest, outlet) => Math.max(newest, outlets.records[outlet]!.lastAtMs), 0);
  if (atMs > 0) figure.atMs = Math.floor(atMs);
  if (fresh.length > 0) {
    figure.basis = basisOf(watts.length, Math.max(expected, 1));
    figure.state = stateOf(
      sum(watts),
      fresh.every((outlet) => outlets.records[outlet]!.on === false) ? false : undefined,
    );
  }
  return figure;
}

function basisOf(inSum: number, expected: number): Basis {
  if (inSum === 0) return 'unknown';
  return inSum < expected ? 'partial' : 'measured';
}

/** Off or not is all that a single figure can tell; the rest is for the detectors. */
function stateOf(watts: number, on: boolean | undefined): PowerState {
  if (on === false) return 'off';
  if (Number.isNaN(watts)) return 'unknown';
  return Math.abs(watts) < offWattsMax ? 'off' : 'active';
}

/** Sets a quantity that is known; three decimals are finer than any meter in a server room. */
function set(
  figure: Figure,
  key: 'watts' | 'voltAmps' | 'amps' | 'volts' | 'hertz' | 'powerFactor',
  value: number,
): void {
  if (!Number.isNaN(value)) figure[key] = Math.round(value * 1000) / 1000;
}

/** NaN when empty. */
function sum(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
