import type { IdleVerdicts } from '../idle-verdicts.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { named } from '../scope-words.ts';
import { amount } from '../why.ts';

const dayMs = 86_400_000;
/** Days before a baseline is old enough are not worth naming; nor is what draws next to nothing. */
const wattsMin = 5;

/** Draws its idle level and nothing else for days. The words are chosen: power alone cannot prove that nobody needs it. */
export function idleCandidate({ room, settings, look }: RuleParts, verdicts: IdleVerdicts): Rule {
  return {
    name: 'idle-candidate',
    kinds: [],
    *scopes() {
      for (const scope of verdicts.scopes()) yield room.indexOf(scope);
    },
    tick(nowMs) {
      if (!verdicts.isNew(nowMs)) return;
      for (const scope of verdicts.scopes()) look(room.indexOf(scope));
    },
    find(scope, nowMs): Finding | undefined {
      const id = room.scopeAt(scope);
      const verdict = verdicts.of(id);
      if (verdict === undefined) return undefined;
      const { days: raiseLimit, idleShare } = settings.of('idle-candidate', id);
      if (verdict.idleWatts === undefined || verdict.sinceMs === undefined)
        return { level: 'unknown', why: 'Its idle level is still being learnt.' };
      const { idleWatts, idleShare: share } = verdict;
      const rests = verdict.idleShare >= idleShare && verdict.idleWatts >= wattsMin;
      const value = rests ? (nowMs - verdict.sinceMs) / dayMs : 0;
      return {
        level: value >= raiseLimit ? 'raised' : rests ? 'held' : 'clear',
        value,
        raiseLimit,
        unit: 'd',
        why: () => `It spends ${Math.round(100 * share)} % of its time at ${amount(idleWatts, 'W')}.`,
      };
    },
    text(scope, { value = 0 }) {
      const verdict = verdicts.of(scope);
      const watts = verdict?.idleWatts === undefined ? 'its idle level' : amount(verdict.idleWatts, 'W');
      return `${named(scope)} has drawn ${watts} and nothing else for ${Math.floor(value)} days: a candidate for switching off. Ask its owner; power alone does not tell.`;
    },
  };
}
