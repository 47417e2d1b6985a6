import type { AlertRoom } from './alert-room.ts';

/** Where a meter tells neither amps nor volt-amps: supplies of servers lie between 0.9 and 0.99 when loaded. */
const powerFactorGuess = 0.9;
export const voltsDefault = 230;

/** Of a breaker or feed, V phase to neutral. */
interface Nominal {
  readonly volts?: number;
}

/** Current, and whether all of it was measured. */
export interface Amps {
  readonly amps: number;
  readonly isEstimate: boolean;
}

/** What flows into a scope, A; undefined when nothing fresh says. Watts alone never count as amps: § power factor. */
export function ampsOf(room: AlertRoom, scope: number, circuit: Nominal | undefined): Amps | undefined {
  const all = room.contributorsAt(scope, 'watts');
  if (all === 0) return undefined;
  if (room.contributorsAt(scope, 'amps') === all)
    return { amps: room.sumAt(scope, 'amps'), isEstimate: false };
  const volts = voltsOf(room, scope, circuit);
  if (room.contributorsAt(scope, 'voltAmps') === all)
    return { amps: room.sumAt(scope, 'voltAmps') / volts, isEstimate: false };
  return { amps: Math.max(0, room.sumAt(scope, 'watts')) / volts / powerFactorGuess, isEstimate: true };
}

/** The same of one outlet. NaN when it is not known. */
export function outletAmps(room: AlertRoom, outlet: number, circuit: Nominal | undefined): number {
  const amps = room.valueOf(outlet, 'amps');
  if (!Number.isNaN(amps)) return amps;
  const told = room.valueOf(outlet, 'volts');
  const volts = told > voltsToldMin ? told : (circuit?.volts ?? voltsDefault);
  const voltAmps = room.valueOf(outlet, 'voltAmps');
  if (!Number.isNaN(voltAmps)) return voltAmps / volts;
  return Math.max(0, room.valueOf(outlet, 'watts')) / volts / powerFactorGuess;
}

/** Below it a meter measures no mains. */
const voltsToldMin = 50;

function voltsOf(room: AlertRoom, scope: number, circuit: Nominal | undefined): number {
  const count = room.contributorsAt(scope, 'volts');
  const told = count === 0 ? Number.NaN : room.sumAt(scope, 'volts') / count;
  return told > voltsToldMin ? told : (circuit?.volts ?? voltsDefault);
}
