import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { sessionsPerTokenMax } from '../../src/api/access.ts';
import { freeAttempts } from '../../src/api/attempts.ts';
import type { Admission } from '../../src/api/guard.ts';
import type { SessionAnswer } from '../../src/api/shapes.ts';
import { makeToken } from '../../src/base/token.ts';
import { LiveReader } from '../live/live-service.ts';
import { until } from '../room/running.ts';
import type { ApiService, openHttp } from './api-service.ts';
import { bearer, guardedService, madeToken, sessionMs, signIn } from './made-access.ts';

const view = madeToken('wall display', 'view');
const operate = madeToken('admin', 'operate');
const json = { 'content-type': 'application/json' };

let service: ApiService;
afterEach(() => service.stop());

const begin = async (http: Partial<typeof openHttp> = {}) => {
  service = await guardedService([view, operate], http);
  return service;
};
const typeIn = (token: unknown, headers: Record<string, string> = {}) =>
  service.get('/api/v1/session', {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify({ token }),
  });

describe('signing in', () => {
  it('sets a cookie that no script and no other site gets hold of, and says who it is', async () => {
    await begin();
    const response = await typeIn(`  ${view.text}\n`);
    const expiresAtMs = service.clock.nowMs() + sessionMs;
    expect(await response.json()).toEqual({
      name: 'wall display',
      role: 'view',
      basis: 'session',
      expiresAtMs,
    });
    expect(response.headers.get('set-cookie')).toMatch(
      /^rackwatt=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
    const cookie = response.headers.get('set-cookie')!.split(';')[0]!;
    const who = await service.get('/api/v1/session', { headers: { cookie: `a=b; ${cookie}; c=d` } });
    expect(await who.json()).toMatchObject({ name: 'wall display', basis: 'session' });
    expect(who.headers.get('vary')).toContain('Cookie');
  });

  it('by a proxy that says https, its cookie is for this host and encrypted connections alone', async () => {
    await begin({ trustProxy: ['127.0.0.0/8'] });
    const encrypted = { 'x-forwarded-proto': 'https' };
    const cookie = (await typeIn(view.text, encrypted)).headers.get('set-cookie')!;
    expect(cookie).toMatch(/^__Host-rackwatt=[\w-]{43}; Path=\/; .*; Secure$/);
    const headers = { cookie: cookie.split(';')[0]! };
    expect((await service.get('/api/v1/room', { headers: { ...headers, ...encrypted } })).status).toBe(200);
    expect((await service.get('/api/v1/room', { headers })).status).toBe(401);
  });

  it('with what is no token is refused, and never repeated', async () => {
    await begin();
    for (const [token, status] of [
      ['', 400],
      [5, 400],
      [undefined, 400],
      [makeToken(), 401],
      ['x'.repeat(5_000), 401],
    ] as const) {
      const response = await typeIn(token);
      expect([token, response.status]).toEqual([token, status]);
      expect(response.headers.get('set-cookie')).toBeNull();
      if (status === 401) expect(await response.text()).not.toContain(String(token).slice(9, 40));
    }
  });

  it('wrong again and again has to wait, longer each time; sessions and right tokens of programs do not', async () => {
    await begin();
    const cookie = await signIn(service, view.text);
    for (let i = 0; i < freeAttempts - 1; i += 1) expect((await typeIn('wrong')).status).toBe(401);
    const waits: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const refused = await typeIn('wrong');
      expect(refused.status).toBe(429);
      const seconds = Number(refused.headers.get('retry-after'));
      waits.push(seconds);
      // What comes too early is not looked at, and does not lengthen the wait.
      expect((await typeIn(view.text)).status).toBe(429);
      service.clock.advance(seconds * 1_000);
    }
    expect(waits).toEqual([1, 2, 4, 8]);
    expect((await service.get('/api/v1/room', { headers: { cookie } })).status).toBe(200);
    expect((await service.get('/api/v1/room', { headers: bearer(view.text) })).status).toBe(200);
    expect((await typeIn(view.text)).status).toBe(200);
    expect(await (await service.get('/metrics', { headers: bearer(view.text) })).text()).toMatch(
      /^rackwatt_wrong_tokens_total [1-9]/m,
    );
  });

  it('too often with one token ends its oldest session', async () => {
    await begin();
    const oldest = await signIn(service, view.text);
    const other = await signIn(service, operate.text);
    for (let i = 0; i < sessionsPerTokenMax; i += 1) await signIn(service, view.text);
    const status = async (cookie: string) =>
      (await service.get('/api/v1/room', { headers: { cookie } })).status;
    expect([await status(oldest), await status(other)]).toEqual([401, 200]);
  });

  it('is not asked for where there are no tokens', async () => {
    service = await guardedService([]);
    const open: SessionAnswer = { name: 'anyone', role: 'operate', basis: 'open' };
    expect(await (await service.get('/api/v1/session')).json()).toEqual(open);
    expect(await (await typeIn('anything')).json()).toEqual(open);
  });
});

describe('the end of a session', () => {
  const live = (headers: Record<string, string>) =>
    new LiveReader(
      new WebSocket(`${service.url.replace('http', 'ws')}/api/v1/live`, 'rackwatt.live.v1', { headers }),
    );

  it('by signing out ends the live stream in its name, and no other', async () => {
    await begin();
    const [cookie, other] = [await signIn(service, view.text), await signIn(service, view.text)];
    const [mine, theirs] = [live({ cookie }), live({ cookie: other })];
    await Promise.all([mine.opened, theirs.opened]);
    const response = await service.get('/api/v1/session', { method: 'DELETE', headers: { cookie } });
    expect([response.status, response.headers.get('set-cookie')]).toEqual([
      204,
      expect.stringMatching(/^rackwatt=; .*Max-Age=0/),
    ]);
    await mine.untilClosed();
    expect(mine.messages.at(-1)).toMatchObject({ type: 'goodbye', reason: 'not-allowed' });
    expect((await service.get('/api/v1/room', { headers: { cookie } })).status).toBe(401);
    expect(theirs.socket.readyState).toBe(WebSocket.OPEN);
    theirs.socket.close();
    await theirs.untilClosed();
  });

  it('by time, and by the end of its token, ends the live stream', async () => {
    const short = madeToken('short', 'view', Date.UTC(2026, 6, 15, 12) + 10_000);
    service = await guardedService([view, short]);
    const streams = [live(bearer(short.text)), live({ cookie: await signIn(service, short.text) })];
    const longer = live({ cookie: await signIn(service, view.text) });
    await Promise.all([...streams, longer].map(({ opened }) => opened));
    service.clock.advance(10_000);
    await Promise.all(streams.map((stream) => stream.untilClosed()));
    for (const { messages } of streams) expect(messages.at(-1)).toMatchObject({ reason: 'not-allowed' });
    expect(longer.socket.readyState).toBe(WebSocket.OPEN);
    longer.socket.close();
    await longer.untilClosed();
  });

  it('by revoking its token ends sessions and streams at once; the others notice nothing', async () => {
    await begin();
    const streams = [live(bearer(view.text)), live({ cookie: await signIn(service, view.text) })];
    const kept = live(bearer(operate.text));
    await Promise.all([...streams, kept].map(({ opened }) => opened));
    service.api.setTokens([operate.rule]);
    await Promise.all(streams.map((stream) => stream.untilClosed()));
    for (const { messages } of streams)
      expect(messages.at(-1)).toMatchObject({ type: 'goodbye', reason: 'not-allowed' });
    expect(kept.socket.readyState).toBe(WebSocket.OPEN);
    // Another role under the same name is another token.
    service.api.setTokens([{ ...operate.rule, role: 'view' }]);
    await kept.untilClosed();
  });

  it('of all tokens, where the network can reach it, leaves nobody in', async () => {
    await begin({ host: '0.0.0.0' });
    service.api.setTokens([]);
    for (const headers of [bearer(view.text), {}])
      expect((await service.get('/api/v1/room', { headers })).status).toBe(401);
    expect((await service.get('/healthz')).status).toBe(200);
  });
});

describe('the live stream', () => {
  const upgrade = (headers: readonly string[]) =>
    service.raw(
      `GET /api/v1/live HTTP/1.1\r\nHost: localhost:${service.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`,
    );

  it('is refused without a token, in words, with the headers of every answer', async () => {
    await begin();
    const answer = await upgrade([]);
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(answer).toMatch(/urn:rackwatt:problem:not-signed-in/);
    expect(answer).toMatch(/\r\nWWW-Authenticate: Bearer/);
    expect(answer).toMatch(/\r\nContent-Security-Policy: /);
  });

  it('is refused to pages of other sites, with or without a session', async () => {
    await begin();
    const cookie = await signIn(service, view.text);
    for (const origin of ['http://evil.example', 'null', 'http://localhost:1', 'https://evil.example'])
      expect(await upgrade([`Cookie: ${cookie}`, `Origin: ${origin}`])).toMatch(/^HTTP\/1\.1 403 /);
    expect(await upgrade([`Cookie: ${cookie}`, 'Sec-Fetch-Site: cross-site'])).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('from one address of the network has a limit, given back when they close', async () => {
    await begin({ trustProxy: ['127.0.0.1'] });
    const admissions: Admission[] = [];
    const ask = (address: string) =>
      service.api.admitLive({
        headers: { ...bearer(view.text), 'x-forwarded-for': address },
        socket: { remoteAddress: '127.0.0.1' },
      } as never);
    const releases: (() => void)[] = [];
    for (let i = 0; i < 250; i += 1) {
      const admission = ask('192.0.2.7');
      admissions.push(admission);
      if ('hold' in admission) releases.push(admission.hold(() => {}));
    }
    expect(releases.length).toBe(250);
    expect(ask('192.0.2.7')).toMatchObject({ refusal: expect.stringMatching(/^HTTP\/1\.1 429 /) });
    expect(ask('192.0.2.8')).toHaveProperty('hold');
    releases[0]!();
    expect(ask('192.0.2.7')).toHaveProperty('hold');
  });
});

describe('the audit log', () => {
  it('says who signed in and out, and what was refused them', async () => {
    await begin();
    const cookie = await signIn(service, view.text);
    await service.get('/api/v1/room', { method: 'PUT', headers: { cookie } });
    await service.get('/api/v1/session', { method: 'DELETE', headers: { cookie } });
    const found = await until('three rows', async () => {
      const response = await service.get('/api/v1/audit', { headers: bearer(operate.text) });
      const { rows } = (await response.json()) as { rows: object[] };
      return rows.length === 3 && rows;
    });
    const who = { who: 'wall display', basis: 'session', address: '127.0.0.1' };
    expect(found).toMatchObject([
      { ...who, action: 'sign-out', status: 204 },
      { ...who, action: 'PUT /api/v1/room', status: 403 },
      { ...who, action: 'sign-in', status: 200 },
    ]);
    const file = `${service.webRoot}-audit.jsonl`;
    await until('the rows are on the disk', () => readFileSync(file, 'utf8').split('\n').length === 4);
    expect(readFileSync(file, 'utf8')).not.toContain(view.text);
  });
});
