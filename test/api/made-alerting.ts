import type { AlertsRequest } from '../../src/api/alerts.ts';
import type { ApiParts } from '../../src/api/server.ts';
import type { AckRequest, AlertRuleRow } from '../../src/api/shapes.ts';
import type { Alert, Silence } from '../../src/model/alert.ts';

/** With everything an alert can have. */
export const wholeAlert: Alert = {
  id: 'circuit-load.YnJlYWtlcjpBMQ.mf3k',
  rule: 'circuit-load',
  scope: 'breaker:A1',
  severity: 'critical',
  state: 'firing',
  sinceMs: Date.UTC(2026, 6, 15, 11),
  firedAtMs: Date.UTC(2026, 6, 15, 11, 2),
  value: 103.5,
  limit: 100,
  unit: '%',
  text: 'Breaker A1 carries 104 % of its usable current.',
  touched: ['server:hv-01'],
  touchedCount: 1,
  suppressedBy: 'silenced',
  suppressedById: 's-1',
  ackedBy: 'Ada',
  ackedAtMs: Date.UTC(2026, 6, 15, 11, 5),
  ackNote: 'on it',
};

export const bareAlert: Alert = {
  id: 'broker-away.cm9vbQ.mf3l',
  rule: 'broker-away',
  scope: 'room',
  severity: 'critical',
  state: 'pending',
  sinceMs: Date.UTC(2026, 6, 15, 11, 59),
  text: 'The broker cannot be reached.',
};

export const ruleRows: AlertRuleRow[] = [
  {
    rule: 'circuit-load',
    meaning: 'A breaker carries much.',
    enabled: true,
    severity: 'info',
    scopes: [
      {
        scope: 'breaker:A1',
        state: 'pending',
        value: 72,
        raiseLimit: 70,
        clearLimit: 66.5,
        unit: '%',
        dwellLeftMs: 30_000,
        why: 'Beyond the level; it fires in 30 s if that lasts.',
      },
      { scope: 'breaker:A2', state: 'unknown', why: 'Nothing fresh tells of it.' },
    ],
    scopesLeftOut: 3,
  },
];

/** Alerts in the test's hands. */
export class MadeAlerting implements Record<keyof ApiParts['alerting'], unknown> {
  readonly asked: AlertsRequest[] = [];
  readonly acks: [string, AckRequest][] = [];
  readonly kept: Silence[] = [];
  silencesMax = 10;

  alerts = async (request: AlertsRequest): Promise<Alert[]> => {
    this.asked.push(request);
    return [wholeAlert, bareAlert];
  };

  ackAlert = (id: string, ack: AckRequest): Alert | undefined => {
    this.acks.push([id, ack]);
    return id === wholeAlert.id ? wholeAlert : undefined;
  };

  alertRules = (): AlertRuleRow[] => ruleRows;

  silences = (): Silence[] => this.kept;

  silence = (wish: Omit<Silence, 'id'>): Silence | undefined => {
    if (this.kept.length >= this.silencesMax) return undefined;
    const silence = { id: `s-${this.kept.length + 1}`, ...wish };
    this.kept.push(silence);
    return silence;
  };

  endSilence = (id: string): boolean => {
    const place = this.kept.findIndex((silence) => silence.id === id);
    if (place >= 0) this.kept.splice(place, 1);
    return place >= 0;
  };
}
