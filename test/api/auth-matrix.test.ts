import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openApiDocument } from '../../src/api/openapi.ts';
import { makeToken } from '../../src/base/token.ts';
import type { ApiService } from './api-service.ts';
import { bearer, guardedService, hourMs, madeToken, sessionMs, signIn } from './made-access.ts';

/** Every call of the OpenAPI document, and the live stream, with every kind of token, as bearer and as session. */

type Role = 'open' | 'view' | 'operate';
interface Call {
  readonly path: string;
  readonly method: string;
  readonly needs: Role | undefined;
}

/** What the document says a call needs; undefined when it says nothing that can be understood. */
function neededBy(security: unknown): Role | undefined {
  if (!Array.isArray(security)) return undefined;
  if (security.length === 0) return 'open';
  const roles = (security as Record<string, string[]>[]).flatMap((way) => Object.values(way).flat());
  return new Set(roles).size === 1 ? (roles[0] as Role) : undefined;
}

const calls: Call[] = Object.entries(openApiDocument.paths).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, { security?: unknown }>).map(([method, { security }]) => ({
    path,
    method: method.toUpperCase(),
    needs: neededBy(security),
  })),
);

const view = madeToken('viewer', 'view');
const operate = madeToken('operator', 'operate');
const revoked = madeToken('revoked', 'operate');
const ending = madeToken('ending', 'operate', Date.UTC(2026, 6, 15, 12) + hourMs);

let service: ApiService;
const credentials: Record<string, Record<string, string>> = {};
beforeAll(async () => {
  service = await guardedService([view, operate, revoked, ending]);
  const cookies: Record<string, string> = {};
  for (const [name, { text }] of Object.entries({ revoked, expired: ending }))
    cookies[name] = await signIn(service, text);
  service.api.setTokens([view, operate, ending].map(({ rule }) => rule));
  service.clock.advance(hourMs);
  for (const [name, { text }] of Object.entries({ view, operate }))
    cookies[name] = await signIn(service, text);
  Object.assign(credentials, {
    'no token': {},
    'bearer bad': bearer(makeToken()),
    'bearer expired': bearer(ending.text),
    'bearer revoked': bearer(revoked.text),
    'bearer view': bearer(view.text),
    'bearer operate': bearer(operate.text),
    'cookie bad': { cookie: `rackwatt=${'A'.repeat(43)}` },
    'cookie expired': { cookie: cookies.expired! },
    'cookie revoked': { cookie: cookies.revoked! },
    'cookie view': { cookie: cookies.view! },
    'cookie operate': { cookie: cookies.operate! },
  });
});
afterAll(() => service.stop());

const kinds = ['bad', 'expired', 'revoked', 'view', 'operate'];
const ways = ['no token', ...['bearer', 'cookie'].flatMap((how) => kinds.map((kind) => `${how} ${kind}`))];

/** 'in': it got past the door, whatever came after. */
function expected(needs: Role, way: string): number | 'in' {
  const kind = way.split(' ')[1]!;
  if (needs === 'open' || kind === 'operate' || (kind === 'view' && needs === 'view')) return 'in';
  return kind === 'view' ? 403 : 401;
}

async function ask({ path, method }: Call, headers: Record<string, string>): Promise<number> {
  const body = ['GET', 'HEAD', 'DELETE'].includes(method) ? {} : { body: '{}' };
  const type = { 'content-type': 'application/json' };
  const url = path.replace('{id}', 'x');
  const { status } = await service.get(url, { method, headers: { ...type, ...headers }, ...body });
  return status;
}

describe('the auth matrix', () => {
  it('knows every call there is: the document names them all, and no other', () => {
    const named = calls.map(({ method, path }) => `${method} ${path}`);
    expect(named.sort()).toEqual([...service.api.calls].sort());
  });

  it.each(calls)('$method $path says what it needs', ({ method, path, needs }) => {
    expect(needs, 'security: [] or one role').toBeDefined();
    // Nothing is open by oversight, and nothing that changes anything is for those who may only look.
    const open = ['GET /healthz', 'POST /api/v1/session', 'DELETE /api/v1/session'];
    expect(needs === 'open').toBe(open.includes(`${method} ${path}`));
    if (method !== 'GET' && needs !== 'open') expect(needs).toBe('operate');
  });

  // Signing out would end the session that the next question needs; session.test.ts does it.
  const asked = calls
    .flatMap((call) => ways.map((way) => ({ ...call, way })))
    .filter(
      ({ method, path, way }) => !(method === 'DELETE' && path.endsWith('/session') && /^cookie/.test(way)),
    );
  it.each(asked)('$method $path with $way', async ({ way, ...call }) => {
    const status = await ask(call, credentials[way]!);
    const found = status === 401 || status === 403 || status === 429 ? status : 'in';
    expect(found).toBe(expected(call.needs!, way));
  });

  it.each(ways)('the live stream with %s', async (way) => {
    const url = `${service.url.replace('http', 'ws')}/api/v1/live`;
    const socket = new WebSocket(url, 'rackwatt.live.v1', { headers: credentials[way]! });
    const found = await new Promise<number | 'in' | undefined>((resolve) => {
      socket.once('open', () => resolve('in'));
      socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode));
      socket.once('error', () => resolve(undefined));
    });
    socket.on('error', () => {});
    socket.terminate();
    expect(found).toBe(expected('view', way));
  });

  it.each(calls.filter(({ method, needs }) => method === 'GET' && needs !== 'open'))(
    'HEAD and any other method of $path are no way around',
    async ({ path }) => {
      for (const method of ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'PROPFIND'])
        expect([method, await ask({ path, method, needs: undefined }, {})]).toEqual([method, 401]);
      for (const method of ['PUT', 'PATCH', 'PROPFIND'])
        expect(await ask({ path, method, needs: undefined }, credentials['bearer view']!)).toBe(403);
    },
  );

  it.each(calls.filter(({ needs }) => needs !== 'open'))(
    '$method $path spelt otherwise is no way around either',
    async ({ path, method }) => {
      for (const other of [
        `${path}/`,
        path.toUpperCase(),
        `${path}?x`,
        path.replace('/api', '//api'),
        `/.${path}`,
      ]) {
        const status = await ask({ path: other, method, needs: undefined }, {});
        expect([401, 404, 405]).toContain(status);
      }
    },
  );

  it('a session ends after its time, and the cookie says so to the browser', async () => {
    const cookie = await signIn(service, view.text);
    expect((await service.get('/api/v1/room', { headers: { cookie } })).status).toBe(200);
    service.clock.advance(sessionMs);
    expect((await service.get('/api/v1/room', { headers: { cookie } })).status).toBe(401);
  });
});
