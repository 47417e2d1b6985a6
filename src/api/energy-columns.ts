import { type EnergyColumns, firstAtOrAfter } from '../model/columns.ts';
import type { RollUp, RollUpTier } from '../model/roll-up.ts';
import { tierStepMs } from '../model/roll-up.ts';
import type { SumGrid } from '../model/sum-grid.ts';
import type { AskedStore } from './store-until.ts';

/** Where the energy of a time is to be found: whole quarters, and minutes for what is no whole quarter yet or at all. */
export interface EnergyPlan {
  readonly quarters: TimeRange;
  readonly headMinutes: TimeRange;
  readonly tailMinutes: TimeRange;
}

/** Empty when `fromMs` is not before `toMs`. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Rows of one tier, in the order in which they are to be added up. */
export interface EnergyRun {
  readonly tier: RollUpTier;
  /** The rows are sums over its cells. */
  readonly grid?: SumGrid | undefined;
  readonly columns: EnergyColumns;
  readonly from: number;
  readonly to: number;
}

const { minute: minuteMs, quarter: quarterMs } = tierStepMs;

/**
 * Whole quarters come from the quarter tier, cut ones from the minutes as long as those are kept. The quarter under
 * way has no row that counts, and that of the one before may not be written yet, or hold what was known at a stop:
 * its minutes are asked for too.
 */
export function energyPlan(range: TimeRange, nowMs: number, minutesKeptMs: number): EnergyPlan {
  const endMs = Math.min(range.toMs, nowMs);
  const runningMs = floorTo(quarterMs, nowMs);
  const keptFromMs = nowMs - minutesKeptMs;
  const headMs =
    range.fromMs >= keptFromMs ? ceilTo(quarterMs, range.fromMs) : floorTo(quarterMs, range.fromMs);
  const tailMs = endMs >= keptFromMs ? floorTo(quarterMs, endMs) : ceilTo(quarterMs, endMs);
  const quartersToMs = Math.min(tailMs, runningMs);
  const isUpToNow = endMs > runningMs - quarterMs;
  return {
    quarters: { fromMs: headMs, toMs: quartersToMs },
    headMinutes: { fromMs: floorTo(minuteMs, range.fromMs), toMs: Math.min(headMs, endMs) },
    tailMinutes: {
      fromMs: Math.max(headMs, isUpToNow ? Math.min(tailMs, runningMs - quarterMs) : tailMs),
      toMs: endMs,
    },
  };
}

/** Asks for what the plan names, quarters added up where there is a grid; by scope. Rejects with a StoreError. */
export async function askEnergyRuns(
  store: AskedStore,
  plan: EnergyPlan,
  scopes: readonly string[],
  grid: SumGrid | undefined,
): Promise<Map<string, EnergyRun[]>> {
  const { summed, single } = splitQuarters(plan, grid);
  const [sums, quarters, heads, tails] = await Promise.all([
    askColumns(store, 'quarter', scopes, summed, grid),
    askColumns(store, 'quarter', scopes, single),
    askColumns(store, 'minute', scopes, plan.headMinutes),
    askColumns(store, 'minute', scopes, plan.tailMinutes),
  ]);
  return new Map(
    scopes.map((scope) => {
      const summed = sums.get(scope);
      const runs = joinRuns(quarters.get(scope), heads.get(scope), tails.get(scope));
      if (summed === undefined) return [scope, runs];
      const at = heads.has(scope) ? 1 : 0;
      return [scope, runs.toSpliced(at, 0, { ...whole('quarter', summed), grid })];
    }),
  );
}

/** The newest quarters are there as minutes too, and compared with them one by one: they are not added up. */
function splitQuarters(
  { quarters, tailMinutes }: EnergyPlan,
  grid: SumGrid | undefined,
): { readonly summed: TimeRange; readonly single: TimeRange } {
  const { fromMs, toMs } = quarters;
  if (grid === undefined) return { summed: { fromMs, toMs: fromMs }, single: quarters };
  const hasTail = tailMinutes.fromMs < tailMinutes.toMs;
  const cutMs = hasTail ? Math.max(fromMs, Math.min(toMs, tailMinutes.fromMs)) : toMs;
  return { summed: { fromMs, toMs: cutMs }, single: { fromMs: cutMs, toMs } };
}

/** The minute that is not written yet, unless the store has a row of it. */
export function withOpenMinute(
  runs: readonly EnergyRun[],
  open: RollUp | undefined,
  { fromMs, toMs }: TimeRange,
): readonly EnergyRun[] {
  if (open === undefined || open.fromMs + minuteMs <= fromMs || open.fromMs >= toMs) return runs;
  const last = runs.at(-1);
  const lastMs = last?.columns.fromMs[last.to - 1];
  if (last?.tier === 'minute' && lastMs === open.fromMs) return runs;
  const columns = {
    fromMs: Float64Array.of(open.fromMs),
    wattHours: Float64Array.of(open.wattHours),
    observedMs: Float64Array.of(open.observedMs),
  };
  return [...runs, { tier: 'minute', columns, from: 0, to: 1 }];
}

async function askColumns(
  store: AskedStore,
  tier: RollUpTier,
  scopes: readonly string[],
  { fromMs, toMs }: TimeRange,
  grid?: SumGrid | undefined,
): Promise<Map<string, EnergyColumns>> {
  return fromMs < toMs ? store.energyRows({ tier, scopes, fromMs, toMs, grid }) : new Map();
}

function joinRuns(
  quarters: EnergyColumns | undefined,
  head: EnergyColumns | undefined,
  tail: EnergyColumns | undefined,
): EnergyRun[] {
  const join = whereToJoin(quarters, tail);
  const runs: EnergyRun[] = [];
  if (head !== undefined) runs.push(whole('minute', head));
  if (quarters !== undefined) runs.push({ tier: 'quarter', columns: quarters, from: 0, to: join.quarters });
  if (tail !== undefined)
    runs.push({ tier: 'minute', columns: tail, from: join.minutesFrom, to: tail.fromMs.length });
  return runs.filter(({ from, to }) => from < to);
}

/**
 * How many of the quarters count, and from where on the minutes, which begin with the newest quarter at the earliest. Of
 * a quarter that is there both ways, what was observed for longer counts: its own row may be of before a stop.
 */
export function whereToJoin(
  quarters: Pick<EnergyColumns, 'fromMs' | 'observedMs'> | undefined,
  minutes: Pick<EnergyColumns, 'fromMs' | 'observedMs'> | undefined,
): { readonly quarters: number; readonly minutesFrom: number } {
  const count = quarters?.fromMs.length ?? 0;
  if (quarters === undefined || count === 0 || minutes === undefined)
    return { quarters: count, minutesFrom: 0 };
  const doubled = firstAtOrAfter(minutes.fromMs, quarters.fromMs[count - 1]! + quarterMs);
  const byMinutes = minutes.observedMs.subarray(0, doubled).reduce((sum, forMs) => sum + forMs, 0);
  return byMinutes > quarters.observedMs[count - 1]!
    ? { quarters: count - 1, minutesFrom: 0 }
    : { quarters: count, minutesFrom: doubled };
}

function whole(tier: RollUpTier, columns: EnergyColumns): EnergyRun {
  return { tier, columns, from: 0, to: columns.fromMs.length };
}

function floorTo(stepMs: number, atMs: number): number {
  return Math.floor(atMs / stepMs) * stepMs;
}

function ceilTo(stepMs: number, atMs: number): number {
  return Math.ceil(atMs / stepMs) * stepMs;
}
