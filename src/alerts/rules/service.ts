import type { ServiceState } from '../outside.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { amount } from '../why.ts';

/** Broker, store and backlog: of the room as a whole, asked each second. */
function ofRoom(
  name: 'broker-away' | 'store-away' | 'backlog-growing',
  { room, look, outside }: RuleParts,
  find: (state: ServiceState, nowMs: number) => Finding,
  text: (why: string) => string,
): Rule {
  const scope = () => room.indexOf('room');
  return {
    name,
    kinds: [],
    scopes: () => [scope()],
    tick: () => look(scope()),
    find: (_, nowMs) => find(outside.service(), nowMs),
    text: (_, __, why) => text(why),
  };
}

export function brokerAway(parts: RuleParts): Rule {
  return ofRoom(
    'broker-away',
    parts,
    ({ brokerReady, brokerProblem }) =>
      brokerReady
        ? { level: 'clear', why: 'It is subscribed.' }
        : { level: 'raised', why: brokerProblem ?? 'it does not answer' },
    (why) => `The broker is away, nothing is measured: ${why}.`,
  );
}

export function storeAway(parts: RuleParts): Rule {
  return ofRoom(
    'store-away',
    parts,
    ({ storeOk, storeProblem }) =>
      storeOk
        ? { level: 'clear', why: 'It takes readings.' }
        : { level: 'raised', why: storeProblem ?? 'it does not answer' },
    (why) => `The store takes nothing, readings wait in the backlog on disk: ${why}.`,
  );
}

const lookBackMs = 5 * 60_000;
/** A few are always under way. */
const readingsMin = 5_000;

/** Grows: it is larger than it was five minutes ago. */
export function backlogGrowing(parts: RuleParts): Rule {
  let past: { atMs: number; readings: number } | undefined;
  let before: { atMs: number; readings: number } | undefined;
  return ofRoom(
    'backlog-growing',
    parts,
    ({ backlogReadings: readings, backlogBytes, backlogBytesMax }, nowMs): Finding => {
      if (before === undefined || nowMs - before.atMs >= lookBackMs) {
        past = before;
        before = { atMs: nowMs, readings };
      }
      const { fullPercent } = parts.settings.of('backlog-growing', 'room');
      const value = (100 * backlogBytes) / backlogBytesMax;
      const limits = { value, raiseLimit: fullPercent, unit: '%' };
      const why = `${readings} readings wait, ${amount(value, '%')} of what the backlog may hold`;
      if (value >= fullPercent) return { level: 'raised', ...limits, why, severity: 'critical' };
      if (readings < readingsMin)
        return { level: 'clear', ...limits, why: () => `${readings} readings wait.` };
      if (readings > (past?.readings ?? readings)) return { level: 'raised', ...limits, why };
      return { level: readings < (past?.readings ?? 0) ? 'clear' : 'held', ...limits, why };
    },
    (why) => `The backlog grows: ${why}. Beyond its limit the oldest are lost.`,
  );
}
