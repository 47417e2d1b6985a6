import { type Alert, alertRules } from '../../../model/alert.ts';
import { isAnnounced } from './discovery.ts';
import type { Topics } from './topics.ts';

/** One retained message. */
export interface Posted {
  readonly topic: string;
  readonly payload: string;
}

const alertsNamedMax = 50;

/** The alerts that stand, as retained messages: one for each, and for each scope whether there is a problem. */
export class AlertBoard {
  readonly #topics: Topics;
  #standing = new Map<string, Alert>();

  constructor(topics: Topics) {
    this.#topics = topics;
  }

  put(alert: Alert): void {
    this.#standing.set(alert.id, alert);
  }

  remove(alert: Alert): void {
    this.#standing.delete(alert.id);
  }

  replace(alerts: readonly Alert[]): void {
    this.#standing = new Map(alerts.map((alert) => [alert.id, alert]));
  }

  /** What is to stand on the broker about these alerts; an empty payload takes back. Each topic once. */
  about(alerts: Iterable<Alert>): Posted[] {
    const newest = new Map<string, Alert>();
    for (const alert of this.#standing.values())
      newest.set(this.#topics.alert(alert.rule, alert.scope), alert);
    const posted = new Map<string, string>();
    const scopes = new Set(['room']);
    for (const { rule, scope } of alerts) {
      const topic = this.#topics.alert(rule, scope);
      const standing = newest.get(topic);
      posted.set(topic, standing === undefined ? '' : alertPayload(standing));
      if (isAnnounced(scope)) scopes.add(scope);
    }
    return [
      ...[...posted].map(([topic, payload]) => ({ topic, payload })),
      ...[...scopes].map((scope) => this.problem(scope)),
    ];
  }

  /** All of it. */
  all(): Posted[] {
    return this.about(this.#standing.values());
  }

  /** The room has all problems, another scope its own. */
  problem(scope: string): Posted {
    const alerts = [...this.#standing.values()].filter((one) => scope === 'room' || one.scope === scope);
    const fired = new Set(alerts.map(({ rule }) => rule));
    const payload = {
      problem: alerts.some(({ severity }) => severity !== 'info') ? 'ON' : 'OFF',
      count: alerts.length,
      rules: alertRules.filter((rule) => fired.has(rule)),
      alerts: alerts.slice(0, alertsNamedMax).map(({ rule, scope: at, severity, text, sinceMs }) => ({
        rule,
        scope: at,
        severity,
        text,
        sinceMs,
      })),
    };
    return { topic: this.#topics.problem(scope), payload: JSON.stringify(payload) };
  }
}

export function alertPayload(alert: Alert): string {
  return JSON.stringify(alert);
}
