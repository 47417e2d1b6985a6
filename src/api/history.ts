import type { Request, Response } from 'express';
import { isQuantity, type Quantity, quantities } from '../model/quantity.ts';
import type { RoomView } from '../model/room-view.ts';
import { answerJsonOrCsv } from './answer.ts';
import { ProblemError } from './problem.ts';
import { parameterOf, rangeOf, scopeOf, wholeNumberOf } from './question.ts';
import type { HistoryAnswer } from './shapes.ts';

/** A valid question for the history of one scope. */
export interface HistoryRequest {
  readonly scope: string;
  readonly quantity: Quantity;
  readonly fromMs: number;
  readonly toMs: number;
  /** At most so many buckets. */
  readonly points: number;
}

export interface HistoryParts {
  readonly room: RoomView;
  readonly timezone: string;
  nowMs(): number;
  /** Rejects with a StoreError, or an UnanswerableError. */
  history(request: HistoryRequest): Promise<HistoryAnswer>;
}

export const pointsMin = 1;
export const pointsMax = 5000;
export const pointsDefault = 600;
const dayMs = 86_400_000;
/** Ten years and a bit. */
export const historyDaysMax = 3_700;

/** `GET /history`, as JSON or CSV. */
export async function answerHistory(
  parts: HistoryParts,
  request: Request,
  response: Response,
): Promise<void> {
  const answer = await parts.history(historyRequestOf(parts, request));
  await answerJsonOrCsv(request, response, answer, () => historyCsv(answer));
}

function historyRequestOf(parts: HistoryParts, request: Request): HistoryRequest {
  const range = rangeOf(request, {
    nowMs: parts.nowMs(),
    timezone: parts.timezone,
    defaultMs: dayMs,
    rangeMsMax: historyDaysMax * dayMs,
  });
  return {
    scope: scopeOf(request, parts.room),
    quantity: quantityOf(request),
    points: wholeNumberOf(request, 'points', pointsMin, pointsMax, pointsDefault),
    ...range,
  };
}

function quantityOf(request: Request): Quantity {
  const text = parameterOf(request, 'quantity') ?? 'watts';
  if (isQuantity(text)) return text;
  const detail = `quantity=${text.slice(0, 40)} is none of ${quantities.join(', ')}.`;
  throw new ProblemError('bad-parameter', detail, { parameter: 'quantity' });
}

/** RFC 4180; an empty field says "not observed". */
function historyCsv({ atMs, mean, min, max }: HistoryAnswer): string {
  const rows = atMs.map(
    (at, i) => `${at},${new Date(at).toISOString()},${mean[i] ?? ''},${min[i] ?? ''},${max[i] ?? ''}\r\n`,
  );
  return `atMs,time,mean,min,max\r\n${rows.join('')}`;
}
