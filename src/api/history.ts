import type { Request, Response } from 'express';
import { type Quantity, quantities } from '../model/quantity.ts';
import { tierStepMs } from '../model/roll-up.ts';
import { wantsCsv } from './answer.ts';
import { answerParts } from './answer-parts.ts';
import { csvLine } from './csv.ts';
import { isClosed, type PastParts, pastQuestionOf } from './past-question.ts';
import { ProblemError } from './problem.ts';
import { choiceOf, parameterOf, wholeNumberOf } from './question.ts';
import type { HistoryAnswer } from './shapes.ts';

/** A valid question for the history of one scope. */
export interface HistoryRequest {
  readonly scope: string;
  readonly quantity: Quantity;
  readonly fromMs: number;
  readonly toMs: number;
  /** At most so many buckets, which begin at round times; two, where one is asked for. */
  readonly points: number;
}

export interface HistoryParts extends PastParts {
  /** Rejects with a StoreError, or an UnanswerableError. */
  history(request: HistoryRequest, signal: AbortSignal): Promise<HistoryAnswer>;
}

const parameters = ['scope', 'from', 'to', 'points', 'quantity', 'timezone', 'format'];
export const pointsMin = 1;
export const pointsMax = 5000;
export const pointsDefault = 600;
/** Of all scopes of a question together. */
export const pointsTotalMax = 500_000;
/** Rows of roll-ups gone through for one question. */
const rowsMax = 20_000_000;
/** So many scopes are asked for at a time. */
const askedAtOnce = 4;
const dayMs = 86_400_000;

/** `GET /history`, as JSON or CSV. */
export async function answerHistory(
  parts: HistoryParts,
  request: Request,
  response: Response,
): Promise<void> {
  const { questions, isList } = historyRequestsOf(parts, request);
  const isCsv = wantsCsv(request, response);
  const remaking = new Set(
    questions.filter((asked) => parts.isRemaking(asked.scope, asked.fromMs, asked.toMs)),
  );
  await answerParts(request, response, {
    type: isCsv ? 'text/csv' : 'application/json',
    parts: (signal) => {
      const answers = historiesOf(parts, questions, remaking, signal);
      return isCsv ? csvParts(answers, isList) : jsonParts(answers, isList);
    },
    isClosed: isClosed(parts, questions[0]?.toMs ?? parts.nowMs()) && remaking.size === 0,
    gate: parts.gate,
    clock: parts.clock,
  });
}

function historyRequestsOf(
  parts: HistoryParts,
  request: Request,
): { questions: readonly HistoryRequest[]; isList: boolean } {
  const { scopes, isList, fromMs, toMs } = pastQuestionOf(parts, request, parameters, () => ({
    defaultMs: dayMs,
  }));
  const range = { fromMs, toMs };
  const quantity = choiceOf(request, 'quantity', quantities, 'watts');
  const points = pointsOf(request, scopes.length);
  refuseTooMuch(scopes.length, points, range);
  return { questions: scopes.map((scope) => ({ scope, quantity, points, ...range })), isList };
}

/** Where many scopes share an answer each has fewer points, unless so many are asked for. */
function pointsOf(request: Request, scopes: number): number {
  const fair = Math.max(pointsMin, Math.min(pointsDefault, Math.floor(pointsTotalMax / Math.max(1, scopes))));
  const points = wholeNumberOf(request, 'points', pointsMin, pointsMax, fair);
  if (points * scopes <= pointsTotalMax) return points;
  const detail = `${scopes} scopes × ${points} points are more than ${pointsTotalMax}: ask for points=${fair}, or for fewer scopes.`;
  const parameter = parameterOf(request, 'points') === undefined ? 'scope' : 'points';
  throw new ProblemError('too-much', detail, { parameter });
}

function refuseTooMuch(
  scopes: number,
  points: number,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): void {
  const isByMinutes = (toMs - fromMs) / points < tierStepMs.quarter;
  const rows = (scopes * (toMs - fromMs)) / tierStepMs[isByMinutes ? 'minute' : 'quarter'];
  if (rows <= rowsMax) return;
  const days = Math.floor(((toMs - fromMs) * (rowsMax / rows)) / dayMs);
  const detail = `${scopes} scopes over ${Math.ceil((toMs - fromMs) / dayMs)} days with ${points} points are too much at once: ask for at most ${days} days, or for fewer scopes.`;
  throw new ProblemError('too-much', detail, { parameter: 'scope' });
}

/** A few at a time, in order. */
async function* historiesOf(
  parts: HistoryParts,
  questions: readonly HistoryRequest[],
  remaking: ReadonlySet<HistoryRequest>,
  signal: AbortSignal,
): AsyncGenerator<HistoryAnswer> {
  const ask = async (question: HistoryRequest): Promise<HistoryAnswer> => {
    const answer = await parts.history(question, signal);
    return remaking.has(question) ? { ...answer, remaking: true } : answer;
  };
  for (let i = 0; i < questions.length; i += askedAtOnce)
    yield* await Promise.all(questions.slice(i, i + askedAtOnce).map(ask));
}

async function* jsonParts(answers: AsyncIterable<HistoryAnswer>, isList: boolean): AsyncGenerator<string> {
  let before = isList ? '{"series":[' : '';
  for await (const answer of answers) {
    yield before + JSON.stringify(answer);
    before = ',';
  }
  if (isList) yield before === ',' ? ']}' : `${before}]}`;
}

/** RFC 4180; an empty field says "not observed". Several scopes follow one another, named in the first column. */
async function* csvParts(answers: AsyncIterable<HistoryAnswer>, isList: boolean): AsyncGenerator<string> {
  const columns = ['atMs', 'time', 'mean', 'min', 'max'];
  let before = csvLine(isList ? ['scope', ...columns] : columns);
  for await (const { scope, atMs, mean, min, max } of answers) {
    const lines = atMs.map((at, i) => {
      const values = [
        at,
        new Date(at).toISOString(),
        ...[mean[i], min[i], max[i]].map((value) => value ?? undefined),
      ];
      return csvLine(isList ? [scope, ...values] : values);
    });
    yield before + lines.join('');
    before = '';
  }
  yield before;
}
