import { ampsOf, outletAmps } from '../circuit-amps.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { scopesOfKind } from '../scope-numbers.ts';
import { capital, named } from '../scope-words.ts';
import type { Topology } from '../topology.ts';
import { amount } from '../why.ts';

/** Sums are whole milliamperes: adding and taking away for years leaves no drift. */
const perAmp = 1000;

/** A part of a server's current that would move from one breaker to another. */
interface Move {
  /** `feed:…` or `breaker:…` that is lost. */
  readonly loss: string;
  /** Breaker that takes it. */
  readonly to: string;
  milliamps: number;
}

/**
 * If one feed or one breaker failed, could those that take over carry it? For each single loss the currents that
 * would move are kept as running sums, by loss and by breaker that takes them: a server whose draw changes alters its
 * own few entries. Each survivor takes the same part; a supply that sleeps is taken to wake.
 */
export function failoverOverload({ room, topology, settings, look }: RuleParts): Rule {
  let known: Topology | undefined;
  /** By server, what it has in the sums. */
  let moves = new Map<string, Move[]>();
  /** By breaker that takes over, by loss, mA. */
  let sums = new Map<string, Map<string, number>>();

  const begin = () => {
    if (known === topology()) return;
    known = topology();
    moves = new Map();
    sums = new Map();
  };
  const add = ({ loss, to }: Move, milliamps: number) => {
    let byLoss = sums.get(to);
    if (byLoss === undefined) {
      byLoss = new Map();
      sums.set(to, byLoss);
    }
    byLoss.set(loss, (byLoss.get(loss) ?? 0) + milliamps);
  };
  const movesOf = (server: string): Move[] => {
    let own = moves.get(server);
    if (own === undefined) {
      own = possibleMoves(server, topology());
      moves.set(server, own);
    }
    return own;
  };
  const recount = (server: string) => {
    const inputs = topology().inputsOf(server);
    const amps = inputs.map(({ outlet: id, breaker }) => {
      const outlet = room.outletNumber(id);
      if (outlet < 0 || !room.isFresh(outlet)) return 0;
      const told = room.valueOf(outlet, 'amps');
      return Number.isNaN(told) ? outletAmps(room, outlet, topology().circuits.get(breaker ?? '')) : told;
    });
    for (const move of movesOf(server)) {
      let lost = 0;
      let survivors = 0;
      let here = 0;
      for (let i = 0; i < inputs.length; i += 1) {
        const { breaker, feed } = inputs[i]!;
        if (breaker === move.loss || feed === move.loss) lost += amps[i]!;
        else {
          survivors += 1;
          if (breaker === move.to) here += 1;
        }
      }
      const share = survivors === 0 || Number.isNaN(lost) ? 0 : (lost * here) / survivors;
      const milliamps = Math.round(share * perAmp);
      if (milliamps === move.milliamps) continue;
      add(move, milliamps - move.milliamps);
      move.milliamps = milliamps;
      look(room.indexOf(move.to));
    }
  };
  const worstOn = (breaker: string) => {
    let loss: string | undefined;
    let milliamps = 0;
    for (const [of, sum] of sums.get(breaker) ?? []) {
      // Of equal ones the breaker is named before its feed: it is the nearer cause.
      if (sum > milliamps || (sum === milliamps && of.startsWith('breaker:'))) [loss, milliamps] = [of, sum];
    }
    return loss === undefined ? undefined : { loss, amps: milliamps / perAmp };
  };

  return {
    name: 'failover-overload',
    kinds: ['server', 'breaker'],
    scopes: () => scopesOfKind(room, 'breaker'),
    changed(scope) {
      begin();
      if (room.kindAt(scope) === 'breaker') look(scope);
      else if (topology().inputsOf(room.scopeAt(scope)).length > 1) recount(room.scopeAt(scope));
    },
    find(scope): Finding | undefined {
      begin();
      const id = room.scopeAt(scope);
      const circuit = topology().circuits.get(id);
      const { usableShare, ratingAmps, clearGap } = settings.of('failover-overload', id);
      const rating = circuit?.amps ?? ratingAmps;
      if (rating === undefined)
        return {
          level: 'unknown',
          why: 'Its rating is not known: set amps of the breaker under room.feeds.',
        };
      const own = ampsOf(room, scope, circuit);
      if (own === undefined) return { level: 'unknown', why: 'Nothing on it is heard.' };
      const worst = worstOn(id);
      const raiseLimit = rating * usableShare;
      const clearLimit = raiseLimit * (1 - clearGap / 100);
      const limits = { raiseLimit, clearLimit, unit: 'A' };
      if (worst === undefined)
        return { level: 'clear', value: own.amps, ...limits, why: 'No other breaker would move load to it.' };
      const value = own.amps + worst.amps;
      return {
        level: value > raiseLimit ? 'raised' : value > clearLimit ? 'held' : 'clear',
        value,
        ...limits,
        why: () =>
          `${named(worst.loss)} moves ${amount(worst.amps, 'A')} to the ${amount(own.amps, 'A')} it carries${own.isEstimate ? ', estimated from watts' : ''}`,
      };
    },
    text: (scope, { value = 0, raiseLimit = 0 }, why) =>
      `${capital(named(scope))} could not take over: the loss of ${why}, ${amount(value, 'A')} in all, more than the ${amount(raiseLimit, 'A')} usable of it.`,
  };
}

/** Every breaker and feed a server hangs on, and each breaker that would take over then. */
function possibleMoves(server: string, topology: Topology): Move[] {
  const inputs = topology.inputsOf(server);
  const losses = new Set(inputs.flatMap(({ breaker, feed }) => [breaker, feed]));
  const found: Move[] = [];
  for (const loss of losses) {
    if (loss === undefined) continue;
    const left = inputs.filter(({ breaker, feed }) => breaker !== loss && feed !== loss);
    for (const to of new Set(left.map(({ breaker }) => breaker)))
      if (to !== undefined) found.push({ loss, to, milliamps: 0 });
  }
  return found;
}
