import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Log } from '../base/log.ts';
import type { StoreError } from '../store/store.ts';
import { UnanswerableError } from './ask-history.ts';
import { safeHeaders } from './safe-headers.ts';
import type { Problem } from './shapes.ts';

/** Everything that can be wrong with a question or with us: the one list. */
export const problems = {
  'bad-request': { status: 400, title: 'The request is malformed' },
  'bad-parameter': { status: 400, title: 'A parameter cannot be understood' },
  'bad-range': { status: 400, title: 'The time range cannot be answered' },
  'too-much': { status: 400, title: 'The question asks for too much at once' },
  unanswerable: { status: 400, title: 'This is not kept' },
  'not-signed-in': { status: 401, title: 'This needs an access token' },
  'token-refused': { status: 401, title: 'This token or session is not known, or not any more' },
  'not-allowed': { status: 403, title: 'The role of this token does not allow that' },
  'cross-site': { status: 403, title: 'The request comes from a page of another site' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'unknown-scope': { status: 404, title: 'There is no such scope' },
  'method-not-allowed': { status: 405, title: 'This address does not take this method' },
  'import-busy': { status: 409, title: 'An import is under way' },
  'body-too-large': { status: 413, title: 'The body of the request is too long' },
  'address-too-long': { status: 414, title: 'The address is too long' },
  'unsupported-media-type': { status: 415, title: 'The body is of a kind that is not taken here' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'wrong-host': { status: 421, title: 'This service does not go by that name' },
  'upgrade-required': { status: 426, title: 'This address speaks WebSocket' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The request has too many or too long headers' },
  internal: { status: 500, title: 'rackwatt made a mistake' },
  'store-away': { status: 503, title: 'The store cannot be asked' },
  'store-slow': { status: 503, title: 'The store takes too long' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

export const problemType = 'application/problem+json';

/** Thrown by a handler that cannot answer; leaves as RFC 9457. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly members: Partial<Pick<Problem, 'parameter' | 'nearest'>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    members: ProblemError['members'] = {},
    headers: ProblemError['headers'] = {},
  ) {
    super(detail);
    this.code = code;
    this.members = members;
    this.headers = headers;
  }
}

export function methodNotAllowed(allow: string): ProblemError {
  return new ProblemError('method-not-allowed', `It takes ${allow}.`, {}, { Allow: allow });
}

/** Whatever went wrong leaves in one shape, and only our own mistakes are logged. */
export function problemAnswerer(log: Log) {
  return (error: unknown, request: IncomingMessage, response: ServerResponse): void => {
    const problem = problemOf(error);
    const path = (request.url ?? '').replace(/\?.*/s, '').slice(0, instanceLengthMax);
    if (problem.code === 'internal') log.error({ err: error, path }, 'a request failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const body = problemText(problem.code, problem.message, { instance: path, ...problem.members });
    response.writeHead(problems[problem.code].status, {
      ...safeHeaders,
      ...problem.headers,
      'Cache-Control': 'no-store',
      'Content-Type': `${problemType}; charset=utf-8`,
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
}

/** A whole HTTP response, for errors in what is not even a request. */
export function rawProblem(
  code: ProblemCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const { status } = problems[code];
  const body = problemText(code, detail);
  const lines = Object.entries({
    ...safeHeaders,
    ...headers,
    'Cache-Control': 'no-store',
    'Content-Type': `${problemType}; charset=utf-8`,
    'Content-Length': `${Buffer.byteLength(body)}`,
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}

const instanceLengthMax = 256;
/** Seconds after which to ask again, where waiting helps and where somebody has to act first. */
const retrySoonSeconds = 5;
const retryLateSeconds = 60;

function problemText(
  code: ProblemCode,
  detail: string,
  members: { [K in keyof Problem]?: Problem[K] | undefined } = {},
): string {
  const problem = { type: `urn:rackwatt:problem:${code}`, ...problems[code], detail, ...members };
  return JSON.stringify(problem);
}

function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof UnanswerableError) return new ProblemError(error.code, error.message);
  if (isStoreError(error)) return storeAway(error);
  const status = statusOf(error);
  // 403 is what express says to paths that point out of the page's folder.
  if (status === 404 || status === 403) return nothingHere();
  if (status >= 400 && status < 500)
    return new ProblemError('bad-request', 'The address or a header cannot be read.');
  return new ProblemError('internal', 'The log of the service says more.');
}

export function nothingHere(): ProblemError {
  return new ProblemError('not-found', 'GET /api/v1/openapi.json lists what there is.');
}

/** By name: a door may not import another's code. */
function isStoreError(error: unknown): error is StoreError {
  return error instanceof Error && error.name === 'StoreError';
}

function storeAway(error: StoreError): ProblemError {
  if (error.code === 'refused') return new ProblemError('internal', 'The store refused the question.');
  const seconds = error.code === 'unreachable' || error.code === 'busy' ? retrySoonSeconds : retryLateSeconds;
  return new ProblemError('store-away', error.message, {}, { 'Retry-After': `${seconds}` });
}

/** As express and its parts mark the errors they throw. */
function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' ? status : 500;
}
