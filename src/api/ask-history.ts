import { BucketSums, type Buckets, readableStepMs } from '../analysis/buckets.ts';
import type { Quantity } from '../model/quantity.ts';
import { type RollUp, type Tier, tierStepMs } from '../model/roll-up.ts';
import { coverTime, joinedLayer, type Layer, rawLayer } from './history-layers.ts';
import type { HistoryAnswer } from './shapes.ts';
import type { AskedStore } from './store-until.ts';

export interface HistoryQuestion {
  readonly scope: string;
  readonly quantity: Quantity;
  readonly fromMs: number;
  readonly toMs: number;
  /** At most so many buckets, which begin at round times; two, where one is asked for. */
  readonly points: number;
  /** The one outlet the scope stands for; undefined: it is a sum, of whose watts only roll-ups are kept. */
  readonly outlet: string | undefined;
  /** All outlets in the scope. */
  readonly outlets?: (() => readonly string[]) | undefined;
  readonly nowMs: number;
  /** The minute that has no row yet. */
  readonly openMinute: RollUp | undefined;
  readonly retention: { readonly rawMs: number; readonly minuteMs: number };
}

/** Why a question cannot be answered, in words for the one who asked. */
export class UnanswerableError extends Error {
  override readonly name = 'UnanswerableError';
  readonly code: 'unanswerable' | 'too-much';

  constructor(message: string, code: UnanswerableError['code'] = 'unanswerable') {
    super(message);
    this.code = code;
  }
}

/**
 * Picks the tiers, asks the store, and shapes the answer: the same for every store. Rejects with a StoreError, or an
 * UnanswerableError.
 */
export async function askHistory(store: AskedStore, question: HistoryQuestion): Promise<HistoryAnswer> {
  const { fromMs, toMs, nowMs } = question;
  const endMs = Math.max(fromMs, Math.min(toMs, nowMs));
  const wishedMs = readableStepMs(fromMs, toMs, question.points);
  if (question.quantity !== 'watts') return askQuantity(store, question, wishedMs, endMs);
  const tier = tierFor(question, wishedMs);
  const leastMs = Math.max(wishedMs, lengthMs(tier));
  const layers = await coverTime(store, { ...question, stepMs: leastMs }, tier, fromMs, endMs);
  const stepMs = Math.max(leastMs, lengthMs(layers.at(-1)!.tier));
  return shaped(question, layers, stepMs, bucketsOf(layers, fromMs, endMs, stepMs));
}

function tierFor({ nowMs, fromMs, toMs, outlet, retention }: HistoryQuestion, stepMs: number): Tier {
  // A tier of which only the last moments remain is not worth asking: what is older is coarser anyway.
  const isKept = (keptMs: number) => nowMs - toMs < keptMs && nowMs - fromMs < 2 * keptMs;
  if (stepMs < tierStepMs.minute && outlet !== undefined && isKept(retention.rawMs)) return 'raw';
  return stepMs < tierStepMs.quarter && isKept(retention.minuteMs) ? 'minute' : 'quarter';
}

function lengthMs(tier: Tier): number {
  return tier === 'raw' ? 0 : tierStepMs[tier];
}

/** Raw readings of so many outlets over so many hours are gone through at once, … */
const outletHoursMax = 7_200;
/** … and so many of them. */
const joinedPointsMax = 300_000;
const hourMs = 3_600_000;

/** What roll-ups do not keep: from the raw readings of the outlets in the scope. */
async function askQuantity(
  store: AskedStore,
  question: HistoryQuestion,
  stepMs: number,
  endMs: number,
): Promise<HistoryAnswer> {
  const { quantity, nowMs, retention } = question;
  const days = Math.floor(retention.rawMs / (24 * hourMs));
  const fromMs = Math.max(question.fromMs, Math.min(endMs, nowMs - retention.rawMs));
  if (question.fromMs < endMs && fromMs >= endMs) {
    const detail = `${quantity} is kept for ${days} days (store.retention.raw); ask for a later time, or for quantity=watts.`;
    throw new UnanswerableError(detail);
  }
  const outlets = question.outlet === undefined ? (question.outlets?.() ?? []) : [question.outlet];
  if (outlets.length === 1) {
    const layer = await rawLayer(store, { outlet: outlets[0]!, quantity }, fromMs, endMs);
    return shaped(question, [layer], stepMs, bucketsOf([layer], question.fromMs, endMs, stepMs));
  }
  const { layer, told } = await joined(store, question, outlets, fromMs, endMs);
  const answer = shaped(question, [layer], stepMs, bucketsOf([layer], question.fromMs, endMs, stepMs));
  return { ...answer, outlets: { all: outlets.length, told } };
}

/** What several outlets tell together; undefined: it makes no sense to join them. */
const joinedBy: Partial<Record<Quantity, 'sum' | 'mean'>> = {
  amps: 'sum',
  voltAmps: 'sum',
  voltAmpsReactive: 'sum',
  volts: 'mean',
  hertz: 'mean',
};

async function joined(
  store: AskedStore,
  { quantity, scope }: HistoryQuestion,
  outlets: readonly string[],
  fromMs: number,
  endMs: number,
): Promise<{ readonly layer: Layer; readonly told: number }> {
  const kind = joinedBy[quantity];
  if (kind === undefined) {
    const instead = quantity.startsWith('wattHours')
      ? 'GET /api/v1/energy'
      : 'scope=outlet:<device>/<outlet>';
    throw new UnanswerableError(`${quantity} of several outlets says nothing; ask ${instead}.`);
  }
  const hours = (endMs - fromMs) / hourMs;
  if (outlets.length * hours > outletHoursMax) {
    const hoursMax = Math.max(1, Math.floor(outletHoursMax / outlets.length));
    const detail = `${quantity} of ${scope} is added up from the raw readings of ${outlets.length} outlets: ask for at most ${hoursMax} hours, or for a smaller scope.`;
    throw new UnanswerableError(detail, 'too-much');
  }
  const found = await joinedLayer(store, { quantity, outlets, kind, fromMs, toMs: endMs }, joinedPointsMax);
  if (found !== undefined) return found;
  const detail = `${quantity} of ${scope} is more than ${joinedPointsMax} raw readings: ask for a shorter time, or for a smaller scope.`;
  throw new UnanswerableError(detail, 'too-much');
}

function bucketsOf(layers: readonly Layer[], fromMs: number, endMs: number, stepMs: number): Buckets {
  const sums = new BucketSums(fromMs, endMs, stepMs);
  for (const layer of layers) layer.addTo(sums, layer.fromMs, layer.toMs);
  return sums.buckets();
}

function shaped(
  { scope, quantity }: HistoryQuestion,
  layers: readonly Layer[],
  stepMs: number,
  { atMs, mean, min, max }: Buckets,
): HistoryAnswer {
  return {
    scope,
    quantity,
    tier: layers[0]!.tier,
    tiers: layers.map(({ tier, fromMs, toMs }) => ({ tier, fromMs, toMs })),
    stepMs,
    atMs: [...atMs],
    mean: known(mean),
    min: known(min),
    max: known(max),
  };
}

/** NaN is how we mark "not observed"; outside it is null. Three decimals are finer than any meter. */
function known(column: Float64Array): (number | null)[] {
  return Array.from(column, (value) => (Number.isNaN(value) ? null : Math.round(value * 1000) / 1000));
}
