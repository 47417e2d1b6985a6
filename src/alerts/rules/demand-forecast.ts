import { zoneOf } from '../../model/zone.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { capital, named } from '../scope-words.ts';
import { amount, inWords } from '../why.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
/** After a longer pause nothing is known of the time between. */
const stepMsMax = 60_000;

interface Demand {
  readonly scope: string;
  readonly kw: number;
  readonly stepMs: number;
  fromMs: number;
  lastMs: number;
  /** Observed since `fromMs`. */
  wattHours: number;
  observedMs: number;
}

/** The mean of the quarter or half hour under way, as it will be at its end if the draw stays as it is. */
export function demandForecast({ room, settings, timezone, look }: RuleParts): Rule {
  const demands = settings.of('demand-forecast').limits.map(
    ({ scope, kw, minutes }): Demand => ({
      scope,
      kw,
      stepMs: minutes * minuteMs,
      fromMs: 0,
      lastMs: 0,
      wattHours: 0,
      observedMs: 0,
    }),
  );
  const zone = zoneOf(timezone);
  const wattsOf = (scope: number) => (scope < 0 ? Number.NaN : room.sumAt(scope, 'watts'));
  const follow = (demand: Demand, nowMs: number) => {
    const localMs = zone.localMs(nowMs);
    const fromMs = nowMs - (localMs % demand.stepMs);
    if (fromMs !== demand.fromMs)
      Object.assign(demand, { fromMs, wattHours: 0, observedMs: 0, lastMs: Math.max(demand.lastMs, fromMs) });
    const watts = wattsOf(room.indexOf(demand.scope));
    const passedMs = nowMs - demand.lastMs;
    if (!Number.isNaN(watts) && passedMs > 0 && passedMs <= stepMsMax) {
      demand.wattHours += (watts * passedMs) / hourMs;
      demand.observedMs += passedMs;
    }
    demand.lastMs = nowMs;
  };
  return {
    name: 'demand-forecast',
    kinds: [],
    *scopes() {
      for (const { scope } of demands) yield room.indexOf(scope);
    },
    tick(nowMs) {
      for (const demand of demands) {
        follow(demand, nowMs);
        look(room.indexOf(demand.scope));
      }
    },
    find(scope, nowMs): Finding | undefined {
      const demand = demands.find((one) => one.scope === room.scopeAt(scope));
      if (demand === undefined) return undefined;
      const watts = wattsOf(scope);
      if (Number.isNaN(watts)) return { level: 'unknown' };
      const { fromMs, stepMs, observedMs, wattHours, kw: raiseLimit } = demand;
      const passedMs = Math.max(0, nowMs - fromMs);
      // What was not observed is taken to have been as what was, or as now.
      const soFar = observedMs > 0 ? (wattHours * passedMs) / observedMs : (watts * passedMs) / hourMs;
      const value = (soFar + (watts * (stepMs - passedMs)) / hourMs) / (stepMs / hourMs) / 1000;
      const clearLimit = raiseLimit * (1 - settings.of('demand-forecast', demand.scope).clearGap / 100);
      return {
        level: value > raiseLimit ? 'raised' : value > clearLimit ? 'held' : 'clear',
        value,
        excessWatts: ((value - raiseLimit) * 1000 * stepMs) / Math.max(1, stepMs - passedMs),
        raiseLimit,
        clearLimit,
        unit: 'kW',
        why: () => `now ${amount(watts / 1000, 'kW')}, ${inWords(stepMs - passedMs)} left`,
      };
    },
    text: (scope, { value = 0, raiseLimit = 0 }, why) =>
      `${capital(named(scope))} will have a mean of ${amount(value, 'kW')} in this period (${why}), more than the ${amount(raiseLimit, 'kW')} set for it.`,
  };
}
