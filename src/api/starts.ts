import type { Request, Response } from 'express';
import type { RoomView } from '../model/room-view.ts';
import type { StartRecord } from '../model/start.ts';
import { answerJson, answerJsonOrCsv } from './answer.ts';
import { csvText } from './csv.ts';
import { ProblemError } from './problem.ts';
import { parameterOf, rangeOf, scopesOf, wholeNumberOf } from './question.ts';
import type { StartRow, StartsAnswer } from './shapes.ts';
import type { StoreGate } from './store-gate.ts';

/** A valid question for starts. */
export interface StartsRequest {
  /** A scope of the room or a pattern (`*`, `server:*`): starts of the servers in it. */
  readonly scope: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

export interface StartsParts {
  readonly room: RoomView;
  /** Of which history is known, though they may not be in the room now. */
  pastScopes(): ReadonlySet<string>;
  readonly timezone: string;
  nowMs(): number;
  /** Newest first. Rejects with a StoreError. */
  starts(request: StartsRequest): Promise<readonly StartRecord[]>;
  /** With its trace. Rejects with a StoreError. */
  start(id: string): Promise<StartRecord | undefined>;
  readonly gate: StoreGate;
}

export const startsLimitDefault = 200;
export const startsLimitMax = 10_000;
export const startsDaysDefault = 7;
export const startsDaysMax = 3_700;
const dayMs = 86_400_000;
/** A device's clock may be ahead of ours: a start is not left out because it lies in the next second. */
const aheadMsMax = 60_000;

/** `GET /starts`, as JSON or CSV. */
export async function answerStarts(parts: StartsParts, request: Request, response: Response): Promise<void> {
  const range = rangeOf(request, {
    nowMs: parts.nowMs() + (parameterOf(request, 'to') === undefined ? aheadMsMax : 0),
    timezone: parts.timezone,
    defaultMs: startsDaysDefault * dayMs,
    rangeMsMax: startsDaysMax * dayMs,
  });
  const question = {
    scope: scopesOf(request, parts.room, parts.pastScopes()),
    ...range,
    limit: wholeNumberOf(request, 'limit', 1, startsLimitMax, startsLimitDefault),
  };
  const records = await parts.gate.asking(response).inTime(() => parts.starts(question));
  const answer: StartsAnswer = { rows: records.map(withoutTrace) };
  await answerJsonOrCsv(request, response, answer, () => startsCsv(answer.rows));
}

/** `GET /starts/:id`, with the trace. */
export async function answerStart(parts: StartsParts, request: Request, response: Response): Promise<void> {
  const id = String(request.params.id);
  const record =
    id.length > idLengthMax ? undefined : await parts.gate.asking(response).inTime(() => parts.start(id));
  if (record === undefined) throw new ProblemError('not-found', `There is no start ${id.slice(0, 80)}.`);
  await answerJson(request, response, record);
}

const idLengthMax = 1_000;

function withoutTrace({ trace: _, ...row }: StartRecord): StartRow {
  return row;
}

/** RFC 4180; without their traces. */
export function startsCsv(rows: readonly StartRow[]): string {
  return csvText(
    [
      'id',
      'scope',
      'atMs',
      'time',
      'fromWatts',
      'peakWatts',
      'peakIs',
      'settledWatts',
      'settleMs',
      'wattHours',
      'voltsBefore',
      'voltsMin',
      'sampleMs',
      'concurrent',
      'complete',
    ],
    rows.map((row) => [
      row.id,
      row.scope,
      row.atMs,
      new Date(row.atMs).toISOString(),
      row.fromWatts,
      row.peakWatts,
      row.peakIs,
      row.settledWatts,
      row.settleMs,
      row.wattHours,
      row.voltsBefore,
      row.voltsMin,
      row.sampleMs,
      row.concurrent.join(' '),
      row.complete,
    ]),
  );
}
