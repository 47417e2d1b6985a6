import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../src/store/store.ts';
import { ApiService, idleRows, prices, sag, start, underWay } from './api-service.ts';

const service = new ApiService();
const dayMs = 86_400_000;
beforeAll(async () => void (await service.start()));
afterAll(() => service.stop());
beforeEach(() => {
  service.askedStarts.length = 0;
  service.askedIdle.length = 0;
  service.answerStarts = async () => [start, underWay];
});

async function ask(path: string, accept = 'application/json') {
  const response = await service.get(`/api/v1/${path}`, { headers: { accept } });
  const text = await response.text();
  const type = response.headers.get('content-type')!.split(';')[0]!;
  return { status: response.status, type, text, body: type.endsWith('json') ? JSON.parse(text) : undefined };
}

describe('GET /starts', () => {
  it('needs no parameter: the newest 200 of the last week, also one a clock ahead of ours has told', async () => {
    const { body } = await ask('starts');
    const toMs = service.clock.nowMs() + 60_000;
    expect(service.askedStarts).toEqual([{ scope: '*', fromMs: toMs - 7 * dayMs, toMs, limit: 200 }]);
    expect(body.rows.map(({ id }: { id: string }) => id)).toEqual([start.id, underWay.id]);
  });

  it('leaves the traces out, and everything that is not known', async () => {
    const { body } = await ask('starts');
    const { trace: _, ...known } = start;
    expect(body.rows[0]).toEqual(known);
    expect(Object.keys(body.rows[1])).not.toContain('settledWatts');
  });

  it('hands on scope, range and limit', async () => {
    await ask('starts?scope=feed:A&from=2026-07-01&to=2026-07-02&limit=10000');
    await ask('starts?scope=server:*');
    await ask('starts?scope=outlet:gone/0');
    expect(service.askedStarts).toMatchObject([
      { scope: 'feed:A', fromMs: Date.UTC(2026, 5, 30, 23), toMs: Date.UTC(2026, 6, 1, 23), limit: 10_000 },
      { scope: 'server:*' },
      // Not heard since the start.
      { scope: 'outlet:gone/0' },
    ]);
  });

  it('answers as CSV where that is preferred, names with commas and quotes in one field', async () => {
    const { type, text } = await ask('starts', 'text/csv');
    const [head, first, second, ...rest] = text.split('\r\n');
    expect(type).toBe('text/csv');
    expect(head).toBe(
      'id,scope,atMs,time,fromWatts,peakWatts,peakIs,settledWatts,settleMs,wattHours,voltsBefore,voltsMin,sampleMs,concurrent,complete',
    );
    expect(first).toBe(
      `hv-01-1,server:hv-01,${start.atMs},2026-07-15T11:00:00.000Z,12,480.5,lower-bound,210,95000,7.5,230.5,228.25,1000,"server:hv-02 server:a ""b"", c",true`,
    );
    expect(second).toMatch(/^plug-1,.*,measured,,,,,,500,,false$/);
    expect(rest).toEqual(['']);
  });

  const refused: [string, number, string, RegExp][] = [
    ['?scope=server:hv-1', 404, 'unknown-scope', /Nearest: server:hv-01/],
    ['?scope=thing:*', 404, 'unknown-scope', /There is no thing:\*/],
    ['?scope=room&scope=feed:A', 400, 'bad-parameter', /more than once/],
    ['?limit=10001', 400, 'bad-parameter', /from 1 to 10000/],
    ['?limit=few', 400, 'bad-parameter', /limit=few/],
    ['?from=yesterday', 400, 'bad-parameter', /from=yesterday is no time/],
    ['?from=2026-07-02&to=2026-07-01', 400, 'bad-range', /not before/],
    ['?from=1990-01-01', 400, 'bad-range', /more than 3700 days/],
  ];
  it.each(refused)('refuses %s with %i %s', async (query, status, code, detail) => {
    const answer = await ask(`starts${query}`);
    expect(answer.status).toBe(status);
    expect(answer.type).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ type: `urn:rackwatt:problem:${code}` });
    expect(answer.body.detail).toMatch(detail);
    expect(service.askedStarts).toEqual([]);
  });

  it('says so when the store is away', async () => {
    service.answerStarts = () => Promise.reject(new StoreError('unreachable', 'InfluxDB does not answer'));
    expect(await ask('starts')).toMatchObject({ status: 503, body: { detail: 'InfluxDB does not answer' } });
  });
});

describe('GET /starts/:id', () => {
  it('tells the whole start, with its trace', async () => {
    expect((await ask('starts/hv-01-1')).body).toEqual(start);
  });

  it.each(['nobody', '%00', 'x'.repeat(2000), '%E0%A4', '..%2f..'])('refuses %s', async (id) => {
    const { status, type } = await ask(`starts/${id}`);
    expect([400, 404]).toContain(status);
    expect(type).toBe('application/problem+json');
  });
});

describe('GET /idle', () => {
  it('tells every baseline with its verdict, or those of a scope', async () => {
    expect((await ask('idle')).body).toEqual({ currency: prices.tariff.currency, rows: idleRows });
    await ask('idle?scope=server:hv-01');
    await ask('idle?scope=server:*');
    expect(service.askedIdle).toEqual(['*', 'server:hv-01', 'server:*']);
  });

  it('answers as CSV where that is preferred', async () => {
    const { text } = await ask('idle', 'text/csv');
    expect(text.split('\r\n')).toEqual([
      'scope,idleWatts,offWatts,basis,confidence,hoursObserved,idleShare,sinceMs,busyWatts,limitWatts,limitRule,verdict,yearWattHours,yearCost,yearGrams,currency',
      'server:hv-01,400,12,measured,0.9,200,0.5,1,600,350,set for this server (idleLimitWatts),high,1752000,525.6,350000,GBP',
      'server:plug/0,,,unknown,0,0.1,0,2,,,,learning,,,,',
      '',
    ]);
  });

  it('refuses a scope it does not know', async () => {
    expect(await ask('idle?scope=hv-1')).toMatchObject({ status: 404, type: 'application/problem+json' });
  });
});

it('GET /sag tells each supply with what is to be expected of it, and those of which nothing is known yet', async () => {
  expect((await ask('sag')).body).toEqual(sag);
});
