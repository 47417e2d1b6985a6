import type { Alert } from '../../src/model/alert.ts';
import type { AlertEvent } from '../../src/model/event.ts';

/** An alert that has just fired; what is given takes the place of what is made up. */
export function firingAlert(scope: string, sinceMs: number, given: Partial<Alert> = {}): Alert {
  return {
    id: `circuit-load.${Buffer.from(scope).toString('base64url')}.${sinceMs.toString(36)}`,
    rule: 'circuit-load',
    scope,
    severity: 'warning',
    state: 'firing',
    sinceMs,
    firedAtMs: sinceMs + 60_000,
    value: 83.25,
    limit: 80,
    unit: '%',
    text: 'Breaker A1 carries 83 % of its "usable" current, \\ more than 80 %.',
    touched: ['server:hv-01', 'server:hv 02, =x'],
    touchedCount: 2,
    ...given,
  };
}

export function alertEvent(alert: Alert, atMs = alert.firedAtMs ?? alert.sinceMs): AlertEvent {
  return { kind: 'alert', scope: alert.scope, atMs, alert };
}
