import { scopeId } from '../../model/scope.ts';
import { breakers } from './meters.ts';
import type { RoomOutlet, SimulatedRoom } from './simulated-room.ts';

/** When the planted faults happened, epoch ms. In the live room both lie in the past. */
export interface FaultTimes {
  /** `db-02`: until then its two supplies shared the draw. */
  readonly supplyDiedAtMs: number;
  /** `plug-lab-02`: its last reading. */
  readonly plugSilentFromMs: number;
}

/**
 * A scope of the room as a sum over machines: `plusWatts` and a share of each. The shares of a server add up to
 * one; unclaimed outlets count as servers of their own and in the room, in no rack or breaker.
 */
export interface HistoryScope {
  readonly scope: string;
  plusWatts: number;
  /** Indices into the room's machines. */
  readonly machines: number[];
  readonly shares: number[];
}

/** The scopes that have figures in the state of the room at a time, in a fixed order. */
export function historyScopes(room: SimulatedRoom, faults: FaultTimes, atMs: number): HistoryScope[] {
  const dead = atMs >= faults.supplyDiedAtMs;
  const silent = atMs >= faults.plugSilentFromMs;
  const machineIndex = new Map([...room.machines.keys()].map((name, index) => [name, index]));
  const scopes = new Map<string, HistoryScope>();
  for (const outlet of room.outlets) {
    if (silent && outlet.meter.silent) continue;
    for (const id of scopesOf(outlet)) {
      let scope = scopes.get(id);
      if (scope === undefined) {
        scope = { scope: id, plusWatts: 0, machines: [], shares: [] };
        scopes.set(id, scope);
      }
      add(scope, outlet, machineIndex, dead ? outlet.share : outlet.earlierShare);
    }
  }
  return [...scopes.values()];
}

function scopesOf({ outlet, meter, machine }: RoomOutlet): string[] {
  const own = [scopeId('room', ''), scopeId('device', meter.name), scopeId('outlet', outlet)];
  if (machine === undefined || !machine.machine.claimed) return [...own, scopeId('server', outlet)];
  const { name, rack } = machine.machine;
  const { feed } = breakers.find((breaker) => breaker.name === meter.breaker)!;
  return [
    ...own,
    scopeId('server', name),
    scopeId('rack', rack),
    scopeId('breaker', meter.breaker),
    scopeId('feed', feed),
  ];
}

function add(
  scope: HistoryScope,
  outlet: RoomOutlet,
  index: ReadonlyMap<string, number>,
  share: number,
): void {
  scope.plusWatts += outlet.plusWatts;
  const machine = index.get(outlet.machine?.machine.name ?? '');
  if (machine === undefined || share === 0) return;
  const known = scope.machines.indexOf(machine);
  if (known < 0) {
    scope.machines.push(machine);
    scope.shares.push(share);
  } else {
    scope.shares[known]! += share;
  }
}
