import type { Alert, AlertRule, Severity } from '../../model/alert.ts';
import { ScopePatterns } from '../scope-pattern.ts';

/** Alerts that go to some channels. Matches where every part given does. */
export interface NotifyRoute {
  readonly channels: readonly string[];
  readonly severities?: readonly Severity[] | undefined;
  readonly rules?: readonly AlertRule[] | undefined;
  /** Scopes, or patterns such as `rack:r1` and `server:hv-*`; what lies in them is meant too. */
  readonly scopes?: readonly string[] | undefined;
}

/** Which alerts go to which channel. */
export class Routes {
  readonly #routes: readonly (NotifyRoute & { readonly patterns: ScopePatterns | undefined })[];
  readonly #containersOf: (scope: string) => Iterable<string>;

  /** `containersOf`: everything a scope is part of, itself too. */
  constructor(routes: readonly NotifyRoute[], containersOf: (scope: string) => Iterable<string>) {
    this.#routes = routes.map((route) => ({
      ...route,
      patterns: route.scopes && new ScopePatterns(route.scopes),
    }));
    this.#containersOf = containersOf;
  }

  /** By any route that names the channel; one that no route names is told of all, so that nothing is lost by forgetting it. */
  leadTo(channel: string, { severity, rule, scope }: Pick<Alert, 'severity' | 'rule' | 'scope'>): boolean {
    const own = this.#routes.filter(({ channels }) => channels.includes(channel));
    if (own.length === 0) return true;
    return own.some(
      ({ severities, rules, patterns }) =>
        (severities === undefined || severities.includes(severity)) &&
        (rules === undefined || rules.includes(rule)) &&
        (patterns === undefined || patterns.fitsAny(this.#containersOf(scope))),
    );
  }
}
