import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { linesOf } from '../base/lines.ts';
import { ImportReader, lineLengthMax } from '../exchange/import-reader.ts';
import type { ImportedRow } from '../exchange/import-rows.ts';
import { measuredAs } from '../exchange/quantity-words.ts';
import { splitOutlet } from '../model/reading.ts';
import { answerJson } from './answer.ts';
import { ProblemError } from './problem.ts';
import { choiceOf, parameterOf, timezoneOf } from './question.ts';
import type { ImportAnswer } from './shapes.ts';

export interface ImportRouteParts {
  readonly timezone: string;
  nowMs(): number;
  readonly importing: {
    readonly status: Omit<ImportAnswer, 'form' | 'leftOut'> | undefined;
    /** Rejects with an ImportBusyError, a StoreError, or what the rows throw. */
    take(job: string, rows: AsyncIterable<Exclude<ImportedRow, { kind: 'left-out' }>>): Promise<void>;
    end(job: string): void;
  };
}

/** Of one request; a longer file comes in parts, each with its header. */
export const importBytesMax = 32 * 1024 * 1024;
const jobLengthMax = 80;

/** `GET /import`: how far the import under way, or the last one, has come. */
export async function answerImportStatus(
  { importing }: ImportRouteParts,
  request: Request,
  response: Response,
): Promise<void> {
  const { status } = importing;
  if (status === undefined) throw new ProblemError('not-found', 'Nothing has been imported since the start.');
  await answerJson(request, response, { ...status, leftOut: [] } satisfies ImportAnswer);
}

/** `POST /import`: a CSV, or a part of one. */
export async function answerImport(
  parts: ImportRouteParts,
  request: Request,
  response: Response,
): Promise<void> {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'text/csv')
    throw new ProblemError('unsupported-media-type', 'Send CSV, with Content-Type: text/csv.');
  const given = parameterOf(request, 'job');
  const job = (given ?? randomUUID()).slice(0, jobLengthMax);
  const isLast = given === undefined || choiceOf(request, 'last', ['true', 'false'], 'false') === 'true';
  const reader = new ImportReader(optionsOf(parts, request));
  await parts.importing.take(job, rowsOf(request, reader)).catch((error: unknown) => {
    throw error instanceof Error && error.name === 'ImportBusyError'
      ? new ProblemError('import-busy', error.message, {}, { 'Retry-After': '30' })
      : error;
  });
  if (isLast) parts.importing.end(job);
  const status = parts.importing.status;
  if (status === undefined) throw new ProblemError('internal', 'The import is gone.');
  response.status(isLast ? 202 : 200);
  await answerJson(request, response, {
    ...status,
    ...(reader.form !== undefined && { form: reader.form }),
    leftOut: reader.leftOut.map(({ reason, text, count, lines, details }) => ({
      reason,
      text,
      count,
      lines,
      details,
    })),
  } satisfies ImportAnswer);
}

function optionsOf({ timezone, nowMs }: ImportRouteParts, request: Request) {
  const outlet = parameterOf(request, 'outlet');
  const quantity = parameterOf(request, 'quantity');
  const measured = quantity === undefined ? undefined : measuredAs(quantity);
  if (quantity !== undefined && measured === undefined) {
    const detail = `quantity=${quantity.slice(0, 40)} is not known; write one such as watts, kWh or wattHoursTotal.`;
    throw new ProblemError('bad-parameter', detail, { parameter: 'quantity' });
  }
  const named = outlet === undefined ? undefined : splitOutlet(outlet);
  return {
    timezone: timezoneOf(request, timezone),
    nowMs: nowMs(),
    ...(named !== undefined && { outlet: `${named.device}/${named.label}` }),
    ...(measured !== undefined && { measured }),
  };
}

async function* rowsOf(
  request: Request,
  reader: ImportReader,
): AsyncGenerator<Exclude<ImportedRow, { kind: 'left-out' }>> {
  for await (const line of linesOf(bounded(bodyOf(request)), lineLengthMax)) {
    let row: ReturnType<ImportReader['take']>;
    try {
      row = reader.take(line.text, line.tooLong);
    } catch (error) {
      throw new ProblemError('bad-request', (error as Error).message, {}, { Connection: 'close' });
    }
    if (row !== undefined) yield row;
  }
}

function bodyOf(request: Request): AsyncIterable<Uint8Array> {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined) return request;
  if (encoding !== 'gzip')
    throw new ProblemError('unsupported-media-type', 'Content-Encoding may be gzip, or none.');
  const unpacked = createGunzip();
  // Whoever reads it meets the error there.
  pipeline(request, unpacked, () => {});
  return unpacked;
}

/** Unpacked bytes count: what is small on the wire may be very long. */
async function* bounded(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > importBytesMax) {
        const detail = `More than ${importBytesMax} bytes: send the file in parts with job=NAME, each with its header, the last one with last=true; or use rackwatt import.`;
        throw new ProblemError('body-too-large', detail, {}, { Connection: 'close' });
      }
      yield chunk;
    }
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    if (String((error as NodeJS.ErrnoException).code).startsWith('Z_'))
      throw new ProblemError('bad-request', 'The packed body is damaged or cut off.');
    throw error;
  }
}
