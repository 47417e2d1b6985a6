import type { Alert, AlertRule, Severity, Silence, Suppression } from '../model/alert.ts';
import { type Format, noBreak } from './format.ts';
import { hashOf, serverHash } from './routes.ts';

const severityRank: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };
const stateRank = { firing: 0, pending: 1, resolved: 2 };

/** Firing before pending, what nobody took on first, then the gravest, then the newest. */
export function byUrgency(a: Alert, b: Alert): number {
  const handled = (alert: Alert) => Number(alert.ackedBy !== undefined || alert.suppressedBy !== undefined);
  return (
    stateRank[a.state] - stateRank[b.state] ||
    handled(a) - handled(b) ||
    severityRank[a.severity] - severityRank[b.severity] ||
    b.sinceMs - a.sinceMs
  );
}

/** `circuit-load` as a word: `Circuit load`. */
export function ruleWord(rule: AlertRule): string {
  const words = rule.replaceAll('-', ' ');
  return words[0]!.toUpperCase() + words.slice(1);
}

/** `1,013 W`, with as many digits as say something. */
export function quantityText(value: number, unit: string | undefined, format: Format): string {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return `${format.number(value, digits)}${unit === undefined ? '' : noBreak + unit}`;
}

/** `1,013 W, limit 350 W`; undefined when no value is known. */
export function againstLimit({ value, limit, unit }: Alert, format: Format): string | undefined {
  if (value === undefined) return undefined;
  const now = quantityText(value, unit, format);
  return limit === undefined ? now : `${now}, limit ${quantityText(limit, unit, format)}`;
}

const suppressionWord: Record<Suppression, string> = {
  silenced: 'silenced',
  inhibited: 'explained by another alert',
  muted: 'muted',
};

/** Why nobody is told, and by what. */
export function suppressionText({ suppressedBy, suppressedById }: Alert): string | undefined {
  if (suppressedBy === undefined) return undefined;
  const by = suppressedById === undefined ? '' : ` (${suppressedById})`;
  return `Told to nobody: ${suppressionWord[suppressedBy]}${by}`;
}

/** Where more is to be seen of what an alert is about. */
export function scopeHash(scope: string): string {
  switch (scope.slice(0, scope.indexOf(':'))) {
    case 'server':
      return serverHash(scope);
    case 'device':
    case 'outlet':
      return hashOf({ view: 'devices' });
    case 'feed':
    case 'breaker':
    case 'rack':
      return hashOf({ view: 'energy', query: { scope } });
    default:
      return hashOf({ view: 'room' });
  }
}

/** What a scope is called: `Server hv-01`, `Breaker A1`, `Room`. */
export function scopeWord(scope: string, nameOf: (scope: string) => string): string {
  if (scope === 'room') return 'Room';
  const kind = scope.slice(0, scope.indexOf(':'));
  return `${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)} ${nameOf(scope)}`;
}

/** `All rules in rack r1`, `High idle of server hv-01`. */
export function silenceText({ scopes, rules }: Silence, nameOf: (scope: string) => string): string {
  const what = rules ? rules.map(ruleWord).join(', ') : 'All rules';
  const where = scopes ? scopes.map((scope) => scopeWord(scope, nameOf)).join(', ') : 'everywhere';
  return `${what} · ${where}`;
}

/** Is an alert about a scope, or does it name it among those it touches? */
export function concerns({ scope, touched }: Alert, asked: string | undefined): boolean {
  return asked === undefined || scope === asked || (touched?.includes(asked) ?? false);
}

/** `(2) ` before the title of the window while critical ones are open. */
export function titlePrefix(open: readonly Alert[]): string {
  const critical = open.filter(({ severity }) => severity === 'critical').length;
  return critical === 0 ? '' : `(${critical}) `;
}
