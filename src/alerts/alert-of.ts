import type { Alert } from '../model/alert.ts';
import type { Incident } from './incident.ts';
import { type Rule, wordsOf } from './rule.ts';

const touchedMax = 100;

/** An incident as it is told. */
export function alertOf(incident: Incident, rule: Rule | undefined): Alert {
  const { finding, latest } = incident;
  const touched = incident.earlier?.touched ?? rule?.touched?.(incident.scope);
  const newest = incident.state === 'resolved' || latest.level === 'unknown' ? finding : latest;
  return {
    id: incident.id,
    rule: incident.rule,
    scope: incident.scope,
    severity: incident.severity,
    state: incident.state,
    sinceMs: incident.sinceMs,
    ...known({
      firedAtMs: incident.firedAtMs,
      resolvedAtMs: incident.resolvedAtMs,
      value: rounded(newest.value),
      limit: rounded(finding.raiseLimit),
      unit: finding.unit,
    }),
    text: incident.earlier?.text ?? rule?.text(incident.scope, finding, wordsOf(finding)) ?? '',
    ...(touched === undefined || touched.length === 0
      ? {}
      : { touched: touched.slice(0, touchedMax), touchedCount: touched.length }),
    ...known({
      suppressedBy: incident.suppressedBy,
      suppressedById: incident.suppressedById,
      ackedBy: incident.ackedBy,
      ackedAtMs: incident.ackedAtMs,
      ackNote: incident.ackNote,
    }),
  };
}

/** Three decimals are finer than anything an alert is about. */
export function rounded(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : Math.round(value * 1000) / 1000;
}

/** Absent means absent. */
export function known<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
