import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EnergyQuestion } from '../../src/api/ask-energy.ts';
import type { EnergyAnswer, Problem } from '../../src/api/shapes.ts';
import { StoreError } from '../../src/store/store.ts';
import { drawing } from '../live/made-room.ts';
import { ApiService, energy, ready } from './api-service.ts';

const service = new ApiService();
const asked: EnergyQuestion[] = [];
beforeAll(async () => {
  service.room.set('rack:=HYPERLINK("x"),1', drawing(1));
  await service.start();
});
afterAll(() => service.stop());
beforeEach(() => {
  asked.length = 0;
  service.ready = ready;
  service.answerEnergy = (question) => {
    asked.push(question);
    return energy(question);
  };
});

const ask = (query: string, headers: Record<string, string> = {}) =>
  service.get(`/api/v1/energy${query}`, { headers });

describe('a question for energy', () => {
  it('needs only a scope: the last month by days, to the end of today', async () => {
    expect((await ask('?scope=room')).status).toBe(200);
    expect(asked).toMatchObject([
      {
        scopes: ['room'],
        by: 'day',
        timezone: 'Europe/London',
        withTotals: true,
        fromMs: Date.UTC(2026, 5, 13, 23),
        toMs: Date.UTC(2026, 6, 15, 23),
      },
    ]);
  });

  it.each([
    ['hour', Date.UTC(2026, 6, 14, 13), Date.UTC(2026, 6, 15, 13)],
    ['week', Date.UTC(2026, 3, 19, 23), Date.UTC(2026, 6, 19, 23)],
    ['month', Date.UTC(2025, 6, 31, 23), Date.UTC(2026, 6, 31, 23)],
    ['year', Date.UTC(2022, 0, 1), Date.UTC(2027, 0, 1)],
  ])('by %s begins and ends with a whole bucket', async (by, fromMs, toMs) => {
    await ask(`?scope=room&by=${by}`);
    expect(asked).toMatchObject([{ by, fromMs, toMs }]);
  });

  it('takes several scopes, patterns and names with commas', async () => {
    await ask('?scope=server:*&scope=room,feed:A&scope=room');
    expect(asked[0]!.scopes).toEqual([
      'server:hv-01',
      'server:hv-02',
      'server:dark',
      'server:all',
      'room',
      'feed:A',
    ]);
    await ask(`?scope=${encodeURIComponent('rack:=HYPERLINK("x"),1')}`);
    expect(asked[1]!.scopes).toEqual(['rack:=HYPERLINK("x"),1']);
  });

  it('takes times and days in another zone when one is named', async () => {
    await ask('?scope=room&timezone=Asia/Kathmandu&from=2026-07-01&to=2026-07-02');
    expect(asked).toMatchObject([
      {
        timezone: 'Asia/Kathmandu',
        fromMs: Date.UTC(2026, 5, 30, 18, 15),
        toMs: Date.UTC(2026, 6, 1, 18, 15),
      },
    ]);
  });

  it.each<[string, number, string, RegExp]>([
    ['', 400, 'bad-parameter', /scope is missing, e\.g\. scope=room, scope=server:\*/],
    ['?scope=,', 400, 'bad-parameter', /scope is missing/],
    ['?scope=room,server:hv-1', 404, 'unknown-scope', /There is no server:hv-1\. Nearest: server:hv-01/],
    ['?scope=room&total=false', 400, 'bad-parameter', /There is no parameter total\. Nearest: totals/],
    ['?scope=room&from=1763000000&to=1764000000', 400, 'bad-range', /Times are in milliseconds/],
    ['?scope=racks:*', 404, 'unknown-scope', /There is no racks:\*/],
    [
      '?scope=room&by=fortnight',
      400,
      'bad-parameter',
      /by=fortnight is none of hour, day, week, month, year/,
    ],
    ['?scope=room&totals=1', 400, 'bad-parameter', /totals=1 is none of true, false/],
    [
      '?scope=room&timezone=Mars/Olympus',
      400,
      'bad-parameter',
      /is no IANA time zone; write one such as Europe/,
    ],
    ['?scope=room&from=2026-07-02&to=2026-07-01', 400, 'bad-range', /is not before/],
    ['?scope=room&from=2026-07-16', 400, 'bad-range', /from 2026-07-15T23:00:00\.000Z/],
    ['?scope=room&from=2026-08-01&to=2026-09-01', 400, 'bad-range', /has not come yet; it is 2026-07-15T12/],
    ['?scope=room&from=2030-01-01', 400, 'bad-range', /2030-01-01\S* has not come yet/],
    [
      '?scope=room&from=0&by=year',
      400,
      'bad-range',
      /ask for 3700 at most at a time, such as from 2016\S+\. Times are in milliseconds/,
    ],
    ['?scope=room&from=tomorrow', 400, 'bad-parameter', /from=tomorrow is no time/],
    ['?scope=*&from=2018-01-01&by=hour', 400, 'too-much', /8 scopes × \d+ buckets \(by=hour\) are \d+ rows/],
  ])('such as %s is refused with %i %s', async (query, status, code, detail) => {
    const response = await ask(query);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const problem = (await response.json()) as Problem;
    expect(problem).toMatchObject({ type: `urn:rackwatt:problem:${code}`, instance: '/api/v1/energy' });
    expect(problem.detail).toMatch(detail);
    expect(asked).toEqual([]);
  });

  it('of too many scopes for too long says for how long they may be asked', async () => {
    const wide = new ApiService();
    for (let i = 0; i < 2000; i += 1) wide.room.set(`outlet:pdu/${i}`, drawing(1));
    await wide.start();
    const response = await wide.get('/api/v1/energy?scope=outlet:*&from=2024-07-01&by=month');
    expect(((await response.json()) as Problem).detail).toMatch(
      /^2001 scopes over \d+ days are too much.*at most 104 days/,
    );
    await wide.stop();
  });

  it('while the store is away is answered with 503, and the room goes on', async () => {
    service.answerEnergy = async function* () {
      yield* [];
      throw new StoreError('unreachable', 'InfluxDB at 127.0.0.1:8086 does not answer');
    };
    const response = await ask('?scope=room');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(((await response.json()) as Problem).detail).toMatch(/does not answer/);
    expect((await service.get('/api/v1/room')).status).toBe(200);
  });
});

describe('a store that is slow', () => {
  const slow = new ApiService();
  beforeAll(async () => void (await slow.start()));
  afterAll(() => slow.stop());
  const never = () => new Promise<never>(() => {});

  it.each([
    [
      'energy?scope=room',
      () => (slow.answerEnergy = () => ({ [Symbol.asyncIterator]: () => ({ next: never }) })),
    ],
    ['history?scope=room', () => (slow.answerHistory = never)],
    ['history?scope=server:*', () => (slow.answerHistory = never)],
    ['starts', () => (slow.answerStarts = never)],
  ])('is not waited for without end: %s', async (path, stall) => {
    stall();
    let isAnswered = false;
    const answer = slow.get(`/api/v1/${path}`).finally(() => {
      isAnswered = true;
    });
    // Moved on again and again: when the question has come to the store is not seen from here.
    await expect
      .poll(async () => {
        slow.clock.advance(5_000);
        expect((await slow.get('/api/v1/room')).status).toBe(200);
        return isAnswered;
      })
      .toBe(true);
    const response = await answer;
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('10');
    const problem = (await response.json()) as Problem;
    expect(problem).toMatchObject({ type: 'urn:rackwatt:problem:store-slow' });
    expect(problem.detail).toMatch(/has not answered within 20 s; ask again later, or for less/);
  });
});

describe('an answer', () => {
  it('states the methods and has null for what is not known', async () => {
    const answer = (await (await ask('?scope=room&from=2026-07-01&to=2026-07-03')).json()) as EnergyAnswer;
    expect(answer).toMatchObject({
      by: 'day',
      timezone: 'Europe/London',
      currency: 'GBP',
      tariff: { corrections: [{ why: 'a, "b"' }] },
      carbon: {
        basis: 'location-based',
        pue: 1.4,
        factors: [{ gramsPerKwh: 216, year: 2024, isStandIn: true }],
      },
      rows: [
        { wattHours: null, cost: null, grams: null, coverage: 0 },
        { wattHours: 1000, cost: 0.25, parts: { counter: 600, integrated: 300, spread: 100 } },
      ],
    });
    expect(answer.carbon!.factors[0]).toMatchObject({ fromMs: Date.UTC(2026, 5, 30, 23) });
  });

  it('comes as CSV with local times, empty fields for what is not known, and no formula', async () => {
    const scope = encodeURIComponent('rack:=HYPERLINK("x"),1');
    const response = await ask(`?scope=${scope}&from=2026-07-01&to=2026-07-03`, { accept: 'text/csv' });
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const [fromMs, middleMs, toMs] = [30, 31, 32].map((day) => Date.UTC(2026, 5, day, 23));
    expect(await response.text()).toBe(
      'scope,fromMs,from,toMs,to,wattHours,coverage,cost,currency,grams,counter,integrated,spread\r\n' +
        `"rack:=HYPERLINK(""x""),1",${fromMs},2026-07-01T00:00:00+01:00,${middleMs},2026-07-02T00:00:00+01:00,,0,,,,,,\r\n` +
        `"rack:=HYPERLINK(""x""),1",${middleMs},2026-07-02T00:00:00+01:00,${toMs},2026-07-03T00:00:00+01:00,1000,0.75,0.25,GBP,216.5,600,300,100\r\n`,
    );
    expect(asked[0]!.withTotals).toBe(false);
  });

  it('comes as CSV to a link too, which cannot say what it accepts', async () => {
    const typeOf = async (format: string, accept: string) => {
      const response = await ask(`?scope=room&from=2026-07-01&to=2026-07-03&format=${format}`, { accept });
      return [response.status, response.headers.get('content-type')?.split(';')[0]];
    };
    expect(await typeOf('csv', 'text/html,*/*')).toEqual([200, 'text/csv']);
    expect(await typeOf('json', 'text/csv')).toEqual([200, 'application/json']);
    expect(await typeOf('xml', '*/*')).toEqual([400, 'application/problem+json']);
  });

  it('of a time that is over for a day may be kept, and is not sent again', async () => {
    const query = '?scope=room&from=2026-07-01&to=2026-07-14';
    const response = await ask(query);
    expect(response.headers.get('cache-control')).toBe('private, max-age=3600, immutable');
    const etag = response.headers.get('etag')!;
    const again = await ask(query, { 'if-none-match': etag });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await ask(`${query}&totals=false`, { 'if-none-match': etag })).status).toBe(200);
  });

  it('of sums that are being made again says so, and is not kept', async () => {
    service.remaking = { scope: 'feed:A', atMs: Date.UTC(2026, 6, 5) };
    const get = async (query: string) => {
      const response = await ask(query);
      const { remaking } = (await response.json()) as EnergyAnswer;
      return [remaking, response.headers.get('cache-control')];
    };
    const range = 'from=2026-07-01&to=2026-07-14';
    const kept = 'private, max-age=3600, immutable';
    expect(await get(`?scope=room,feed:A&${range}`)).toEqual([true, 'private, no-cache']);
    expect(await get(`?scope=room&${range}`)).toEqual([undefined, kept]);
    expect(await get('?scope=feed:A&from=2026-07-06&to=2026-07-08')).toEqual([undefined, kept]);
    const csv = await (await ask(`?scope=feed:A&format=csv&by=week&${range}`)).text();
    const lastFields = csv
      .trim()
      .split('\r\n')
      .map((line) => line.slice(line.lastIndexOf(',') + 1));
    expect([lastFields[0], new Set(lastFields.slice(1))]).toEqual(['remaking', new Set(['true', 'false'])]);
    service.remaking = undefined;
    expect(await get(`?scope=room,feed:A&${range}`)).toEqual([undefined, kept]);
  });

  it('of a time that may still change is asked for again each time', async () => {
    for (const query of ['?scope=room', '?scope=room&from=2026-07-14&to=2026-07-15']) {
      expect((await ask(query)).headers.get('cache-control')).toBe('private, no-cache');
    }
    service.ready = { ...ready, backlog: { ok: true, readings: 5, bytes: 100 } };
    const waiting = await ask('?scope=room&from=2026-07-01&to=2026-07-02');
    expect(waiting.headers.get('cache-control')).toBe('private, no-cache');
  });

  it.each(['gzip', 'identity'])(
    'that is long flows (%s): whole, and no faster than it is taken',
    async (encoding) => {
      const query = '?scope=room,feed:A,server:hv-01,server:hv-02&from=2021-07-01&to=2026-07-01&by=hour';
      const bytes = await new Promise<Buffer>((resolve, reject) => {
        get(
          `${service.url}/api/v1/energy${query}`,
          { headers: { 'accept-encoding': encoding } },
          (response) => {
            expect(response.headers['content-encoding']).toBe(encoding === 'gzip' ? 'gzip' : undefined);
            expect(response.headers.etag).toBeUndefined();
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('end', () => resolve(Buffer.concat(chunks)));
            response.on('error', reject);
          },
        );
      });
      const text = (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
      const answer = JSON.parse(text) as EnergyAnswer;
      expect(answer.rows).toHaveLength((4 * (Date.UTC(2026, 5, 30) - Date.UTC(2021, 5, 30))) / 3_600_000);
      expect(answer.totals).toHaveLength(4);
    },
  );

  it('that breaks off half-way does not look whole, and whoever leaves early is no mistake of ours', async () => {
    service.answerEnergy = async function* (question) {
      yield* energy(question);
      throw new StoreError('unreachable', 'gone');
    };
    const query = '?scope=room,feed:A&from=2021-07-01&to=2026-07-01&by=hour';
    const broken = await ask(query);
    await expect(broken.text()).rejects.toThrow();
    let isOver = false;
    service.answerEnergy = async function* (question) {
      try {
        for (;;) yield* energy(question);
      } finally {
        isOver = true;
      }
    };
    const leaver = new AbortController();
    const endless = await service.get(`/api/v1/energy${query}`, { signal: leaver.signal });
    await endless.body!.getReader().read();
    leaver.abort();
    await expect.poll(() => isOver).toBe(true);
    expect(service.logged).toEqual([]);
  });
});
