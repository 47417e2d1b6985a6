import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { choiceOf, parameterOf } from './question.ts';

const gzipped = promisify(gzip);
/** Below this, compressing saves nothing worth having. */
const gzipBytesMin = 1024;

/** Sends text of this very moment: nobody keeps it. */
export async function answerText(
  request: Request,
  response: Response,
  type: string,
  text: string,
): Promise<void> {
  response.set('Cache-Control', 'no-store');
  await sendText(request, response, type, text);
}

/** Sends text, gzipped where it pays and the asker takes it. */
export async function sendText(
  request: Request,
  response: Response,
  type: string,
  text: string,
): Promise<void> {
  response.type(type).vary('Accept-Encoding');
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length < gzipBytesMin || request.acceptsEncodings('gzip') === false) {
    response.send(bytes);
    return;
  }
  const small = await gzipped(bytes, { level: 1 });
  response.set('Content-Encoding', 'gzip').send(small);
}

/** JSON, or CSV where the asker prefers that. */
export async function answerJsonOrCsv(
  request: Request,
  response: Response,
  value: unknown,
  csv: () => string,
): Promise<void> {
  if (wantsCsv(request, response)) await answerText(request, response, 'text/csv', csv());
  else await answerJson(request, response, value);
}

/** Which of the two the asker prefers; a link cannot say `Accept`, so `format` goes before it. */
export function wantsCsv(request: Request, response: Response): boolean {
  response.vary('Accept');
  if (parameterOf(request, 'format') !== undefined) {
    return choiceOf(request, 'format', ['json', 'csv'], 'json') === 'csv';
  }
  return request.accepts(['application/json', 'text/csv']) === 'text/csv';
}

export async function answerJson(request: Request, response: Response, value: unknown): Promise<void> {
  await answerText(request, response, 'application/json', JSON.stringify(value));
}
