import type { Phase } from '../model/power-tree.ts';
import type { AlertRoom } from './alert-room.ts';
import { type Amps, ampsOf } from './circuit-amps.ts';
import type { FeedPhase, Topology } from './topology.ts';

/** What one phase of a feed carries. */
export interface PhaseAmps extends Amps {
  /** Absent: the settings name no phase of its breakers. */
  readonly phase?: Phase;
}

/** The current of the breakers on one phase of a feed, A; undefined when nothing fresh says. */
export function ampsOfPhase(
  room: AlertRoom,
  { phase, breakers }: FeedPhase,
  { circuits }: Topology,
): PhaseAmps | undefined {
  let amps: number | undefined;
  let isEstimate = false;
  for (const breaker of breakers) {
    const scope = room.indexOf(breaker);
    const own = scope < 0 ? undefined : ampsOf(room, scope, circuits.get(breaker));
    if (own === undefined) continue;
    amps = (amps ?? 0) + own.amps;
    isEstimate ||= own.isEstimate;
  }
  return amps === undefined ? undefined : { amps, isEstimate, ...(phase === undefined ? {} : { phase }) };
}

/** Of a feed's phases the one that carries most: a feed is over its limit when any of them is. */
export function mostLoadedPhase(room: AlertRoom, feed: string, topology: Topology): PhaseAmps | undefined {
  let most: PhaseAmps | undefined;
  for (const phase of topology.feeds.get(feed)?.phases ?? []) {
    const own = ampsOfPhase(room, phase, topology);
    if (own !== undefined && (most === undefined || own.amps > most.amps)) most = own;
  }
  return most;
}
