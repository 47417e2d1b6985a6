import { type InputMemory, zeroWatts } from '../input-memory.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { named } from '../scope-words.ts';
import { amount } from '../why.ts';

/** A server that draws less is off, or so small that its meter does not see its parts. */
const runsWatts = 15;
/** Inputs of which nothing is known are asked for again so often: a young store has no past yet. */
const askEveryMs = 30_000;

/**
 * One input at 0 that once carried a part, while the others carry it all. Nothing is said of an input that never
 * carried (a cord that was never plugged in), draws some watts (a sleeping hot spare), or comes and goes (one too).
 */
export function redundancyLost({ room, topology, outside, look }: RuleParts, memory: InputMemory): Rule {
  /** Servers with an input at 0 of which it is not known whether it ever carried. */
  const doubtful = new Set<number>();
  let askMs = 0;
  return {
    name: 'redundancy-lost',
    kinds: ['server'],
    *scopes() {
      for (const server of topology().servers())
        if (topology().inputsOf(server).length > 1) yield room.indexOf(server);
    },
    tick(nowMs) {
      if (nowMs < askMs) return;
      askMs = nowMs + askEveryMs;
      for (const scope of doubtful) look(scope);
    },
    find(scope): Finding | undefined {
      const states = memory.update(scope);
      if (states.length < 2) return undefined;
      let total = 0;
      for (const { outlet } of states) {
        if (outlet < 0 || !room.isFresh(outlet))
          return { level: 'unknown', why: 'Not all of its inputs are heard.' };
        total += room.valueOf(outlet, 'watts');
      }
      if (total < runsWatts) return { level: 'unknown', why: 'It is off: nothing tells of its supplies.' };
      const zero = states.filter(({ outlet }) => room.valueOf(outlet, 'watts') < zeroWatts);
      if (zero.length === 0) {
        doubtful.delete(scope);
        return { level: 'clear', why: 'Each of its inputs carries a part.' };
      }
      const carried = zero.filter(({ carried: known, input }) => {
        const before = known || outside.carriedBefore(input.outlet);
        if (before === true) memory.carried(input.outlet);
        return before === true;
      });
      if (carried.length < zero.length && doubtful.size < doubtfulMax) doubtful.add(scope);
      const lost = carried.filter(({ wakes }) => wakes === 0);
      if (lost.length === 0)
        return {
          level: 'clear',
          why:
            carried.length > 0
              ? 'The input at 0 comes and goes: a hot spare that sleeps.'
              : 'The input at 0 was never seen to carry a part.',
        };
      return {
        level: 'raised',
        why: () =>
          `input ${lost.map(({ input }) => placeOf(input)).join(', ')} draws nothing while ${states.length - lost.length === 1 ? 'the other carries' : 'the others carry'} ${amount(total, 'W')}`,
      };
    },
    save: () => memory.save(),
    load: (saved) => memory.load(saved as Record<string, number>),
    text: (server, _, why) =>
      `${named(server)} has lost its redundancy: ${why}. Look for a dead supply, an open breaker or a loose cord.`,
  };
}

const doubtfulMax = 10_000;

function placeOf({ outlet, breaker }: { outlet: string; breaker?: string }): string {
  return breaker === undefined ? outlet : `${outlet} (${named(breaker)})`;
}
