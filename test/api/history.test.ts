import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UnanswerableError } from '../../src/api/ask-history.ts';
import type { HistoriesAnswer, Problem } from '../../src/api/shapes.ts';
import { StoreError, type StoreErrorCode } from '../../src/store/store.ts';
import { drawing } from '../live/made-room.ts';
import { ApiService, history } from './api-service.ts';

const service = new ApiService();
const dayMs = 86_400_000;
beforeAll(async () => void (await service.start()));
afterAll(() => service.stop());
beforeEach(() => {
  service.asked.length = 0;
  service.answerHistory = async (request) => history(request);
});

async function ask(
  query: string,
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const response = await service.get(`/api/v1/history${query}`);
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    headers: response.headers,
  };
}

describe('a question for history', () => {
  it('needs only a scope: the last day, watts, 600 points', async () => {
    const nowMs = service.clock.nowMs();
    expect((await ask('?scope=server:hv-01')).status).toBe(200);
    expect(service.asked).toEqual([
      { scope: 'server:hv-01', quantity: 'watts', fromMs: nowMs - dayMs, toMs: nowMs, points: 600 },
    ]);
  });

  it('takes times as epoch ms and as ISO 8601, and counts the default day back from `to`', async () => {
    await ask('?scope=room&to=1768478400000');
    await ask(
      '?scope=room&from=2026-01-15T12:00:00Z&to=2026-01-15T13:30:00.250%2B01:00&points=5000&quantity=amps',
    );
    expect(service.asked).toMatchObject([
      { fromMs: 1_768_478_400_000 - dayMs, toMs: 1_768_478_400_000 },
      {
        fromMs: Date.UTC(2026, 0, 15, 12),
        toMs: Date.UTC(2026, 0, 15, 12, 30, 0, 250),
        points: 5000,
        quantity: 'amps',
      },
    ]);
  });

  it('takes a day as a local day of the room', async () => {
    await ask('?scope=room&from=2026-07-01&to=2026-07-02T00:00');
    expect(service.asked).toMatchObject([
      { fromMs: Date.UTC(2026, 5, 30, 23), toMs: Date.UTC(2026, 6, 1, 23) },
    ]);
  });

  const refused: [string, number, string, RegExp][] = [
    ['', 400, 'bad-parameter', /scope is missing, e\.g\. scope=room/],
    ['?scope=', 400, 'bad-parameter', /scope is missing/],
    ['?scope=room,feeds:*', 404, 'unknown-scope', /There is no feeds:\*/],
    ['?scope=room&scope=feed:X', 404, 'unknown-scope', /There is no feed:X\. Nearest: feed:A/],
    ['?scope=room&points=3&points=4', 400, 'bad-parameter', /points is given more than once/],
    ['?scope=room&timezone=Mars', 400, 'bad-parameter', /timezone=Mars is no IANA time zone/],
    ['?scope=room&from=2026-08-01&to=2026-08-02', 400, 'bad-range', /has not come yet/],
    [
      '?scope=server:hv-1',
      404,
      'unknown-scope',
      /There is no server:hv-1\. Nearest: server:hv-01, server:hv-02/,
    ],
    ['?scope=hv-01', 404, 'unknown-scope', /Nearest: server:hv-01/],
    [`?scope=${'x'.repeat(5000)}`, 404, 'unknown-scope', /^There is no x{256}\. GET \/api\/v1\/tree lists/],
    [
      '?scope=room&from=1768478400&to=1768488400',
      400,
      'bad-range',
      /Times are in milliseconds, such as 1768488400000/,
    ],
    ['?scope=room&frm=2026-01-15', 400, 'bad-parameter', /There is no parameter frm\. Nearest: from\.$/],
    ['?scope=room&point=5', 400, 'bad-parameter', /Nearest: points/],
    ['?scope=%00%ff', 404, 'unknown-scope', /There is no/],
    ['?scope=room&points=0', 400, 'bad-parameter', /points=0 is not a whole number from 1 to 5000/],
    ['?scope=room&points=5001', 400, 'bad-parameter', /points=5001/],
    ['?scope=room&points=1e3', 400, 'bad-parameter', /points=1e3/],
    ['?scope=room&points=1.5', 400, 'bad-parameter', /points=1\.5/],
    ['?scope=room&quantity=power', 400, 'bad-parameter', /quantity=power is none of watts, volts, amps/],
    [
      '?scope=room&from=yesterday',
      400,
      'bad-parameter',
      /from=yesterday is no time.*1768478400000.*2026-01-15T12:00:00Z/,
    ],
    ['?scope=room&to=2026-02-30', 400, 'bad-parameter', /to=2026-02-30 is no time/],
    ['?scope=room&from=-1', 400, 'bad-parameter', /from=-1 is no time/],
    ['?scope=room&to=99999999999999', 400, 'bad-parameter', /is no time from 1970 to 2200/],
    [
      '?scope=room&from=2026-01-02&to=2026-01-01',
      400,
      'bad-range',
      /2026-01-02T00:00:00\.000Z is not before to 2026-01-01/,
    ],
    ['?scope=room&from=5&to=5', 400, 'bad-range', /is not before/],
    [
      '?scope=room&from=2010-01-01&to=2026-01-01',
      400,
      'bad-range',
      /more than 3700 days: ask for 3700 at most at a time, such as from 2015-11-15\S+\.$/,
    ],
    ['?scope=room&from=1768478400', 400, 'bad-range', /more than 3700 days: .* Times are in milliseconds\.$/],
  ];

  it.each(refused)('such as %s is refused with %i %s', async (query, status, code, detail) => {
    const answer = await ask(query);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({
      type: `urn:rackwatt:problem:${code}`,
      status,
      instance: '/api/v1/history',
      detail: expect.stringMatching(detail),
    });
    expect(service.asked).toEqual([]);
  });

  it('of several scopes, or of a pattern, is asked scope by scope and answered as a list', async () => {
    const { body } = await ask('?scope=room,server:hv-01&scope=feed:*&points=2');
    expect(service.asked.map(({ scope, points }) => [scope, points])).toEqual([
      ['room', 2],
      ['server:hv-01', 2],
      ['feed:A', 2],
    ]);
    expect((body as unknown as HistoriesAnswer).series.map(({ scope }) => scope)).toEqual([
      'room',
      'server:hv-01',
      'feed:A',
    ]);
    expect((await ask('?scope=rack:*')).body).toEqual({ series: [] });
    expect((await ask('?scope=feed:*')).body).toMatchObject({ series: [{ scope: 'feed:A' }] });
  });

  it('of very many scopes has fewer points for each, and no more than it can bear', async () => {
    const wide = new ApiService();
    for (let i = 0; i < 4999; i += 1) wide.room.set(`outlet:pdu/${i}`, drawing(1));
    await wide.start();
    const all = (await (await wide.get('/api/v1/history?scope=outlet:*')).json()) as HistoriesAnswer;
    expect(all.series).toHaveLength(5000);
    expect(wide.asked.every(({ points }) => points === 100)).toBe(true);
    const refusal = async (query: string) =>
      ((await (await wide.get(`/api/v1/history?scope=outlet:*${query}`)).json()) as Problem).detail;
    expect(await refusal('&points=600')).toBe(
      '5000 scopes × 600 points are more than 500000: ask for points=100, or for fewer scopes.',
    );
    expect(await refusal('&points=10&from=2025-01-01')).toMatch(
      /^5000 scopes over 561 days with 10 points are too much at once: ask for at most 41 days/,
    );
    await wide.stop();
  });

  it('that nothing is kept for is answered with what is', async () => {
    service.answerHistory = async () => {
      throw new UnanswerableError('amps is kept for outlets only');
    };
    expect((await ask('?scope=room&quantity=amps')).body).toMatchObject({
      type: 'urn:rackwatt:problem:unanswerable',
      status: 400,
      detail: 'amps is kept for outlets only',
    });
  });

  it.each<[StoreErrorCode, number, string | null]>([
    ['unreachable', 503, '5'],
    ['busy', 503, '5'],
    ['unauthorised', 503, '60'],
    ['corrupt', 503, '60'],
    ['refused', 500, null],
  ])('while the store says %s is answered with %i', async (code, status, retryAfter) => {
    service.answerHistory = async () => {
      throw new StoreError(code, 'InfluxDB at 127.0.0.1:8086 does not answer');
    };
    const answer = await ask('?scope=room');
    expect(answer.status).toBe(status);
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
    if (status === 503) expect(answer.body.detail).toBe('InfluxDB at 127.0.0.1:8086 does not answer');
    else expect(JSON.stringify(answer.body)).not.toMatch(/InfluxDB/);
  });
});

describe('an answer', () => {
  it('of a time that is over may be kept, and is not sent again while it is the same', async () => {
    const query = '/api/v1/history?scope=room&from=2026-07-01&to=2026-07-02';
    const first = await service.get(query);
    expect(first.headers.get('cache-control')).toBe('private, max-age=3600, immutable');
    const again = await service.get(query, { headers: { 'if-none-match': first.headers.get('etag')! } });
    expect(again.status).toBe(304);
    const now = await service.get('/api/v1/history?scope=room');
    expect(now.headers.get('cache-control')).toBe('private, no-cache');
  });

  it('of sums that are being made again says so, and is not kept', async () => {
    service.remaking = { scope: 'feed:A', atMs: Date.UTC(2026, 6, 1, 12) };
    const answer = await service.get('/api/v1/history?scope=room,feed:A&from=2026-07-01&to=2026-07-02');
    service.remaking = undefined;
    const { series } = (await answer.json()) as { series: { scope: string; remaking?: boolean }[] };
    expect(series.map(({ scope, remaking }) => [scope, remaking])).toEqual([
      ['room', undefined],
      ['feed:A', true],
    ]);
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
  });

  it('of several scopes names them in CSV', async () => {
    const answer = await service.get(
      '/api/v1/history?scope=room,feed:A&from=1768478400000&to=1768478580000&points=1',
      {
        headers: { accept: 'text/csv' },
      },
    );
    expect(await answer.text()).toBe(
      'scope,atMs,time,mean,min,max\r\n' +
        'room,1768478400000,2026-01-15T12:00:00.000Z,1.5,1,2\r\n' +
        'feed:A,1768478400000,2026-01-15T12:00:00.000Z,1.5,1,2\r\n',
    );
  });

  it('comes as CSV to whoever prefers that', async () => {
    const response = await service.get('/api/v1/history?scope=room&from=1768478400000&to=1768478580000', {
      headers: { accept: 'text/csv' },
    });
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('vary')).toMatch(/accept\b/i);
    expect(await response.text()).toBe(
      'atMs,time,mean,min,max\r\n' +
        '1768478400000,2026-01-15T12:00:00.000Z,1.5,1,2\r\n' +
        '1768478460000,2026-01-15T12:01:00.000Z,,,\r\n' +
        '1768478520000,2026-01-15T12:02:00.000Z,3,2,4\r\n',
    );
  });

  it.each([
    '*/*',
    'application/json',
    'text/html, application/json;q=0.9',
    'text/csv;q=0.1, application/json',
    'x/y',
  ])('comes as JSON to %s', async (accept) => {
    const response = await service.get('/api/v1/history?scope=room', { headers: { accept } });
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('is gzipped when it is long and the asker takes that, and only then', async () => {
    service.answerHistory = async (request) => ({
      ...history(request),
      atMs: Array.from({ length: 500 }, (_, i) => i),
      mean: Array(500).fill(1),
      min: Array(500).fill(1),
      max: Array(500).fill(null),
    });
    const packed = await bare({ 'accept-encoding': 'br, gzip' });
    const plain = await bare({});
    const unwanted = await bare({ 'accept-encoding': 'gzip;q=0' });
    expect(packed.encoding).toBe('gzip');
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 3);
    expect(plain.encoding).toBeUndefined();
    expect(gunzipSync(packed.bytes)).toEqual(plain.bytes);
    expect(unwanted.bytes).toEqual(plain.bytes);
    expect(JSON.parse(plain.bytes.toString()).atMs.length).toBe(500);
  });
});

function bare(headers: Record<string, string>): Promise<{ bytes: Buffer; encoding: string | undefined }> {
  return new Promise((resolve, reject) => {
    get(`${service.url}/api/v1/history?scope=room`, { headers }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ bytes: Buffer.concat(chunks), encoding: response.headers['content-encoding'] });
    }).on('error', reject);
  });
}
