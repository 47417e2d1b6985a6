import type { PowerTree } from './model/power-tree.ts';
import { emptyReading, splitOutlet } from './model/reading.ts';
import type { RollUp, RollUpChange, RollUpTier } from './model/roll-up.ts';
import { Room } from './model/room.ts';
import type { Store } from './store/store.ts';

export interface BucketRemake {
  readonly tree: PowerTree;
  readonly store: Pick<Store, 'rawReadings' | 'rollUps'>;
  /** Whole quarters, whose buckets are made again. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Whose; ids. */
  readonly scopes: { has(scope: string): boolean };
  /** What an outlet's device family usually does, ms. */
  readonly expectedIntervalMs: (outlet: string) => number;
  /** Quarters of which more is stored than comes out stay too: not all readings are at hand. */
  readonly neverLess?: boolean;
}

/** A time with more readings in and before it is not made again at once: some seconds' work. */
export const remakeReadingsMax = 2_000_000;
/** A value told before the quarter holds into it for so long at most, and sums settle. */
const leadMs = 900_000;
const tickMs = 5_000;
const closedMs = 60_000;
/** Rows that would be observed this much shorter than they are stand. */
const shorterMs = 1_000;

/**
 * Makes minutes and peaks of some quarters again from raw readings, through a room of its own, so by the same rules as
 * live. Answers rows for the store by tier: minutes as a whole, of the quarter its mean, least and most watts; its
 * energy is the ledger's. Undefined: too many readings. Rejects with a StoreError.
 */
export async function remakeBuckets(
  remake: BucketRemake,
): Promise<Record<RollUpTier, RollUpChange[]> | undefined> {
  const { tree, store, fromMs, toMs: endMs, scopes, expectedIntervalMs, neverLess = false } = remake;
  const made: Record<RollUpTier, RollUp[]> = { minute: [], quarter: [] };
  const room = new Room({
    tree,
    rollUp: (tier, row) => {
      if (row.fromMs >= fromMs && row.fromMs < endMs && scopes.has(row.scope)) made[tier].push(row);
    },
  });
  let tickedMs = fromMs - leadMs;
  room.tick(tickedMs);
  let readings = 0;
  let isTooMany = false;
  await store.rawReadings(
    { fromMs: tickedMs, toMs: endMs, quantities: ['watts', 'on'] },
    (outlet, atMs, [watts, on]) => {
      readings += 1;
      isTooMany ||= readings > remakeReadingsMax;
      if (isTooMany) return;
      for (; atMs - tickedMs >= tickMs; tickedMs += tickMs) room.tick(tickedMs + tickMs);
      const { device } = splitOutlet(outlet);
      room.apply(
        {
          ...emptyReading(device, outlet, {
            topic: '',
            payload: new Uint8Array(),
            receivedAtMs: atMs,
            retained: false,
            qos: 0,
            sequence: 0,
          }),
          watts: Number.isNaN(watts) ? undefined : watts,
          // Of an outlet that is switched off often only that is told: it draws nothing.
          on: Number.isNaN(on) ? undefined : on !== 0,
        },
        expectedIntervalMs(outlet),
      );
    },
  );
  if (isTooMany) return undefined;
  for (; tickedMs < endMs + closedMs; tickedMs += tickMs) room.tick(tickedMs + tickMs);
  return {
    minute: await better(store, 'minute', made.minute, true),
    quarter: (await better(store, 'quarter', made.quarter, neverLess)).map(
      ({ scope, fromMs, wattsMean, wattsMin, wattsMax }) => ({
        scope,
        fromMs,
        wattsMean,
        wattsMin,
        wattsMax,
      }),
    ),
  };
}

/** Those that know no less than what is stored: a late reading must not make history worse. */
async function better(
  store: Pick<Store, 'rollUps'>,
  tier: RollUpTier,
  rows: readonly RollUp[],
  neverLess: boolean,
): Promise<RollUp[]> {
  // Of quarters the ledger may know more than watts can tell.
  if (!neverLess) return [...rows];
  const kept: RollUp[] = [];
  const byScope = Map.groupBy(rows, ({ scope }) => scope);
  for (const [scope, made] of byScope) {
    const fromMs = Math.min(...made.map((row) => row.fromMs));
    const toMs = Math.max(...made.map((row) => row.fromMs)) + 1;
    const stored = await store.rollUps({ tier, scope, fromMs, toMs });
    const observedMs = new Map([...stored.fromMs].map((atMs, i) => [atMs, stored.observedMs[i]!]));
    kept.push(...made.filter((row) => row.observedMs >= (observedMs.get(row.fromMs) ?? 0) - shorterMs));
  }
  return kept;
}
