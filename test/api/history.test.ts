import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UnanswerableError } from '../../src/api/ask-history.ts';
import { StoreError, type StoreErrorCode } from '../../src/store/store.ts';
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
    ['?scope=*', 400, 'bad-parameter', /\* is many scopes; ask for one/],
    ['?scope=server:*', 400, 'bad-parameter', /server:\* is many scopes/],
    ['?scope=room&scope=feed:A', 400, 'bad-parameter', /scope is given more than once/],
    [
      '?scope=server:hv-1',
      404,
      'unknown-scope',
      /There is no server:hv-1\. Nearest: server:hv-01, server:hv-02/,
    ],
    ['?scope=hv-01', 404, 'unknown-scope', /Nearest: server:hv-01/],
    [`?scope=${'x'.repeat(5000)}`, 404, 'unknown-scope', /^There is no x{256}\.$/],
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
    ['?scope=room&from=2010-01-01&to=2026-01-01', 400, 'bad-range', /is more than 3700 days\.$/],
    [
      '?scope=room&from=1768478400',
      400,
      'bad-range',
      /is more than 3700 days\. Times are in milliseconds\.$/,
    ],
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
