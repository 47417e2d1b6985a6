import type { IdleVerdict } from '../../model/idle.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { named } from '../scope-words.ts';
import { amount } from '../why.ts';

/** Levels move slowly; an idle level that is learnt or moves is looked at sooner. */
const everyMs = 5 * 60_000;
const soonMs = 10_000;

/** The verdicts of the idle limits, asked for when they may have changed: for the rules that judge idling. */
export class IdleVerdicts {
  readonly #ask: () => readonly IdleVerdict[];
  #rows = new Map<string, IdleVerdict>();
  #nextMs = 0;

  constructor(ask: () => readonly IdleVerdict[]) {
    this.#ask = ask;
  }

  of(scope: string): IdleVerdict | undefined {
    return this.#rows.get(scope);
  }

  scopes(): Iterable<string> {
    return this.#rows.keys();
  }

  /** An idle level was learnt or has moved. */
  stale(nowMs: number): void {
    this.#nextMs = Math.min(this.#nextMs, nowMs + soonMs);
  }

  /** Says whether there are new ones. */
  refresh(nowMs: number): boolean {
    if (nowMs < this.#nextMs) return false;
    this.#nextMs = nowMs + everyMs;
    this.#rows = new Map(this.#ask().map((row) => [row.scope, row]));
    return true;
  }
}

export function highIdle({ room, settings, outside, look }: RuleParts): Rule {
  const verdicts = new IdleVerdicts(() => outside.idle());
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
      if (!verdicts.refresh(nowMs)) return;
      for (const scope of verdicts.scopes()) look(room.indexOf(scope));
    },
    find(scope): Finding | undefined {
      const id = room.scopeAt(scope);
      const verdict = verdicts.of(id);
      if (verdict === undefined) return undefined;
      const { clearShare, hoursMin } = settings.of('high-idle', id);
      const { idleWatts: value, limitWatts: raiseLimit, limitRule, hoursObserved } = verdict;
      if (value === undefined || raiseLimit === undefined || hoursObserved < hoursMin)
        return {
          level: 'unknown',
          unit: 'W',
          why: `Its idle level is still being learnt: ${amount(hoursObserved, 'h')} of ${hoursMin} h observed.`,
        };
      const clearLimit = raiseLimit * clearShare;
      const level = verdict.verdict === 'high' ? 'raised' : value < clearLimit ? 'clear' : 'held';
      return { level, value, raiseLimit, clearLimit, unit: 'W', why: `The limit is ${limitRule}.` };
    },
    text(scope, { value = 0, raiseLimit = 0 }) {
      const year = verdicts.of(scope)?.yearWattHours;
      const energy = year === undefined ? '' : `; idling takes ${amount(year / 1000, 'kWh')} a year`;
      return `${named(scope)} draws ${amount(value, 'W')} doing nothing, its limit is ${amount(raiseLimit, 'W')}${energy}.`;
    },
  };
}
