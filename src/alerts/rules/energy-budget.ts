import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { capital, named } from '../scope-words.ts';
import { amount } from '../why.ts';

const everyMs = 60_000;
/** A forecast from less of the month is worth nothing. */
const forecastShareMin = 0.1;

/** What a scope will have drawn, or cost, by the end of the month at its pace so far. */
export function energyBudget({ room, settings, outside, look }: RuleParts): Rule {
  const { budgets } = settings.of('energy-budget');
  const byScope = new Map(budgets.map((budget) => [budget.scope, budget]));
  let nextMs = 0;
  return {
    name: 'energy-budget',
    kinds: [],
    *scopes() {
      for (const scope of byScope.keys()) yield room.indexOf(scope);
    },
    tick(nowMs) {
      if (byScope.size === 0 || nowMs < nextMs) return;
      nextMs = nowMs + everyMs;
      for (const scope of byScope.keys()) look(room.indexOf(scope));
    },
    find(scope): Finding | undefined {
      const budget = byScope.get(room.scopeAt(scope));
      if (budget === undefined) return undefined;
      const month = outside.month(budget.scope);
      if (month === undefined)
        return { level: 'unknown', why: 'What was drawn this month is being added up.' };
      const passed = (month.atMs - month.fromMs) / (month.toMs - month.fromMs);
      const parts = [
        partOf(month.wattHours / 1000, budget.kwhPerMonth, 'kWh'),
        partOf(month.cost, budget.costPerMonth, month.currency ?? ''),
      ].filter((part) => part !== undefined);
      const [worst] = parts.sort((a, b) => b.used / b.limit - a.used / a.limit);
      if (worst === undefined)
        return { level: 'unknown', why: 'It has no tariff, so nothing tells what it cost.' };
      const { used, limit: raiseLimit, unit } = worst;
      const value = passed < forecastShareMin ? used : used / passed;
      const why = `${amount(used, unit)} are used, ${Math.round(100 * passed)} % of the month has passed`;
      const limits = { value: Math.max(value, used), raiseLimit, unit, why };
      if (used > raiseLimit) return { level: 'raised', ...limits, value: used, severity: 'critical' };
      return { level: value > raiseLimit ? 'raised' : 'clear', ...limits };
    },
    text(scope, { value = 0, raiseLimit = 0, unit = '', severity }, why) {
      const budget = `budget of ${amount(raiseLimit, unit)} a month`;
      return severity === 'critical'
        ? `${capital(named(scope))} has used up its ${budget}: ${why}.`
        : `${capital(named(scope))} will exceed its ${budget}: ${amount(value, unit)} by the end at this pace (${why}).`;
    },
  };
}

function partOf(used: number | undefined, limit: number | undefined, unit: string) {
  return used === undefined || limit === undefined ? undefined : { used, limit, unit };
}
