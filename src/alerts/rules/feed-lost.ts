import type { InputMemory } from '../input-memory.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { scopesOfKind } from '../scope-numbers.ts';
import { capital, listed, named } from '../scope-words.ts';
import { amount } from '../why.ts';

/** Smaller circuits tell too little. */
const usualWattsMin = 20;
/** Below this part of its usual draw a circuit is looked at closely. */
const lostShare = 0.03;
const backShare = 0.1;
/** The usual draw follows downwards so slowly (a tenth in about an hour of looks each second) and upwards at once. */
const fallWeight = 3e-5;
/** At less of the nominal voltage there is none. */
const deadVolts = 50;

/**
 * Everything on a feed or breaker has lost its supply at once. Zero watts with a voltage are servers switched off;
 * silence without servers whose other inputs took over may be the network. So it is said only where the voltage is
 * gone, or where others took over.
 */
export function feedLost({ room, topology, look }: RuleParts, memory: InputMemory): Rule {
  const usual = new Map<string, number>();
  /** Those without their usual draw: others tell of them, so they are looked at each second. */
  const dim = new Set<number>();

  const follow = (id: string, watts: number): number => {
    const before = usual.get(id) ?? 0;
    const lost = watts < lostShare * before;
    const next = watts >= before ? watts : lost ? before : before + fallWeight * (watts - before);
    usual.set(id, next);
    return next;
  };
  /** Of the inputs on it, how many say that it is gone, and how many that it is there. */
  const witnesses = (id: string) => {
    let gone = 0;
    let there = 0;
    const isLost = (input: { feed?: string; breaker?: string }) => input.feed === id || input.breaker === id;
    for (const input of topology().inputsOn(id)) {
      const outlet = room.outletNumber(input.outlet);
      if (outlet < 0) continue;
      const volts = room.isFresh(outlet) ? room.valueOf(outlet, 'volts') : Number.NaN;
      if (volts >= deadVolts) there += 1;
      else if (volts < deadVolts || memory.tookOver(input.server, (state) => isLost(state.input))) gone += 1;
    }
    return { gone, there };
  };

  return {
    name: 'feed-lost',
    kinds: ['feed', 'breaker'],
    scopes: () => scopesOfKind(room, 'feed', 'breaker'),
    tick() {
      for (const scope of dim) look(scope);
    },
    find(scope): Finding | undefined {
      const id = room.scopeAt(scope);
      if (topology().inputsOn(id).length < 2) return undefined;
      const told = room.sumAt(scope, 'watts');
      const watts = Number.isNaN(told) ? 0 : told;
      const usualWatts = follow(id, watts);
      // No limit beside it: it is lost below one, and a value beside a limit reads as too much.
      const now = { value: watts, unit: 'W' };
      if (usualWatts < usualWattsMin)
        return { level: 'unknown', unit: 'W', why: 'Too little was seen on it to tell.' };
      if (watts <= backShare * usualWatts) dim.add(scope);
      else dim.delete(scope);
      if (watts > backShare * usualWatts)
        return { level: 'clear', ...now, why: () => `It carries ${amount(watts, 'W')}.` };
      if (watts > lostShare * usualWatts)
        return {
          level: 'held',
          ...now,
          why: () => `It carries ${amount(watts, 'W')}, usually ${amount(usualWatts, 'W')}.`,
        };
      const { gone, there } = witnesses(id);
      if (there > 0) return { level: 'clear', ...now, why: 'Nothing is drawn, but its voltage is there.' };
      if (gone === 0)
        return { level: 'unknown', why: 'Its meters are silent, and no server tells whether it is there.' };
      return { level: 'raised', ...now, why: () => `usually ${amount(usualWatts, 'W')}` };
    },
    text(scope, _, why) {
      const servers = topology().serversOn(scope);
      const single = servers.filter((server) =>
        topology()
          .inputsOf(server)
          .every(({ feed, breaker }) => feed === scope || breaker === scope),
      );
      const dark =
        single.length === 0
          ? 'All of them have another supply.'
          : `${single.length === 1 ? 'One has' : `${single.length} have`} no other: ${listed(single)}.`;
      return `${capital(named(scope))} has lost its supply (${why}). ${servers.length} servers hang on it: ${listed(servers, 20)}. ${dark}`;
    },
    touched: (scope) => topology().serversOn(scope),
    save: () => Object.fromEntries(usual),
    load(saved) {
      for (const [id, watts] of Object.entries(saved as Record<string, number>))
        if (Number.isFinite(watts)) usual.set(id, watts);
    },
  };
}
