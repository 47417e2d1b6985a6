import {
  type Buckets,
  bucketsOfRollUps,
  bucketsOfSeries,
  holdMsOf,
  readableStepMs,
} from '../analysis/buckets.ts';
import type { RollUpColumns } from '../model/columns.ts';
import type { Quantity } from '../model/quantity.ts';
import { type RollUp, type RollUpTier, type Tier, tierStepMs } from '../model/roll-up.ts';
import type { Store } from '../store/store.ts';
import type { HistoryAnswer } from './shapes.ts';

export interface HistoryQuestion {
  readonly scope: string;
  readonly quantity: Quantity;
  readonly fromMs: number;
  readonly toMs: number;
  /** At most so many buckets. */
  readonly points: number;
  /** The one outlet the scope stands for; undefined: it is a sum, of which only roll-ups are kept. */
  readonly outlet: string | undefined;
  readonly nowMs: number;
  /** The minute that has no row yet. */
  readonly openMinute: RollUp | undefined;
  readonly retention: { readonly rawMs: number; readonly minuteMs: number };
}

/** Why a question cannot be answered, in words for the one who asked. */
export class UnanswerableError extends Error {
  override readonly name = 'UnanswerableError';
}

/** Picks the tier, asks the store, and shapes the answer: the same for every store. Rejects with a StoreError. */
export async function askHistory(store: Store, question: HistoryQuestion): Promise<HistoryAnswer> {
  const { scope, quantity } = question;
  const wishedMs = readableStepMs(question.toMs - question.fromMs, question.points);
  const wishedTier = tierFor(question, wishedMs);
  const raw = wishedTier === 'raw' ? await rawBuckets(store, question, wishedMs) : undefined;
  const tier = wishedTier === 'raw' && raw === undefined ? 'minute' : wishedTier;
  const stepMs = tier === 'raw' ? wishedMs : Math.max(wishedMs, tierStepMs[tier]);
  const buckets = raw ?? (await rollUpBuckets(store, question, tier as RollUpTier, stepMs));
  return {
    scope,
    quantity,
    tier,
    stepMs,
    atMs: [...buckets.atMs],
    mean: known(buckets.mean),
    min: known(buckets.min),
    max: known(buckets.max),
  };
}

function tierFor(question: HistoryQuestion, stepMs: number): Tier {
  const ageMs = question.nowMs - question.fromMs;
  if (question.quantity !== 'watts') {
    if (question.outlet !== undefined) return 'raw';
    throw new UnanswerableError(
      `${question.quantity} is kept for outlets only; ask for scope=outlet:<device>/<outlet>, or quantity=watts`,
    );
  }
  if (stepMs < tierStepMs.minute && question.outlet !== undefined && ageMs <= question.retention.rawMs)
    return 'raw';
  return stepMs < tierStepMs.quarter && ageMs <= question.retention.minuteMs ? 'minute' : 'quarter';
}

/** Raw readings may be younger than the roll-ups (imported, or thinned out): undefined when minutes reach further back. */
async function rawBuckets(
  store: Store,
  question: HistoryQuestion,
  stepMs: number,
): Promise<Buckets | undefined> {
  const { scope, quantity, fromMs, toMs } = question;
  const series = await store.series({ outlet: question.outlet!, quantity, fromMs, toMs });
  const firstMs = series.atMs[0] ?? toMs;
  if (quantity === 'watts' && firstMs - fromMs > 2 * tierStepMs.minute) {
    const earlier = await store.rollUps({ tier: 'minute', scope, fromMs, toMs: firstMs - tierStepMs.minute });
    if (earlier.fromMs.length > 0) return undefined;
  }
  return bucketsOfSeries(series, fromMs, Math.min(toMs, question.nowMs), stepMs, holdMsOf(series));
}

/** The quarter now running has no row yet: its minutes stand in for it. */
async function rollUpBuckets(
  store: Store,
  question: HistoryQuestion,
  tier: RollUpTier,
  stepMs: number,
): Promise<Buckets> {
  const { scope, fromMs, toMs } = question;
  const alignedMs = Math.floor(fromMs / stepMs) * stepMs;
  const rows = await store.rollUps({ tier, scope, fromMs: alignedMs, toMs, joinMs: stepMs });
  const parts = [rows];
  if (tier === 'quarter') {
    const lastMs = rows.fromMs.at(-1);
    const sinceMs = lastMs === undefined ? alignedMs : lastMs + tierStepMs.quarter;
    const newestMs = Math.max(
      sinceMs,
      Math.floor(question.nowMs / tierStepMs.quarter) * tierStepMs.quarter - tierStepMs.quarter,
    );
    if (newestMs < toMs) parts.push(await store.rollUps({ tier: 'minute', scope, fromMs: newestMs, toMs }));
  }
  if (question.openMinute !== undefined) parts.push(columnsOf(question.openMinute));
  return bucketsOfRollUps(parts, fromMs, Math.min(toMs, question.nowMs), stepMs);
}

function columnsOf(row: RollUp): RollUpColumns {
  return {
    fromMs: Float64Array.of(row.fromMs),
    wattsMean: Float64Array.of(row.wattsMean),
    wattsMin: Float64Array.of(row.wattsMin),
    wattsMax: Float64Array.of(row.wattsMax),
    wattHours: Float64Array.of(row.wattHours),
    observedMs: Float64Array.of(row.observedMs),
  };
}

/** NaN is how we mark "not observed"; outside it is null. Three decimals are finer than any meter. */
function known(column: Float64Array): (number | null)[] {
  return Array.from(column, (value) => (Number.isNaN(value) ? null : Math.round(value * 1000) / 1000));
}
