import {
  headerLine,
  readingColumns,
  readingLine,
  rollUpColumns,
  rollUpLine,
} from './exchange/export-rows.ts';
import { type ReadingFigure, readingFigures } from './model/quantity.ts';
import { type RollUpTier, type Tier, tierStepMs } from './model/roll-up.ts';
import type { Store } from './store/store.ts';

export interface ExportQuestion {
  readonly tier: Tier;
  /** Of roll-ups. */
  readonly scopes: readonly string[];
  /** Of raw readings; undefined: all. */
  readonly outlets: readonly string[] | undefined;
  readonly fromMs: number;
  readonly toMs: number;
}

type ExportedStore = Pick<Store, 'series' | 'rawReadings' | 'rollUps'>;

const dayMs = 24 * 3_600_000;
/** Rows in a part of the text: about a megabyte. */
const rowsAtOnce = 10_000;
/** So few outlets are asked for one by one; of more all readings are gone through. */
const outletsOneByOne = 8;
const windowMsMin = 60_000;

/**
 * What the store holds, as CSV in parts: readings in the order of their times (of a few outlets, day by day one after
 * the other), roll-ups scope by scope. Memory stays bounded. Throws a StoreError.
 */
export async function* exportCsv(store: ExportedStore, question: ExportQuestion): AsyncGenerator<string> {
  const { tier, outlets } = question;
  yield headerLine(tier === 'raw' ? readingColumns : rollUpColumns);
  if (tier !== 'raw') yield* rollUpText(store, tier, question);
  else if (outlets !== undefined && outlets.length <= outletsOneByOne)
    yield* outletText(store, outlets, question);
  else yield* readingText(store, question);
}

async function* readingText(
  store: ExportedStore,
  { outlets, fromMs, toMs }: ExportQuestion,
): AsyncGenerator<string> {
  const wanted = outlets && new Set(outlets);
  let windowMs = windowMsMin;
  for (let at = fromMs; at < toMs; ) {
    const endMs = Math.min(toMs, at + windowMs);
    const lines: string[] = [];
    let read = 0;
    await store.rawReadings(
      { fromMs: at, toMs: endMs, quantities: readingFigures },
      (outlet, atMs, values) => {
        read += 1;
        if (wanted === undefined || wanted.has(outlet)) lines.push(readingLine(atMs, outlet, values));
      },
    );
    if (lines.length > 0) yield lines.join('');
    at = endMs;
    const factor = Math.min(8, Math.max(1 / 8, rowsAtOnce / Math.max(1, read)));
    windowMs = Math.min(dayMs, Math.max(windowMsMin, windowMs * factor));
  }
}

async function* outletText(
  store: ExportedStore,
  outlets: readonly string[],
  { fromMs, toMs }: ExportQuestion,
): AsyncGenerator<string> {
  for (let at = fromMs; at < toMs; at += dayMs)
    for (const outlet of outlets) {
      const range = { outlet, fromMs: at, toMs: Math.min(toMs, at + dayMs) };
      const rows = new Map<number, Partial<Record<ReadingFigure, number>>>();
      for (const quantity of readingFigures) {
        const { atMs, values } = await store.series({ ...range, quantity });
        for (const [i, moment] of atMs.entries()) {
          // The last one before the range comes with it.
          if (moment < range.fromMs) continue;
          const row = rows.get(moment);
          if (row === undefined) rows.set(moment, { [quantity]: values[i]! });
          else row[quantity] = values[i]!;
        }
      }
      const lines = [...rows]
        .sort(([a], [b]) => a - b)
        .map(([moment, values]) => readingLine(moment, outlet, values));
      for (let i = 0; i < lines.length; i += rowsAtOnce) yield lines.slice(i, i + rowsAtOnce).join('');
    }
}

async function* rollUpText(
  store: ExportedStore,
  tier: RollUpTier,
  { scopes, fromMs, toMs }: ExportQuestion,
): AsyncGenerator<string> {
  const windowMs = rowsAtOnce * tierStepMs[tier];
  for (const scope of scopes)
    for (let at = fromMs; at < toMs; at += windowMs) {
      const rows = await store.rollUps({ tier, scope, fromMs: at, toMs: Math.min(toMs, at + windowMs) });
      const lines = Array.from(rows.fromMs, (from, i) =>
        rollUpLine(tier, scope, from, (figure) => rows[figure]?.[i]),
      );
      if (lines.length > 0) yield lines.join('');
    }
}
