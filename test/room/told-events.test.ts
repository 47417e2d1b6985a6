import { expect, it } from 'vitest';
import type { IdleEvent, StartEvent } from '../../src/model/event.ts';
import type { StartRecord } from '../../src/model/start.ts';
import { StartNames } from '../../src/start-names.ts';
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

it('a start that was told with another onset is the same start, and each is the like of one only', async () => {
  const stored = [
    { ...start('first', true), atMs: 100_000 },
    { ...start('second', false), atMs: 160_000 },
    { ...start('other', false), scope: 'server:b', atMs: 100_000 },
  ];
  const store = { starts: async () => stored, idleEvents: async () => [] } as unknown as Store;
  const told = () => ToldEvents.of(store, 20_000_000, 30_000_000);
  const found = (id: string, atMs: number) => ({ ...start(id, false), atMs, peakWatts: 300 });

  const events = await told();
  expect(events.startLike(found('a', 99_000))?.id).toBe('first');
  // Told again, it is still the same; what comes after it is another.
  expect(events.startLike(found('a', 99_000))?.id).toBe('first');
  expect(events.startLike(found('b', 101_000))?.id).toBe('second');
  expect(events.startLike(found('c', 159_000))).toBeUndefined();
  const others = await told();
  expect(others.startLike(found('second', 99_000))?.id).toBe('second');
  expect(others.startLike(found('d', 500_000))).toBeUndefined();
  // What was told before the checkpoint is not found again.
  expect((await told()).startLike(found('e', 130_000), { sinceMs: 155_000 })?.id).toBe('second');
  expect((await told()).startLike(found('e', 130_000), { sinceMs: 165_000 })).toBeUndefined();
  const before = await told();
  expect(before.startLike(found('e', 101_000), { endedBeforeMs: 130_000 })?.id).toBe('second');

  const names = new StartNames();
  names.same(found('a', 99_000), stored[0] as StartRecord);
  expect(names.of(found('a', 99_000))).toEqual({ ...found('first', 100_000) });
  const event = { kind: 'start', scope: 'server:a', atMs: 99_000, start: found('a', 99_000) } as StartEvent;
  expect(names.ofEvent(event)).toMatchObject({ atMs: 100_000, start: { id: 'first', peakWatts: 300 } });
  expect(names.ofEvent(idle(7))).toEqual(idle(7));
});
