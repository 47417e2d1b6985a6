import type { MonthSoFar } from './alerts/outside.ts';
import { localBucket } from './analysis/local-time.ts';
import type { EnergyQuestion, ScopeEnergy } from './api/ask-energy.ts';
import type { Log } from './base/log.ts';
import { parseScope, scopeId } from './model/scope.ts';
import type { Store } from './store/store.ts';

export interface AlertPastParts {
  readonly store: Pick<Store, 'rollUps'>;
  /** As `GET /energy` is answered. */
  readonly energy: (question: EnergyQuestion) => AsyncIterable<ScopeEnergy>;
  readonly timezone: string;
  readonly currency: string | undefined;
  /** Scopes with a budget for the month. */
  readonly budgets: readonly string[];
  readonly log: Log;
}

/** How far back an outlet that carries nothing is looked for: a cord pulled before that is no news. */
const carriedMsMax = 90 * 86_400_000;
const carriedWattsMin = 5;
/** A store that is being filled says no at first. */
const askAgainMs = 30_000;
const askAgainSlowMs = 3_600_000;
const youngMs = 15 * 60_000;
const monthEveryMs = 15 * 60_000;
const outletsMax = 20_000;

/**
 * What alerts ask of the store, answered from what was asked before: one question at a time, in the background. A store
 * that is away makes answers older, and nothing else.
 */
export class AlertPast {
  readonly #parts: AlertPastParts;
  readonly #carried = new Map<string, { answer: boolean | undefined; askMs: number }>();
  readonly #months = new Map<string, MonthSoFar>();
  #startedMs = 0;
  #monthMs = 0;
  #asking = false;
  #problem: string | undefined;

  constructor(parts: AlertPastParts) {
    this.#parts = parts;
  }

  /** Undefined: it is being looked up. */
  carriedBefore(outlet: string): boolean | undefined {
    const known = this.#carried.get(outlet);
    if (known !== undefined) return known.answer;
    if (this.#carried.size < outletsMax) this.#carried.set(outlet, { answer: undefined, askMs: 0 });
    return undefined;
  }

  month(scope: string): MonthSoFar | undefined {
    return this.#months.get(scope);
  }

  /** Called about every second, while the store is there. */
  tick(nowMs: number): void {
    if (this.#startedMs === 0) this.#startedMs = nowMs;
    if (this.#asking) return;
    const work = this.#nextOutlet(nowMs) ?? this.#nextMonth(nowMs);
    if (work === undefined) return;
    this.#asking = true;
    void work()
      .then(() => {
        this.#problem = undefined;
      })
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#asking = false;
      });
  }

  #nextOutlet(nowMs: number): (() => Promise<void>) | undefined {
    for (const [outlet, known] of this.#carried) {
      if (known.answer === true || known.askMs > nowMs) continue;
      known.askMs = nowMs + (nowMs - this.#startedMs < youngMs ? askAgainMs : askAgainSlowMs);
      return async () => {
        const { wattsMean } = await this.#parts.store.rollUps({
          tier: 'quarter',
          scope: scopeId('outlet', outlet),
          fromMs: nowMs - carriedMsMax,
          toMs: nowMs,
        });
        known.answer = wattsMean.some((watts) => watts >= carriedWattsMin);
      };
    }
    return undefined;
  }

  #nextMonth(nowMs: number): (() => Promise<void>) | undefined {
    const { budgets, timezone, energy, currency } = this.#parts;
    if (budgets.length === 0 || nowMs < this.#monthMs) return undefined;
    this.#monthMs = nowMs + monthEveryMs;
    return async () => {
      const { fromMs, toMs } = localBucket('month', nowMs, timezone);
      const scopes = budgets.filter((scope) => parseScope(scope) !== undefined);
      const question = { scopes, by: 'month', fromMs, toMs, timezone, withTotals: false, nowMs } as const;
      for await (const { scope, rows } of energy(question)) {
        const [row] = rows;
        if (row?.wattHours === undefined) continue;
        this.#months.set(scope, {
          fromMs,
          toMs,
          atMs: nowMs,
          wattHours: row.wattHours,
          cost: currency === undefined ? undefined : row.cost,
          currency,
        });
      }
    };
  }

  #failed(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    if (problem !== this.#problem)
      this.#parts.log.warn({ problem }, 'alerts could not ask the store; asked again');
    this.#problem = problem;
  }
}
