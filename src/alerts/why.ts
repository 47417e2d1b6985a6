import type { AlertRule, Severity } from '../model/alert.ts';
import { ruleWords } from '../model/alert-rules.ts';
import { known, rounded } from './alert-of.ts';
import type { AlertRoom } from './alert-room.ts';
import type { Incident } from './incident.ts';
import { type Finding, type Rule, wordsOf } from './rule.ts';
import type { RuleSettings } from './rule-settings.ts';

/** A rule and, scope by scope, why it does not fire. */
export interface RuleRow {
  readonly rule: AlertRule;
  readonly meaning: string;
  readonly enabled: boolean;
  readonly severity: Severity;
  /** The nearest to firing first. */
  readonly scopes: readonly RuleScope[];
  readonly scopesLeftOut: number;
}

export interface RuleScope {
  readonly scope: string;
  readonly state: 'ok' | 'pending' | 'firing' | 'unknown' | 'off';
  readonly value?: number;
  readonly raiseLimit?: number;
  readonly clearLimit?: number;
  readonly unit?: string;
  readonly dwellLeftMs?: number;
  readonly why: string;
}

export interface WhyQuestion {
  readonly rules: readonly Rule[];
  readonly settings: RuleSettings;
  readonly room: AlertRoom;
  readonly incident: (rule: AlertRule, scope: string) => Incident | undefined;
  readonly nowMs: number;
  readonly rule?: AlertRule | undefined;
  readonly scope?: string | undefined;
}

/** Of a rule among all, and where one rule is asked for. */
const scopesMaxOfAll = 20;
const scopesMaxOfOne = 1_000;

export function ruleRows(question: WhyQuestion): RuleRow[] {
  const { rules, settings, rule: only } = question;
  return (Object.keys(ruleWords) as AlertRule[])
    .filter((name) => only === undefined || name === only)
    .map((name) => {
      const rule = rules.find((one) => one.name === name);
      const scopes = rule === undefined ? [] : scopesOf(rule, question);
      const max = only === undefined ? scopesMaxOfAll : scopesMaxOfOne;
      const { enabled, severity } = settings.of(name, question.scope);
      return {
        rule: name,
        meaning: ruleWords[name].meaning,
        enabled,
        severity,
        scopes: scopes.slice(0, max),
        scopesLeftOut: Math.max(0, scopes.length - max),
      };
    });
}

function scopesOf(rule: Rule, question: WhyQuestion): RuleScope[] {
  const { room, scope: only } = question;
  const found: RuleScope[] = [];
  for (const scope of rule.scopes()) {
    if (scope < 0) continue;
    const id = room.scopeAt(scope);
    if (only !== undefined && id !== only) continue;
    const row = scopeRow(rule, scope, id, question);
    if (row !== undefined) found.push(row);
  }
  return found.sort(byNearness);
}

function scopeRow(rule: Rule, scope: number, id: string, question: WhyQuestion): RuleScope | undefined {
  const { settings, incident, nowMs } = question;
  if (!settings.of(rule.name, id).enabled)
    return { scope: id, state: 'off', why: 'It is switched off for this scope in the settings.' };
  const finding = rule.find(scope, nowMs);
  const open = incident(rule.name, id);
  if (finding === undefined && open === undefined) return undefined;
  const now = finding ?? open!.latest;
  const dwellLeftMs =
    open === undefined || !Number.isFinite(open.dwellEndsMs)
      ? undefined
      : Math.max(0, open.dwellEndsMs - nowMs);
  return {
    scope: id,
    state:
      open?.state === 'firing' || open?.state === 'pending'
        ? open.state
        : now.level === 'unknown'
          ? 'unknown'
          : 'ok',
    ...known({
      value: rounded(now.value),
      raiseLimit: rounded(now.raiseLimit),
      clearLimit: rounded(now.clearLimit),
      unit: now.unit,
      dwellLeftMs,
    }),
    why: whyOf(now, open, dwellLeftMs),
  };
}

function whyOf(finding: Finding, open: Incident | undefined, dwellLeftMs: number | undefined): string {
  const said = wordsOf(finding);
  const words = said === '' ? '' : ` ${said}`;
  if (open?.state === 'pending')
    return `Beyond the level; it fires in ${inWords(dwellLeftMs ?? 0)} if that lasts.${words}`;
  if (open?.state === 'firing') {
    const held =
      open.suppressedBy === undefined ? '' : ` Not told: ${open.suppressedBy} by ${open.suppressedById}.`;
    if (dwellLeftMs !== undefined)
      return `It is over; it resolves in ${inWords(dwellLeftMs)}.${words}${held}`;
    return finding.level === 'unknown'
      ? `It fires; whether it still holds is not known.${words}${held}`
      : `It fires.${words}${held}`;
  }
  if (finding.level === 'unknown') return said || 'Nothing fresh tells of it.';
  const { value, raiseLimit, unit = '' } = finding;
  if (value === undefined || raiseLimit === undefined || value > raiseLimit) return said || 'All is well.';
  return `${amount(value, unit)} is below the ${amount(raiseLimit, unit)} at which it fires.${words}`;
}

export function amount(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${Number(value.toFixed(digits))}${unit === '' ? '' : ` ${unit}`}`;
}

/** `90 s`, `5 min`, `3 h`, `2 d` */
export function inWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

const order: Readonly<Record<RuleScope['state'], number>> = {
  firing: 0,
  pending: 1,
  ok: 2,
  unknown: 3,
  off: 4,
};

function byNearness(a: RuleScope, b: RuleScope): number {
  return order[a.state] - order[b.state] || nearness(b) - nearness(a) || (a.scope < b.scope ? -1 : 1);
}

/** 1: at the limit. */
function nearness({ value, raiseLimit }: RuleScope): number {
  return value === undefined || raiseLimit === undefined || raiseLimit === 0 ? 0 : value / raiseLimit;
}
