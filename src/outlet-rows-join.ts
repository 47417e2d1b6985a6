import type { RollUpColumns } from './model/columns.ts';
import { type RollUpChange, type RollUpTier, tierStepMs } from './model/roll-up.ts';
import { scopeId } from './model/scope.ts';
import type { Store } from './store/store.ts';

export interface OutletRowsJoin {
  readonly store: Pick<Store, 'rollUps'>;
  readonly tier: RollUpTier;
  /** Whose outlets: by scope, those that count in it. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  readonly fromMs: number;
  readonly toMs: number;
  /** Outlets that a scope ought to have. */
  readonly expectedIn: (scope: string) => number;
  /** Whatever was stored goes: rows that would know less too, and where no outlet has a row the scope is not known. */
  readonly isWholeTruth?: boolean;
}

/**
 * Watts of wider scopes from the rows of their outlets, for times of which not all readings are at hand. The mean is the
 * sum of their means. Of peaks only one outlet's is known to lie within a row: the highest of them stands on the others'
 * means. A quarter has the peaks of the scope's own minutes where those are kept: join minutes first. Rows that would know
 * less than what is stored are left out. Minutes with their energy, quarters without.
 */
export async function joinOutletRows(join: OutletRowsJoin): Promise<RollUpChange[]> {
  const { store, tier, members, fromMs, toMs, isWholeTruth = false } = join;
  const perOutlet = new Map<string, readonly Row[]>();
  for (const outlet of new Set([...members.values()].flat()))
    perOutlet.set(
      outlet,
      rowsOf(await store.rollUps({ tier, scope: scopeId('outlet', outlet), fromMs, toMs })),
    );
  const joined: RollUpChange[] = [];
  for (const [scope, outlets] of members) {
    const stored = await store.rollUps({ tier, scope, fromMs, toMs });
    const before = new Map([...stored.fromMs].map((at, i) => [at, i]));
    const sums = new Map<number, Sum>();
    for (const outlet of outlets) for (const row of perOutlet.get(outlet)!) add(sums, row);
    if (isWholeTruth) joined.push(...unknownRows(scope, stored, sums));
    const peaks = tier === 'quarter' ? await peaksOfMinutes(store, scope, fromMs, toMs) : undefined;
    for (const [at, sum] of sums) {
      const observedMs = Math.min(
        tierStepMs[tier],
        sum.observedMs / Math.max(1, join.expectedIn(scope), sum.outlets),
      );
      const i = before.get(at) ?? -1;
      if (!isWholeTruth && tier === 'minute' && observedMs < (stored.observedMs[i] ?? 0) - shorterMs)
        continue;
      // Made from readings: its mean is the same, its peaks are better.
      if (Math.abs((stored.wattsMean[i] ?? Number.NaN) - sum.mean) <= sameShare * sum.mean + sameWatts)
        continue;
      joined.push({
        scope,
        fromMs: at,
        wattsMean: sum.mean,
        wattsMin: sum.mean - sum.below,
        wattsMax: sum.mean + sum.above,
        ...peaksWithin(peaks?.get(at), observedMs),
        ...(tier === 'minute' && { wattHours: sum.wattHours, observedMs }),
      });
    }
  }
  return joined;
}

interface Peaks {
  wattsMin: number;
  wattsMax: number;
  observedMs: number;
}

/** By quarter, from the minutes of the scope. */
async function peaksOfMinutes(
  store: OutletRowsJoin['store'],
  scope: string,
  fromMs: number,
  toMs: number,
): Promise<ReadonlyMap<number, Peaks>> {
  const minutes = await store.rollUps({ tier: 'minute', scope, fromMs, toMs });
  const peaks = new Map<number, Peaks>();
  for (const [i, atMs] of minutes.fromMs.entries()) {
    const observedMs = minutes.observedMs[i]!;
    if (!(observedMs > 0)) continue;
    const quarterMs = Math.floor(atMs / tierStepMs.quarter) * tierStepMs.quarter;
    const before = peaks.get(quarterMs);
    peaks.set(quarterMs, {
      wattsMin: Math.min(before?.wattsMin ?? Number.POSITIVE_INFINITY, minutes.wattsMin[i]!),
      wattsMax: Math.max(before?.wattsMax ?? Number.NEGATIVE_INFINITY, minutes.wattsMax[i]!),
      observedMs: (before?.observedMs ?? 0) + observedMs,
    });
  }
  return peaks;
}

/** Minutes that cover the quarter about as well as its outlets' quarters do know its peaks better. */
function peaksWithin(peaks: Peaks | undefined, observedMs: number): Partial<Peaks> {
  if (peaks === undefined || peaks.observedMs < minutesShareMin * observedMs) return {};
  const { wattsMin, wattsMax } = peaks;
  return { wattsMin, wattsMax };
}

const minutesShareMin = 0.95;
const shorterMs = 1_000;
const sameShare = 1e-5;
const sameWatts = 0.001;

/** Stored rows of which nothing is left: nothing was observed. A store cannot forget a single row. */
function unknownRows(
  scope: string,
  stored: RollUpColumns,
  known: { has(fromMs: number): boolean },
): RollUpChange[] {
  return [...stored.fromMs].flatMap((fromMs, i) => {
    if (known.has(fromMs) || (stored.observedMs[i] === 0 && stored.wattHours[i] === 0)) return [];
    const parts = Number.isNaN(stored.counterWattHours?.[i] ?? Number.NaN)
      ? {}
      : { counterWattHours: 0, integratedWattHours: 0, spreadWattHours: 0, spreadMs: 0 };
    return [{ scope, fromMs, wattsMean: 0, wattsMin: 0, wattsMax: 0, wattHours: 0, observedMs: 0, ...parts }];
  });
}

interface Row {
  readonly fromMs: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly wattHours: number;
  readonly observedMs: number;
}

interface Sum {
  mean: number;
  above: number;
  below: number;
  wattHours: number;
  observedMs: number;
  outlets: number;
}

/** Those that tell watts: of a quarter only its energy may be known. */
function rowsOf(columns: Awaited<ReturnType<Store['rollUps']>>): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < columns.fromMs.length; i += 1) {
    const mean = columns.wattsMean[i]!;
    if (Number.isNaN(mean)) continue;
    rows.push({
      fromMs: columns.fromMs[i]!,
      mean,
      min: columns.wattsMin[i]!,
      max: columns.wattsMax[i]!,
      wattHours: columns.wattHours[i]!,
      observedMs: columns.observedMs[i]!,
    });
  }
  return rows;
}

function add(sums: Map<number, Sum>, row: Row): void {
  let sum = sums.get(row.fromMs);
  if (sum === undefined) {
    sum = { mean: 0, above: 0, below: 0, wattHours: 0, observedMs: 0, outlets: 0 };
    sums.set(row.fromMs, sum);
  }
  sum.mean += row.mean;
  sum.above = Math.max(sum.above, row.max - row.mean);
  sum.below = Math.max(sum.below, row.mean - row.min);
  sum.wattHours += row.wattHours;
  sum.observedMs += row.observedMs;
  sum.outlets += 1;
}
