import { expect, it } from 'vitest';
import type { IdleEvent, StartEvent } from '../../src/model/event.ts';
import type { StartRecord } from '../../src/model/start.ts';
import type { Store } from '../../src/store/store.ts';
import { ToldEvents } from '../../src/told-events.ts';

const start = (id: string, complete: boolean) =>
  ({ id, scope: 'server:a', atMs: 5, complete }) as StartRecord;
const told = (id: string, complete: boolean): StartEvent => ({
  kind: 'start',
  scope: 'server:a',
  atMs: 5,
  start: start(id, complete),
});
const idle = (atMs: number): IdleEvent => ({
  kind: 'idle',
  scope: 'server:a',
  atMs,
  change: 'learnt',
  idleWatts: 5,
  sinceMs: 1,
});

it('what an earlier run has told is no news, unless there is more to say', async () => {
  const asked: unknown[] = [];
  const store = {
    starts: async (query: unknown) => {
      asked.push(query);
      return [start('half', false), start('whole', true)];
    },
    idleEvents: async () => [idle(7)],
  } as unknown as Store;
  const events = await ToldEvents.of(store, 20_000_000, 30_000_000);
  expect(asked).toEqual([{ fromMs: 9_200_000, toMs: 30_060_000, limit: 10_000 }]);
  expect(events.has(told('new', false))).toBe('not');
  expect(events.has(told('half', false))).toBe('so-far');
  expect(events.has(told('half', true))).toBe('not');
  expect(events.has(told('whole', false))).toBe('finally');
  expect(events.has(told('whole', true))).toBe('finally');
  expect(events.has(idle(7))).toBe('finally');
  expect(events.has(idle(8))).toBe('not');
});
