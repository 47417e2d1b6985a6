import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Request, Response } from 'express';
import type { Clock } from '../base/clock.ts';
import { sendText } from './answer.ts';
import { inTime } from './in-time.ts';

/** An answer up to so many characters is put together first, so that it can have an ETag; a longer one flows. */
const heldCharactersMax = 1_000_000;
/** What is over for a day is not asked for again within an hour: an import or a corrected price shows by then. */
const closedSeconds = 3_600;

export interface AnswerInParts {
  /** `application/json` or `text/csv`. */
  readonly type: string;
  readonly parts: AsyncIterable<string>;
  /** It is of a time that is over, so that it may be kept. */
  readonly isClosed: boolean;
  /** Each part has to come in time (in-time.ts). */
  readonly clock: Pick<Clock, 'after'>;
}

/**
 * Sends a text that comes in parts. What is asked for again and has not changed is answered with 304. Rejects, before
 * anything is sent, when the first part fails.
 */
export async function answerParts(
  request: Request,
  response: Response,
  { type, parts, isClosed, clock }: AnswerInParts,
): Promise<void> {
  const cacheControl = isClosed ? `private, max-age=${closedSeconds}, immutable` : 'private, no-cache';
  const iterator = eachInTime(parts, clock);
  let held = '';
  let next = await iterator.next();
  for (; next.done !== true && held.length < heldCharactersMax; next = await iterator.next())
    held += next.value;
  response.set('Cache-Control', cacheControl);
  if (next.done === true) {
    const etag = `W/"${createHash('sha256').update(held).digest('base64url').slice(0, etagLength)}"`;
    response.set('ETag', etag);
    if (isKnown(request, etag)) response.status(304).end();
    else await sendText(request, response, type, held);
    return;
  }
  response.type(type).vary('Accept-Encoding');
  await flow(request, response, onwards(held + next.value, iterator));
}

const etagLength = 27;

/** Whatever else the asker says of caching: it has this very answer. */
function isKnown(request: Request, etag: string): boolean {
  const tags = request.get('If-None-Match')?.split(',') ?? [];
  return tags.some((tag) => tag.trim() === etag || tag.trim() === '*');
}

async function* eachInTime(
  parts: AsyncIterable<string>,
  clock: Pick<Clock, 'after'>,
): AsyncGenerator<string, undefined> {
  const iterator = parts[Symbol.asyncIterator]();
  let isLate = true;
  try {
    for (;;) {
      isLate = true;
      const next = await inTime(clock, iterator.next());
      isLate = false;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // One that still waits for the store would have the end wait with it.
    if (!isLate) await iterator.return?.();
  }
}

async function* onwards(first: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function flow(request: Request, response: Response, parts: AsyncIterable<string>): Promise<void> {
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const isSmall = request.acceptsEncodings('gzip') !== false;
  const source = Readable.from(parts, { objectMode: false });
  try {
    if (!isSmall) await pipeline(source, response);
    else {
      response.set('Content-Encoding', 'gzip');
      await pipeline(source, createGzip({ level: 1 }), response);
    }
  } catch (error) {
    // Whoever went away before the end wants no answer any more.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
