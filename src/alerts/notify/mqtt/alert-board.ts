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

  /** What is to stand on the broker about one alert; an empty payload takes back. */
  about({ rule, scope }: Alert): Posted[] {
    const newest = [...this.#standing.values()].findLast((one) => one.rule === rule && one.scope === scope);
    const payload = newest === undefined ? '' : alertPayload(newest);
    const scopes = new Set(isAnnounced(scope) ? [scope, 'room'] : ['room']);
    return [
      { topic: this.#topics.alert(rule, scope), payload },
      ...[...scopes].map((one) => this.problem(one)),
    ];
  }

  /** All of it. */
  all(): Posted[] {
    const posted = [...this.#standing.values()].flatMap((alert) => this.about(alert));
    return [...new Map([...posted, this.problem('room')].map((one) => [one.topic, one])).values()];
  }

  /** The room has all problems, another scope its own. */
  problem(scope: string): Posted {
    const alerts = [...this.#standing.values()].filter((one) => scope === 'room' || one.scope === scope);
    const payload = {
      problem: alerts.some(({ severity }) => severity !== 'info') ? 'ON' : 'OFF',
      count: alerts.length,
      rules: alertRules.filter((rule) => alerts.some((one) => one.rule === rule)),
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
