import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import type { Request, Response } from 'express';
import type { Clock } from '../base/clock.ts';
import { sendText } from './answer.ts';
import type { Asking, StoreGate } from './store-gate.ts';

/** An answer up to so many characters is put together first, so that it can have an ETag; a longer one flows. */
const heldCharactersMax = 1_000_000;
/** … as does one that takes so long to put together: whoever asked sees that it comes. */
const heldMsMax = 5_000;
/** What is over for a day is not asked for again within an hour: an import or a corrected price shows by then. */
const closedSeconds = 3_600;

export interface AnswerInParts {
  /** `application/json` or `text/csv`. */
  readonly type: string;
  /** `signal`: nobody waits for it any more. */
  parts(signal: AbortSignal): AsyncIterable<string>;
  /** It is of a time that is over, so that it may be kept. */
  readonly isClosed: boolean;
  readonly gate: StoreGate;
  readonly clock: Pick<Clock, 'after'>;
}

/**
 * Sends a text that comes in parts. What is asked for again and has not changed is answered with 304. Rejects, before
 * anything is sent, when it fails before that, or does not begin in time (store-gate.ts).
 */
export async function answerParts(
  request: Request,
  response: Response,
  { type, parts, isClosed, gate, clock }: AnswerInParts,
): Promise<void> {
  const cacheControl = isClosed ? `private, max-age=${closedSeconds}, immutable` : 'private, no-cache';
  const asking = gate.asking(response);
  const iterator = parts(asking.signal)[Symbol.asyncIterator]();
  const { held, isWhole } = await asking.inTime(() => hold(iterator, clock));
  response.set('Cache-Control', cacheControl);
  if (isWhole) {
    const etag = `W/"${createHash('sha256').update(held).digest('base64url').slice(0, etagLength)}"`;
    response.set('ETag', etag);
    if (isKnown(request, etag)) response.status(304).end();
    else await sendText(request, response, type, held);
    return;
  }
  response.type(type).vary('Accept-Encoding');
  await flow(request, response, onwards(held, iterator, asking));
}

const etagLength = 27;

/** Whatever else the asker says of caching: it has this very answer. */
function isKnown(request: Request, etag: string): boolean {
  const tags = request.get('If-None-Match')?.split(',') ?? [];
  return tags.some((tag) => tag.trim() === etag || tag.trim() === '*');
}

/** The beginning of an answer, or all of it. */
async function hold(
  parts: AsyncIterator<string>,
  clock: Pick<Clock, 'after'>,
): Promise<{ readonly held: string; readonly isWhole: boolean }> {
  let isLong = false;
  const stopTimer = clock.after(heldMsMax, () => {
    isLong = true;
  });
  try {
    let held = '';
    while (held === '' || (held.length < heldCharactersMax && !isLong)) {
      const next = await parts.next();
      if (next.done === true) return { held, isWhole: true };
      held += next.value;
    }
    return { held, isWhole: false };
  } finally {
    stopTimer();
  }
}

/** Each part takes its turn at the store, so that a slow reader keeps nobody from it. */
async function* onwards(first: string, rest: AsyncIterator<string>, asking: Asking): AsyncGenerator<string> {
  try {
    yield first;
    for (;;) {
      const next = await asking.inTime(() => rest.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // One that still waits for the store would have the end wait with it.
    rest.return?.().catch(() => {});
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
      // Each part leaves when it is there: a slow store is not to look like one that is dead.
      const gzip = createGzip({ level: 1, flush: constants.Z_SYNC_FLUSH });
      await pipeline(source, gzip, response);
    }
  } catch (error) {
    // Whoever went away before the end wants no answer any more.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
