import { ampsOf, voltsDefault } from '../circuit-amps.ts';
import { mostLoadedPhase, type PhaseAmps } from '../phase-amps.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { scopesOfKind } from '../scope-numbers.ts';
import { capital, named } from '../scope-words.ts';
import { tripTime } from '../trip-time.ts';
import { amount } from '../why.ts';

/**
 * How much of its usable current a breaker, a feed with a rating, or another scope with a rating of its own, carries.
 * A feed carries what the most loaded of its phases does.
 */
export function circuitLoad({ room, topology, settings }: RuleParts): Rule {
  const ratingOf = (id: string) =>
    topology().circuits.get(id)?.amps ??
    topology().feeds.get(id)?.amps ??
    settings.of('circuit-load', id).ratingAmps;
  const loadOf = (scope: number, id: string): PhaseAmps | undefined =>
    (topology().feeds.get(id)?.phases.length ?? 0) > 1
      ? mostLoadedPhase(room, id, topology())
      : ampsOf(room, scope, topology().circuits.get(id) ?? topology().feeds.get(id));
  return {
    name: 'circuit-load',
    // Others have a rating only where the settings give them one.
    kinds: settings.gives('circuit-load', 'ratingAmps')
      ? ['breaker', 'feed', 'rack', 'device', 'outlet', 'room']
      : ['breaker', 'feed'],
    *scopes() {
      for (const scope of scopesOfKind(room, 'breaker', 'feed', 'rack', 'device', 'outlet', 'room'))
        if (room.kindAt(scope) === 'breaker' || ratingOf(room.scopeAt(scope)) !== undefined) yield scope;
    },
    find(scope): Finding | undefined {
      const id = room.scopeAt(scope);
      const rating = ratingOf(id);
      if (rating === undefined)
        return room.kindAt(scope) === 'breaker'
          ? { level: 'unknown', why: 'Its rating is not known: set amps of the breaker under room.feeds.' }
          : undefined;
      const { infoPercent, warningPercent, criticalPercent, usableShare, clearGap } = settings.of(
        'circuit-load',
        id,
      );
      const load = loadOf(scope, id);
      const limits = { raiseLimit: infoPercent, clearLimit: infoPercent * (1 - clearGap / 100), unit: '%' };
      if (load === undefined) return { level: 'unknown', ...limits };
      const value = (100 * load.amps) / (rating * usableShare);
      if (value < infoPercent)
        return { level: value <= limits.clearLimit ? 'clear' : 'held', value, ...limits };
      const volts = (topology().circuits.get(id) ?? topology().feeds.get(id))?.volts ?? voltsDefault;
      return {
        level: 'raised',
        value,
        excessWatts: (load.amps - (infoPercent / 100) * rating * usableShare) * volts,
        ...limits,
        raiseLimit:
          value >= criticalPercent ? criticalPercent : value >= warningPercent ? warningPercent : infoPercent,
        why: () =>
          `${load.phase === undefined ? '' : `on ${load.phase}, its most loaded phase, `}${amount(load.amps, 'A')} of ${amount(rating * usableShare, 'A')} usable (${rating} A × ${usableShare})${load.isEstimate ? ', estimated from watts' : ''}.`,
        ...(value >= criticalPercent
          ? { severity: 'critical' }
          : value >= warningPercent
            ? { severity: 'warning' }
            : {}),
      };
    },
    text(scope, { value = 0, raiseLimit = 0 }, why) {
      const circuit = topology().circuits.get(scope);
      const { usableShare } = settings.of('circuit-load', scope);
      const trip = circuit && tripTime((value / 100) * usableShare, circuit.curve);
      return `${capital(named(scope))} carries ${amount(value, '%')} of its usable current (limit ${raiseLimit} %): ${why}${trip === undefined ? '' : ` At this load a breaker trips ${trip.words}.`}`;
    },
  };
}
