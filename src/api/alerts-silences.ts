import type { Request, Response } from 'express';
import { type AlertRule, alertRules, type Silence } from '../model/alert.ts';
import type { RoomView } from '../model/room-view.ts';
import { scopeKinds } from '../model/scope.ts';
import {
  nameLengthMax,
  noteLengthMax,
  optionalListOf,
  optionalTextOf,
  refuseUnknown,
  textOf,
} from './alerts-body.ts';
import { answerJson } from './answer.ts';
import { jsonBody } from './json-body.ts';
import { ProblemError } from './problem.ts';
import { knownScope } from './question.ts';
import type { SilencesAnswer } from './shapes.ts';
import { readTime } from './time.ts';

export interface SilencesParts {
  readonly room: RoomView;
  readonly timezone: string;
  nowMs(): number;
  /** The next to end first. */
  silences(): readonly Silence[];
  /** Undefined: there are as many as there may be. */
  silence(wish: Omit<Silence, 'id'>): Silence | undefined;
  /** False: there is none of that id. */
  endSilence(id: string): boolean;
}

const scopesMax = 1_000;
const scopeLengthMax = 300;
const minuteMs = 60_000;
/** Longer than a year nobody remembers why. */
const silenceMsMax = 366 * 86_400_000;

/** `GET /silences` */
export async function answerSilences(
  parts: SilencesParts,
  request: Request,
  response: Response,
): Promise<void> {
  const answer: SilencesAnswer = { rows: parts.silences() };
  await answerJson(request, response, answer);
}

/** `POST /silences` */
export async function answerNewSilence(
  parts: SilencesParts,
  request: Request,
  response: Response,
): Promise<void> {
  const body = await jsonBody(request);
  refuseUnknown(body, ['scopes', 'rules', 'from', 'to', 'minutes', 'by', 'note']);
  const note = optionalTextOf(body, 'note', noteLengthMax);
  const scopes = optionalListOf(body, 'scopes', scopesMax, (scope) => scopeOrPattern(scope, parts.room));
  const rules = optionalListOf(body, 'rules', alertRules.length, knownRule);
  const silence = parts.silence({
    ...(scopes === undefined ? {} : { scopes }),
    ...(rules === undefined ? {} : { rules }),
    ...timesOf(body, parts),
    by: textOf(body, 'by', nameLengthMax),
    ...(note === undefined ? {} : { note }),
  });
  if (silence === undefined) {
    const detail = 'There are as many silences as there may be; end some with DELETE /api/v1/silences/:id.';
    throw new ProblemError('too-much', detail);
  }
  response.status(201).set('Location', `/api/v1/silences/${silence.id}`);
  await answerJson(request, response, silence);
}

/** `DELETE /silences/:id` */
export function answerEndSilence(parts: SilencesParts, request: Request, response: Response): void {
  const id = String(request.params.id);
  if (!parts.endSilence(id)) throw new ProblemError('not-found', `There is no silence ${id.slice(0, 80)}.`);
  response.status(204).end();
}

function timesOf(
  body: Readonly<Record<string, unknown>>,
  parts: SilencesParts,
): { fromMs: number; toMs: number } {
  const nowMs = parts.nowMs();
  const fromMs = timeOf(body, 'from', parts.timezone) ?? nowMs;
  const { minutes } = body;
  const to = timeOf(body, 'to', parts.timezone);
  if ((to === undefined) === (minutes === undefined || minutes === null))
    throw bad('to', 'Say when it ends: to (a time), or minutes; one of the two.');
  if (to === undefined && !(typeof minutes === 'number' && minutes > 0 && Number.isFinite(minutes)))
    throw bad('minutes', 'minutes has to be a number above 0.');
  const toMs = to ?? fromMs + (minutes as number) * minuteMs;
  if (toMs <= fromMs || toMs <= nowMs)
    throw bad('to', `to ${isoText(toMs)} is not after from ${isoText(fromMs)} and now.`);
  if (toMs - fromMs > silenceMsMax)
    throw bad('to', 'A silence lasts a year at most; switch the rule off in the settings instead.');
  return { fromMs, toMs };
}

function timeOf(body: Readonly<Record<string, unknown>>, key: string, timezone: string): number | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  const atMs =
    typeof value === 'number' ? value : typeof value === 'string' ? readTime(value, timezone) : undefined;
  if (atMs !== undefined && atMs >= 0 && atMs <= timeMsMax) return atMs;
  throw bad(key, `${key} is no time; write epoch milliseconds or ISO 8601 (2026-01-15T12:00:00Z).`);
}

const timeMsMax = Date.UTC(2200, 0);

/** Patterns may name what is not there yet; a whole name that is not known is a typing error. */
function scopeOrPattern(scope: string, room: RoomView): string {
  const kind = scope.slice(0, Math.max(0, scope.indexOf(':')));
  const isPattern =
    scope === '*' || ((scopeKinds as readonly string[]).includes(kind) && scope.includes('*'));
  if (scope.length <= scopeLengthMax && isPattern) return scope;
  return knownScope(scope, room, 'scopes');
}

function knownRule(text: string): AlertRule {
  const rule = alertRules.find((name) => name === text);
  if (rule !== undefined) return rule;
  throw bad('rules', `${text.slice(0, 40)} is no rule; there are ${alertRules.join(', ')}.`);
}

function bad(parameter: string, detail: string): ProblemError {
  return new ProblemError('bad-parameter', detail, { parameter });
}

function isoText(atMs: number): string {
  return new Date(atMs).toISOString();
}
