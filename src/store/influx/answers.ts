import { StoreError } from '../store.ts';
import type { HttpAnswer } from './http.ts';

/** What InfluxDB made of a write. */
export type WriteVerdict =
  | { readonly kind: 'written'; readonly refused: Record<string, number> }
  /** The database or the policy is not there (any more). */
  | { readonly kind: 'missing'; readonly error: StoreError }
  /** The body is larger than the server takes. */
  | { readonly kind: 'too-large' };

/** What a message needs to name: where, what, and no credentials. */
export interface Place {
  readonly shownUrl: string;
  readonly database: string;
}

/**
 * Reads the answer to a write of `count` points. After a partial write the other lines are stored, so what was
 * refused is counted and never tried again. Throws a StoreError when nothing was stored.
 */
export function writeVerdict(answer: HttpAnswer, count: number, place: Place): WriteVerdict {
  const { status } = answer;
  // Anything else that says 200 is no InfluxDB, and must not be believed.
  if (status === 204 || (status === 200 && answer.text === '')) return { kind: 'written', refused: {} };
  const text = said(answer.text);
  if (isMissing(status, text)) return { kind: 'missing', error: errorOf(status, answer.text, place) };
  if (status === 413) return { kind: 'too-large' };
  if (status === 400 || status === 422) {
    const refused = refusedPoints(text, count);
    if (refused !== undefined) return { kind: 'written', refused };
  }
  throw errorOf(status, answer.text, place);
}

/** The StoreError for any answer that is not a success. */
export function errorOf(status: number, body: string, place: Place): StoreError {
  const { shownUrl, database } = place;
  const text = errorText(body);
  if (status === 401)
    return new StoreError(
      'unauthorised',
      `InfluxDB at ${shownUrl} does not accept the user name or password: set store.influx.username and store.influx.password`,
    );
  if (status === 403 && /create admin user first/i.test(text))
    return new StoreError(
      'forbidden',
      `InfluxDB at ${shownUrl} has authentication switched on and no admin user yet: create one (CREATE USER … WITH ALL PRIVILEGES), then set store.influx.username and store.influx.password`,
    );
  if (status === 403)
    return new StoreError(
      'forbidden',
      `InfluxDB at ${shownUrl} does not let the user of store.influx.username use database "${database}": as an admin run GRANT ALL ON "${database}" TO that user`,
    );
  if (isMissing(status, text))
    return new StoreError(
      'missing',
      `InfluxDB at ${shownUrl} lacks what belongs to database "${database}": ${text}`,
    );
  if (/no space left|disk quota/i.test(text))
    return new StoreError('full', `the disk of InfluxDB at ${shownUrl} is full: ${text}`);
  if (status >= 500 || status === 429 || status === 408)
    return new StoreError('busy', `InfluxDB at ${shownUrl} answers ${status}: ${text}`);
  if (/^\s*\{/.test(body) && (status === 400 || status === 413 || status === 422))
    return new StoreError('refused', `InfluxDB at ${shownUrl} answers ${status}: ${text}`);
  return notInflux(shownUrl, status);
}

/** Something answers, but not InfluxDB: nothing is lost, as soon as the address is right it goes on. */
export function notInflux(shownUrl: string, status?: number): StoreError {
  const answered = status === undefined ? '' : ` (it says ${status})`;
  return new StoreError(
    'unreachable',
    `what answers at ${shownUrl} is not InfluxDB's 1.x API${answered}: set store.influx.url`,
  );
}

/** `{"error":"…"}` (1.x, 3) or `{"code":"…","message":"…"}` (2.x), else the text itself, on one short line. */
export function errorText(body: string): string {
  return said(body).trim().replace(/\s+/g, ' ').slice(0, 300);
}

function said(body: string): string {
  try {
    const answer = JSON.parse(body) as { error?: unknown; message?: unknown };
    return String(answer.error ?? answer.message ?? body);
  } catch {
    return body;
  }
}

/** 1.x says 404 for the database but 500 for the retention policy; 2.x knows only mappings. */
function isMissing(status: number, text: string): boolean {
  if (status === 404) return /database not found|no dbrp mapping|bucket .*not found/i.test(text);
  return /retention policy not found/i.test(text);
}

const reasons: readonly [RegExp, string][] = [
  [/beyond retention policy|outside (the )?retention/i, 'too-old'],
  [/field type conflict/i, 'field-type-conflict'],
  [/max-values-per-tag|max-series-per-database|max series/i, 'too-many-series'],
  [/unable to parse|invalid|missing|max key length/i, 'unparsable'],
];

/** Undefined: the text does not speak of single points. */
function refusedPoints(text: string, count: number): Record<string, number> | undefined {
  const dropped = Number(/dropped=(\d+)/.exec(text)?.[1] ?? 0);
  const unparsable = text.match(/unable to parse '/g)?.length ?? 0;
  const partial = /partial write/i.test(text);
  if (!partial && unparsable === 0) return undefined;
  const reason = reasons.find(([pattern]) => pattern.test(text))?.[1] ?? 'other';
  // Without `partial write` not one line was good.
  const points = partial ? Math.min(count, dropped || unparsable || 1) : count;
  return { [reason]: points };
}
