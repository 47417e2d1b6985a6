import type { EnergyTrail, TrailQuarter } from './analysis/energy-trail.ts';
import { type CabledRoom, energyRow, joinShares } from './energy-sums.ts';
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
      ? [energyRow(live.scopeAt(live.scopesOf(outlet)[0]!), quarterMs, { ...noSpread, ...quarter })]
      : [],
  );
  const counted = new Set(cabled.flatMap(({ room }) => [...countedScopes(room, live, settled)]));
  const ways = cabled.map(({ room, share }) => ({ share, rows: sums(room, told, settled, counted) }));
  return [...own, ...(ways.length === 1 ? ways[0]!.rows : joinShares(ways))];
}

type Settled = readonly (TrailQuarter | undefined)[];

/** Wider scopes in which an outlet with a counter counts. */
function* countedScopes(room: Room, live: Room, settled: Settled): Generator<string> {
  const isCounted = new Uint8Array(room.scopeCount);
  for (const [outlet, quarter] of settled.entries())
    if (quarter?.counted) for (const scope of widerScopes(room, live, outlet)) isCounted[scope] = 1;
  for (const [scope, yes] of isCounted.entries()) if (yes === 1) yield room.scopeAt(scope);
}

function sums(
  room: Room,
  { quarterMs, live }: ToldQuarter,
  settled: Settled,
  counted: ReadonlySet<string>,
): RollUpChange[] {
  const counter = new Float64Array(room.scopeCount);
  const integrated = new Float64Array(room.scopeCount);
  const observed = new Float64Array(room.scopeCount);
  for (const [outlet, quarter] of settled.entries()) {
    if (quarter === undefined) continue;
    for (const scope of widerScopes(room, live, outlet)) {
      counter[scope]! += quarter.counterWattHours;
      integrated[scope]! += quarter.integratedWattHours;
      observed[scope]! += quarter.observedMs;
    }
  }
  return [...counted].flatMap((id) => {
    const scope = room.indexOf(id);
    if (scope < 0) return [];
    const energy = {
      ...noSpread,
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

const noSpread = { spreadWattHours: 0, spreadMs: 0 };

function settle(
  { trail, live, quarterMs, isDoubtful }: ToldQuarter,
  outlet: number,
): TrailQuarter | undefined {
  const told = trail.settle(outlet, quarterMs);
  return isDoubtful(live.outletAt(outlet)) ? trail.plainOf(outlet, quarterMs) : told;
}
