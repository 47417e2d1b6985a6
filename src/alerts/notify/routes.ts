import type { Alert, AlertRule, Severity } from '../../model/alert.ts';
import { scopeMatches } from '../../model/scope.ts';

/** Alerts that go to some channels. Matches where every part given does. */
export interface NotifyRoute {
  readonly channels: readonly string[];
  readonly severities?: readonly Severity[] | undefined;
  readonly rules?: readonly AlertRule[] | undefined;
  /** Scopes, or patterns such as `rack:r1` and `server:hv-*`. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Whether an alert goes to a channel: by any of the routes that name the channel. One that no route names is told of
 * everything, so that nothing is lost by forgetting it. `around` tells in which wider scopes a scope lies.
 */
export function goesTo(
  channel: string,
  routes: readonly NotifyRoute[],
  alert: Pick<Alert, 'severity' | 'rule' | 'scope'>,
  around: (scope: string) => readonly string[],
): boolean {
  const own = routes.filter(({ channels }) => channels.includes(channel));
  if (own.length === 0) return true;
  return own.some(
    ({ severities, rules, scopes }) =>
      (severities === undefined || severities.includes(alert.severity)) &&
      (rules === undefined || rules.includes(alert.rule)) &&
      (scopes === undefined || isIn(alert.scope, scopes, around)),
  );
}

function isIn(
  scope: string,
  patterns: readonly string[],
  around: (scope: string) => readonly string[],
): boolean {
  const places = [scope, ...around(scope)];
  return patterns.some((pattern) => places.some((place) => matches(pattern, place)));
}

/** A `*` at the end stands for any rest. */
function matches(pattern: string, scope: string): boolean {
  if (scopeMatches(pattern, scope)) return true;
  return pattern.endsWith('*') && scope.startsWith(pattern.slice(0, -1));
}
