import type { StartRow } from '../api/shapes.ts';
import type { PowerState } from '../model/figure.ts';
import { counted, type Format, joined, noBreak } from './format.ts';
import type { RosterRow } from './roster.ts';

/** A start is told complete a quarter of an hour after its onset at the latest; later its end was not seen. */
const underWayMsMax = 20 * 60_000;
/** It is told before the figures say `starting`. */
const justToldMs = 15_000;

export type StartPhase = 'starting' | 'settling' | 'complete' | 'unfinished';

/**
 * `settling`: it runs, and its level is waited for. `unfinished`: it was under way when the readings or the service
 * ended. `state`: what the server is doing now.
 */
export function startPhase(start: StartRow, nowMs: number, state: PowerState | undefined): StartPhase {
  if (start.complete) return 'complete';
  const ageMs = nowMs - start.atMs;
  if (ageMs > underWayMsMax) return 'unfinished';
  return state === 'starting' || ageMs < justToldMs ? 'starting' : 'settling';
}

/** How many times the settled level the peak was; undefined until it is complete: what is told before may move. */
export function peakRatio({ peakWatts, settledWatts, complete }: StartRow): number | undefined {
  return complete && settledWatts !== undefined && settledWatts > 0 ? peakWatts / settledWatts : undefined;
}

/** How far the volts fell, as a share of those before. */
export function sagShare({ voltsBefore, voltsMin }: StartRow): number | undefined {
  if (voltsBefore === undefined || voltsMin === undefined || voltsBefore <= 0) return undefined;
  return Math.max(0, (voltsBefore - voltsMin) / voltsBefore);
}

/** How the peak is known, in a few words for a table. */
export function peakBasis(start: StartRow, format: Format): string {
  if (start.peakIs === 'measured') return 'measured';
  return `lower bound, read every${noBreak}${format.duration(start.sampleMs)}`;
}

/** The same with its reason. */
export function peakSentence(start: StartRow, format: Format): string {
  const peak = joined(format.watts(start.peakWatts));
  if (start.peakIs === 'measured') return `The meter itself keeps the highest value: the peak was ${peak}.`;
  return `One reading every ${format.duration(start.sampleMs)}: the true peak was at least ${peak}, for shorter than that perhaps much more.`;
}

/** `hv-02`, `hv-02 and hv-03`, `5 others`. */
export function concurrentText(start: StartRow, nameOf: (scope: string) => string): string {
  const names = start.concurrent.map(nameOf);
  if (names.length <= 2) return names.join(' and ');
  return counted(names.length, 'other');
}

/** Of several loads at once, as what they share drew it: a breaker, a feed or a device. */
export function isGroupStart({ scope }: Pick<StartRow, 'scope'>): boolean {
  return !scope.startsWith('server:');
}

/** Is a start of this scope among those asked for? One of several loads only where its own scope is asked for. */
export function isAskedFor(asked: string | undefined, scope: string, server: RosterRow): boolean {
  if (!isGroupStart({ scope })) return isWithin(asked, server);
  return asked === scope || asked === `${scope.slice(0, scope.indexOf(':'))}:*`;
}

/** Does this part of the room hold the server? Undefined: every part does. */
export function isWithin(scope: string | undefined, server: RosterRow): boolean {
  if (scope === undefined || scope === 'room' || scope === '*' || scope === server.scope) return true;
  const colon = scope.indexOf(':');
  const name = scope.slice(colon + 1);
  switch (scope.slice(0, colon)) {
    case 'server':
      return name === '*';
    case 'rack':
      return name === '*' || server.rack === name;
    case 'feed':
      return server.inputs.some(({ feed }) => feed === name);
    case 'breaker':
      return server.inputs.some(({ breaker }) => breaker === name);
    case 'outlet':
      return server.inputs.some(({ outlet }) => outlet === name);
    case 'device':
      return server.inputs.some(({ outlet }) => outlet.slice(0, outlet.lastIndexOf('/')) === name);
    default:
      return false;
  }
}
