import {
  type Alert,
  type AlertRule,
  alertRules,
  type Severity,
  type Silence,
  severities,
} from '../model/alert.ts';
import { known } from './alert-of.ts';
import { type Dwells, Incident } from './incident.ts';
import type { Finding, Rule } from './rule.ts';

/** What is kept over a restart, as JSON. */
export interface SavedAlerts {
  readonly version: 1;
  readonly incidents: readonly SavedIncident[];
  readonly silences: readonly Silence[];
  readonly rules: { readonly [rule in AlertRule]?: unknown };
}

interface SavedIncident {
  readonly alert: Alert;
  readonly told: boolean;
  /** When its dwell ends; absent: none runs. */
  readonly dueMs?: number;
}

export function savedOf(parts: {
  incidents: readonly { incident: Incident; alert: Alert }[];
  silences: readonly Silence[];
  rules: readonly Rule[];
}): SavedAlerts {
  return {
    version: 1,
    incidents: parts.incidents.map(({ incident, alert }) => ({
      alert,
      told: incident.told,
      ...(Number.isFinite(incident.dwellEndsMs) ? { dueMs: incident.dwellEndsMs } : {}),
    })),
    silences: parts.silences,
    rules: Object.fromEntries(
      parts.rules.flatMap((rule) => (rule.save === undefined ? [] : [[rule.name, rule.save()]])),
    ),
  };
}

/** Throws on what `savedOf` did not make. */
export function readSaved(saved: unknown): SavedAlerts {
  const { version, incidents, silences, rules } = saved as SavedAlerts;
  if (version !== 1) throw new RangeError(`saved alerts of version ${version}`);
  if (!incidents.every(isIncident) || !silences.every(isSilence) || typeof rules !== 'object')
    throw new RangeError('saved alerts that are damaged');
  return { version, incidents, silences, rules };
}

function isIncident({ alert, told, dueMs }: SavedIncident): boolean {
  return (
    alertRules.includes(alert.rule) &&
    severities.includes(alert.severity) &&
    (alert.state === 'pending' || alert.state === 'firing') &&
    typeof alert.scope === 'string' &&
    Number.isFinite(alert.sinceMs) &&
    typeof told === 'boolean' &&
    (dueMs === undefined || Number.isFinite(dueMs))
  );
}

function isSilence({ id, fromMs, toMs, by }: Silence): boolean {
  return typeof id === 'string' && Number.isFinite(fromMs) && Number.isFinite(toMs) && typeof by === 'string';
}

/** An incident as it was; its text too, until it is looked at again. */
export function takenUp(alert: Alert, told: boolean, dwells: Dwells): Incident {
  const finding: Finding = {
    level: 'raised',
    severity: alert.severity as Severity,
    ...known({ value: alert.value, raiseLimit: alert.limit, unit: alert.unit }),
  };
  const incident = new Incident(alert.rule, alert.scope, finding, dwells, alert.sinceMs);
  incident.state = alert.state;
  incident.firedAtMs = alert.firedAtMs;
  incident.earlier = { text: alert.text, ...known({ touched: alert.touched }) };
  incident.suppressedBy = alert.suppressedBy;
  incident.suppressedById = alert.suppressedById;
  incident.ackedBy = alert.ackedBy;
  incident.ackedAtMs = alert.ackedAtMs;
  incident.ackNote = alert.ackNote;
  incident.told = told;
  return incident;
}
