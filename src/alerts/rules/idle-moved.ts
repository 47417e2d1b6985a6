import { Happenings } from '../happenings.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { named } from '../scope-words.ts';
import { amount } from '../why.ts';

interface Move {
  readonly fromWatts: number;
  readonly toWatts: number;
}

export function idleMoved({ room, settings, look }: RuleParts): Rule {
  const moves = new Happenings<Move>(look);
  const last = new Map<string, Move>();
  return {
    name: 'idle-moved',
    kinds: [],
    scopes: () => moves.scopes(),
    event(event, nowMs) {
      if (event.kind !== 'idle' || event.change !== 'moved' || event.fromWatts === undefined) return;
      const { scope, fromWatts, idleWatts: toWatts } = event;
      const { percent, watts } = settings.of('idle-moved', scope);
      const change = Math.abs(toWatts - fromWatts);
      if (change < watts || change < (percent / 100) * fromWatts) return;
      if (last.size >= movesMax) last.clear();
      last.set(scope, { fromWatts, toWatts });
      moves.add(room.indexOf(scope), { fromWatts, toWatts }, nowMs);
    },
    tick: (nowMs) => moves.tick(nowMs),
    find(scope, nowMs): Finding | undefined {
      const move = moves.of(scope, nowMs);
      if (move === undefined) return undefined;
      const { fromWatts, toWatts } = move.what;
      return {
        level: move.isNow ? 'raised' : 'clear',
        value: toWatts,
        unit: 'W',
        why: () => `It was ${amount(fromWatts, 'W')} before.`,
      };
    },
    text(scope) {
      const { fromWatts = 0, toWatts = 0 } = last.get(scope) ?? {};
      const percent = fromWatts > 0 ? Math.round((100 * (toWatts - fromWatts)) / fromWatts) : 0;
      return `The idle level of ${named(scope)} went from ${amount(fromWatts, 'W')} to ${amount(toWatts, 'W')} (${percent > 0 ? '+' : ''}${percent} %).`;
    },
  };
}

const movesMax = 20_000;
