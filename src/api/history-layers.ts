import { type BucketSums, holdMsOf } from '../analysis/buckets.ts';
import { type HeldSeries, joinSeries } from '../analysis/series-sum.ts';
import type { RollUpColumns, Series } from '../model/columns.ts';
import type { Quantity } from '../model/quantity.ts';
import { type RollUp, type RollUpTier, type Tier, tierStepMs } from '../model/roll-up.ts';
import { whereToJoin } from './energy-columns.ts';
import type { AskedStore } from './store-until.ts';

/** What one tier tells of a part of the time asked for. */
export interface Layer {
  readonly tier: Tier;
  readonly fromMs: number;
  readonly toMs: number;
  /** When what it tells begins; undefined: it tells nothing. */
  readonly firstMs: number | undefined;
  /** Adds what it tells of [fromMs, toMs). */
  readonly addTo: (sums: BucketSums, fromMs: number, toMs: number) => void;
}

export interface LayerQuestion {
  readonly scope: string;
  readonly quantity: Quantity;
  /** Length of the buckets they will be put into. */
  readonly stepMs: number;
  readonly nowMs: number;
  /** The minute that has no row yet. */
  readonly openMinute: RollUp | undefined;
  readonly outlet: string | undefined;
}

const coarser: Partial<Record<Tier, RollUpTier>> = { raw: 'minute', minute: 'quarter' };

/**
 * Covers [fromMs, toMs) from `tier`, and what lies before its first figure from the coarser ones: a tier may be kept
 * for a shorter time, and readings may have come as roll-ups alone. Oldest first, one after the other, without overlap.
 */
export async function coverTime(
  store: AskedStore,
  question: LayerQuestion,
  tier: Tier,
  fromMs: number,
  toMs: number,
): Promise<Layer[]> {
  const { outlet, quantity } = question;
  const own = await (tier === 'raw' && outlet !== undefined
    ? rawLayer(store, { outlet, quantity }, fromMs, toMs)
    : rollUpLayer(store, question, tier === 'raw' ? 'minute' : tier, fromMs, toMs));
  const older = coarser[tier];
  if (older === undefined || (own.firstMs ?? toMs) - fromMs <= 2 * tierStepMs[older]) return [own];
  const unitMs = Math.max(question.stepMs, tierStepMs[older]);
  const joinMs = own.firstMs === undefined ? toMs : Math.min(toMs, Math.ceil(own.firstMs / unitMs) * unitMs);
  const before = await coverTime(store, question, older, fromMs, joinMs);
  const olderMs = before[0]?.firstMs;
  // Where nothing older is known there is no reason to be coarser.
  if (olderMs === undefined || (own.firstMs !== undefined && olderMs >= joinMs - unitMs)) return [own];
  return joinMs < toMs ? [...before, { ...own, fromMs: joinMs }] : before;
}

export interface JoinedQuestion {
  readonly quantity: Quantity;
  readonly outlets: readonly string[];
  readonly kind: 'sum' | 'mean';
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the outlets that tell it tell together; `told` counts them. Undefined: that is more points than `pointsMax`. */
export async function joinedLayer(
  store: AskedStore,
  { quantity, outlets, kind, fromMs, toMs }: JoinedQuestion,
  pointsMax: number,
): Promise<{ readonly layer: Layer; readonly told: number } | undefined> {
  const told: HeldSeries[] = [];
  let points = 0;
  for (const outlet of outlets) {
    const series = await store.series({ outlet, quantity, fromMs, toMs });
    const holdMs = holdMsOf(series);
    if ((series.atMs.at(-1) ?? Number.NEGATIVE_INFINITY) + holdMs <= fromMs) continue;
    told.push({ series, holdMs });
    points += series.atMs.length;
    if (points > pointsMax) return undefined;
  }
  const series = joinSeries(told, kind);
  return { layer: seriesLayer(series, Number.POSITIVE_INFINITY, fromMs, toMs), told: told.length };
}

export async function rawLayer(
  store: AskedStore,
  { outlet, quantity }: { readonly outlet: string; readonly quantity: Quantity },
  fromMs: number,
  toMs: number,
): Promise<Layer> {
  const series = await store.series({ outlet, quantity, fromMs, toMs });
  return seriesLayer(series, holdMsOf(series), fromMs, toMs);
}

function seriesLayer(series: Series, holdMs: number, fromMs: number, toMs: number): Layer {
  const [firstMs, secondMs] = series.atMs;
  // The last value before the range may have ended long ago.
  const isHeld = firstMs !== undefined && firstMs + holdMs > fromMs;
  return {
    tier: 'raw',
    fromMs,
    toMs,
    firstMs: firstMs === undefined ? undefined : isHeld ? Math.max(fromMs, firstMs) : secondMs,
    addTo: (sums, partFromMs) => sums.addSeries(series, holdMs, partFromMs),
  };
}

/** The newest quarters may have no row yet, or one of what was known at a stop: their minutes stand in for them. */
async function rollUpLayer(
  store: AskedStore,
  question: LayerQuestion,
  tier: RollUpTier,
  fromMs: number,
  toMs: number,
): Promise<Layer> {
  const { scope, stepMs, nowMs } = question;
  const alignedMs = Math.min(floorTo(stepMs, fromMs), floorTo(tierStepMs.quarter, fromMs));
  const rows = await store.rollUps({ tier, scope, fromMs: alignedMs, toMs, joinMs: stepMs });
  const parts: { rows: RollUpColumns; rowMs: number }[] = [];
  const newestMs = floorTo(tierStepMs.quarter, nowMs) - tierStepMs.quarter;
  if (tier === 'quarter' && toMs > newestMs) {
    const minutes = await store.rollUps({
      tier: 'minute',
      scope,
      fromMs: Math.max(alignedMs, newestMs),
      toMs,
    });
    const settled = cut(
      rows,
      0,
      rows.fromMs.findLastIndex((atMs) => atMs < newestMs + tierStepMs.quarter) + 1,
    );
    const join = whereToJoin(settled, minutes);
    parts.push({ rows: cut(settled, 0, join.quarters), rowMs: tierStepMs.quarter });
    parts.push({ rows: cut(minutes, join.minutesFrom, minutes.fromMs.length), rowMs: tierStepMs.minute });
  } else parts.push({ rows, rowMs: tierStepMs[tier] });
  const open = question.openMinute;
  const lastMs = parts.at(-1)?.rows.fromMs.at(-1) ?? Number.NEGATIVE_INFINITY;
  if (open !== undefined && open.fromMs < toMs && open.fromMs > lastMs) {
    parts.push({ rows: columnsOf(open), rowMs: tierStepMs.minute });
  }
  return {
    tier,
    fromMs,
    toMs,
    firstMs: parts.find((part) => part.rows.fromMs.length > 0)?.rows.fromMs[0],
    addTo: (sums, partFromMs, partToMs) => {
      const isFirst = partFromMs === fromMs;
      for (const part of parts)
        sums.addRollUps(part.rows, part.rowMs, isFirst ? undefined : partFromMs, partToMs);
    },
  };
}

function floorTo(stepMs: number, atMs: number): number {
  return Math.floor(atMs / stepMs) * stepMs;
}

function cut(rows: RollUpColumns, from: number, to: number): RollUpColumns {
  const { fromMs, wattsMean, wattsMin, wattsMax, wattHours, observedMs } = rows;
  return {
    fromMs: fromMs.subarray(from, to),
    wattsMean: wattsMean.subarray(from, to),
    wattsMin: wattsMin.subarray(from, to),
    wattsMax: wattsMax.subarray(from, to),
    wattHours: wattHours.subarray(from, to),
    observedMs: observedMs.subarray(from, to),
  };
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
