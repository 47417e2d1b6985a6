import type { AlertRule, Severity } from '../model/alert.ts';
import type { PowerEvent } from '../model/event.ts';
import type { ScopeKind } from '../model/scope.ts';

/**
 * What holds of a scope now. `raised`: beyond the level at which it fires; `held`: between that and the level at which
 * it clears; `unknown`: nothing fresh says. An alert that fires stays as it is while nothing is known.
 */
export interface Finding {
  readonly level: 'raised' | 'held' | 'clear' | 'unknown';
  readonly value?: number;
  readonly raiseLimit?: number;
  readonly clearLimit?: number;
  readonly unit?: string;
  /** So far beyond the level that the raise dwell is not waited for. */
  readonly isAtOnce?: boolean;
  /** So much less draw, W, would bring it below the level at which it fires; where it is about draw. */
  readonly excessWatts?: number;
  /** Where it depends on the value; else the rule's. */
  readonly severity?: Severity;
  /** In words, where the numbers do not say it; made only when somebody reads it. */
  readonly why?: string | (() => string);
}

/** The words of a finding; empty where there are none. */
export function wordsOf({ why }: Pick<Finding, 'why'>): string {
  return typeof why === 'function' ? why() : (why ?? '');
}

/** Asks for a scope to be looked at in this tick. By the room's number. */
export type LookAgain = (scope: number) => void;

/**
 * One thing that can be wrong. Values in, findings out: it asks no clock and tells nobody; how long a finding must
 * hold, and who hears of it, is not its business.
 */
export interface Rule {
  readonly name: AlertRule;
  /** Scopes of these kinds are looked at when their figures change. */
  readonly kinds: readonly ScopeKind[];
  /** Every scope it can say something of, by the room's number. */
  scopes(): Iterable<number>;
  /** Undefined: it does not look at this scope. Called for a changed scope, and whenever somebody asks why. */
  find(scope: number, nowMs: number): Finding | undefined;
  /** One sentence for people: what, where, how much, against what; `why` are the finding's own words. */
  text(scope: string, finding: Finding, why: string): string;
  /** Others that the incident touches. */
  touched?(scope: string): readonly string[];
  /** Called instead of `find` for a changed scope: the rule asks for others to be looked at. */
  changed?(scope: number, nowMs: number): void;
  event?(event: PowerEvent, nowMs: number): void;
  /** Each second; cheap. */
  tick?(nowMs: number): void;
  /** What it remembers, as JSON, for the next run. */
  save?(): unknown;
  load?(saved: unknown, nowMs: number): void;
}
