import type { IdleVerdicts } from '../idle-verdicts.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { named } from '../scope-words.ts';
import { amount } from '../why.ts';

export function highIdle({ room, settings, look }: RuleParts, verdicts: IdleVerdicts): Rule {
  return {
    name: 'high-idle',
    kinds: [],
    *scopes() {
      for (const scope of verdicts.scopes()) yield room.indexOf(scope);
    },
    event(event, nowMs) {
      if (event.kind === 'idle') verdicts.stale(nowMs);
    },
    tick(nowMs) {
      if (!verdicts.isNew(nowMs)) return;
      for (const scope of verdicts.scopes()) look(room.indexOf(scope));
    },
    find(scope): Finding | undefined {
      const id = room.scopeAt(scope);
      const verdict = verdicts.of(id);
      if (verdict === undefined) return undefined;
      const { clearShare, atOnceTimes, hoursMin } = settings.of('high-idle', id);
      const { idleWatts: value, limitWatts: raiseLimit, limitRule, hoursObserved } = verdict;
      if (value === undefined || raiseLimit === undefined || hoursObserved < hoursMin)
        return {
          level: 'unknown',
          unit: 'W',
          why: () =>
            `Its idle level is still being learnt: ${amount(hoursObserved, 'h')} of ${hoursMin} h observed.`,
        };
      const clearLimit = raiseLimit * clearShare;
      const level = verdict.verdict === 'high' ? 'raised' : value < clearLimit ? 'clear' : 'held';
      const isAtOnce = value >= atOnceTimes * raiseLimit;
      return {
        level,
        value,
        raiseLimit,
        clearLimit,
        unit: 'W',
        isAtOnce,
        why: () => `The limit is ${limitRule}.`,
      };
    },
    text(scope, { value = 0, raiseLimit = 0 }) {
      const year = verdicts.of(scope)?.yearWattHours;
      const energy = year === undefined ? '' : `; idling takes ${amount(year / 1000, 'kWh')} a year`;
      return `${named(scope)} draws ${amount(value, 'W')} doing nothing, its limit is ${amount(raiseLimit, 'W')}${energy}.`;
    },
  };
}
