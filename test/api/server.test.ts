import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ListenError } from '../../src/api/listen.ts';
import { until } from '../base/until.ts';
import { LiveReader } from '../live/live-service.ts';
import { ApiService, history, ready, tree } from './api-service.ts';

const service = new ApiService();
beforeAll(async () => void (await service.start()));
afterAll(() => service.stop());

describe('the routes', () => {
  it('give room, tree and devices as they are now', async () => {
    const room = await (await service.get('/api/v1/room')).json();
    expect(room).toEqual({
      atMs: service.clock.nowMs(),
      name: 'Room 1',
      timezone: 'Europe/London',
      demo: false,
      figures: service.room.figures(),
    });
    expect(await (await service.get('/api/v1/tree')).json()).toEqual(tree);
    expect(await (await service.get('/api/v1/devices')).json()).toMatchObject({
      rows: [{ device: 'pdu-a' }, { device: '?' }],
    });
  });

  it('say alive always, and ready only when all is well', async () => {
    service.ready = { ...ready, ready: false, store: { ok: false, kind: 'influx', problem: 'unreachable' } };
    const away = await service.get('/readyz');
    expect([away.status, await away.json()]).toEqual([503, service.ready]);
    expect(await (await service.get('/healthz')).json()).toEqual({ status: 'alive' });
    service.ready = ready;
    expect((await service.get('/readyz')).status).toBe(200);
  });

  it('take HEAD as well, and answer it without a body', async () => {
    const response = await service.get('/api/v1/room', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    'answer %s with 405 and what they take',
    async (method) => {
      for (const path of ['/api/v1/room', '/api/v1/history?scope=room', '/healthz', '/metrics', '/']) {
        const response = await service.get(path, { method });
        expect([path, response.status, response.headers.get('allow')]).toEqual([path, 405, 'GET, HEAD']);
        expect(await response.json()).toMatchObject({
          type: 'urn:rackwatt:problem:method-not-allowed',
          status: 405,
        });
      }
    },
  );

  it('ask for an upgrade where the live stream is', async () => {
    // fetch hides these headers, so they are asked for by hand.
    const answer = await service.raw(
      'GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(answer).toMatch(/\r\nUpgrade: websocket\r\n/);
  });

  it('carry the live stream on the same port', async () => {
    const reader = new LiveReader(
      new WebSocket(`${service.url.replace('http', 'ws')}/api/v1/live`, 'rackwatt.live.v1'),
    );
    await reader.opened;
    await reader.subscribe({ scopes: ['room'] });
    expect(reader.figures).toEqual(service.room.figures((scope) => scope === 'room'));
    reader.socket.close();
    await reader.untilClosed();
  });

  it('answer in HTTP/1.1 whoever also offers h2c', async () => {
    const answer = await service.raw(
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});

describe('what is not there', () => {
  it.each([
    '/nothing',
    '/api',
    '/api/v1',
    '/api/v1/rooms',
    '/api/v2/room',
    '/assets/gone.js',
    '/room',
    '/api/v1/room/x',
  ])('such as %s is a problem, not a page', async (path) => {
    const response = await service.get(path, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await response.json()).toEqual({
      type: 'urn:rackwatt:problem:not-found',
      title: 'There is nothing at this address',
      status: 404,
      detail: 'GET /api/v1/openapi.json lists what there is.',
      instance: path,
    });
  });

  it.each([
    ['GET /%E0%A4%A HTTP/1.1', 404],
    ['GET /%00 HTTP/1.1', 404],
    ['GET * HTTP/1.1', 404],
    ['HEAD /nothing\tHTTP/1.1', 400],
    ['GET /..%2f..%2fetc%2fpasswd HTTP/1.1', 404],
    ['GET /../../etc/passwd HTTP/1.1', 404],
    ['GET /api/v1/history?scope=%zz HTTP/1.1', 404],
    ['GET //api//v1 HTTP/1.1', 404],
    ['GET http:// HTTP/1.1', 404],
    ['GET /<script>alert(1)</script> HTTP/1.1', 404],
    ['GET / HTTP/9.9', 400],
    ['HELLO', 400],
    [`GET /healthz HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, 431],
  ])("or not even a request (%.40s) is the client's problem, never ours", async (lines, status) => {
    const answer = await service.raw(`${lines}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
    const problem = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as { status: number };
    expect(problem.status).toBe(status);
    expect(answer).not.toMatch(/node_modules|\.ts:\d|at \w+ \(/);
  });

  it('or any other path is never an error of ours', async () => {
    const agent = new Agent({ keepAlive: true });
    const text = fc.string({ unit: 'binary-ascii' }).map((any) => any.replaceAll(/[^!-~]/g, '%'));
    const segment = fc.oneof(
      fc.constantFrom('', '.', '..', 'api', 'v1', 'history', 'assets', '%2f', '%00', '%E0%A4%A'),
      text,
    );
    const path = fc.oneof(
      fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join('/')}`),
      text.map((query) => `/api/v1/history?${query}`),
      fc.tuple(text, text).map(([from, to]) => `/api/v1/history?scope=room&from=${from}&to=${to}`),
    );
    await fc.assert(
      fc.asyncProperty(path, async (path) => {
        const status = await new Promise<number | undefined>((resolve, reject) => {
          request({ port: service.port, path, agent }, (response) => {
            response.resume().on('end', () => resolve(response.statusCode));
          })
            .on('error', reject)
            .end();
        });
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
    agent.destroy();
    expect(service.logged).toEqual([]);
  });
});

describe('a mistake of ours', () => {
  it('is logged and answered with 500, without a word of how we are made', async () => {
    service.answerHistory = async () => {
      throw new TypeError('secret at /root/x.ts');
    };
    const response = await service.get('/api/v1/history?scope=room');
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({
      type: 'urn:rackwatt:problem:internal',
      detail: 'The log of the service says more.',
    });
    expect(text).not.toMatch(/secret|\.ts/);
    expect(service.logged.length).toBe(1);
    service.answerHistory = async (question) => history(question);
    service.logged.length = 0;
  });
});

describe('every answer', () => {
  it('carries the headers of a careful server, and nothing about what it is made of', async () => {
    service.buildPage({ 'index.html': '<!doctype html>' });
    for (const path of ['/', '/api/v1/room', '/healthz', '/metrics', '/nothing', '/api/v1/history']) {
      const { headers } = await service.get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('content-security-policy')).toMatch(
        /default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';.*frame-ancestors 'none'/,
      );
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('server')).toBeNull();
    }
  });

  it('of the moment is kept by nobody', async () => {
    for (const path of ['/api/v1/room', '/readyz', '/metrics', '/nothing']) {
      expect((await service.get(path)).headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('the page', () => {
  it('is asked for anew each time, its hashed parts never again', async () => {
    service.buildPage({
      'index.html': '<!doctype html><title>rackwatt</title>',
      'favicon.svg': '<svg/>',
      'assets/index-a1b2c3.js': 'export {}',
      '.secret': 'no',
    });
    const expected = [
      ['/', 200, 'no-cache', 'text/html; charset=utf-8'],
      ['/index.html', 200, 'no-cache', 'text/html; charset=utf-8'],
      ['/favicon.svg', 200, 'no-cache', 'image/svg+xml'],
      [
        '/assets/index-a1b2c3.js',
        200,
        'public, max-age=31536000, immutable',
        'text/javascript; charset=utf-8',
      ],
      ['/.secret', 404, 'no-store', 'application/problem+json; charset=utf-8'],
      ['/assets', 404, 'no-store', 'application/problem+json; charset=utf-8'],
    ];
    for (const [path, ...rest] of expected) {
      const { status, headers } = await service.get(`${path}`);
      expect([path, status, headers.get('cache-control'), headers.get('content-type')]).toEqual([
        path,
        ...rest,
      ]);
    }
    const { headers } = await service.get('/');
    const etag = headers.get('etag');
    const again = await service.raw(
      `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIf-None-Match: ${etag}\r\n\r\n`,
    );
    expect(again).toMatch(/^HTTP\/1\.1 304 /);
  });

  it('that has not been built says how to build it', async () => {
    const unbuilt = await new ApiService().start();
    const response = await unbuilt.get('/');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: expect.stringMatching(/npm run build/) });
    await unbuilt.stop();
  });
});

describe('metrics', () => {
  it('are Prometheus text with a HELP and a TYPE for each name', async () => {
    const response = await service.get('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    const lines = text.split('\n').filter((line) => line !== '');
    const described = new Set(lines.flatMap((line) => /^# HELP (\S+) \S/.exec(line)?.[1] ?? []));
    const typed = new Set(
      lines.flatMap((line) => /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line)?.[1] ?? []),
    );
    expect(typed).toEqual(described);
    for (const line of lines.filter((line) => !line.startsWith('#'))) {
      const name = /^([a-z_:][a-z0-9_:]*)(\{.*\})? \S+$/.exec(line)?.[1];
      expect(described).toContain(name?.replace(/_(bucket|sum|count)$/, ''));
    }
    for (const line of [
      'rackwatt_messages_total 10',
      'rackwatt_readings_total 20',
      'rackwatt_messages_rejected_total{family="tasmota",reason="bad-json"} 3',
      'rackwatt_messages_rejected_total{family="a\\"b\\\\c",reason="x\\ny"} 1',
      'rackwatt_ring_dropped_total{kind="repeats"} 3',
      'rackwatt_ring_dropped_total{kind="newest"} 2',
      'rackwatt_broker_dropped_total 7',
      'rackwatt_store_written_total 100',
      'rackwatt_store_refused_total{reason="too-old"} 4',
      'rackwatt_readings_too_old_total 4',
      'rackwatt_store_dropped_total 5',
      'rackwatt_backlog_readings 8',
      'rackwatt_live_clients 0',
      'rackwatt_notify_sent_total{notifier="ops"} 5',
      'rackwatt_notify_dropped_total{notifier="ops"} 3',
      'rackwatt_notify_waiting{notifier="ops"} 2',
      'rackwatt_alerts{state="suppressed"} 2',
      'rackwatt_silences 4',
      'rackwatt_alerts_dropped_total 5',
      'rackwatt_notify_figures_left_out{notifier="ops"} 0',
      'rackwatt_notify_ok{notifier="ops"} 0',
      'rackwatt_notify_ok{notifier="home"} 1',
      'rackwatt_live_frames_total 0',
      'rackwatt_live_closed_total{reason="left"} 1',
      'rackwatt_store_ok 1',
    ]) {
      expect(lines).toContain(line);
    }
    expect(text).toMatch(/^rackwatt_event_loop_lag_seconds\{quantile="0\.99"\} \d/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  });

  it('do not add up from scrape to scrape', async () => {
    await service.get('/metrics');
    expect(await (await service.get('/metrics')).text()).toMatch(/^rackwatt_messages_total 10$/m);
  });
});

describe('listening', () => {
  it('on a port that is taken is refused with the address and what to do', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const late = new ApiService();
    const failure = late.api.listen({ host: '127.0.0.1', port });
    await expect(failure).rejects.toBeInstanceOf(ListenError);
    await expect(failure).rejects.toThrow(
      new RegExp(
        `http://127\\.0\\.0\\.1:${port}: another program.*http\\.port.*RACKWATT_HTTP_PORT=${port + 1}`,
      ),
    );
    await new Promise((resolve) => other.close(resolve));
    expect(await late.api.listen({ host: '127.0.0.1', port })).toBe(`http://127.0.0.1:${port}`);
    await late.stop();
  });

  it('on an address the machine does not have says so', async () => {
    const lost = new ApiService();
    await expect(lost.api.listen({ host: '192.0.2.1', port: 0 })).rejects.toThrow(
      /no such address.*http\.host/,
    );
    await lost.stop();
  });
});

describe('stopping', () => {
  it('lets a running request end, closes kept connections and takes no more', async () => {
    const stopping = await new ApiService().start();
    const agent = new Agent({ keepAlive: true });
    let end = () => {};
    stopping.answerHistory = (question) =>
      new Promise((resolve) => {
        end = () => resolve(history(question));
      });
    const idle = await status(stopping, '/healthz', agent);
    const running = status(stopping, '/api/v1/history?scope=room', agent);
    await until(() => stopping.asked.length === 1, 'the question to arrive');
    let stopped = false;
    const whenStopped = stopping.api.stop().then(() => {
      stopped = true;
    });
    await expect(stopping.get('/healthz')).rejects.toThrow();
    expect(stopped).toBe(false);
    end();
    expect([idle, await running]).toEqual([200, 200]);
    await until(() => {
      stopping.clock.advance(1);
      return stopped;
    }, 'the kept connection to be closed');
    await whenStopped;
    agent.destroy();
    await stopping.stop();
  });

  it('waits two seconds at most', async () => {
    const stopping = await new ApiService().start();
    stopping.answerHistory = () => new Promise(() => {});
    const running = stopping.get('/api/v1/history?scope=room').catch(() => 'cut');
    await until(() => stopping.asked.length === 1, 'the question to arrive');
    const whenStopped = stopping.api.stop();
    stopping.clock.advance(2000);
    await whenStopped;
    expect(await running).toBe('cut');
    await stopping.stop();
  });

  it('that never listened is no work', async () => {
    const never = new ApiService();
    await never.stop();
  });
});

function status(of: ApiService, path: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ port: of.port, path, agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end();
  });
}
