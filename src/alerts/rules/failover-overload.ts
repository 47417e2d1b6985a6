import { ampsOf, outletAmps, voltsDefault } from '../circuit-amps.ts';
import { ampsOfPhase, type PhaseAmps } from '../phase-amps.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { scopesOfKind } from '../scope-numbers.ts';
import { capital, named } from '../scope-words.ts';
import type { FeedPhase, Input, Topology } from '../topology.ts';
import { amount } from '../why.ts';

/** Sums are whole milliamperes: adding and taking away for years leaves no drift. */
const perAmp = 1000;

/** What the loss of a feed or breaker would move to one breaker, or to one phase of a feed, in all. */
interface Sum {
  /** `feed:…` or `breaker:…` that is lost. */
  readonly loss: string;
  milliamps: number;
}

/** A server's part of such a sum. */
interface Move {
  readonly sum: Sum;
  /** The room's number of the breaker or feed that takes it. */
  readonly to: number;
  /** Which of the server's inputs are lost, and of what those draw the part that moves. */
  readonly lost: readonly number[];
  readonly share: number;
  milliamps: number;
}

/** What moves when something of a server's is lost, and the room's numbers of its outlets. */
interface Mover {
  readonly inputs: readonly Input[];
  readonly outlets: number[];
  readonly moves: readonly Move[];
}

/**
 * If one feed or one breaker failed, could those that take over carry it? For each single loss the currents that
 * would move are kept as running sums, by loss and by breaker that takes them: a server whose draw changes alters its
 * own few entries. A feed with a rating is held against it phase by phase. Each survivor takes the same part; a supply that sleeps is taken to wake.
 */
export function failoverOverload({ room, topology, settings, look }: RuleParts): Rule {
  let known: Topology | undefined;
  /** By the room's number of the server; null: it has no other supply. */
  let movers: (Mover | null | undefined)[] = [];
  /** By breaker, or phase of a feed, that takes over. */
  let sums = new Map<string | FeedPhase, Sum[]>();

  const begin = () => {
    if (known === topology()) return;
    known = topology();
    movers = [];
    sums = new Map();
  };
  const sumOf = (to: string | FeedPhase, loss: string): Sum => {
    const there = sums.get(to) ?? [];
    sums.set(to, there);
    let sum = there.find((one) => one.loss === loss);
    if (sum === undefined) {
      sum = { loss, milliamps: 0 };
      there.push(sum);
    }
    return sum;
  };
  const moverAt = (scope: number): Mover | null => {
    let mover = movers[scope];
    if (mover === undefined) {
      const inputs = topology().inputsOf(room.scopeAt(scope));
      mover = inputs.length < 2 ? null : { inputs, outlets: [], moves: movesOf(inputs) };
      movers[scope] = mover;
    }
    return mover;
  };
  const movesOf = (inputs: readonly Input[]): Move[] =>
    possibleMoves(inputs).flatMap(({ loss, to, lost, share }) => {
      const move = (on: string | FeedPhase, scope: string): Move => ({
        sum: sumOf(on, loss),
        to: room.indexOf(scope),
        lost,
        share,
        milliamps: 0,
      });
      const phase = topology().phases.get(to);
      // What moves from one breaker to another of the same phase is no more load for that.
      return phase === undefined || topology().phases.get(loss) === phase
        ? [move(to, to)]
        : [move(to, to), move(phase, phase.feed)];
    });
  const ampsAt = ({ inputs, outlets }: Mover, i: number): number => {
    let outlet = outlets[i] ?? -1;
    if (outlet < 0) {
      outlet = room.outletNumber(inputs[i]!.outlet);
      outlets[i] = outlet;
    }
    if (outlet < 0 || !room.isFresh(outlet)) return 0;
    const told = room.valueOf(outlet, 'amps');
    if (!Number.isNaN(told)) return told;
    return outletAmps(room, outlet, topology().circuits.get(inputs[i]!.breaker ?? ''));
  };
  const recount = (mover: Mover) => {
    for (const move of mover.moves) {
      let lost = 0;
      for (const input of move.lost) lost += ampsAt(mover, input);
      const milliamps = Number.isNaN(lost) ? 0 : Math.round(lost * move.share * perAmp);
      if (milliamps === move.milliamps) continue;
      move.sum.milliamps += milliamps - move.milliamps;
      move.milliamps = milliamps;
      look(move.to);
    }
  };
  const worstOn = (to: string | FeedPhase) => {
    let loss: string | undefined;
    let milliamps = 0;
    for (const sum of sums.get(to) ?? []) {
      // Of equal ones the breaker is named before its feed: it is the nearer cause.
      if (sum.milliamps > milliamps || (sum.milliamps === milliamps && sum.loss.startsWith('breaker:')))
        ({ loss, milliamps } = sum);
    }
    return loss === undefined ? undefined : { loss, amps: milliamps / perAmp };
  };

  const afterLossOfBreaker = (id: string, scope: number): AfterLoss | undefined => {
    const own = ampsOf(room, scope, topology().circuits.get(id));
    return own && { own, worst: worstOn(id) };
  };
  /** Of the phase that would carry most. */
  const afterLossOfFeed = (feed: string): AfterLoss | undefined => {
    let most: AfterLoss | undefined;
    for (const phase of topology().feeds.get(feed)?.phases ?? []) {
      const own = ampsOfPhase(room, phase, topology());
      if (own === undefined) continue;
      const after = { own, worst: worstOn(phase) };
      if (most === undefined || ampsAfter(after) > ampsAfter(most)) most = after;
    }
    return most;
  };

  return {
    name: 'failover-overload',
    kinds: ['server', 'breaker', 'feed'],
    *scopes() {
      for (const scope of scopesOfKind(room, 'breaker', 'feed'))
        if (room.kindAt(scope) === 'breaker' || topology().feeds.get(room.scopeAt(scope))?.amps !== undefined)
          yield scope;
    },
    changed(scope) {
      begin();
      if (room.kindAt(scope) !== 'server') {
        look(scope);
        return;
      }
      const mover = moverAt(scope);
      if (mover !== null) recount(mover);
    },
    find(scope): Finding | undefined {
      begin();
      const id = room.scopeAt(scope);
      const isFeed = room.kindAt(scope) === 'feed';
      const circuit = isFeed ? topology().feeds.get(id) : topology().circuits.get(id);
      if (isFeed && circuit?.amps === undefined) return undefined;
      const { usableShare, ratingAmps, clearGap } = settings.of('failover-overload', id);
      const rating = circuit?.amps ?? ratingAmps;
      if (rating === undefined)
        return {
          level: 'unknown',
          why: 'Its rating is not known: set amps of the breaker under room.feeds.',
        };
      const after = isFeed ? afterLossOfFeed(id) : afterLossOfBreaker(id, scope);
      if (after === undefined) return { level: 'unknown', why: 'Nothing on it is heard.' };
      const raiseLimit = rating * usableShare;
      const clearLimit = raiseLimit * (1 - clearGap / 100);
      const limits = { raiseLimit, clearLimit, unit: 'A' };
      const { own, worst } = after;
      const value = ampsAfter(after);
      if (worst === undefined)
        return { level: 'clear', value, ...limits, why: 'No other breaker would move load to it.' };
      return {
        level: value > raiseLimit ? 'raised' : value > clearLimit ? 'held' : 'clear',
        value,
        excessWatts: (value - raiseLimit) * (circuit?.volts ?? voltsDefault),
        ...limits,
        why: () =>
          `${named(worst.loss)} moves ${amount(worst.amps, 'A')} to the ${amount(own.amps, 'A')} it carries${own.phase === undefined ? '' : ` on ${own.phase}`}${own.isEstimate ? ', estimated from watts' : ''}`,
      };
    },
    text: (scope, { value = 0, raiseLimit = 0 }, why) =>
      `${capital(named(scope))} could not take over: the loss of ${why}, ${amount(value, 'A')} in all, more than the ${amount(raiseLimit, 'A')} usable of it.`,
  };
}

/** What a breaker or phase carries, and the loss that would move most to it. */
interface AfterLoss {
  readonly own: PhaseAmps;
  readonly worst: { readonly loss: string; readonly amps: number } | undefined;
}

function ampsAfter({ own, worst }: AfterLoss): number {
  return own.amps + (worst?.amps ?? 0);
}

/** Every breaker and feed a server hangs on, and each breaker that would take over then, with its part. */
function possibleMoves(
  inputs: readonly Input[],
): { loss: string; to: string; lost: number[]; share: number }[] {
  const losses = new Set(inputs.flatMap(({ breaker, feed }) => [breaker, feed]));
  return [...losses].flatMap((loss) => {
    if (loss === undefined) return [];
    const isLost = ({ breaker, feed }: Input) => breaker === loss || feed === loss;
    const lost = inputs.flatMap((input, i) => (isLost(input) ? [i] : []));
    const left = inputs.filter((input) => !isLost(input)).map(({ breaker }) => breaker);
    return [...new Set(left)].flatMap((to) => {
      if (to === undefined) return [];
      return [{ loss, to, lost, share: left.filter((one) => one === to).length / left.length }];
    });
  });
}
