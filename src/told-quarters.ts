import type { EnergyTrail, TrailQuarter } from './analysis/energy-trail.ts';
import { type CabledRoom, energyRow, joinShares, noEnergy } from './energy-sums.ts';
import type { RollUpChange } from './model/roll-up.ts';
import type { Room } from './model/room.ts';

export interface ToldQuarter {
  readonly quarterMs: number;
  /** The live room, which numbers the outlets, and the room as it was cabled in that quarter. */
  readonly live: Room;
  readonly cabled: readonly CabledRoom[];
  readonly trail: EnergyTrail;
  /** By number. */
  readonly isKnown: readonly boolean[];
  /** Something of it waits to be booked again: until then it counts with its watts. */
  readonly isDoubtful: (outlet: string) => boolean;
}

/** What the trail books of a quarter: rows of outlets with counters, and of all scopes in which one of them counts. */
export function toldRows(told: ToldQuarter): RollUpChange[] {
  const { quarterMs, live, cabled, isKnown } = told;
  const settled = isKnown.map((known, outlet) => (known ? settle(told, outlet) : undefined));
  const own = settled.flatMap((quarter, outlet) =>
    quarter?.counted
      ? [energyRow(live.scopeAt(live.scopesOf(outlet)[0]!), quarterMs, { ...noEnergy, ...quarter })]
      : [],
  );
  const sums = cabled.map(({ room, share }) => ({ share, ...sumsIn(room, live, settled) }));
  const counted = new Set(sums.flatMap(({ room, isCounted }) => scopesWhere(room, isCounted)));
  const ways = sums.map((one) => ({ share: one.share, rows: rowsOf(one, counted, quarterMs) }));
  return [...own, ...joinShares(ways)];
}

type Settled = readonly (TrailQuarter | undefined)[];

/** By the scope's number in that room. */
interface Sums {
  readonly room: Room;
  readonly counter: Float64Array;
  readonly integrated: Float64Array;
  readonly observed: Float64Array;
  /** 1: an outlet with a counter counts in it. */
  readonly isCounted: Uint8Array;
}

function sumsIn(room: Room, live: Room, settled: Settled): Sums {
  const counter = new Float64Array(room.scopeCount);
  const integrated = new Float64Array(room.scopeCount);
  const observed = new Float64Array(room.scopeCount);
  const isCounted = new Uint8Array(room.scopeCount);
  for (const [outlet, quarter] of settled.entries()) {
    if (quarter === undefined) continue;
    for (const scope of widerScopes(room, live, outlet)) {
      counter[scope]! += quarter.counterWattHours;
      integrated[scope]! += quarter.integratedWattHours;
      observed[scope]! += quarter.observedMs;
      if (quarter.counted) isCounted[scope] = 1;
    }
  }
  return { room, counter, integrated, observed, isCounted };
}

function scopesWhere(room: Room, isCounted: Uint8Array): string[] {
  const scopes: string[] = [];
  for (const [scope, yes] of isCounted.entries()) if (yes === 1) scopes.push(room.scopeAt(scope));
  return scopes;
}

function rowsOf(
  { room, counter, integrated, observed }: Sums,
  scopes: ReadonlySet<string>,
  quarterMs: number,
): RollUpChange[] {
  return [...scopes].flatMap((id) => {
    const scope = room.indexOf(id);
    if (scope < 0) return [];
    const energy = {
      ...noEnergy,
      counterWattHours: counter[scope]!,
      integratedWattHours: integrated[scope]!,
      observedMs: observed[scope]!,
    };
    return [energyRow(id, quarterMs, energy, room.expectedIn(scope))];
  });
}

function widerScopes(room: Room, live: Room, outlet: number): readonly number[] {
  return room.scopesOf(room === live ? outlet : room.outletNumber(live.outletAt(outlet))).slice(1);
}

function settle(
  { trail, live, quarterMs, isDoubtful }: ToldQuarter,
  outlet: number,
): TrailQuarter | undefined {
  const told = trail.settle(outlet, quarterMs);
  return isDoubtful(live.outletAt(outlet)) ? trail.plainOf(outlet, quarterMs) : told;
}
