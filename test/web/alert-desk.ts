import type { AckRequest, AlertRulesAnswer, NotifierRow, SilenceRequest } from '../../src/api/shapes.ts';
import type { Alert, Silence } from '../../src/model/alert.ts';

interface DeskAnswer {
  readonly status: number;
  readonly body: unknown;
}

const minuteMs = 60_000;

export function isAlertResource(resource: string): boolean {
  return /^(alerts|silences|notifiers)(\/|$)/.test(resource);
}

/** The alert part of the API as a test's server keeps it: what is asked, acknowledged, silenced and ended. */
export class AlertDesk {
  alerts: Alert[] = [];
  silences: Silence[] = [];
  rules: AlertRulesAnswer = { rows: [] };
  notifiers: NotifierRow[] = [];
  /** What is done is refused so. */
  refusal: { status: number; title: string; detail: string } | undefined;
  /** Bodies of what was asked to be done. */
  readonly done: { readonly method: string; readonly resource: string; readonly body: unknown }[] = [];

  answer(method: string, resource: string, asked: URLSearchParams, body: unknown): DeskAnswer {
    if (method !== 'GET') {
      this.done.push({ method, resource, body });
      if (this.refusal) return { status: this.refusal.status, body: this.refusal };
    }
    switch (`${method} ${resource}`) {
      case 'GET alerts':
        return ok({ rows: this.#listed(asked) });
      case 'GET alerts/rules':
        return ok(this.rules);
      case 'GET silences':
        return ok({ rows: this.silences });
      case 'GET notifiers':
        return ok({ rows: this.notifiers });
      case 'POST silences':
        return this.#silence(body as SilenceRequest);
    }
    const [, kind, id] = /^\w+ (alerts|silences)\/([^/]+)/.exec(`${method} ${resource}`) ?? [];
    if (kind === 'alerts') return this.#acknowledge(id!, body as AckRequest);
    this.silences = this.silences.filter((silence) => silence.id !== id);
    return { status: 204, body: undefined };
  }

  #listed(asked: URLSearchParams): Alert[] {
    const state = asked.get('state');
    const scope = asked.get('scope');
    return this.alerts
      .filter((alert) => (state === null ? alert.state !== 'resolved' : alert.state === state))
      .filter((alert) => scope === null || alert.scope === scope);
  }

  #acknowledge(id: string, { by, note }: AckRequest): DeskAnswer {
    const found = this.alerts.find((alert) => alert.id === id);
    if (!found) return { status: 404, body: { title: 'There is no such alert' } };
    const acked = {
      ...found,
      ackedBy: by,
      ackedAtMs: Date.now(),
      ...(note !== undefined && { ackNote: note }),
    };
    this.alerts = this.alerts.map((alert) => (alert === found ? acked : alert));
    return ok(acked);
  }

  #silence({ minutes = 60, scopes, rules, by, note }: SilenceRequest): DeskAnswer {
    const fromMs = Date.now();
    const silence: Silence = {
      id: `s${this.silences.length + 1}`,
      fromMs,
      toMs: fromMs + minutes * minuteMs,
      by,
      ...(scopes && { scopes }),
      ...(rules && { rules }),
      ...(note !== undefined && { note }),
    };
    this.silences = [...this.silences, silence];
    return { status: 201, body: silence };
  }
}

const ok = (body: unknown): DeskAnswer => ({ status: 200, body });

/** An alert that fires since ten minutes. */
export function makeAlert(id: string, fields: Partial<Alert> = {}): Alert {
  return {
    id,
    rule: 'circuit-load',
    scope: 'breaker:A1',
    severity: 'warning',
    state: 'firing',
    sinceMs: Date.now() - 10 * minuteMs,
    value: 13.24,
    limit: 12.8,
    unit: 'A',
    text: `Breaker A1 carries 13.2 A (${id})`,
    ...fields,
  };
}
