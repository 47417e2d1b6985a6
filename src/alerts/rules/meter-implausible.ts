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
