import { openApiDocument } from '../../src/api/openapi.ts';
import type { Chance } from '../devices/mutated-message.ts';

/** Requests after the OpenAPI document, right in most of their parts and wrong in some. */

export interface MadeRequest {
  readonly method: string;
  /** Path and query, as they go over the wire. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

interface Described {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
}

const calls = Object.entries(openApiDocument.paths).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, Described>).map(([method, call]) => ({ path, method, call })),
);

/** Values that a careless program stumbles over. */
const hostile: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '1e308',
  '1e999',
  'NaN',
  'Infinity',
  '9'.repeat(400),
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '%',
  '%00',
  '%zz',
  '%E0%A4%A',
  '%0d%0aSet-Cookie:%20a=b',
  '../../../etc/passwd',
  '..%2f..%2f',
  '<script>alert(1)</script>',
  "' OR 1=1 --",
  '"; DROP MEASUREMENT reading; --',
  '=HYPERLINK("http://x")',
  '\u{1F4A5}',
  '\u0000',
  '\uD800',
  'a'.repeat(3_000),
  ','.repeat(500),
  'room,'.repeat(200),
  '*',
  '**',
  '(a+)+$'.repeat(20),
  `${'1'.repeat(60)}!`,
  'null',
  'undefined',
  '[object Object]',
];

/** What the parameters are meant to be, by name. */
const meant: Readonly<Record<string, readonly string[]>> = {
  scope: [
    'room',
    '*',
    'server:*',
    'server:hv-01',
    'rack:r1',
    'feed:A',
    'outlet:*',
    'server:nobody',
    'room,feed:A',
  ],
  from: ['2026-01-01', '0', '1768478400000', '-1d', '2026-02-30', '2199-12-31T23:59:59Z'],
  to: ['2026-07-01', '1', '1768478400000', '2026-03-29T01:30:00', '9999999999999999'],
  by: ['hour', 'day', 'week', 'month', 'year', 'decade'],
  points: ['1', '600', '10000', '0', '1.5', '100001'],
  limit: ['1', '10', '1000', '0', '-1', '10001'],
  quantity: ['watts', 'volts', 'amps', 'hertz', 'joules'],
  timezone: ['Europe/London', 'UTC', 'Mars/Base', 'Etc/GMT+14'],
  totals: ['true', 'false', 'maybe'],
  state: ['firing', 'pending', 'resolved', 'nothing'],
  format: ['csv', 'json', 'xml'],
};

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'];
const types = [
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  'multipart/form-data; boundary=x',
  '',
];

/** `credentials`: headers of those who may come in; some requests have none, or wrong ones. */
export function mutatedRequest(
  chance: Chance,
  credentials: readonly Readonly<Record<string, string>>[],
): MadeRequest {
  const { path, method, call } = chance.one(calls);
  const isOtherMethod = chance.below(20) === 0;
  const chosen = isOtherMethod ? chance.one(methods) : method.toUpperCase();
  const hasBody = call.requestBody !== undefined || path.includes('silences') || chance.below(30) === 0;
  return {
    method: chosen,
    path: safe(placed(path, chance) + query(call, chance)),
    headers: { ...headers(chance), ...(chance.below(8) === 0 ? {} : chance.one(credentials)) },
    body: hasBody && !['GET', 'HEAD'].includes(chosen) ? body(chance) : undefined,
  };
}

function placed(path: string, chance: Chance): string {
  const id = chance.below(3) === 0 ? 'hv-01-1' : encoded(chance.one(hostile), chance);
  const filled = path.replace('{id}', id === '' ? 'x' : id);
  switch (chance.below(40)) {
    case 0:
      return `${filled}/${encoded(chance.one(hostile), chance)}`;
    case 1:
      return filled.slice(0, chance.below(filled.length + 1)) || '/';
    case 2:
      return filled.replaceAll('/', '//');
    case 3:
      return filled.toUpperCase();
    default:
      return filled;
  }
}

function query({ parameters = [] }: Described, chance: Chance): string {
  const pairs = parameters
    .filter((parameter) => parameter.in === 'query' && chance.below(4) > 0)
    .map(({ name }) => `${name}=${encoded(valueFor(name, chance), chance)}`);
  if (chance.below(10) === 0)
    pairs.push(`${encoded(chance.one(hostile), chance)}=${encoded(chance.one(hostile), chance)}`);
  if (chance.below(15) === 0 && pairs.length > 0) pairs.push(chance.one(pairs));
  if (chance.below(200) === 0) for (let i = 0; i < 1_200; i += 1) pairs.push(`p${i}=1`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function valueFor(name: string, chance: Chance): string {
  const values = meant[name];
  return values === undefined || chance.below(5) === 0 ? chance.one(hostile) : chance.one(values);
}

/** Most as a browser would write it, some as it is. */
function encoded(text: string, chance: Chance): string {
  return chance.below(6) === 0 ? text : encodeURIComponent(text.toWellFormed());
}

/** What cannot be in a request line would not even be sent. */
function safe(path: string): string {
  return path.toWellFormed().replace(/[^\x21-\x7e]/gu, (part) => encodeURIComponent(part));
}

function headers(chance: Chance): Record<string, string> {
  const some: Record<string, string> = {
    'content-type': chance.below(6) === 0 ? chance.one(types) : types[0]!,
  };
  const say = (name: string, ...values: string[]) => {
    if (chance.below(25) === 0) some[name] = chance.one(values);
  };
  say('accept', 'text/csv', '*/*;q=0', 'application/json;q=x', ','.repeat(900));
  say('accept-encoding', 'gzip', 'identity;q=0', 'br, gzip;q=0.001', '*;q=0');
  say('if-none-match', '*', 'W/"x"', '"a", '.repeat(300));
  say('origin', 'http://evil.example', 'null', '::', 'http://[');
  say('host', 'localhost', 'evil.example', '[::1]:80', 'a b', 'x'.repeat(300));
  say('cookie', `rackwatt=${'A'.repeat(43)}`, '; ;=;=', `rackwatt=${'='.repeat(500)}`);
  say('x-forwarded-for', '1.2.3.4', ','.repeat(500), 'x');
  say('content-encoding', 'gzip', 'deflate');
  say('range', 'bytes=0-', 'bytes=99999-1', 'bytes=-0');
  say('expect', '100-continue');
  return some;
}

function body(chance: Chance): string {
  const text = chance.one(hostile).toWellFormed();
  switch (chance.below(12)) {
    case 0:
      return text;
    case 1:
      return `{"a":${'['.repeat(chance.below(20_000))}`;
    case 2:
      return `{${Array.from({ length: chance.below(3_000) }, (_, i) => `"k${i}":${i}`).join(',')}}`;
    case 3:
      return `{"__proto__":{"role":"operate"},"by":"x"}`;
    case 4:
      return JSON.stringify({ by: 'x'.repeat(chance.below(100_000)) });
    case 5:
      return JSON.stringify({ token: text });
    case 6:
      return `{"minutes":${chance.one(['1e400', '-0', '1E-400', '9'.repeat(500), '01'])},"by":"x"}`;
    default: {
      const value = (name: string): unknown =>
        chance.one<unknown>([
          text,
          chance.below(1_000),
          null,
          true,
          [text],
          { [name]: text },
          [],
          valueFor(name, chance),
        ]);
      const names = ['by', 'note', 'scopes', 'rules', 'from', 'to', 'minutes', 'token'];
      return JSON.stringify(
        Object.fromEntries(names.filter(() => chance.below(2) === 0).map((name) => [name, value(name)])),
      );
    }
  }
}

/** What a client of the live stream may send, and much that it may not. */
export function mutatedFrame(chance: Chance): string | Buffer {
  const scopes = Array.from({ length: chance.below(6) }, () => valueFor('scope', chance));
  switch (chance.below(8)) {
    case 0:
      return Buffer.from(Array.from({ length: chance.below(60) }, () => chance.below(256)));
    case 1:
      return chance.one(hostile).toWellFormed();
    case 2:
      return JSON.stringify({
        type: 'subscribe',
        scopes: chance.one<unknown>([null, 5, 'room', {}, [[]], [null]]),
      });
    case 3:
      return `{"type":"subscribe","scopes":${'['.repeat(chance.below(50_000))}`;
    case 4:
      return JSON.stringify({ type: chance.one(hostile), scopes });
    default:
      return JSON.stringify({
        type: 'subscribe',
        scopes: chance.below(3) === 0 ? scopes : scopes.filter((scope) => /^(room|\*|\w+:.+)$/.test(scope)),
        intervalMs: chance.one<unknown>([
          100,
          1_000,
          60_000,
          99,
          -1,
          'x',
          null,
          Number.POSITIVE_INFINITY,
          0.1,
        ]),
      });
  }
}
