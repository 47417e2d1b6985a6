import { tierStepMs } from '../../model/roll-up.ts';
import type { RollUpColumns, RollUpQuery } from '../store.ts';
import type { InfluxAsker } from './ask.ts';
import { measurementOf, policyOf, rollUpFields, rollUpTags } from './layout.ts';
import { tagLiteral } from './names.ts';
import { askRollUps, msOfMicros, timeRange } from './questions.ts';

type JoinQuery = RollUpQuery & { readonly joinMs: number };

/** With fewer rows than this, handing them over takes less than 20 ms. */
const rowsWorthJoining = 2000;
/** So many stretches are asked for apart; more are asked for as one. */
const stretchesMax = 12;
const hourMs = 3_600_000;

export function isWorthJoining(query: RollUpQuery): query is JoinQuery {
  const stepMs = tierStepMs[query.tier];
  return (
    query.joinMs !== undefined &&
    query.joinMs % stepMs === 0 &&
    query.joinMs > stepMs &&
    query.toMs - query.fromMs > rowsWorthJoining * stepMs
  );
}

/**
 * The rows of each bucket joined by InfluxDB itself: a year of quarters takes 30 ms so, and 300 to be handed over.
 * It knows no weighted mean; but where all of a bucket was observed every row weighs the same. The other buckets'
 * rows, and the newest, come as they are.
 */
export async function askJoinedRollUps(asker: InfluxAsker, query: JoinQuery): Promise<RollUpColumns> {
  const { joinMs, tier } = query;
  const firstMs = Math.ceil(query.fromMs / joinMs) * joinMs;
  const newestMs = Math.max(firstMs, Math.floor((query.toMs - 1) / joinMs) * joinMs - joinMs);
  const middleMs = firstMs + Math.floor((newestMs - firstMs) / joinMs / 2) * joinMs;
  // Both cores of a small machine have something to do then.
  const halves = [
    [firstMs, middleMs],
    [middleMs, newestMs],
  ] as const;
  const answers = await Promise.all(
    halves
      .filter(([fromMs, toMs]) => fromMs < toMs)
      .map(([fromMs, toMs]) =>
        asker.ask({ statement: joinStatement(query, fromMs, toMs), policy: policyOf(tier) }),
      ),
  );
  const buckets = answers.flatMap(([series]) => (series?.values ?? []) as number[][]);
  const isWhole = (bucket: readonly number[]) => bucket[4] === joinMs;
  const stretches = [
    { fromMs: query.fromMs, toMs: Math.min(firstMs, query.toMs) },
    ...stretchesOf(
      buckets.filter((bucket) => !isWhole(bucket)).map((bucket) => msOfMicros(bucket[0]!)),
      joinMs,
    ),
    { fromMs: newestMs, toMs: query.toMs },
  ].filter(({ fromMs, toMs }) => fromMs < toMs);
  const plain = await Promise.all(stretches.map((stretch) => askRollUps(asker, { ...query, ...stretch })));
  const isApart = (atMs: number) => stretches.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
  const joined = buckets.filter((bucket) => !isApart(msOfMicros(bucket[0]!))).map((bucket) => rowOf(bucket));
  return inOrder([...joined, ...plain]);
}

function joinStatement({ tier, scope, joinMs }: JoinQuery, fromMs: number, toMs: number): string {
  const [mean, min, max, observed] = (['wattsMean', 'wattsMin', 'wattsMax', 'observedMs'] as const).map(
    (name) => `"${rollUpFields[name]}"`,
  );
  return `SELECT mean(${mean}), min(${min}), max(${max}), sum(${observed}) FROM "${measurementOf(tier)}" WHERE "${rollUpTags[0]}" = ${tagLiteral(scope)} AND ${timeRange(fromMs, toMs)} GROUP BY time(${joinMs}ms) fill(none)`;
}

/** Neighbouring buckets together; when there are too many stretches, from the first to the last as one. */
function stretchesOf(startsMs: readonly number[], joinMs: number): { fromMs: number; toMs: number }[] {
  const stretches: { fromMs: number; toMs: number }[] = [];
  for (const fromMs of startsMs) {
    const last = stretches.at(-1);
    if (last !== undefined && fromMs <= last.toMs + joinMs) last.toMs = fromMs + joinMs;
    else stretches.push({ fromMs, toMs: fromMs + joinMs });
  }
  if (stretches.length <= stretchesMax) return stretches;
  return [{ fromMs: stretches[0]!.fromMs, toMs: stretches.at(-1)!.toMs }];
}

function rowOf([micros, mean, min, max, observedMs]: readonly number[]): RollUpColumns {
  return {
    fromMs: Float64Array.of(msOfMicros(micros!)),
    wattsMean: Float64Array.of(mean!),
    wattsMin: Float64Array.of(min!),
    wattsMax: Float64Array.of(max!),
    wattHours: Float64Array.of((mean! * observedMs!) / hourMs),
    observedMs: Float64Array.of(observedMs!),
  };
}

const names = ['fromMs', 'wattsMean', 'wattsMin', 'wattsMax', 'wattHours', 'observedMs'] as const;

function inOrder(parts: readonly RollUpColumns[]): RollUpColumns {
  const sorted = parts.filter(({ fromMs }) => fromMs.length > 0).sort((a, b) => a.fromMs[0]! - b.fromMs[0]!);
  const count = sorted.reduce((sum, { fromMs }) => sum + fromMs.length, 0);
  const column = (name: (typeof names)[number]) => {
    const joined = new Float64Array(count);
    let at = 0;
    for (const part of sorted) {
      joined.set(part[name], at);
      at += part.fromMs.length;
    }
    return joined;
  };
  return Object.fromEntries(names.map((name) => [name, column(name)])) as unknown as RollUpColumns;
}
