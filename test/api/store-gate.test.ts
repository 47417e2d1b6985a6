import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HistoryRequest } from '../../src/api/history.ts';
import { until } from '../base/until.ts';
import { ApiService, history } from './api-service.ts';

const service = new ApiService();
beforeAll(async () => void (await service.start()));
afterAll(() => service.stop());

/** A store whose answers are given by hand. */
class HeldStore {
  readonly answers: (() => void)[] = [];
  readonly signals: AbortSignal[] = [];
  asked = 0;
  underWay = 0;
  mostUnderWay = 0;

  constructor() {
    service.answerHistory = (request: HistoryRequest, signal: AbortSignal) => {
      this.asked += 1;
      this.underWay += 1;
      this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
      this.signals.push(signal);
      return new Promise((resolve) => {
        this.answers.push(() => {
          this.underWay -= 1;
          resolve(history(request));
        });
      });
    };
  }

  answerAll(): void {
    for (const answer of this.answers.splice(0)) answer();
  }
}

async function gate(): Promise<{ waiting: number; refused: number }> {
  const text = await (await service.get('/metrics')).text();
  const value = (name: string) =>
    Number(new RegExp(`^rackwatt_questions_${name} (.*)$`, 'm').exec(text)?.[1]);
  return { waiting: value('waiting'), refused: value('refused_total') };
}

it('few answers ask the store at a time, the others take their turn', async () => {
  const store = new HeldStore();
  const answers = Array.from({ length: 20 }, () => service.get('/api/v1/history?scope=room'));
  await expect.poll(async () => (await gate()).waiting).toBe(16);
  expect(store.underWay).toBe(4);
  const done = Promise.all(answers);
  await until(() => {
    store.answerAll();
    return store.asked === 20;
  }, 'all are asked');
  store.answerAll();
  expect((await done).map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(store.mostUnderWay).toBe(4);
});

it('an answer that would have to wait behind too many is refused, and says when to ask again', async () => {
  const store = new HeldStore();
  const answers = Array.from({ length: 4 + 64 }, () => service.get('/api/v1/history?scope=room'));
  await expect.poll(async () => (await gate()).waiting).toBe(64);
  const { refused } = await gate();
  const response = await service.get('/api/v1/history?scope=room');
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
  expect(await response.json()).toMatchObject({
    type: 'urn:rackwatt:problem:store-slow',
    detail: '64 questions wait for the store already; ask again later.',
  });
  expect((await gate()).refused).toBe(refused + 1);
  await until(() => {
    store.answerAll();
    return store.asked === 68;
  }, 'all are asked');
  store.answerAll();
  expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([200]));
});

it('the time an answer has counts for the whole of it, and waiting for a turn is part of it', async () => {
  const store = new HeldStore();
  const first = Array.from({ length: 4 }, () => service.get('/api/v1/history?scope=room'));
  await until(() => store.underWay === 4, 'four are under way');
  const waiting = service.get('/api/v1/history?scope=server:*');
  await expect.poll(async () => (await gate()).waiting).toBe(1);
  service.clock.advance(15_000);
  store.answerAll();
  await Promise.all(first);
  await until(() => store.underWay === 4, 'its turn has come');
  // Some scopes are answered: without the rest that is no answer.
  store.answers.splice(0, 3).forEach((answer) => {
    answer();
  });
  service.clock.advance(6_000);
  const response = await waiting;
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
  expect(store.signals.at(-1)!.aborted).toBe(true);
  store.answerAll();
});

it('a place is given back when the store lets go of the question, not when nobody waits for it any more', async () => {
  const store = new HeldStore();
  const late = Array.from({ length: 4 }, () => service.get('/api/v1/history?scope=room'));
  await until(() => store.underWay === 4, 'four are under way');
  service.clock.advance(20_000);
  for (const response of await Promise.all(late)) expect(response.status).toBe(503);
  const next = service.get('/api/v1/history?scope=room');
  await expect.poll(async () => (await gate()).waiting).toBe(1);
  expect(store.underWay).toBe(4);
  store.answerAll();
  await until(() => store.underWay === 1, 'the next is under way');
  store.answerAll();
  expect((await next).status).toBe(200);
});

it('what is still to be asked for somebody who has gone is not asked', async () => {
  const store = new HeldStore();
  const leaving = new AbortController();
  const options = { signal: leaving.signal };
  const answers = Array.from({ length: 6 }, () => service.get('/api/v1/history?scope=room', options));
  const ended = Promise.allSettled(answers);
  await expect.poll(async () => (await gate()).waiting).toBe(2);
  leaving.abort();
  await ended;
  await until(() => store.signals.every(({ aborted }) => aborted), 'the store is told');
  await expect.poll(async () => (await gate()).waiting).toBe(0);
  store.answerAll();
  expect(store.asked).toBe(4);
});

it('an answer that takes long to put together begins to flow, and its reader waits for no timeout', async () => {
  const store = new HeldStore();
  const asked = service.get('/api/v1/history?scope=*');
  await until(() => store.underWay === 4, 'the first four are under way');
  service.clock.advance(5_000);
  store.answerAll();
  const response = await asked;
  expect([response.status, response.headers.get('etag')]).toEqual([200, null]);
  // The room has more scopes than are asked for at once, so that the rest takes turns of its own.
  const text = response.text();
  await until(() => {
    store.answerAll();
    return store.asked === service.room.scopeCount;
  }, 'the rest has been asked for');
  store.answerAll();
  expect(JSON.parse(await text).series).toHaveLength(store.asked);
});

it('a store that answers nothing at all is given up within seconds, and asked no more until it is there again', async () => {
  const store = new HeldStore();
  let pings = 0;
  let answerPing = () => {};
  service.pingStore = () =>
    new Promise<void>((resolve) => {
      pings += 1;
      answerPing = resolve;
    });
  const asked = Array.from({ length: 6 }, () => service.get('/api/v1/history?scope=room'));
  await until(() => store.underWay === 4, 'four are under way');
  await expect.poll(async () => (await gate()).waiting).toBe(2);
  service.clock.advance(2_000);
  await until(() => pings === 1, 'the store is felt for');
  service.clock.advance(2_000);
  for (const response of await Promise.all(asked)) {
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
    expect(await response.json()).toMatchObject({
      type: 'urn:rackwatt:problem:store-away',
      detail: expect.stringContaining('has not answered even a ping within 2 s'),
    });
  }
  expect((await service.get('/api/v1/history?scope=room')).status).toBe(503);
  expect([store.asked, pings]).toEqual([4, 1]);
  answerPing();
  store.answerAll();
  service.pingStore = () => Promise.resolve();
  const next = service.get('/api/v1/history?scope=room');
  await until(() => store.asked === 5, 'it is asked again');
  store.answerAll();
  expect((await next).status).toBe(200);
});

it('a store that is only slow is waited for', async () => {
  const store = new HeldStore();
  const asked = service.get('/api/v1/history?scope=room');
  await until(() => store.underWay === 1, 'it is asked');
  for (let i = 0; i < 4; i += 1) {
    service.clock.advance(2_000);
    await new Promise(setImmediate);
  }
  store.answerAll();
  expect((await asked).status).toBe(200);
});
