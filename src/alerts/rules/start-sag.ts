import { Happenings } from '../happenings.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { named } from '../scope-words.ts';
import { amount } from '../why.ts';

interface Sag {
  readonly voltsBefore: number;
  readonly voltsMin: number;
  readonly percent: number;
}

/** So many of one server within an hour are graver than their depth. */
const repeatedMin = 4;
const hourMs = 3_600_000;

export function startSag({ room, settings, look }: RuleParts): Rule {
  const sags = new Happenings<Sag>(look);
  /** By server, when the latest began: a start is told several times. */
  const lately = new Map<string, Map<string, number>>();

  const repeated = (scope: string, id: string, nowMs: number): number => {
    const starts = lately.get(scope) ?? new Map<string, number>();
    for (const [known, atMs] of starts) if (nowMs - atMs > hourMs) starts.delete(known);
    if (!starts.has(id) && starts.size < repeatedMin) starts.set(id, nowMs);
    lately.delete(scope);
    if (lately.size >= scopesMax) lately.delete(lately.keys().next().value!);
    lately.set(scope, starts);
    return starts.size;
  };
  const counts = new Map<number, number>();

  return {
    name: 'start-sag',
    kinds: [],
    scopes: () => sags.scopes(),
    event(event, nowMs) {
      if (event.kind !== 'start') return;
      const { id, scope, voltsBefore, voltsMin } = event.start;
      if (voltsBefore === undefined || voltsMin === undefined || voltsBefore <= 0) return;
      const percent = (100 * (voltsBefore - voltsMin)) / voltsBefore;
      if (percent < settings.of('start-sag', scope).percent) return;
      const number = room.indexOf(scope);
      if (counts.size >= scopesMax) counts.clear();
      counts.set(number, repeated(scope, id, nowMs));
      sags.add(number, { voltsBefore, voltsMin, percent }, nowMs);
    },
    tick: (nowMs) => sags.tick(nowMs),
    find(scope, nowMs): Finding | undefined {
      const sag = sags.of(scope, nowMs);
      if (sag === undefined) return undefined;
      const { percent: raiseLimit, criticalPercent } = settings.of('start-sag', room.scopeAt(scope));
      const { percent, voltsBefore, voltsMin } = sag.what;
      const again = (counts.get(scope) ?? 1) >= repeatedMin;
      return {
        level: sag.isNow ? 'raised' : 'clear',
        value: percent,
        raiseLimit,
        unit: '%',
        why: () =>
          `from ${amount(voltsBefore, 'V')} to ${amount(voltsMin, 'V')}${again ? `, ${repeatedMin} times or more within an hour` : ''}`,
        ...(percent >= criticalPercent || again ? { severity: 'critical' } : {}),
      };
    },
    text: (scope, { value = 0, raiseLimit = 0 }, why) =>
      `When ${named(scope)} started, its voltage dropped by ${amount(value, '%')} (${why}); told from ${raiseLimit} %.`,
  };
}

const scopesMax = 20_000;
