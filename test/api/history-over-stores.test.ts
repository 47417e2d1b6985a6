import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askHistory, type HistoryQuestion } from '../../src/api/ask-history.ts';
import type { HistoryAnswer } from '../../src/api/shapes.ts';
import type { Reading } from '../../src/model/reading.ts';
import { type RollUpTier, tierStepMs } from '../../src/model/roll-up.ts';
import type { Store } from '../../src/store/store.ts';
import { reading, rollUp } from '../store/made-readings.ts';
import { bothStores, type MadeStore } from './both-stores.ts';

const secondMs = 1_000;
const minuteMs = 60_000;
const quarterMs = 900_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nowMs = Date.UTC(2026, 10, 20, 10, 7, 30);
const retention = { rawMs: 30 * dayMs, minuteMs: 400 * dayMs };

describe.each(bothStores)('history over %s', (_kind, make) => {
  let made: MadeStore;
  let store: Store;
  beforeAll(async () => {
    made = await make();
    store = made.store;
  });
  afterAll(async () => {
    await made?.dispose();
  });

  const ask = (question: Partial<HistoryQuestion>) =>
    askHistory(store, {
      scope: 'room',
      quantity: 'watts',
      fromMs: nowMs - hourMs,
      toMs: nowMs,
      points: 600,
      outlet: undefined,
      nowMs,
      openMinute: undefined,
      retention,
      ...question,
    });

  async function fill(
    tier: RollUpTier,
    scope: string,
    fromMs: number,
    toMs: number,
    watts: (atMs: number) => readonly [mean: number, min: number, max: number],
  ): Promise<void> {
    const stepMs = tierStepMs[tier];
    const count = Math.ceil((toMs - fromMs) / stepMs);
    const rows = Array.from({ length: count }, (_, i) => {
      const atMs = fromMs + i * stepMs;
      return rollUp(scope, atMs, stepMs, ...watts(atMs));
    });
    await store.write(store.encodeRollUps(tier, rows));
  }

  async function tell(
    outlet: string,
    fromMs: number,
    toMs: number,
    everyMs: number,
    values: (atMs: number) => Partial<Reading>,
  ): Promise<void> {
    const batch = store.readingBatch();
    for (let atMs = fromMs; atMs < toMs; atMs += everyMs) batch.add(reading(outlet, atMs, values(atMs)));
    await store.write(batch.encode());
  }

  const known = (column: readonly (number | null)[]) => column.filter((value) => value !== null);
  const steps = ({ atMs }: HistoryAnswer) => new Set(atMs.slice(1).map((at, i) => at - atMs[i]!));

  it('joins raw readings to the minutes and quarters before them, without a hole and with every peak', async () => {
    const outlet = 'joined/0';
    const scope = `outlet:${outlet}`;
    const rawMs = nowMs - 20 * minuteMs - 17 * secondMs;
    const minutesMs = Date.UTC(2026, 10, 20, 9, 30);
    await tell(outlet, rawMs, nowMs, 5 * secondMs, (atMs) => ({
      watts: atMs === rawMs + 300_000 ? 777 : 100,
    }));
    await fill('minute', scope, minutesMs, nowMs, (atMs) => [
      100,
      90,
      atMs === minutesMs + 5 * minuteMs ? 555 : 100,
    ]);
    await fill('quarter', scope, minutesMs - 2 * hourMs, nowMs, (atMs) => [
      100,
      80,
      atMs === minutesMs - hourMs ? 333 : 100,
    ]);
    const answer = await ask({ scope, outlet, fromMs: minutesMs - 90 * minuteMs, points: 1000 });
    expect(answer).toMatchObject({ tier: 'quarter', stepMs: 10_000 });
    expect(answer.tiers.map(({ tier }) => tier)).toEqual(['quarter', 'minute', 'raw']);
    for (const [i, { fromMs }] of answer.tiers.slice(1).entries()) expect(answer.tiers[i]!.toMs).toBe(fromMs);
    expect(steps(answer)).toEqual(new Set([10_000]));
    expect(answer.mean.indexOf(null)).toBe(-1);
    expect(Math.max(...known(answer.max.slice(-125)))).toBe(777);
    for (const peak of [777, 555, 333]) expect(answer.max).toContain(peak);
    expect(answer.min).toContain(80);
    expect(answer.min).toContain(90);
  });

  it('stays as fine as it can where nothing older is known', async () => {
    const outlet = 'young/0';
    await tell(outlet, nowMs - 10 * minuteMs, nowMs, 5 * secondMs, () => ({ watts: 50 }));
    await fill('minute', `outlet:${outlet}`, Date.UTC(2026, 10, 20, 9, 58), nowMs, () => [50, 50, 50]);
    const answer = await ask({ scope: `outlet:${outlet}`, outlet, fromMs: nowMs - 50 * minuteMs });
    expect(answer.tiers.map(({ tier }) => tier)).toEqual(['raw']);
    expect(answer.mean[0]).toBeNull();
    expect(answer.mean.at(-1)).toBe(50);
  });

  it('takes the newest quarters from minutes, and the minute under way from the room', async () => {
    const scope = 'rack:newest';
    const tenMs = Date.UTC(2026, 10, 20, 10);
    await fill('quarter', scope, tenMs - 10 * dayMs, tenMs - quarterMs, () => [200, 200, 200]);
    await fill('minute', scope, tenMs - hourMs, tenMs + 7 * minuteMs, () => [300, 300, 400]);
    // Of before a stop: less than its minutes tell.
    const cut = {
      ...rollUp(scope, tenMs - quarterMs, quarterMs, 5, 5, 5),
      observedMs: 1000,
      wattHours: 0.01,
    };
    await store.write(store.encodeRollUps('quarter', [cut]));
    const openMinute = rollUp(scope, tenMs + 7 * minuteMs, minuteMs, 900, 900, 900);
    const answer = await ask({ scope, fromMs: tenMs - 9 * dayMs, points: 900, openMinute });
    expect(answer).toMatchObject({ tier: 'quarter', stepMs: quarterMs });
    expect(answer.mean.at(-3)).toBe(200);
    expect(answer.mean.at(-2)).toBe(300);
    expect(answer.max.at(-1)).toBe(900);
    expect(answer.mean.indexOf(null)).toBe(-1);
    const wide = await ask({ scope, fromMs: tenMs - 9 * dayMs, points: 10, openMinute });
    expect([Math.min(...known(wide.min)), Math.max(...known(wide.max))]).toEqual([200, 900]);
  });

  it('goes on to quarters where minutes are not kept any more', async () => {
    const scope = 'rack:years';
    const oldMs = nowMs - 400 * dayMs;
    const minutesMs = Math.floor(oldMs / hourMs) * hourMs;
    await fill('quarter', scope, minutesMs - 2 * dayMs, minutesMs + 2 * dayMs, () => [10, 5, 20]);
    await fill('minute', scope, minutesMs, minutesMs + 2 * dayMs, () => [10, 7, 15]);
    const fromMs = minutesMs - dayMs;
    const answer = await ask({ scope, fromMs, toMs: minutesMs + dayMs, points: 5000 });
    expect(answer.tiers).toEqual([
      { tier: 'quarter', fromMs, toMs: minutesMs },
      { tier: 'minute', fromMs: minutesMs, toMs: minutesMs + dayMs },
    ]);
    expect(answer.stepMs).toBe(minuteMs);
    expect(new Set(answer.mean)).toEqual(new Set([10]));
    expect([answer.max[0], answer.max.at(-1)]).toEqual([20, 15]);
    const ancient = await ask({ scope, fromMs, toMs: minutesMs - hourMs, points: 5000 });
    expect(ancient).toMatchObject({ tier: 'quarter', stepMs: quarterMs });
  });

  it('adds up what roll-ups do not keep, from the outlets that tell it', async () => {
    const outlets = ['sum-a/1', 'sum-b/1', 'sum-c/1'];
    const fromMs = nowMs - 30 * minuteMs;
    await tell(outlets[0]!, fromMs - minuteMs, nowMs, 10 * secondMs, () => ({ amps: 1.5, volts: 230 }));
    await tell(outlets[1]!, fromMs - minuteMs, nowMs, 7 * secondMs, (atMs) => ({
      amps: atMs < nowMs - 10 * minuteMs ? 2 : 3,
      volts: 234,
    }));
    await tell(outlets[2]!, fromMs - minuteMs, nowMs, 10 * secondMs, () => ({ watts: 5 }));
    const several = { scope: 'server:sum', outlets: () => outlets, fromMs, points: 30 };
    const amps = await ask({ ...several, quantity: 'amps' });
    expect(amps).toMatchObject({ tier: 'raw', outlets: { all: 3, told: 2 } });
    expect([amps.mean[5], amps.mean.at(-1)]).toEqual([3.5, 4.5]);
    expect(Math.max(...known(amps.max))).toBe(4.5);
    const volts = await ask({ ...several, quantity: 'volts' });
    expect(new Set(volts.mean)).toEqual(new Set([232]));
    const alone = await ask({ ...several, quantity: 'volts', outlet: 'sum-a/1' });
    expect(new Set(alone.mean)).toEqual(new Set([230]));
    expect(alone.outlets).toBeUndefined();
  });

  it('says what would be right where it cannot', async () => {
    const outlets = () => Array.from({ length: 400 }, (_, i) => `many/${i}`);
    const several = { scope: 'feed:A', outlets, fromMs: nowMs - dayMs };
    await expect(ask({ ...several, quantity: 'amps' })).rejects.toMatchObject({
      code: 'too-much',
      message: expect.stringMatching(/400 outlets: ask for at most 18 hours, or for a smaller scope/),
    });
    await expect(ask({ ...several, quantity: 'powerFactor' })).rejects.toThrow(/ask scope=outlet:<device>/);
    await expect(ask({ ...several, quantity: 'wattHoursTotal' })).rejects.toThrow(
      /ask GET \/api\/v1\/energy/,
    );
    const past = {
      quantity: 'volts',
      outlet: 'old/0',
      fromMs: nowMs - 50 * dayMs,
      toMs: nowMs - 40 * dayMs,
    } as const;
    await expect(ask(past)).rejects.toThrow(/volts is kept for 30 days \(store\.retention\.raw\)/);
  });
});
