import {
  type AlertRule,
  type AlertState,
  type Severity,
  type Suppression,
  severities,
} from '../model/alert.ts';
import type { Finding } from './rule.ts';

/** How long a finding must hold, and how grave it is: a rule's settings for one scope. */
export interface Dwells {
  readonly severity: Severity;
  /** Absent: it happens in a moment. */
  readonly raiseAfter?: number | undefined;
  readonly clearAfter: number;
}

/** What became of an incident in one step. */
export type Turn = 'nothing' | 'dropped' | 'fired' | 'severity' | 'resolved';

const never = Number.POSITIVE_INFINITY;

/**
 * The life of one incident: pending from its first crossing, firing when it has held for the raise dwell, resolved
 * when it has been clear for the clear dwell. So whatever the readings do, it changes no faster than its dwells.
 * Time comes with every call.
 */
export class Incident {
  readonly rule: AlertRule;
  readonly scope: string;
  readonly sinceMs: number;
  readonly id: string;
  state: AlertState = 'pending';
  severity: Severity;
  firedAtMs: number | undefined;
  resolvedAtMs: number | undefined;
  /** The newest that was not clear. */
  finding: Finding;
  /** The newest of all. */
  latest: Finding;
  /** Of an incident taken up from an earlier run, until it is looked at again. */
  earlier: { readonly text: string; readonly touched?: readonly string[] } | undefined;
  suppressedBy: Suppression | undefined;
  suppressedById: string | undefined;
  ackedBy: string | undefined;
  ackedAtMs: number | undefined;
  ackNote: string | undefined;
  /** Somebody was told that it fires. */
  told = false;
  remindMs = never;
  #dueMs: number;
  /** The severity it has by its value, and since when, where that is another than told. */
  #other: { readonly severity: Severity; readonly dueMs: number } | undefined;
  /** Seen raised by this run. */
  #seen = true;

  constructor(rule: AlertRule, scope: string, finding: Finding, dwells: Dwells, nowMs: number) {
    this.rule = rule;
    this.scope = scope;
    this.sinceMs = nowMs;
    this.id = incidentId(rule, scope, nowMs);
    this.finding = finding;
    this.latest = finding;
    this.severity = finding.severity ?? dwells.severity;
    this.#dueMs = finding.isAtOnce ? nowMs : nowMs + (dwells.raiseAfter ?? 0);
  }

  /** When time alone will change it. */
  get dueMs(): number {
    return Math.min(this.#dueMs, this.#other?.dueMs ?? never, this.remindMs);
  }

  /** When the raise dwell (pending) or the clear dwell (firing) ends; Infinity: none runs. */
  get dwellEndsMs(): number {
    return this.#dueMs;
  }

  /** It is so now. */
  observe(finding: Finding, dwells: Dwells, nowMs: number): Turn {
    this.latest = finding;
    if (finding.level === 'unknown') {
      if (this.state === 'pending') return 'dropped';
      this.#dueMs = never;
      return 'nothing';
    }
    if (this.state === 'pending') {
      if (finding.level !== 'raised') return 'dropped';
      this.finding = finding;
      this.#seen = true;
      if (finding.isAtOnce) this.#dueMs = nowMs;
      this.severity = finding.severity ?? dwells.severity;
      return this.due(nowMs);
    }
    if (finding.level === 'clear') {
      if (this.#dueMs === never) this.#dueMs = nowMs + dwells.clearAfter;
      return this.due(nowMs);
    }
    this.#dueMs = never;
    this.finding = finding;
    if (finding.level === 'raised') this.#weigh(finding.severity ?? dwells.severity, dwells, nowMs);
    return this.due(nowMs);
  }

  /** Time has passed. */
  due(nowMs: number): Turn {
    if (nowMs >= this.#dueMs) {
      this.#dueMs = never;
      if (this.state === 'firing') {
        this.state = 'resolved';
        this.resolvedAtMs = nowMs;
        return 'resolved';
      }
      if (!this.#seen) return 'dropped';
      this.state = 'firing';
      this.firedAtMs = nowMs;
      return 'fired';
    }
    if (this.#other !== undefined && nowMs >= this.#other.dueMs) {
      this.severity = this.#other.severity;
      this.#other = undefined;
      return 'severity';
    }
    return 'nothing';
  }

  /** It cannot be looked at any more: the rule is switched off, or the scope is gone. */
  end(nowMs: number): void {
    this.state = 'resolved';
    this.resolvedAtMs = nowMs;
    this.#dueMs = never;
  }

  /** Taken up from an earlier run: a pending one must be seen again before it fires. */
  takeUp(dueMs: number, nowMs: number): void {
    this.#seen = this.state === 'firing';
    this.#dueMs = this.state === 'firing' ? never : Math.max(dueMs, nowMs);
  }

  /** Graver after the raise dwell, milder after the clear dwell. */
  #weigh(severity: Severity, dwells: Dwells, nowMs: number): void {
    if (severity === this.severity) this.#other = undefined;
    else if (severity !== this.#other?.severity) {
      const graver = severities.indexOf(severity) > severities.indexOf(this.severity);
      const wasGraver =
        this.#other !== undefined &&
        severities.indexOf(this.#other.severity) > severities.indexOf(this.severity);
      // Still on the same side: it has been so for as long.
      const dueMs =
        this.#other !== undefined && graver === wasGraver
          ? this.#other.dueMs
          : nowMs + (graver ? (dwells.raiseAfter ?? 0) : dwells.clearAfter);
      this.#other = { severity, dueMs };
    }
  }
}

/** From rule, scope and first crossing: the same incident has the same id. URL-safe. */
export function incidentId(rule: AlertRule, scope: string, sinceMs: number): string {
  return `${rule}.${Buffer.from(scope).toString('base64url')}.${Math.floor(sinceMs).toString(36)}`;
}
