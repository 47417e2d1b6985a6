import { splitOutlet, totalLabel } from '../../model/reading.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { scopesOfKind } from '../scope-numbers.ts';
import { amount } from '../why.ts';

/** Below it the rounding of cheap meters says more than their figures. */
const comparedWatts = 30;

export function meterImplausible({ room, settings }: RuleParts): Rule {
  /** By scope: the number of its outlet, which never changes. */
  const numbers: number[] = [];
  const numberOf = (scope: number): number => {
    const known = numbers[scope];
    if (known !== undefined) return known;
    const number = room.outletNumber(room.scopeAt(scope).slice('outlet:'.length));
    if (number >= 0) numbers[scope] = number;
    return number;
  };
  /** By outlet, whose name never changes: the device of a total; null: it is none. */
  const totals: (string | null | undefined)[] = [];
  const deviceOfTotal = (outlet: number): string | null => {
    let device = totals[outlet];
    if (device === undefined) {
      const parts = splitOutlet(room.outletAt(outlet));
      device = parts.label === totalLabel ? parts.device : null;
      totals[outlet] = device;
    }
    return device;
  };
  /** What the outlets beside a total measure, W; NaN: it is no total, or not all of them are heard. */
  const besideTotal = (total: number): number => {
    const device = deviceOfTotal(total);
    if (device === null) return Number.NaN;
    let sum = 0;
    for (const outlet of room.outletsOf(device)) {
      if (outlet === total) continue;
      if (!room.isFresh(outlet)) return Number.NaN;
      sum += room.valueOf(outlet, 'watts');
    }
    return sum;
  };
  return {
    name: 'meter-implausible',
    kinds: ['outlet'],
    scopes: () => scopesOfKind(room, 'outlet'),
    find(scope): Finding | undefined {
      const id = room.scopeAt(scope);
      const outlet = numberOf(scope);
      if (outlet < 0 || !room.isFresh(outlet)) return { level: 'unknown' };
      const { percent, voltsMin, voltsMax, ampsMax } = settings.of('meter-implausible', id);
      const watts = room.valueOf(outlet, 'watts');
      const volts = room.valueOf(outlet, 'volts');
      const amps = room.valueOf(outlet, 'amps');
      if (Math.abs(watts) > comparedWatts && volts > 0 && amps > 0) {
        const voltAmps = volts * amps;
        const value = (100 * (Math.abs(watts) - voltAmps)) / voltAmps;
        if (value > percent)
          return {
            level: 'raised',
            value,
            raiseLimit: percent,
            unit: '%',
            why: () =>
              `${amount(watts, 'W')} is ${amount(value, '%')} more than ${amount(volts, 'V')} × ${amount(amps, 'A')}`,
          };
      }
      if (amps > ampsMax || Math.abs(watts) > ampsMax * voltsMax)
        return {
          level: 'raised',
          value: amps > ampsMax ? amps : Math.abs(watts) / voltsMax,
          raiseLimit: ampsMax,
          unit: 'A',
          why: () =>
            `${amount(amps > ampsMax ? amps : watts, amps > ampsMax ? 'A' : 'W')} is more than any outlet carries`,
        };
      // Outlets without a meter make the total more than their sum; nothing makes it less.
      const outlets = besideTotal(outlet);
      const less = (100 * (outlets - watts)) / outlets;
      if (outlets > comparedWatts && less > percent)
        return {
          level: 'raised',
          value: less,
          raiseLimit: percent,
          unit: '%',
          why: () =>
            `its total of ${amount(watts, 'W')} is ${amount(less, '%')} less than the ${amount(outlets, 'W')} of its outlets`,
        };
      // No voltage and no draw is an outlet without mains.
      if (volts > voltsMax || (volts < voltsMin && Math.abs(watts) > comparedWatts))
        return {
          level: 'raised',
          value: volts,
          raiseLimit: volts > voltsMax ? voltsMax : voltsMin,
          unit: 'V',
          why: () => `${amount(volts, 'V')} is no mains`,
        };
      return { level: 'clear' };
    },
    text: (scope, _, why) => `The meter of ${scope.replace(':', ' ')} contradicts itself: ${why}.`,
  };
}
