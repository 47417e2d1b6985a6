import type { StartRecord } from '../../model/start.ts';
import { ampsOf } from '../circuit-amps.ts';
import { Happenings } from '../happenings.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { capital, listed, named } from '../scope-words.ts';
import { bandBottom, tripTime } from '../trip-time.ts';
import { amount } from '../why.ts';

interface Surge {
  readonly amps: number;
  readonly limitAmps: number;
  readonly servers: readonly string[];
  readonly how: string;
}

/** Starts that a meter cannot tell from simultaneous ones. */
const togetherMs = 2_000;
/** Below it a breaker carries a start of minutes, by IEC 60898-1. */
const surgeTimesRating = 1.45;
const keptMax = 200;

/**
 * Can the breaker take it? Two screens: the charging currents of supplies that are switched on together, by estimate,
 * against the instantaneous band of the breaker (Σ crest ÷ √2 ≥ k × rating); and the current that really flows during
 * starts against 1.45 × the rating.
 */
export function startSurge({ room, topology, settings, look }: RuleParts): Rule {
  const surges = new Happenings<Surge>(look);
  /** By breaker, crests of starts of the last seconds. */
  const crests = new Map<string, { id: string; server: string; atMs: number; amps: number }[]>();
  let last = new Map<string, Surge>();

  const crestOn = (start: StartRecord, breaker: string): number => {
    const inputs = topology().inputsOf(start.scope);
    const here = inputs.filter((input) => input.breaker === breaker).length;
    return ((start.inrushEstimate?.ampsPeak ?? 0) * here) / Math.max(1, inputs.length);
  };
  const tell = (breaker: string, surge: Surge, nowMs: number) => {
    if (last.size >= keptMax * 10) last = new Map();
    last.set(breaker, surge);
    surges.add(room.indexOf(breaker), surge, nowMs);
  };
  const screenCrests = (start: StartRecord, breaker: string, rating: number, nowMs: number) => {
    const amps = crestOn(start, breaker);
    if (amps === 0) return;
    const together = (crests.get(breaker) ?? []).filter(
      ({ id, atMs }) => id !== start.id && Math.abs(start.atMs - atMs) <= togetherMs,
    );
    together.push({ id: start.id, server: start.scope, atMs: start.atMs, amps });
    crests.set(breaker, together.slice(-keptMax));
    const sum = together.reduce((total, one) => total + one.amps, 0) / Math.SQRT2;
    const limitAmps = rating * bandBottom[topology().circuits.get(breaker)?.curve ?? 'B'];
    if (sum < limitAmps) return;
    const servers = together.map(({ server }) => server);
    tell(breaker, { amps: sum, limitAmps, servers, how: 'by estimate of their inrush; it may trip' }, nowMs);
  };

  return {
    name: 'start-surge',
    kinds: [],
    scopes: () => surges.scopes(),
    event(event, nowMs) {
      if (event.kind !== 'start') return;
      const { start } = event;
      for (const breaker of new Set(
        topology()
          .inputsOf(start.scope)
          .map((input) => input.breaker),
      )) {
        const circuit = breaker === undefined ? undefined : topology().circuits.get(breaker);
        if (breaker === undefined || circuit === undefined) continue;
        const rating = circuit.amps ?? settings.of('start-surge', breaker).ratingAmps;
        if (rating === undefined) continue;
        if (!start.complete) screenCrests(start, breaker, rating, nowMs);
        const scope = room.indexOf(breaker);
        const load = scope < 0 ? undefined : ampsOf(room, scope, circuit);
        const limitAmps = surgeTimesRating * rating;
        if (start.complete || load === undefined || load.amps < limitAmps) continue;
        const trip = tripTime(load.amps / rating, circuit.curve);
        const servers = [start.scope, ...start.concurrent];
        tell(breaker, { amps: load.amps, limitAmps, servers, how: `a breaker trips ${trip?.words}` }, nowMs);
      }
    },
    tick: (nowMs) => surges.tick(nowMs),
    find(scope, nowMs): Finding | undefined {
      const surge = surges.of(scope, nowMs);
      if (surge === undefined) return undefined;
      return {
        level: surge.isNow ? 'raised' : 'clear',
        value: surge.what.amps,
        raiseLimit: surge.what.limitAmps,
        unit: 'A',
        why: surge.what.how,
      };
    },
    text(scope, { value = 0, raiseLimit = 0 }, why) {
      const servers = last.get(scope)?.servers ?? [];
      return `${capital(named(scope))} had ${amount(value, 'A')} when ${listed(servers)} started, more than the ${amount(raiseLimit, 'A')} it takes (${why}).`;
    },
    touched: (scope) => last.get(scope)?.servers ?? [],
  };
}
