import type { EnergyTrail, TrailQuarter } from './analysis/energy-trail.ts';
import { energyRow } from './energy-sums.ts';
import type { RollUpChange } from './model/roll-up.ts';
import type { Room } from './model/room.ts';

export interface ToldQuarter {
  readonly quarterMs: number;
  /** The live room, which numbers the outlets, and the room as it was cabled in that quarter. */
  readonly live: Room;
  readonly room: Room;
  readonly trail: EnergyTrail;
  /** By number. */
  readonly isKnown: readonly boolean[];
  /** Something of it waits to be booked again: until then it counts with its watts. */
  readonly isDoubtful: (outlet: string) => boolean;
}

/** What the trail books of a quarter: rows of outlets with counters, and of all scopes in which one of them counts. */
export function toldRows(told: ToldQuarter): RollUpChange[] {
  const { quarterMs, live, room, isKnown } = told;
  const rows: RollUpChange[] = [];
  const scopes = room.scopeCount;
  const counter = new Float64Array(scopes);
  const integrated = new Float64Array(scopes);
  const observed = new Float64Array(scopes);
  const isCounted = new Uint8Array(scopes);
  for (let outlet = 0; outlet < isKnown.length; outlet += 1) {
    if (isKnown[outlet] !== true) continue;
    const settled = settle(told, outlet);
    if (settled === undefined) continue;
    const number = room === live ? outlet : room.outletNumber(live.outletAt(outlet));
    const [own, ...wider] = room.scopesOf(number);
    if (settled.counted) rows.push(energyRow(room.scopeAt(own!), quarterMs, { ...noSpread, ...settled }));
    for (const scope of wider) {
      counter[scope]! += settled.counterWattHours;
      integrated[scope]! += settled.integratedWattHours;
      observed[scope]! += settled.observedMs;
      if (settled.counted) isCounted[scope] = 1;
    }
  }
  for (let scope = 0; scope < scopes; scope += 1) {
    if (isCounted[scope] === 0) continue;
    const energy = {
      ...noSpread,
      counterWattHours: counter[scope]!,
      integratedWattHours: integrated[scope]!,
      observedMs: observed[scope]!,
    };
    rows.push(energyRow(room.scopeAt(scope), quarterMs, energy, room.expectedIn(scope)));
  }
  return rows;
}

const noSpread = { spreadWattHours: 0, spreadMs: 0 };

function settle(
  { trail, live, quarterMs, isDoubtful }: ToldQuarter,
  outlet: number,
): TrailQuarter | undefined {
  const told = trail.settle(outlet, quarterMs);
  return isDoubtful(live.outletAt(outlet)) ? trail.plainOf(outlet, quarterMs) : told;
}
