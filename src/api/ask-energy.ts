import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Carbon } from '../analysis/carbon.ts';
import { type DemandBucket, loadFactor, type PeakDemand, peakDemand } from '../analysis/demand.ts';
import { EnergyBuckets, type EnergySum } from '../analysis/energy-buckets.ts';
import { type LocalStep, localBucket, localEdges } from '../analysis/local-time.ts';
import { compare, type Period, periodBefore } from '../analysis/period-before.ts';
import { type QuarterRates, quarterRates } from '../analysis/quarter-rates.ts';
import { demandCharges, standingCharges } from '../analysis/standing-charges.ts';
import { sumGridOf } from '../analysis/sum-grid.ts';
import type { Tariff } from '../analysis/tariff.ts';
import { type RollUp, tierStepMs } from '../model/roll-up.ts';
import type { SumGrid } from '../model/sum-grid.ts';
import { askChecks, type EnergyChecks, isCheckedByItself } from './ask-checks.ts';
import { askEnergyRuns, energyPlan, withOpenMinute } from './energy-columns.ts';
import type { AskedStore } from './store-until.ts';

export interface EnergyQuestion {
  /** Each known to the room. */
  readonly scopes: readonly string[];
  readonly by: LocalStep;
  readonly fromMs: number;
  readonly toMs: number;
  /** IANA zone of the buckets. */
  readonly timezone: string;
  /** Totals, peaks and the period before too. */
  readonly withTotals: boolean;
  /** Counter held against watts, inlet against outlets; undefined: where that is quickly done. */
  readonly withChecks?: boolean | undefined;
  readonly nowMs: number;
}

/** What it costs, what it emits, and what is not in the store yet. */
export interface EnergyContext {
  readonly tariff: Tariff | undefined;
  readonly carbon: Carbon;
  readonly minutesKeptMs: number;
  openMinute(scope: string, nowMs: number): RollUp | undefined;
}

/** One scope of the answer. */
export interface ScopeEnergy {
  readonly scope: string;
  readonly rows: readonly EnergySum[];
  readonly total: EnergyTotal | undefined;
}

export interface EnergyTotal extends EnergySum {
  /** Highest mean of a quarter and of half an hour. */
  readonly peak15: PeakDemand | undefined;
  readonly peak30: PeakDemand | undefined;
  /** Mean draw ÷ `peak15`. */
  readonly loadFactor: number | undefined;
  /** As long before; of a period under way, as much of the one before. */
  readonly before: EnergySum;
  /** Against `before`; undefined where either is known for less than nine tenths. */
  readonly differencePercent: number | undefined;
  /** Of the room: what is paid whatever is drawn. */
  readonly charges: EnergyCharges | undefined;
  /** Undefined: not asked for. */
  readonly checks: EnergyChecks | undefined;
}

export interface EnergyCharges {
  readonly fixed: number;
  readonly capacity: number;
  /** Undefined unless whole months were asked for (the one under way counts). */
  readonly demand: number | undefined;
  /** On these charges. */
  readonly tax: number;
}

/** Rows of one scope at a time are held; scopes are asked for together until the store has about so many of them. */
const rowsAtOnce = 300_000;
const scopesAtOnceMax = 500;
/** After so many the road gets its turn: some milliseconds. */
const rowsInTurn = 20_000;

/** The edges of the buckets, cut to what was asked for; buckets that have not begun are left out. */
export function energyEdges({ by, fromMs, toMs, timezone, nowMs }: EnergyQuestion): Float64Array {
  const edges = localEdges(by, fromMs, toMs, timezone);
  const underWay = edges.findLastIndex((edgeMs) => edgeMs < nowMs);
  const kept = edges.slice(0, underWay + 2);
  kept[0] = fromMs;
  kept[kept.length - 1] = Math.min(toMs, kept.at(-1)!);
  return kept;
}

/** Answers scope by scope, in the order of the question. Throws a StoreError. */
export async function* askEnergy(
  store: AskedStore,
  question: EnergyQuestion,
  context: EnergyContext,
): AsyncGenerator<ScopeEnergy> {
  const { scopes, nowMs } = question;
  const edges = energyEdges(question);
  const asked = makePeriod(question, context, edges, question.withTotals);
  const before = question.withTotals ? periodBefore(asked.period, question.timezone, nowMs) : undefined;
  const earlier = before && makePeriod(question, context, Float64Array.of(before.fromMs, before.toMs), false);
  const { fromMs, toMs } = asked.period;
  const stepMs = asked.grid?.stepMs ?? tierStepMs.quarter;
  const rows = Math.max(1, (Math.min(toMs, nowMs) - fromMs) / stepMs);
  const atOnce = Math.max(1, Math.min(scopesAtOnceMax, Math.floor(rowsAtOnce / rows)));
  const isChecked =
    question.withTotals && (question.withChecks ?? isCheckedByItself(scopes.length, asked.period));
  let summed = 0;
  for (let i = 0; i < scopes.length; i += atOnce) {
    const some = scopes.slice(i, i + atOnce);
    const now = await sumScopes(store, some, asked, context, nowMs);
    const then = earlier && (await sumScopes(store, some, earlier, context, nowMs));
    for (const scope of some) {
      summed += rows;
      if (summed > rowsInTurn) {
        summed = 0;
        await nextTurn();
      }
      const buckets = now(scope);
      const checks = isChecked ? await askChecks(store, scope, asked.period) : undefined;
      yield {
        scope,
        rows: buckets.rows(),
        total: then && totalOf(scope, buckets, then(scope).total(), { ...question, checks }, context),
      };
    }
  }
}

interface AskedPeriod {
  readonly period: Period;
  readonly edges: Float64Array;
  readonly rates: QuarterRates;
  /** Peaks are looked for, quarter by quarter. */
  readonly withDemand: boolean;
  /** Otherwise the store adds them up over its cells. Undefined: an edge or a price does not allow it. */
  readonly grid: SumGrid | undefined;
}

function makePeriod(
  { nowMs }: EnergyQuestion,
  { tariff, carbon }: EnergyContext,
  edges: Float64Array,
  withDemand: boolean,
): AskedPeriod {
  const period = { fromMs: edges[0]!, toMs: edges.at(-1)! };
  const endMs = Math.min(period.toMs, nowMs);
  const rates = quarterRates(tariff, carbon, period.fromMs, endMs);
  return { period, edges, rates, withDemand, grid: withDemand ? undefined : sumGridOf(edges, rates) };
}

async function sumScopes(
  store: AskedStore,
  scopes: readonly string[],
  { period, edges, rates, withDemand, grid }: AskedPeriod,
  { minutesKeptMs, openMinute }: EnergyContext,
  nowMs: number,
): Promise<(scope: string) => EnergyBuckets> {
  const plan = energyPlan(period, nowMs, minutesKeptMs);
  const runs = await askEnergyRuns(store, plan, scopes, grid);
  return (scope) => {
    const buckets = new EnergyBuckets(edges, rates, nowMs, withDemand);
    const open = period.toMs > nowMs - openMinuteMsMax ? openMinute(scope, nowMs) : undefined;
    for (const run of withOpenMinute(runs.get(scope) ?? [], open, period)) {
      const { tier, columns, from, to } = run;
      if (run.grid === undefined) buckets.add(columns, tierStepMs[tier], from, to);
      else buckets.addSums(columns, run.grid, plan.quarters.toMs);
    }
    return buckets;
  };
}

/** A minute that closed longer ago than this has been written. */
const openMinuteMsMax = 2 * tierStepMs.minute;

function totalOf(
  scope: string,
  buckets: EnergyBuckets,
  before: EnergySum,
  question: EnergyQuestion & { readonly checks: EnergyChecks | undefined },
  context: EnergyContext,
): EnergyTotal {
  const { timezone } = question;
  const demand = buckets.demand();
  const total = buckets.total();
  return {
    ...total,
    peak15: peakDemand(demand, 15, timezone),
    peak30: peakDemand(demand, 30, timezone),
    loadFactor: loadFactor(demand, 15, timezone),
    before,
    differencePercent: differencePercent(total, before),
    checks: question.checks,
    charges: scope === 'room' ? chargesOf(total, demand, question, context) : undefined,
  };
}

function differencePercent(now: EnergySum, before: EnergySum): number | undefined {
  if (now.wattHours === undefined || before.wattHours === undefined) return undefined;
  const { share } =
    compare(
      { value: now.wattHours, coverage: now.coverage },
      { value: before.wattHours, coverage: before.coverage },
    ) ?? {};
  return share === undefined ? undefined : share * 100;
}

function chargesOf(
  { fromMs, toMs }: EnergySum,
  demand: readonly DemandBucket[],
  { nowMs }: EnergyQuestion,
  { tariff }: EnergyContext,
): EnergyCharges | undefined {
  const endMs = Math.min(toMs, nowMs);
  if (tariff === undefined || endMs <= fromMs) return undefined;
  const { fixed, capacity, tax } = standingCharges(tariff, fromMs, endMs);
  const isMonth =
    localBucket('month', fromMs, tariff.timezone).fromMs === fromMs &&
    (toMs >= nowMs || localBucket('month', toMs, tariff.timezone).fromMs === toMs);
  const peaks = isMonth
    ? demandCharges(tariff, fromMs, endMs, (partFromMs, partToMs, minutes) => {
        const within = demand.filter((bucket) => bucket.fromMs >= partFromMs && bucket.fromMs < partToMs);
        return peakDemand(within, minutes, tariff.timezone)?.watts;
      })
    : undefined;
  return {
    fixed,
    capacity,
    demand: peaks?.reduce((sum, { net }) => sum + net, 0),
    tax: tax + (peaks?.reduce((sum, charge) => sum + charge.tax, 0) ?? 0),
  };
}
