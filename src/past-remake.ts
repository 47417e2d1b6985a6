import { ledgerStepMs } from './analysis/ledger-row.ts';
import { cabledTimes, nextRecabling, treeAt } from './analysis/tree-at.ts';
import { remakeBuckets } from './bucket-remake.ts';
import { remakeOutlet } from './energy-remake.ts';
import { scopesOf, sumCabled } from './energy-sums.ts';
import type { EnergyColumns } from './model/columns.ts';
import type { PowerTree } from './model/power-tree.ts';
import type { RollUpChange, RollUpTier } from './model/roll-up.ts';
import type { Room } from './model/room.ts';
import { scopeId } from './model/scope.ts';
import { joinOutletRows } from './outlet-rows-join.ts';
import { roomOfOutlets } from './past-rooms.ts';
import type { Store } from './store/store.ts';

export interface PastRemake {
  /** With the inputs of all times. */
  readonly tree: PowerTree;
  readonly store: Pick<Store, 'series' | 'rawReadings' | 'rollUps' | 'energyRows'>;
  /** Where the readings are, and whether those of all outlets are there: of an import of old times only its own. */
  readonly raw: Pick<Store, 'series' | 'rawReadings'>;
  readonly isWhole: boolean;
  /** Whole quarters of an hour. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Whose readings came. */
  readonly outlets: ReadonlySet<string>;
  readonly expectedIntervalMs: (outlet: string) => number;
  /** Quarters from here on are for others to make. */
  readonly untilMs: number;
  readonly write: (tier: RollUpTier, rows: readonly RollUpChange[]) => Promise<void>;
}

/** What was made: quarters whose sums are to be made too, and outlets left as they were (too many readings). */
export interface PastMade {
  readonly quarters: readonly number[];
  readonly notRemade: number;
}

/** Time is cut into such pieces, and further where there are too many readings or a server was plugged in elsewhere. */
const pieceMs = 24 * 3_600_000;
/** Raw readings are gone through in shorter ones: they are many. */
const rawPieceMs = 3 * 3_600_000;
/** Values told before a piece hold into it. */
const leadMs = 900_000;
const outletPrefix = scopeId('outlet', '');

/**
 * Makes roll-ups and energy of a past time again from the readings that were brought of it. Where only those of some
 * outlets are at hand, the outlets' own rows are made from them (where they tell no less than what is stored), and
 * those of wider scopes from the rows of all outlets. May be done twice. Rejects with a StoreError.
 */
export async function remakePast(remake: PastRemake): Promise<PastMade> {
  const quarters = new Set<number>();
  let notRemade = 0;
  for (const outlet of remake.outlets) {
    const rows = await remakeOutlet({
      store: { series: (query) => remake.raw.series(query), rollUps: (query) => remake.store.rollUps(query) },
      outlet,
      mark: { outlet, fromMs: remake.fromMs, toMs: remake.toMs - 1, markedMs: 0 },
      expectedIntervalMs: remake.expectedIntervalMs(outlet),
      nowMs: Number.MAX_SAFE_INTEGER / 2000,
      untilMs: remake.untilMs,
      neverLess: !remake.isWhole,
    });
    await remake.write('quarter', rows);
    for (const { fromMs } of rows) quarters.add(fromMs);
  }
  const toMs = Math.min(remake.toMs, remake.untilMs);
  for (let fromMs = remake.fromMs; fromMs < toMs; ) {
    const endMs = Math.min(toMs, fromMs + pieceMs, ceilQuarter(nextRecabling(remake.tree, fromMs)));
    notRemade += await remakePiece(remake, fromMs, endMs);
    fromMs = endMs;
  }
  for (let at = remake.fromMs; at < toMs; at += ledgerStepMs) quarters.add(at);
  return { quarters: [...quarters].sort((a, b) => a - b), notRemade };
}

/** Watts. Answers how many outlets' quarters stay as they were. */
async function remakePiece(remake: PastRemake, fromMs: number, toMs: number): Promise<number> {
  const { tree, store, outlets, isWhole } = remake;
  const stored = await outletRowsOf(store, fromMs, toMs);
  const room = roomOf(tree, fromMs, stored, outlets);
  const touched = new Set(widerScopes(outlets, room, stored));
  // A sum of which we have all inputs comes out exact, with its peaks.
  const mixed = new Set<string>();
  if (!isWhole)
    for (const outlet of outletsOf(stored))
      if (!outlets.has(outlet))
        for (const scope of scopesOf(outlet, room, stored)) if (touched.has(scope)) mixed.add(scope);
  const has = (scope: string) =>
    scope.startsWith(outletPrefix)
      ? outlets.has(scope.slice(outletPrefix.length))
      : touched.has(scope) && !mixed.has(scope);
  const made = await remakeBuckets({
    tree: treeAt(tree, fromMs),
    store: {
      rawReadings: (query, take) => remake.raw.rawReadings(query, take),
      rollUps: (query) => store.rollUps(query),
    },
    fromMs,
    toMs,
    scopes: { has },
    expectedIntervalMs: remake.expectedIntervalMs,
    neverLess: !isWhole,
  });
  if (made === undefined) {
    const halfMs = ceilQuarter((fromMs + toMs) / 2);
    if (halfMs >= toMs) return outlets.size;
    return (await remakePiece(remake, fromMs, halfMs)) + (await remakePiece(remake, halfMs, toMs));
  }
  for (const tier of ['minute', 'quarter'] as const) await remake.write(tier, made[tier]);
  if (mixed.size > 0) await joinPiece(remake, room, mixed, fromMs, toMs);
  return 0;
}

/** Watts of scopes of which other outlets have rows too. */
async function joinPiece(
  { store, write }: Pick<PastRemake, 'store' | 'write'>,
  room: Room,
  scopes: ReadonlySet<string>,
  fromMs: number,
  toMs: number,
  isWholeTruth = false,
): Promise<void> {
  const stored = await outletRowsOf(store, fromMs, toMs);
  const members = new Map([...scopes].map((scope) => [scope, [] as string[]]));
  for (const outlet of outletsOf(stored))
    for (const scope of scopesOf(outlet, room, stored)) members.get(scope)?.push(outlet);
  for (const tier of ['minute', 'quarter'] as const)
    await write(
      tier,
      await joinOutletRows({
        store,
        tier,
        members,
        fromMs,
        toMs,
        expectedIn: expectedIn(room),
        isWholeTruth,
      }),
    );
}

/** Wider scopes of outlets whose quarters came as they are, without readings: watts and energy. */
export async function joinPast(
  remake: Pick<PastRemake, 'tree' | 'store' | 'write' | 'outlets'>,
  fromMs: number,
  toMs: number,
): Promise<void> {
  for (let at = fromMs; at < toMs; ) {
    const endMs = sumPieceEnd(remake.tree, at, toMs);
    const stored = await outletRowsOf(remake.store, at, endMs);
    const room = roomOf(remake.tree, at, stored, remake.outlets);
    await joinPiece(remake, room, new Set(widerScopes(remake.outlets, room, stored)), at, endMs);
    at = endMs;
  }
}

/** Energy of the wider scopes of some outlets, for some quarters in the order of time: sums of the outlets' rows. */
export async function sumPast(
  { tree, store, outlets, write }: Pick<PastRemake, 'tree' | 'store' | 'outlets' | 'write'>,
  quarters: readonly number[],
): Promise<void> {
  for (let i = 0; i < quarters.length; ) {
    const fromMs = quarters[i]!;
    const endMs = sumPieceEnd(tree, fromMs, Number.POSITIVE_INFINITY);
    const some = new Set<number>();
    while (i < quarters.length && quarters[i]! < endMs) some.add(quarters[i++]!);
    const stored = await outletRowsOf(store, fromMs, endMs);
    const there = new Set([...outletsOf(stored)].filter((outlet) => outlets.has(outlet)));
    await write('quarter', sumsOf(tree, stored, some, there));
  }
}

/** Where a piece of a past time ends that is made at once: no one is plugged in elsewhere within it. */
export function sumPieceEnd(tree: PowerTree, fromMs: number, toMs: number): number {
  return Math.min(toMs, fromMs + pieceMs, ceilQuarter(nextRecabling(tree, fromMs)));
}

export interface SumsRemake
  extends Pick<PastRemake, 'tree' | 'outlets' | 'expectedIntervalMs' | 'write' | 'fromMs' | 'toMs'> {
  readonly store: PastRemake['store'];
  /** Whose; ids. */
  readonly scopes: ReadonlySet<string>;
  /** Raw readings reach back so far. */
  readonly rawFromMs: number;
}

/**
 * Makes sums of one piece of a past time (`sumPieceEnd`) again from the rows of the outlets that count in them, whatever
 * was stored; those that none counts in any more become unknown. Peaks of sums are exact where raw readings are kept.
 */
export async function remakeSums(remake: SumsRemake): Promise<void> {
  const { tree, store, scopes, outlets, fromMs, toMs, rawFromMs, expectedIntervalMs, write } = remake;
  const stored = await outletRowsOf(store, fromMs, toMs);
  const room = roomOf(tree, fromMs, stored, outlets);
  await joinPiece(remake, room, scopes, fromMs, toMs, true);
  const quarters = new Set<number>();
  for (let at = fromMs; at < toMs; at += ledgerStepMs) quarters.add(at);
  await write('quarter', sumsOf(tree, stored, quarters, outlets, scopes));
  for (let at = Math.max(fromMs, ceilQuarter(rawFromMs + leadMs)); at < toMs; at += rawPieceMs) {
    const made = await remakeBuckets({
      tree: treeAt(tree, fromMs),
      store,
      fromMs: at,
      toMs: Math.min(toMs, at + rawPieceMs),
      scopes,
      expectedIntervalMs,
      neverLess: true,
    });
    if (made !== undefined) for (const tier of ['minute', 'quarter'] as const) await write(tier, made[tier]);
  }
}

type OutletRows = ReadonlyMap<string, EnergyColumns>;

function outletRowsOf(store: Pick<Store, 'energyRows'>, fromMs: number, toMs: number): Promise<OutletRows> {
  return store.energyRows({ tier: 'quarter', scopes: [`${outletPrefix}*`], fromMs, toMs });
}

function* outletsOf(rows: OutletRows): Generator<string> {
  for (const scope of rows.keys()) yield scope.slice(outletPrefix.length);
}

function roomOf(tree: PowerTree, atMs: number, rows: OutletRows, outlets: ReadonlySet<string>): Room {
  return roomOfOutlets(treeAt(tree, atMs), new Set([...outlets, ...outletsOf(rows)]), () => true, atMs);
}

/** Sums of quarters that begin in one cabling; without `scopes` of all in which the outlets count. */
function sumsOf(
  tree: PowerTree,
  stored: OutletRows,
  quarters: ReadonlySet<number>,
  outlets: ReadonlySet<string>,
  scopes?: ReadonlySet<string>,
): RollUpChange[] {
  const timesOf = (at: number) => cabledTimes(tree, at, at + ledgerStepMs);
  const alike = Map.groupBy(quarters, (at) => (timesOf(at).length > 1 ? at : 'whole'));
  return [...alike.values()].flatMap((some) => {
    const cabled = timesOf(some[0]!).map(({ fromMs, share }) => ({
      room: roomOf(tree, fromMs, stored, outlets),
      share,
    }));
    const asked = scopes ?? new Set(cabled.flatMap(({ room }) => widerScopes(outlets, room, stored)));
    return sumCabled(stored, new Set(some), asked, cabled);
  });
}

function widerScopes(outlets: Iterable<string>, room: Room, rows: OutletRows): string[] {
  return [...outlets].flatMap((outlet) => scopesOf(outlet, room, rows));
}

function expectedIn(room: Room): (scope: string) => number {
  return (scope) => {
    const number = room.indexOf(scope);
    return number < 0 ? 1 : room.expectedIn(number);
  };
}

function ceilQuarter(atMs: number): number {
  return Math.ceil(atMs / ledgerStepMs) * ledgerStepMs;
}
