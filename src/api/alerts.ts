import type { Request, Response } from 'express';
import { type Alert, type AlertRule, type AlertState, alertRules } from '../model/alert.ts';
import type { RoomView } from '../model/room-view.ts';
import { nameLengthMax, noteLengthMax, optionalTextOf, refuseUnknown, textOf } from './alerts-body.ts';
import { answerJson } from './answer.ts';
import { jsonBody } from './json-body.ts';
import { ProblemError } from './problem.ts';
import { choiceOf, parameterOf, rangeOf, scopesOf, wholeNumberOf } from './question.ts';
import type { AckRequest, AlertRuleRow, AlertsAnswer } from './shapes.ts';
import type { StoreGate } from './store-gate.ts';

/** A valid question for alerts. */
export interface AlertsRequest {
  /** Absent: firing and pending. */
  readonly states?: readonly AlertState[];
  /** A scope of the room or a pattern: alerts of it and of what is in it. */
  readonly scope: string;
  readonly rule?: AlertRule;
  /** First crossing, of resolved ones. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

export interface AlertsParts {
  readonly room: RoomView;
  /** Of which history is known, though they may not be in the room now. */
  pastScopes(): ReadonlySet<string>;
  readonly timezone: string;
  nowMs(): number;
  /** Firing ones first, then the newest. Rejects with a StoreError. */
  alerts(request: AlertsRequest): Promise<readonly Alert[]>;
  readonly gate: StoreGate;
  /** Undefined: no open alert has that id. */
  ackAlert(id: string, ack: AckRequest): Alert | undefined;
  /** Rules as they stand; `scope` is one of the room. */
  alertRules(only: { rule?: AlertRule; scope?: string }): readonly AlertRuleRow[];
}

export const alertsLimitDefault = 500;
export const alertsLimitMax = 10_000;
export const alertsDaysDefault = 30;
export const alertsDaysMax = 3_700;
const dayMs = 86_400_000;
const aheadMsMax = 60_000;
const idLengthMax = 2_000;

/** `GET /alerts` */
export async function answerAlerts(parts: AlertsParts, request: Request, response: Response): Promise<void> {
  const range = rangeOf(request, {
    nowMs: parts.nowMs() + (parameterOf(request, 'to') === undefined ? aheadMsMax : 0),
    timezone: parts.timezone,
    defaultMs: alertsDaysDefault * dayMs,
    rangeMsMax: alertsDaysMax * dayMs,
  });
  const rule = ruleOf(request);
  const states = statesOf(request);
  const question: AlertsRequest = {
    scope: scopesOf(request, parts.room, parts.pastScopes()),
    ...range,
    limit: wholeNumberOf(request, 'limit', 1, alertsLimitMax, alertsLimitDefault),
    ...(rule === undefined ? {} : { rule }),
    ...(states === undefined ? {} : { states }),
  };
  const rows = await parts.gate.asking(response).inTime(() => parts.alerts(question));
  const answer: AlertsAnswer = { rows };
  await answerJson(request, response, answer);
}

/** `POST /alerts/:id/ack` */
export async function answerAck(parts: AlertsParts, request: Request, response: Response): Promise<void> {
  const body = await jsonBody(request);
  refuseUnknown(body, ['by', 'note']);
  const note = optionalTextOf(body, 'note', noteLengthMax);
  const ack = { by: textOf(body, 'by', nameLengthMax), ...(note === undefined ? {} : { note }) };
  const id = String(request.params.id);
  const alert = id.length > idLengthMax ? undefined : parts.ackAlert(id, ack);
  if (alert === undefined)
    throw new ProblemError(
      'not-found',
      `There is no open alert ${id.slice(0, 80)}: it is over, or never was. GET /api/v1/alerts lists those that are open.`,
    );
  await answerJson(request, response, alert);
}

/** `GET /alerts/rules` */
export async function answerAlertRules(
  parts: AlertsParts,
  request: Request,
  response: Response,
): Promise<void> {
  const rule = ruleOf(request);
  const scope = parameterOf(request, 'scope') === undefined ? undefined : scopesOf(request, parts.room);
  const only = scope === undefined || scope === '*' ? {} : { scope };
  await answerJson(request, response, {
    rows: parts.alertRules({ ...only, ...(rule === undefined ? {} : { rule }) }),
  });
}

function ruleOf(request: Request): AlertRule | undefined {
  return parameterOf(request, 'rule') === undefined
    ? undefined
    : choiceOf(request, 'rule', alertRules, alertRules[0]);
}

/** Several with commas between. */
function statesOf(request: Request): AlertState[] | undefined {
  const text = parameterOf(request, 'state');
  if (text === undefined) return undefined;
  if (text === 'all') return ['pending', 'firing', 'resolved'];
  return text.split(',').map((part) => {
    const state = (['pending', 'firing', 'resolved'] as const).find((one) => one === part.trim());
    if (state !== undefined) return state;
    const detail = `state=${text.slice(0, 40)} is none of pending, firing, resolved, all.`;
    throw new ProblemError('bad-parameter', detail, { parameter: 'state' });
  });
}
