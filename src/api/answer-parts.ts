import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { sendText } from './answer.ts';

/** An answer up to so many characters is put together first, so that it can have an ETag; a longer one flows. */
const heldCharactersMax = 1_000_000;
/** What is over for a day is not asked for again within an hour: an import or a corrected price shows by then. */
const closedSeconds = 3_600;

/**
 * Sends a text that comes in parts. `isClosed`: it is of a time that is over, so that it may be kept. What is asked
 * for again and has not changed is answered with 304. Rejects, before anything is sent, when the first part fails.
 */
export async function answerParts(
  request: Request,
  response: Response,
  type: string,
  parts: AsyncIterable<string>,
  isClosed: boolean,
): Promise<void> {
  const cacheControl = isClosed ? `private, max-age=${closedSeconds}, immutable` : 'private, no-cache';
  const iterator = parts[Symbol.asyncIterator]();
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
