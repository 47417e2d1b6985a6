import type { Request, Response } from 'express';
import type { IdleVerdict } from '../model/idle.ts';
import type { RoomView } from '../model/room-view.ts';
import { answerJsonOrCsv } from './answer.ts';
import { csvText } from './csv.ts';
import type { EnergyParts } from './energy.ts';
import { scopesOf } from './question.ts';
import type { IdleAnswer } from './shapes.ts';

export interface IdleParts {
  readonly prices: EnergyParts['prices'];
  readonly room: RoomView;
  /** Of which history is known, though they may not be in the room now. */
  pastScopes(): ReadonlySet<string>;
  /** Of the servers in a scope or pattern, the most urgent first. */
  idle(scope: string): readonly IdleVerdict[];
}

/** `GET /idle`, as JSON or CSV. */
export async function answerIdle(parts: IdleParts, request: Request, response: Response): Promise<void> {
  const currency = parts.prices.tariff?.currency;
  const rows = parts.idle(scopesOf(request, parts.room, parts.pastScopes()));
  const answer: IdleAnswer = { ...(currency !== undefined && { currency }), rows };
  await answerJsonOrCsv(request, response, answer, () =>
    csvText(
      [...columns, 'currency'],
      rows.map((row) => [...valuesOf(row), row.yearCost === undefined ? undefined : currency]),
    ),
  );
}

const columns = [
  'scope',
  'idleWatts',
  'offWatts',
  'basis',
  'confidence',
  'hoursObserved',
  'idleShare',
  'sinceMs',
  'busyWatts',
  'limitWatts',
  'limitRule',
  'verdict',
  'yearWattHours',
  'yearCost',
  'yearGrams',
] as const satisfies readonly (keyof IdleVerdict)[];

function valuesOf(row: IdleVerdict) {
  return columns.map((column) => row[column]);
}
