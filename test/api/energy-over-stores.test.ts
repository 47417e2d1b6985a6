import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCarbon } from '../../src/analysis/carbon.ts';
import { makeTariff } from '../../src/analysis/tariff.ts';
import { askEnergy } from '../../src/api/ask-energy.ts';
import type { EnergyAnswer, EnergyRow } from '../../src/api/shapes.ts';
import { type RollUp, type RollUpTier, tierStepMs } from '../../src/model/roll-up.ts';
import type { Store } from '../../src/store/store.ts';
import { HandClock } from '../base/hand-clock.ts';
import { ApiService } from './api-service.ts';
import { bothStores, type MadeStore } from './both-stores.ts';

const minuteMs = 60_000;
const quarterMs = 900_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const timezone = 'Europe/London';
const nowMs = Date.UTC(2026, 10, 20, 10, 7, 30);

const tariff = makeTariff(
  {
    currency: 'GBP',
    versions: [
      {
        validFrom: '2026-01-01',
        pricePerKwh: 0.2,
        taxPercent: 20,
        fixedPerDay: 0.5,
        demand: { pricePerKw: 10, minutes: 30 },
        timeOfUse: [{ name: 'peak', from: '16:00', to: '19:00', pricePerKwh: 0.4 }],
      },
    ],
    corrections: [
      {
        from: '2026-09-01',
        to: '2026-09-02',
        pricePerKwh: 0.1,
        why: 'the bill',
        at: '2026-10-01',
        who: 'Ada',
      },
    ],
  },
  timezone,
);

/** The API over a real store, asked through HTTP. */
class EnergyService {
  readonly store: Store;
  readonly service: ApiService;
  open: RollUp | undefined;

  constructor(store: Store) {
    this.store = store;
    const prices = { tariff, carbon: makeCarbon({ country: 'GB' }, timezone) };
    this.service = new ApiService({
      clock: new HandClock(nowMs),
      prices,
      energy: (question) =>
        askEnergy(store, question, {
          ...prices,
          minutesKeptMs: 400 * dayMs,
          openMinute: (scope) => (this.open?.scope === scope ? this.open : undefined),
        }),
    });
  }

  /** A scope the room knows, drawing `watts(atMs)` over a time; NaN: nothing known. */
  async fill(
    tier: RollUpTier,
    scope: string,
    fromMs: number,
    toMs: number,
    watts: (atMs: number) => number,
    more: Partial<RollUp> = {},
  ): Promise<void> {
    this.service.room.set(scope, {});
    const stepMs = tierStepMs[tier];
    const rows: RollUp[] = [];
    for (let atMs = fromMs; atMs < toMs; atMs += stepMs) {
      const mean = watts(atMs);
      if (Number.isNaN(mean)) continue;
      rows.push({
        scope,
        fromMs: atMs,
        wattsMean: mean,
        wattsMin: mean,
        wattsMax: mean,
        wattHours: (mean * stepMs) / hourMs,
        observedMs: stepMs,
        ...more,
      });
    }
    await this.store.write(this.store.encodeRollUps(tier, rows));
  }

  async ask(query: string): Promise<EnergyAnswer> {
    const response = await this.service.get(`/api/v1/energy?${query}`);
    const body = (await response.json()) as EnergyAnswer;
    expect(response.status, JSON.stringify(body)).toBe(200);
    return body;
  }

  async rows(query: string): Promise<EnergyRow[]> {
    return (await this.ask(query)).rows;
  }
}

describe.each(bothStores)('energy over %s', (_kind, make) => {
  let made: MadeStore;
  let energy: EnergyService;
  beforeAll(async () => {
    made = await make();
    energy = new EnergyService(made.store);
    await energy.service.start();
  });
  afterAll(async () => {
    await energy?.service.stop();
    await made?.dispose();
  });

  it('says by how much counters and watts disagree, where both are known, also of the past', async () => {
    const [fromMs, toMs] = [Date.UTC(2026, 7, 3), Date.UTC(2026, 7, 4)];
    const booked = (counterWattHours: number, integratedWattHours: number, spreadWattHours = 0) => ({
      wattHours: counterWattHours + integratedWattHours + spreadWattHours,
      counterWattHours,
      integratedWattHours,
      spreadWattHours,
      spreadMs: 0,
    });
    const scope = 'outlet:sag/1';
    const noonMs = fromMs + 12 * hourMs;
    await energy.fill('quarter', scope, fromMs, noonMs, () => 103, booked(25, 0));
    // Of a gap, and without a counter, there is nothing to compare.
    await energy.fill('quarter', scope, noonMs, toMs, () => 400, booked(10, 0, 15));
    const range = 'from=2026-08-03T00:00Z&to=2026-08-04T00:00Z';
    const [total] = (await energy.ask(`scope=${scope}&${range}`)).totals!;
    expect(total!.reconciled).toMatchObject({
      counterWattHours: expect.closeTo(1200, 3),
      integratedWattHours: expect.closeTo(1236, 3),
      differencePercent: expect.closeTo(3, 3),
      problem: expect.stringContaining('3.0 % more'),
    });
    expect((await energy.ask(`scope=${scope}&${range}&checks=false`)).totals![0]).not.toHaveProperty(
      'reconciled',
    );
    const plain = 'outlet:sag/2';
    await energy.fill('quarter', plain, fromMs, toMs, () => 100);
    expect((await energy.ask(`scope=${plain}&${range}&checks=true`)).totals![0]).not.toHaveProperty(
      'reconciled',
    );
  });

  it('tells what a device loses between its inlet and its outlets, over the time both are known', async () => {
    const [fromMs, toMs] = [Date.UTC(2026, 7, 10), Date.UTC(2026, 7, 11)];
    await energy.fill('quarter', 'outlet:rack-pdu/total', fromMs, toMs, () => 1030);
    await energy.fill('quarter', 'device:rack-pdu', fromMs, toMs, () => 1030);
    await energy.fill('quarter', 'outlet:rack-pdu/1', fromMs, toMs, () => 600);
    await energy.fill('quarter', 'outlet:rack-pdu/2', fromMs, fromMs + 18 * hourMs, () => 400);
    // Another device, whose name begins alike.
    await energy.fill('quarter', 'outlet:rack-pdu/x/1', fromMs, toMs, () => 5000);
    const [total] = (await energy.ask('scope=device:rack-pdu&from=2026-08-10T00:00Z&to=2026-08-11T00:00Z'))
      .totals!;
    expect(total!.wattHours).toBeCloseTo(24 * 1030, 3);
    expect(total!.loss).toEqual({
      wattHours: expect.closeTo(18 * 30, 3),
      percent: expect.closeTo(100 * (30 / 1030), 4),
    });
  });

  it('is told by local days of 23, 24 and 25 hours', async () => {
    const scope = 'server:steady';
    await energy.fill('quarter', scope, Date.UTC(2026, 9, 23), Date.UTC(2026, 9, 28), () => 100);
    await energy.fill('quarter', scope, Date.UTC(2026, 2, 27), Date.UTC(2026, 2, 31), () => 100);
    const autumn = await energy.rows(`scope=${scope}&from=2026-10-24&to=2026-10-27&by=day`);
    expect(autumn.map(({ wattHours, coverage }) => [wattHours, coverage])).toEqual([
      [2400, 1],
      [2500, 1],
      [2400, 1],
    ]);
    expect(autumn[1]).toMatchObject({ fromMs: Date.UTC(2026, 9, 24, 23), toMs: Date.UTC(2026, 9, 26) });
    const spring = await energy.rows(`scope=${scope}&from=2026-03-28&to=2026-03-31&by=day`);
    expect(spring.map(({ wattHours }) => wattHours)).toEqual([2400, 2300, 2400]);
    const hours = await energy.rows(`scope=${scope}&from=2026-10-25&to=2026-10-26&by=hour`);
    expect(hours.map(({ wattHours }) => wattHours)).toEqual(Array(25).fill(100));
  });

  it.each([
    ['Asia/Kathmandu', Date.UTC(2026, 5, 9, 18, 15)],
    ['Asia/Kolkata', Date.UTC(2026, 5, 9, 18, 30)],
    ['Pacific/Chatham', Date.UTC(2026, 5, 9, 11, 15)],
    ['America/St_Johns', Date.UTC(2026, 5, 10, 2, 30)],
  ])('is exact to the quarter in %s', async (zone, midnightMs) => {
    const scope = `server:${zone.replace('/', '-')}`;
    // One quarter before midnight and one after draw what no other does.
    await energy.fill('quarter', scope, midnightMs - dayMs, midnightMs + dayMs, (atMs) =>
      atMs === midnightMs - quarterMs ? 1000 : atMs === midnightMs ? 8000 : 0,
    );
    const query = `scope=${scope}&timezone=${encodeURIComponent(zone)}&from=2026-06-09&to=2026-06-11`;
    const days = await energy.rows(`${query}&by=day`);
    expect(days.map(({ fromMs, wattHours }) => [fromMs, wattHours])).toEqual([
      [midnightMs - dayMs, 250],
      [midnightMs, 2000],
    ]);
    const hours = await energy.rows(`${query}&by=hour`);
    expect(hours).toHaveLength(48);
    expect(hours[23]).toMatchObject({ wattHours: 250, toMs: midnightMs });
    expect(hours[24]).toMatchObject({ wattHours: 2000, fromMs: midnightMs });
  });

  it('says what is not known: null and no coverage, never 0', async () => {
    const scope = 'server:holes';
    const fromMs = Date.UTC(2026, 10, 1);
    await energy.fill('quarter', scope, fromMs, fromMs + 6 * hourMs, () => 40);
    await energy.fill('quarter', scope, fromMs + 2 * dayMs, fromMs + 3 * dayMs, () => 0);
    const rows = await energy.rows(`scope=${scope}&from=2026-11-01&to=2026-11-04&by=day`);
    expect(rows).toMatchObject([
      { wattHours: 240, coverage: 0.25, cost: expect.closeTo(0.0576, 6) },
      {
        wattHours: null,
        coverage: 0,
        cost: null,
        grams: null,
        parts: { counter: null, integrated: null, spread: null },
      },
      { wattHours: 0, coverage: 1, cost: 0, grams: 0, parts: { counter: 0, integrated: 0, spread: 0 } },
    ]);
  });

  it('tells how the energy is known where the store says so', async () => {
    const scope = 'server:parts';
    const fromMs = Date.UTC(2026, 10, 1);
    await energy.fill('quarter', scope, fromMs, fromMs + hourMs, () => 100, {
      counterWattHours: 15,
      integratedWattHours: 4,
      spreadWattHours: 6,
      observedMs: 600_000,
      spreadMs: 300_000,
    });
    await energy.fill('quarter', scope, fromMs + hourMs, fromMs + 2 * hourMs, () => 100);
    const rows = await energy.rows(`scope=${scope}&from=2026-11-01T00:00Z&to=2026-11-01T02:00Z&by=hour`);
    expect(rows).toMatchObject([
      { wattHours: 100, coverage: 1, parts: { counter: 60, integrated: 16, spread: 24 } },
      { wattHours: 100, coverage: 1, parts: { counter: 0, integrated: 100, spread: 0 } },
    ]);
  });

  it('is up to date: quarters, then the minutes of the quarter under way, then the minute under way', async () => {
    const scope = 'server:today';
    const midnightMs = Date.UTC(2026, 10, 20);
    await energy.fill('quarter', scope, midnightMs, Date.UTC(2026, 10, 20, 10), () => 600);
    await energy.fill('minute', scope, midnightMs + 9 * hourMs, Date.UTC(2026, 10, 20, 10, 7), () => 600);
    energy.open = {
      scope,
      fromMs: Date.UTC(2026, 10, 20, 10, 7),
      wattsMean: 600,
      wattsMin: 600,
      wattsMax: 600,
      wattHours: 5,
      observedMs: 30_000,
    };
    const [today] = await energy.rows(`scope=${scope}&from=2026-11-20&by=day`);
    expect(today).toMatchObject({
      fromMs: midnightMs,
      toMs: midnightMs + dayMs,
      wattHours: 600 * 10 + 75,
      coverage: 1,
    });
    const [cut] = await energy.rows(`scope=${scope}&from=2026-11-20T09:20&to=2026-11-20T09:47&by=day`);
    expect(cut!.wattHours).toBeCloseTo(270, 6);
    expect(cut!.coverage).toBe(1);
    const seconds = await energy.rows(
      `scope=${scope}&from=2026-11-20T09:20:30&to=2026-11-20T09:21:15&by=hour`,
    );
    expect(seconds[0]!.wattHours).toBeCloseTo(7.5, 6);
  });

  it('takes a quarter from its minutes while its own row is not whole yet', async () => {
    const scope = 'server:restarted';
    const tenMs = Date.UTC(2026, 10, 20, 10);
    await energy.fill('minute', scope, tenMs - hourMs, tenMs + 7 * minuteMs, () => 60);
    await energy.fill('quarter', scope, tenMs - hourMs, tenMs - quarterMs, () => 60);
    // What the last run knew of the two newest quarters when it was stopped.
    const some = { wattHours: 2, observedMs: 120_000 };
    await energy.fill('quarter', scope, tenMs - quarterMs, tenMs + quarterMs, () => 60, some);
    const [row] = await energy.rows(`scope=${scope}&from=2026-11-20T09:00Z&by=day`);
    expect(row!.wattHours).toBeCloseTo(67, 6);
    const past = await energy.rows(`scope=${scope}&from=2026-11-20T09:00Z&to=2026-11-20T10:00Z&by=hour`);
    expect(past[0]).toMatchObject({ wattHours: 60, coverage: 1 });
  });

  it('cuts quarters whose minutes are gone by time', async () => {
    const scope = 'server:old';
    await energy.fill('quarter', scope, Date.UTC(2025, 0, 10), Date.UTC(2025, 0, 11), () => 120);
    const [row] = await energy.rows(
      `scope=${scope}&from=2025-01-10T01:05Z&to=2025-01-10T02:20Z&by=day&timezone=UTC`,
    );
    expect(row).toMatchObject({ wattHours: 150, coverage: 1 });
  });

  it('costs what held when it was drawn, and says how that was found', async () => {
    const scope = 'server:costly';
    await energy.fill('quarter', scope, Date.UTC(2026, 7, 30), Date.UTC(2026, 8, 3), () => 1000);
    const answer = await energy.ask(`scope=${scope}&from=2026-08-31&to=2026-09-03&by=day`);
    const plain = (21 * 0.2 + 3 * 0.4) * 1.2;
    expect(answer.rows.map(({ cost }) => cost)).toEqual([
      expect.closeTo(plain, 5),
      expect.closeTo(24 * 0.1 * 1.2, 5),
      expect.closeTo(plain, 5),
    ]);
    expect(answer.rows[0]!.grams).toBeCloseTo(24 * 216, 3);
    expect(answer).toMatchObject({
      currency: 'GBP',
      tariff: { corrections: [{ pricePerKwh: 0.1, why: 'the bill', who: 'Ada' }] },
      carbon: {
        basis: 'location-based',
        factors: [
          { year: 2024, gramsPerKwh: 216, isStandIn: true, source: expect.stringContaining('Ember') },
        ],
      },
    });
    const [unpriced] = await energy.rows(`scope=server:old&from=2025-01-10&to=2025-01-11&by=day`);
    expect(unpriced).toMatchObject({ wattHours: 2880, cost: null, unpricedWattHours: 2880 });
  });

  it('has totals with peaks, load factor and the period before', async () => {
    const scope = 'room';
    const fromMs = Date.UTC(2026, 9, 31, 24);
    await energy.fill('quarter', scope, Date.UTC(2026, 8, 30, 23), fromMs, () => 100);
    await energy.fill('quarter', scope, fromMs, Date.UTC(2026, 10, 20, 10), (atMs) =>
      atMs === Date.UTC(2026, 10, 5, 12, 15) ? 900 : atMs === Date.UTC(2026, 10, 5, 12) ? 300 : 150,
    );
    await energy.fill('minute', scope, Date.UTC(2026, 10, 20, 10), Date.UTC(2026, 10, 20, 10, 7), () => 150);
    const { rows, totals } = await energy.ask('scope=room&from=2026-10-01&to=2026-12-01&by=month');
    expect(rows.map(({ toMs }) => toMs)).toEqual([Date.UTC(2026, 10, 1), Date.UTC(2026, 11, 1)]);
    expect(totals![0]).toMatchObject({
      scope,
      peak15: { watts: 900, fromMs: Date.UTC(2026, 10, 5, 12, 15) },
      peak30: { watts: 600, fromMs: Date.UTC(2026, 10, 5, 12) },
      before: { wattHours: null, coverage: 0, differencePercent: null },
      charges: {
        fixed: expect.closeTo(0.5 * (31 + 19 + (10 + 7.5 / 60) / 24), 3),
        demand: expect.closeTo(1 + 6, 5),
      },
    });
    const november = await energy.ask('scope=room&from=2026-11-01&to=2026-12-01&by=month');
    const total = november.totals![0]!;
    const hours = (nowMs - fromMs) / hourMs;
    expect(total.wattHours).toBeCloseTo(150 * hours + 0.25 * (750 + 150), -1);
    expect(total.loadFactor).toBeCloseTo(total.wattHours! / hours / 900, 3);
    // As much of October by the local clock.
    expect(total.before.toMs).toBe(Date.UTC(2026, 9, 20, 9, 7, 30));
    expect(total.before.differencePercent).toBeCloseTo(50 + 22_500 / (100 * hours), 0);
  });

  it('is the same added up in the store and quarter by quarter', async () => {
    const firstMs = Date.UTC(2026, 2, 20);
    const scopes = ['server:sums-1', 'server:sums-2'];
    const lastMs = firstMs + 20 * dayMs;
    // Holes, quarters known in part, and parts of the energy in the second half only.
    for (const [n, scope] of scopes.entries())
      for (const [fromMs, toMs, more] of [
        [firstMs, firstMs + 8 * dayMs, {}],
        [firstMs + 8 * dayMs, firstMs + 8 * dayMs + hourMs, { observedMs: 300_000 }],
        [
          firstMs + 9 * dayMs + 5 * quarterMs,
          lastMs,
          {
            counterWattHours: 11.5,
            integratedWattHours: 0,
            spreadWattHours: 7.25,
            spreadMs: 200_000,
            observedMs: 600_000,
          },
        ],
      ] as const)
        await energy.fill(
          'quarter',
          scope,
          fromMs,
          toMs,
          (atMs) => 50 + n * 10 + ((atMs / quarterMs) % 13),
          more,
        );
    const quarter = fc.integer({ min: -96, max: 20 * 96 }).map((q) => firstMs + q * quarterMs);
    const question = fc.record({
      range: fc
        .uniqueArray(quarter, { minLength: 2, maxLength: 2 })
        .map((ends) => ends.sort((a, b) => a - b)),
      by: fc.constantFrom('hour', 'day', 'week', 'month'),
      zone: fc.constantFrom('Europe/London', 'UTC', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/St_Johns'),
    });
    await fc.assert(
      fc.asyncProperty(question, async ({ range: [fromMs, toMs], by, zone }) => {
        const query = `scope=${scopes}&from=${fromMs}&to=${toMs}&by=${by}&timezone=${zone}&checks=false`;
        const plain = await energy.rows(`${query}&totals=true`);
        const summed = await energy.rows(`${query}&totals=false`);
        expect(rounded(summed)).toEqual(rounded(plain));
      }),
      { numRuns: 40, examples: [[{ range: [firstMs, lastMs], by: 'month', zone: 'UTC' }]] },
    );
  });

  it('is told of several scopes at once, in the order asked, each once', async () => {
    await energy.fill('quarter', 'rack:x', Date.UTC(2026, 8, 10), Date.UTC(2026, 8, 11), () => 10);
    await energy.fill('quarter', 'rack:a, b', Date.UTC(2026, 8, 10), Date.UTC(2026, 8, 11), () => 20);
    const time = 'from=2026-09-10T00:00Z&to=2026-09-11T00:00Z&by=day&timezone=UTC';
    const two = await energy.ask(`scope=${encodeURIComponent('rack:a, b')}&scope=rack:x,rack:x&${time}`);
    expect(two.rows.map(({ scope, wattHours }) => [scope, wattHours])).toEqual([
      ['rack:a, b', 480],
      ['rack:x', 240],
    ]);
    expect(two.totals!.map(({ scope }) => scope)).toEqual(['rack:a, b', 'rack:x']);
    const all = await energy.ask(`scope=rack:*&${time}&totals=false`);
    expect(all.rows.map(({ scope }) => scope).sort()).toEqual(['rack:a, b', 'rack:x']);
    expect(all.totals).toBeUndefined();
  });

  it('answers whatever is asked, or says what is wrong with it', async () => {
    const time = fc.oneof(
      fc.integer({ min: -10, max: Date.UTC(2230, 0) }).map(String),
      fc.constantFrom(
        '0',
        '1',
        '2026-03-29',
        '2026-10-25T01:30',
        '1970-01-01T00:00Z',
        'now',
        '',
        '1e12',
        '-1',
      ),
      fc.integer({ min: nowMs - 40 * dayMs, max: nowMs + dayMs }).map(String),
    );
    const question = fc.record(
      {
        scope: fc.constantFrom(
          'room',
          'server:*',
          '*',
          'rack:x,room',
          'nobody',
          ',',
          'server:',
          '%',
          'outlet:*',
        ),
        from: time,
        to: time,
        by: fc.constantFrom('hour', 'day', 'week', 'month', 'year', 'eon'),
        timezone: fc.constantFrom(
          'Pacific/Apia',
          'America/Caracas',
          'Africa/Monrovia',
          'UTC',
          '+05:30',
          'x',
          '../',
        ),
        totals: fc.constantFrom('true', 'false', 'maybe'),
      },
      { requiredKeys: ['scope'] },
    );
    await fc.assert(
      fc.asyncProperty(question, fc.boolean(), async (query, isCsv) => {
        const response = await energy.service.get(`/api/v1/energy?${new URLSearchParams(query)}`, {
          headers: { accept: isCsv ? 'text/csv' : 'application/json' },
        });
        const text = await response.text();
        expect([200, 400, 404]).toContain(response.status);
        if (response.status !== 200)
          expect(JSON.parse(text)).toMatchObject({ detail: expect.stringMatching(/./) });
        else if (!isCsv) {
          const { rows, fromMs, toMs } = JSON.parse(text) as EnergyAnswer;
          for (const row of rows) {
            expect(row.fromMs).toBeGreaterThanOrEqual(fromMs);
            expect(row.toMs).toBeLessThanOrEqual(toMs);
            expect(row.toMs).toBeGreaterThan(row.fromMs);
            expect(row.coverage).toBeGreaterThanOrEqual(0);
            expect(row.coverage).toBeLessThanOrEqual(1);
            if (row.coverage === 0) expect(row.wattHours).toBeNull();
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(energy.service.logged).toEqual([]);
  });
});

/** What adding in another order leaves is rounded off. */
function rounded(rows: readonly EnergyRow[]): unknown {
  return JSON.parse(JSON.stringify(rows), (_, value) =>
    typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value,
  );
}
