import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AgeClock } from '../../src/store/age-clock.ts';
import { Backlog } from '../../src/store/backlog.ts';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { HandClock } from '../base/hand-clock.ts';
import { points, writeReadings } from './contract.ts';
import { reading } from './made-readings.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Runs as a hand moves it, and is wrong by what somebody sets it to. */
class WrongClock extends HandClock {
  aheadMs = 0;
  override nowMs(): number {
    return super.nowMs() + this.aheadMs;
  }
}

let folder: string;
let clock: WrongClock;
const opened: { close(): Promise<void> }[] = [];
const open = async () => {
  const age = await AgeClock.open({ file: join(folder, 'rackwatt.age'), clock });
  opened.push(age);
  return age;
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-age-'));
  clock = new WrongClock();
});
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

it('follows the clock, also where it is set back, or forward by less than an hour', async () => {
  const age = await open();
  for (const aheadMs of [0, 50 * minuteMs, -3 * dayMs]) {
    clock.aheadMs = aheadMs;
    clock.advance(25 * minuteMs);
    expect(age.nowMs()).toBe(clock.nowMs());
  }
});

it('does not believe a leap until it has lasted a day, and goes on as if there had been none', async () => {
  const age = await open();
  const beganMs = clock.nowMs();
  clock.aheadMs = 400 * dayMs;
  for (let hour = 1; hour < 24; hour += 1) {
    clock.advance(hourMs);
    expect(age.nowMs() - beganMs).toBeLessThanOrEqual((hour + 2) * hourMs);
    expect(age.nowMs() - beganMs).toBeGreaterThanOrEqual(hour * hourMs);
  }
  clock.advance(hourMs);
  expect(age.nowMs()).toBe(clock.nowMs());
});

it('forgets a leap that was mended', async () => {
  const age = await open();
  clock.aheadMs = 400 * dayMs;
  clock.advance(20 * hourMs);
  clock.aheadMs = 0;
  clock.advance(20 * minuteMs);
  expect(age.nowMs()).toBe(clock.nowMs());
  clock.aheadMs = 400 * dayMs;
  clock.advance(20 * hourMs);
  expect(age.nowMs()).toBeLessThan(clock.nowMs() - 399 * dayMs);
});

it('remembers over a restart what it believes and for how long it has doubted', async () => {
  const first = await open();
  clock.aheadMs = 400 * dayMs;
  clock.advance(20 * hourMs);
  const believedMs = first.nowMs();
  await first.close();
  const second = await open();
  expect(second.nowMs()).toBe(believedMs);
  clock.advance(4 * hourMs);
  expect(second.nowMs()).toBe(clock.nowMs());
});

it.each(['', '{}', '{"believedMs":"x","ahead":0}', 'null'])(
  'believes its clock when its file says %j',
  async (text) => {
    writeFileSync(join(folder, 'rackwatt.age'), text);
    expect((await open()).nowMs()).toBe(clock.nowMs());
  },
);

it('keeps what a clock that leapt would delete from the store and let fall off the backlog', async () => {
  const age = await open();
  const store = new EmbeddedStore({
    path: folder,
    retention: { rawMs: 30 * dayMs, minuteMs: 400 * dayMs },
    clock,
    age,
  });
  const backlog = await Backlog.open({
    folder: join(folder, 'backlog'),
    storeKind: 'embedded',
    clock,
    age,
    ageMsMax: 30 * dayMs,
  });
  opened.push(store, backlog);
  await store.open();
  const beganMs = clock.nowMs();
  const readings = Array.from({ length: 5_000 }, (_, i) =>
    reading('pdu/1', beganMs - i * 1_000, { watts: i }),
  );
  await writeReadings(store, readings);
  const waiting = store.readingBatch();
  waiting.add(readings[0]!);
  await backlog.append([waiting.encode()]);
  const kept = async () =>
    points(await store.series({ outlet: 'pdu/1', quantity: 'watts', fromMs: 0, toMs: beganMs + 1 })).length;

  clock.aheadMs = 400 * dayMs;
  for (let looks = 0; looks < 6; looks += 1) {
    clock.advance(10 * minuteMs);
    await store.ping();
  }
  // What a meter with a right clock of its own has measured is no older than before.
  const { outcome } = await writeReadings(store, [reading('pdu/2', beganMs, { watts: 1 })]);
  expect(outcome.refused).toEqual({});
  expect(await kept()).toBe(5_000);
  expect(await backlog.peek(1_000)).toBeDefined();

  clock.advance(dayMs);
  await store.ping();
  clock.advance(10 * minuteMs);
  for (let looks = 0; looks < 200 && (await kept()) > 0; looks += 1);
  expect(await kept()).toBe(0);
  expect(await backlog.peek(1_000)).toBeUndefined();
  expect(backlog.status.droppedReadings).toBe(1);
});
