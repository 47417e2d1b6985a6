import type { Request, Response } from 'express';
import type { Clock } from '../base/clock.ts';
import { type Tier, tiers } from '../model/roll-up.ts';
import type { RoomView } from '../model/room-view.ts';
import { answerParts } from './answer-parts.ts';
import { historyDaysMax } from './past-question.ts';
import { choiceOf, parameterOf, rangeOf, refuseFuture, scopeListOf, timezoneOf } from './question.ts';
import type { StoreGate } from './store-gate.ts';

/** A valid question for what the store holds. */
export interface ExportRequest {
  readonly tier: Tier;
  readonly scopes: readonly string[];
  /** No scope was named: all there is. */
  readonly isAll: boolean;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ExportParts {
  readonly room: RoomView;
  readonly timezone: string;
  pastScopes(): ReadonlySet<string>;
  nowMs(): number;
  /** CSV in parts. Throws a StoreError. */
  export(request: ExportRequest, signal: AbortSignal): AsyncIterable<string>;
  readonly gate: StoreGate;
  readonly clock: Pick<Clock, 'after'>;
}

const dayMs = 86_400_000;

/** `GET /export`: raw readings or roll-ups as CSV, of any length, in a form that `POST /import` takes. */
export async function answerExport(parts: ExportParts, request: Request, response: Response): Promise<void> {
  const nowMs = parts.nowMs();
  const isAll = parameterOf(request, 'scope') === undefined;
  const range = rangeOf(request, {
    nowMs,
    timezone: timezoneOf(request, parts.timezone),
    defaultMs: dayMs,
    rangeMsMax: historyDaysMax * dayMs,
  });
  refuseFuture(range.fromMs, nowMs);
  const question: ExportRequest = {
    tier: choiceOf(request, 'tier', tiers, 'raw'),
    scopes: isAll ? [] : scopeListOf(request, parts.room, parts.pastScopes()).scopes,
    isAll,
    ...range,
  };
  response.set('Content-Disposition', `attachment; filename="rackwatt-${question.tier}.csv"`);
  await answerParts(request, response, {
    type: 'text/csv',
    parts: (signal) => parts.export(question, signal),
    isClosed: false,
    gate: parts.gate,
    clock: parts.clock,
  });
}
