import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Backlog, type BacklogOptions } from '../../src/store/backlog.ts';
import { Recorder, type RecorderLimits } from '../../src/store/recorder.ts';
import { StoreError } from '../../src/store/store.ts';
import { HandClock } from '../base/hand-clock.ts';
import { until } from '../base/until.ts';
import { HandStore } from './hand-store.ts';
import { announcedStart, completeStart, idleEvent, idleVerdict, startEvent } from './made-events.ts';
import { reading, rollUp } from './made-readings.ts';

const unreachable = new StoreError('unreachable', 'nobody there');
const busy = new StoreError('busy', 'come again');
const minuteMs = 60_000;

let folder: string;
let clock: HandClock;
let store: HandStore;
let backlog: Backlog;
let recorder: Recorder;
let durable: number[];
let atMs: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rackwatt-recorder-'));
  clock = new HandClock();
  store = new HandStore();
  durable = [];
  atMs = clock.nowMs();
});
afterEach(async () => {
  for (const held of [...store.held]) held.take();
  await turns();
  await backlog.close();
  await rm(folder, { recursive: true, force: true });
});

describe('batches', () => {
  it('go out at once when nothing is under way, and carry all that one turn has brought', async () => {
    await startRecorder();
    hand(3);
    recorder.mark(1);
    expect(store.held).toHaveLength(0);
    await turns();
    expect(store.held.map((held) => held.write.count)).toEqual([3]);
    expect(durable).toEqual([]);
    expect(recorder.status).toMatchObject({ queuedReadings: 3, inFlight: 1, written: 0 });
    store.held[0]!.take();
    await turns();
    expect(durable).toEqual([1]);
    expect(recorder.status).toMatchObject({ queuedReadings: 0, inFlight: 0, written: 3 });
  });

  it('collect for 20 ms while one is under way', async () => {
    await startRecorder();
    hand(1);
    await turns();
    for (let i = 0; i < 5; i += 1) {
      hand(2);
      await turns();
      clock.advance(3);
    }
    await turns();
    expect(store.held).toHaveLength(1);
    clock.advance(5);
    await turns();
    expect(store.held.map((held) => held.write.count)).toEqual([1, 10]);
  });

  it('do not collect longer than the one under way takes', async () => {
    await startRecorder();
    hand(1);
    await turns();
    hand(4);
    await turns();
    store.held[0]!.take();
    await turns();
    expect(store.held.map((held) => held.write.count)).toEqual([4]);
  });

  it('are at most two under way; what comes meanwhile becomes one', async () => {
    await startRecorder();
    for (let i = 0; i < 20; i += 1) {
      hand(10);
      await turns();
      clock.advance(25);
      await turns();
    }
    expect(store.held.map((held) => held.write.count)).toEqual([10, 10]);
    store.held[0]!.take();
    await turns();
    expect(store.held.map((held) => held.write.count)).toEqual([10, 180]);
  });

  it('are no larger than 5,000 readings', async () => {
    await startRecorder();
    hand(12_345);
    recorder.mark(7);
    await turns();
    const counts: number[] = [];
    while (store.held.length > 0) {
      expect(store.held.length).toBeLessThanOrEqual(2);
      expect(durable).toEqual([]);
      counts.push(store.held[0]!.write.count);
      store.held[0]!.take();
      clock.advance(20);
      await turns();
    }
    expect(counts).toEqual([5000, 5000, 2345]);
    expect(durable).toEqual([7]);
  });

  it('are collected for a while when readings come in crowds, however idle the store is', async () => {
    await startRecorder();
    hand(100);
    recorder.mark(1);
    await turns();
    store.held[0]!.take();
    hand(30);
    recorder.mark(2);
    await turns();
    expect(store.held).toHaveLength(0);
    hand(20);
    recorder.mark(3);
    clock.advance(20);
    await turns();
    expect(store.held.map(({ write }) => write.count)).toEqual([50]);
  });

  it('hold roll-ups apart from readings, and both belong to the mark', async () => {
    await startRecorder();
    hand(2);
    recorder.recordRollUps('minute', [rollUp('room', 0, minuteMs, 1, 1, 1)]);
    recorder.recordRollUps('quarter', [rollUp('room', 0, 15 * minuteMs, 1, 1, 1)]);
    recorder.mark(3);
    await turns();
    expect(store.held.map((held) => held.write.tier)).toEqual(['raw', 'minute']);
    store.held[1]!.take();
    await turns();
    store.held[0]!.take();
    await turns();
    expect(durable).toEqual([]);
    expect(store.held.map((held) => held.write.tier)).toEqual(['quarter']);
    store.held[0]!.take();
    await turns();
    expect(durable).toEqual([3]);
  });

  it('leave out retained readings, whose message is done at once', async () => {
    await startRecorder();
    recorder.record(reading('pdu/1', atMs, { watts: 1, retained: true }));
    recorder.mark(4);
    expect(durable).toEqual([4]);
    await turns();
    expect(store.held).toEqual([]);
  });
});

describe('events', () => {
  const announced = announcedStart('server:hv-01', 1_700_000_000_000);
  const complete = completeStart(announced);

  it('go their way beside readings, without what devices do, and belong to the mark', async () => {
    await startRecorder();
    hand(1);
    recorder.recordEvents([
      startEvent(announced),
      { kind: 'device', scope: 'device:a', atMs, change: 'found' },
      idleEvent('server:hv-01', atMs),
    ]);
    recorder.recordIdle([idleVerdict('server:hv-01'), idleVerdict('server:hv-02')], atMs);
    recorder.mark(1);
    expect(recorder.status.queuedReadings).toBe(5);
    await turns();
    expect(store.held.map(({ write }) => [write.tier, write.count])).toEqual([
      ['raw', 1],
      ['events', 2],
    ]);
    store.held[0]!.take();
    store.held[0]!.take();
    await turns();
    expect(store.held.map(({ write }) => [write.tier, write.count])).toEqual([['events', 2]]);
    expect(durable).toEqual([]);
    store.held[0]!.take();
    await turns();
    expect(durable).toEqual([1]);
    expect(recorder.status).toMatchObject({ written: 5, queuedReadings: 0 });
  });

  it('never overtake each other: one write of them at a time, readings pass by', async () => {
    await startRecorder();
    recorder.recordEvents([startEvent(announced)]);
    await turns();
    recorder.recordEvents([startEvent(complete)]);
    await turns();
    clock.advance(20);
    await turns();
    expect(store.held.map(({ lines }) => statesIn(lines))).toEqual([['announced']]);
    hand(1);
    await turns();
    clock.advance(20);
    await turns();
    expect(store.held.map(({ write }) => write.tier)).toEqual(['events', 'raw']);
    store.held[0]!.take();
    await turns();
    expect(statesIn(store.held.at(-1)!.lines)).toEqual(['complete']);
  });

  it('of an outage reach the store in order, though it is back before all of it is replayed', async () => {
    await startRecorder();
    store.problem = unreachable;
    hand(1);
    recorder.recordEvents([startEvent(announced)]);
    recorder.mark(1);
    await turns();
    while (store.held.length > 0) {
      store.held[0]!.refuse(unreachable);
      await turns();
    }
    await until(() => durable.at(-1) === 1, 'durable in the backlog');
    store.problem = undefined;
    clock.advance(1000);
    await until(() => store.held.length === 1, 'the replay of the reading');
    // The store is there again and the start is completed, but its announcement still waits in the backlog.
    recorder.recordEvents([startEvent(complete)]);
    hand(1);
    recorder.mark(2);
    await until(() => durable.at(-1) === 1 && store.held.some(({ write }) => write.tier === 'raw'), 'live');
    const written: string[] = [];
    await goOnUntil(async () => {
      for (const held of [...store.held]) {
        if (held.write.tier === 'events') written.push(...statesIn(held.lines));
        held.take();
      }
      clock.advance(50);
      await settle();
      return recorder.status.backlog.readings === 0 && recorder.status.queuedReadings === 0;
    }, 'all written');
    expect(written).toEqual(['announced', 'complete']);
    expect(durable.at(-1)).toBe(2);
  });

  it('do not go to the backlog before one that is still under way to the store', async () => {
    await startRecorder();
    recorder.recordEvents([startEvent(announced)]);
    await turns();
    hand(1);
    await turns();
    clock.advance(20);
    await turns();
    store.problem = unreachable;
    store.held[1]!.refuse(unreachable);
    await until(() => recorder.status.backlog.readings === 1, 'the reading in the backlog');
    recorder.recordEvents([startEvent(complete)]);
    await settle();
    expect(recorder.status.backlog.readings).toBe(1);
    store.held[0]!.refuse(unreachable);
    await until(() => recorder.status.backlog.readings === 3, 'both in the backlog');
    store.problem = undefined;
    clock.advance(1000);
    await until(() => store.held.length === 1, 'the replay');
    store.held[0]!.take();
    await settle();
    clock.advance(1000);
    await until(() => store.held.length === 1, 'the replay of the events');
    expect(statesIn(store.held[0]!.lines)).toEqual(['announced', 'complete']);
  });

  it('of a process before reach the store before those of this one', async () => {
    store.problem = unreachable;
    await startRecorder();
    recorder.recordEvents([startEvent(announced)]);
    recorder.mark(1);
    await until(() => durable.at(-1) === 1, 'durable in the backlog');
    await recorder.stop(0);
    await backlog.close();

    store.problem = undefined;
    await startRecorder();
    recorder.recordEvents([startEvent(complete)]);
    const written: string[] = [];
    await goOnUntil(async () => {
      for (const held of [...store.held]) {
        written.push(...statesIn(held.lines));
        held.take();
      }
      clock.advance(50);
      await settle();
      return written.includes('complete');
    }, 'the completed start');
    expect(written).toEqual(['announced', 'complete']);
  });

  it('are in order whatever the store does and whenever', async () => {
    const moves = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.constant('event' as const) },
        { weight: 2, arbitrary: fc.constantFrom('take' as const, 'wait' as const) },
        fc.constantFrom('reading', 'take last', 'refuse', 'refuse last', 'away', 'back', 'long wait'),
      ),
      { minLength: 10, maxLength: 50 },
    );
    await fc.assert(
      fc
        .asyncProperty(moves, async (steps) => {
          await startRecorder();
          let events = 0;
          let last = -1;
          const take = (held = store.held[0]) => {
            for (const line of held?.lines ?? []) {
              const number = Number(/changed_to_watts=(\d+)/.exec(line)?.[1] ?? Number.NaN);
              // Written again is harmless as long as the newest is written last.
              if (!Number.isNaN(number)) last = number;
            }
            held?.take();
          };
          for (const step of steps) {
            if (step === 'event') {
              events += 1;
              recorder.recordEvents([idleEvent('server:a', atMs, { idleWatts: events })]);
            } else if (step === 'reading') hand(1);
            else if (step === 'take') take();
            else if (step === 'take last') take(store.held.at(-1));
            else if (step === 'refuse') store.held[0]?.refuse(busy);
            else if (step === 'refuse last') store.held.at(-1)?.refuse(busy);
            else if (step === 'away') store.problem = unreachable;
            else if (step === 'back') store.problem = undefined;
            else clock.advance(step === 'wait' ? 50 : 2000);
            await settle();
          }
          store.problem = undefined;
          await goOnUntil(async () => {
            while (store.held.length > 0) take();
            clock.advance(500);
            await settle();
            const { queuedReadings, inFlight, backlog } = recorder.status;
            return queuedReadings === 0 && inFlight === 0 && backlog.readings === 0;
          }, 'all written');
          expect(last).toBe(events === 0 ? -1 : events);
          expect(recorder.status.dropped).toBe(0);
        })
        .afterEach(async () => {
          for (const held of [...store.held]) held.take();
          await recorder.stop(0);
          await backlog.close();
          await rm(folder, { recursive: true, force: true });
        }),
      { numRuns: 80 },
    );
  });

  it('that the store refuses for good are counted and hold up nothing', async () => {
    await startRecorder();
    recorder.recordEvents([startEvent(announced)]);
    recorder.mark(1);
    await turns();
    store.held[0]!.refuse(new StoreError('refused', 'not this'));
    await turns();
    expect(durable).toEqual([1]);
    expect(recorder.status).toMatchObject({ refused: { refused: 1 }, dropped: 0 });
    recorder.recordEvents([startEvent(complete)]);
    await turns();
    expect(store.held).toHaveLength(1);
  });

  it('go straight to the store while the backlog holds something and takes nothing', async () => {
    await startWithBacklog(1, 3);
    await until(() => store.held.length === 1, 'the replay');
    await breakBacklog();
    recorder.recordEvents([startEvent(announced)]);
    recorder.mark(2);
    await until(() => {
      clock.advance(100);
      return store.held.some(({ write }) => write.tier === 'events') || durable.at(-1) === 2;
    }, 'the event at the store');
  });
});

describe('the message number', () => {
  it('is reported in order, however the writes end', async () => {
    await startRecorder();
    hand(1);
    recorder.mark(1);
    await turns();
    hand(1);
    recorder.mark(2);
    await turns();
    clock.advance(20);
    await turns();
    hand(1);
    recorder.mark(3);
    expect(store.held).toHaveLength(2);
    store.held[1]!.take();
    await turns();
    clock.advance(20);
    await turns();
    store.held[1]!.take();
    await turns();
    expect(durable).toEqual([]);
    store.held[0]!.take();
    await turns();
    expect(durable).toEqual([3]);
  });

  it('of a message without readings waits for those before it', async () => {
    await startRecorder();
    recorder.mark(1);
    expect(durable).toEqual([1]);
    hand(1);
    await turns();
    recorder.mark(2);
    recorder.mark(3);
    expect(durable).toEqual([1]);
    store.held[0]!.take();
    await turns();
    expect(durable).toEqual([1, 3]);
  });

  it('of a message whose readings were cut into two batches waits for both', async () => {
    await startRecorder({ batchMax: 10 });
    hand(15);
    recorder.mark(9);
    await turns();
    expect(store.held.map((held) => held.write.count)).toEqual([10, 5]);
    store.held[0]!.take();
    await turns();
    expect(durable).toEqual([]);
    store.held[0]!.take();
    await turns();
    expect(durable).toEqual([9]);
  });
});

describe('a store that is away', () => {
  it('at start: readings are durable in the backlog, and go to the store when it has come', async () => {
    store.problem = unreachable;
    await startRecorder();
    hand(3);
    recorder.mark(1);
    await until(() => durable.length === 1, 'durable in the backlog');
    expect(recorder.status).toMatchObject({
      storeOk: false,
      problem: 'nobody there',
      queuedReadings: 0,
      backlog: { readings: 3, oldestAtMs: clock.nowMs() },
    });
    store.problem = undefined;
    clock.advance(250);
    await until(() => store.held.length === 1, 'replay');
    expect(store.held[0]!.lines).toHaveLength(3);
    expect(recorder.status.storeOk).toBe(false);
    store.held[0]!.take();
    await until(() => recorder.status.backlog.readings === 0, 'the backlog to be empty');
    expect(recorder.status).toMatchObject({ storeOk: true, written: 3 });
    expect(recorder.status.problem).toBeUndefined();
  });

  it('is asked for with growing, capped waits, and opened only once', async () => {
    store.problem = unreachable;
    await startRecorder();
    const opensAfter: number[] = [];
    for (let second = 1; second <= 120; second += 1) {
      for (let part = 0; part < 10; part += 1) {
        clock.advance(100);
        await turns(2);
      }
      opensAfter.push(store.opens);
    }
    expect(opensAfter[1]).toBeGreaterThanOrEqual(3);
    expect(opensAfter[119]).toBeLessThanOrEqual(14);
    expect(opensAfter[119]! - opensAfter[59]!).toBeGreaterThanOrEqual(2);
    store.problem = undefined;
    clock.advance(30_000);
    await turns();
    expect(recorder.status.storeOk).toBe(true);
    const { opens } = store;
    hand(1);
    await turns();
    store.held[0]!.refuse(unreachable);
    await turns();
    clock.advance(1000);
    await turns();
    expect(store.opens).toBe(opens);
    expect(store.pings).toBe(1);
  });

  it('in the middle of it: the failed batch and all that come go to the backlog, in order', async () => {
    await startRecorder();
    hand(2);
    recorder.mark(1);
    await turns();
    store.problem = unreachable;
    store.held[0]!.refuse(unreachable);
    await until(() => durable.at(-1) === 1, 'the failed batch in the backlog');
    hand(3);
    recorder.mark(2);
    await until(() => durable.at(-1) === 2, 'the next batch in the backlog');
    expect(recorder.status.backlog.readings).toBe(5);
    store.problem = undefined;
    clock.advance(1000);
    await until(() => store.held.length === 1, 'replay');
    expect(wattsIn(store.held[0]!.lines)).toEqual([1, 2, 3, 4, 5]);
  });

  it.each(['unauthorised', 'forbidden', 'corrupt', 'full'] as const)(
    'because it is %s: the problem is shown and it is asked for slowly',
    async (code) => {
      store.problem = new StoreError(code, `it is ${code}: do this`);
      await startRecorder();
      expect(recorder.status).toMatchObject({ storeOk: false, problem: `it is ${code}: do this` });
      clock.advance(4000);
      await turns();
      expect(store.opens).toBe(1);
      hand(1);
      recorder.mark(1);
      await until(() => durable.length === 1, 'durable in the backlog');
      clock.advance(2000);
      await turns();
      expect(store.opens).toBe(2);
    },
  );

  it('because something is missing: it is opened again', async () => {
    await startRecorder();
    hand(1);
    await turns();
    store.held[0]!.refuse(new StoreError('missing', 'no database'));
    await turns();
    expect(store.opens).toBe(1);
    clock.advance(300);
    await turns();
    expect(store.opens).toBe(2);
  });

  it('is not called well by an answer to ping alone while writes fail', async () => {
    await startRecorder();
    hand(1);
    await turns();
    store.held[0]!.refuse(new StoreError('full', 'disk full'));
    await until(() => recorder.status.backlog.readings === 1, 'backlog');
    for (let i = 0; i < 5; i += 1) {
      clock.advance(30_000);
      await until(() => store.held.length === 1, 'another attempt');
      expect(recorder.status).toMatchObject({ storeOk: false, problem: 'disk full' });
      store.held[0]!.refuse(new StoreError('full', 'disk full'));
      await turns();
    }
    expect(recorder.status.backlog.readings).toBe(1);
  });
});

describe('a store that is slow', () => {
  it('has batches put into the backlog too after a second, so that acknowledgements go on', async () => {
    await startRecorder();
    hand(1);
    recorder.mark(1);
    await turns();
    clock.advance(20);
    hand(1);
    recorder.mark(2);
    await turns();
    clock.advance(900);
    await turns();
    hand(1);
    recorder.mark(3);
    await turns();
    expect(durable).toEqual([]);
    clock.advance(250);
    await until(() => durable.at(-1) === 2, 'the first two in the backlog');
    expect(recorder.status).toMatchObject({
      inFlight: 2,
      storeOk: false,
      problem: expect.stringContaining('slow'),
    });
    clock.advance(1000);
    await until(() => durable.at(-1) === 3, 'the third in the backlog');
    expect(recorder.status).toMatchObject({ queuedReadings: 0, backlog: { readings: 3 } });
    store.held[0]!.take();
    await turns();
    expect(recorder.status.storeOk).toBe(true);
  });

  it('has the oldest put into the backlog when memory is full', async () => {
    await startRecorder({ memoryReadingsMax: 100, batchMax: 30 });
    hand(180);
    recorder.mark(1);
    await until(() => recorder.status.queuedReadings <= 120, 'the oldest in the backlog');
    expect(recorder.status.backlog.readings).toBeGreaterThanOrEqual(60);
    expect(recorder.status.dropped).toBe(0);
    expect(durable).toEqual([]);
  });

  it('is not called slow while it answers, however much there is to write', async () => {
    await startRecorder({ batchMax: 10 });
    hand(300);
    recorder.mark(1);
    await turns();
    for (let i = 0; i < 8; i += 1) {
      clock.advance(250);
      for (const held of [...store.held]) held.take();
      await settle();
      expect(recorder.status.storeOk).toBe(true);
    }
    expect(durable).toEqual([1]);
    expect(recorder.status).toMatchObject({ queuedReadings: 0, dropped: 0 });
    expect(recorder.status.written + recorder.status.backlog.readings).toBeGreaterThanOrEqual(300);
  });

  it('takes the roll-ups of a large room at once: nothing is lost, and no write is too large', async () => {
    await startRecorder();
    for (let i = 0; i < 250_000; i += 1) {
      recorder.recordRollUps('minute', [rollUp(`outlet:${i}`, 0, minuteMs, 1, 1, 1)]);
      recorder.recordRollUps('quarter', [rollUp(`outlet:${i}`, 0, 15 * minuteMs, 1, 1, 1)]);
    }
    recorder.mark(1);
    await turns();
    while (durable.length === 0) {
      for (const held of [...store.held]) {
        expect(held.write.count).toBeLessThanOrEqual(5000);
        held.take();
      }
      await turns(1);
      if (store.held.length === 0) clock.advance(20);
    }
    expect(recorder.status).toMatchObject({ written: 500_000, dropped: 0, backlog: { readings: 0 } });
  });

  it('loses the oldest, counted, only when the backlog takes nothing either', async () => {
    await startRecorder({ memoryReadingsMax: 100, batchMax: 10 });
    await breakBacklog();
    store.problem = unreachable;
    hand(10);
    recorder.mark(1);
    await turns();
    store.held[0]!.refuse(unreachable);
    await until(() => recorder.status.problem !== undefined, 'a problem');
    hand(200);
    recorder.mark(2);
    await until(() => recorder.status.queuedReadings <= 110, 'readings lost');
    expect(recorder.status.dropped + recorder.status.queuedReadings).toBe(210);
    expect(durable.at(-1)).not.toBe(2);
  });

  it('acknowledges nothing that was lost, and has it brought again when there is room', async () => {
    await startRecorder({ memoryReadingsMax: 100, batchMax: 10 });
    await breakBacklog();
    store.problem = unreachable;
    hand(10);
    recorder.mark(1);
    await turns();
    store.held[0]!.refuse(unreachable);
    await until(() => recorder.status.problem !== undefined, 'a problem');
    hand(200);
    recorder.mark(2);
    await until(() => recorder.status.dropped > 0, 'readings lost');
    hand(10);
    recorder.mark(3);
    // Roll-ups bring no message: they are no reason to wait for any.
    expect(broughtAgain).toBe(0);
    store.problem = undefined;
    await mkdir(folder, { recursive: true });
    for (let i = 0; i < 40 && recorder.status.queuedReadings > 0; i += 1) {
      clock.advance(30_000);
      await settle();
      for (const held of [...store.held]) held.take();
      await settle();
    }
    await until(() => broughtAgain > 0, 'what was lost is asked for');
    expect(broughtAgain).toBe(1);
    expect(durable).toEqual([]);

    // What comes from then on is acknowledged as ever.
    hand(5);
    recorder.mark(lastSequence + 1);
    await turns();
    for (let i = 0; i < 10 && durable.length === 0; i += 1) {
      clock.advance(250);
      await settle();
      for (const held of [...store.held]) held.take();
      await settle();
    }
    expect(durable).toEqual([lastSequence + 1]);
    expect(broughtAgain).toBe(1);
  });
});

describe('the backlog', () => {
  it('is brought beside live traffic, which keeps at least half of the store', async () => {
    await startWithBacklog(4, 10_000);
    const tiers: string[] = [];
    for (let i = 0; i < 40 && recorder.status.backlog.readings > 0; i += 1) {
      hand(1);
      await turns();
      clock.advance(30);
      await until(() => store.held.length > 0, 'a write');
      expect(store.held.length).toBeLessThanOrEqual(2);
      for (const held of [...store.held]) {
        tiers.push(wattsIn(held.lines)[0]! > 40_000 ? 'live' : 'replay');
        held.take();
      }
      await until(() => recorder.status.inFlight === store.held.length, 'the backlog to move on');
    }
    expect(recorder.status.backlog.readings).toBe(0);
    const replays = tiers.filter((tier) => tier === 'replay').length;
    expect(replays).toBeGreaterThan(0);
    expect(tiers.length - replays).toBeGreaterThanOrEqual(replays);
  });

  it('comes in order of age and is joined to larger writes', async () => {
    await startWithBacklog(20, 5);
    const got: number[] = [];
    while (recorder.status.backlog.readings > 0) {
      await until(() => store.held.length === 1, 'replay');
      got.push(...wattsIn(store.held[0]!.lines));
      store.held[0]!.take();
      await settle();
      clock.advance(100);
      await settle();
    }
    expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('is not stuck on a record that the store stumbles on while it takes all others', async () => {
    await startWithBacklog(3, 2);
    let refusals = 0;
    const got: string[] = [];
    for (let i = 0; i < 400 && !backlog.empty; i += 1) {
      hand(1);
      await settle();
      for (const held of [...store.held]) {
        const poisoned = wattsIn(held.lines).includes(3);
        if (poisoned) {
          refusals += 1;
          held.refuse(busy);
        } else {
          got.push(...held.lines);
          held.take();
        }
      }
      await settle();
      clock.advance(2000);
      await settle();
    }
    expect(backlog.empty).toBe(true);
    expect(refusals).toBeGreaterThanOrEqual(8);
    const values = wattsIn(got);
    expect(values).toEqual(expect.arrayContaining([1, 2, 5, 6]));
    expect(values).not.toEqual(expect.arrayContaining([3]));
  });

  it('waits, and loses nothing, while a busy store takes nothing at all', async () => {
    await startWithBacklog(1, 2);
    for (let i = 0; i < 20; i += 1) {
      await until(() => store.held.length === 1, 'an attempt');
      store.held[0]!.refuse(busy);
      await settle();
      clock.advance(30_000);
      await settle();
    }
    expect(recorder.status).toMatchObject({
      storeOk: false,
      problem: 'come again',
      backlog: { readings: 2 },
    });
  });
});

describe('refusals', () => {
  it('of single points are counted by reason and not tried again', async () => {
    await startRecorder();
    hand(5);
    recorder.mark(1);
    await turns();
    store.held[0]!.take({ refused: { 'too-old': 2 } });
    await turns();
    expect(durable).toEqual([1]);
    expect(recorder.status).toMatchObject({ written: 3, refused: { 'too-old': 2 }, storeOk: true });
  });

  it('of a whole batch are counted and do not hold up the others', async () => {
    await startRecorder();
    hand(5);
    recorder.mark(1);
    await turns();
    store.held[0]!.refuse(new StoreError('refused', 'never'));
    await turns();
    expect(durable).toEqual([1]);
    expect(recorder.status).toMatchObject({ written: 0, refused: { refused: 5 } });
  });
});

describe('stopping', () => {
  it('flushes what is there to the store', async () => {
    await startRecorder();
    hand(3);
    recorder.mark(1);
    const stopped = recorder.stop(5000);
    await turns();
    store.held[0]!.take();
    expect(await stopped).toBe(0);
    expect(durable).toEqual([1]);
    expect(backlog.empty).toBe(true);
  });

  it('puts what the store has not answered for into the backlog after half the time', async () => {
    await startRecorder();
    hand(1);
    await turns();
    hand(3);
    recorder.mark(1);
    const stopped = recorder.stop(1000);
    await turns();
    clock.advance(500);
    expect(await stopped).toBe(0);
    expect(durable).toEqual([1]);
    expect(backlog.status.readings).toBe(4);
  });

  it('goes to the backlog at once when the store is away', async () => {
    store.problem = unreachable;
    await startRecorder();
    hand(3);
    expect(await recorder.stop(1000)).toBe(0);
    expect(backlog.status.readings).toBe(3);
  });

  it('says how many readings are lost when neither takes them in time', async () => {
    await startRecorder();
    await breakBacklog();
    hand(3);
    recorder.mark(1);
    const stopped = recorder.stop(1000);
    await turns();
    clock.advance(500);
    await turns(20);
    clock.advance(500);
    expect(await stopped).toBe(3);
    expect(durable).toEqual([]);
    recorder.record(reading('pdu/1', atMs, { watts: 1 }));
    expect(recorder.status.dropped).toBe(1);
  });
});

it('whatever the store does, nothing is called durable that is in neither store nor backlog', async () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('hand' as const), count: fc.integer({ min: 0, max: 12 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('take' as const, 'fail' as const), which: fc.nat(1) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('away' as const, 'back' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      store = new HandStore();
      durable = [];
      const stored = new Set<string>();
      const handedBy = new Map<number, string[]>();
      const own = await mkdtemp(join(folder, 'own-'));
      await startRecorder({ batchMax: 10 }, { folder: own });
      let sequence = 0;
      for (const one of steps) {
        switch (one.do) {
          case 'hand': {
            sequence += 1;
            handedBy.set(sequence, hand(one.count));
            recorder.mark(sequence);
            break;
          }
          case 'take': {
            const held = store.held[one.which];
            for (const line of held?.lines ?? []) stored.add(line);
            held?.take();
            break;
          }
          case 'fail':
            store.held[one.which]?.refuse(one.which === 0 ? unreachable : busy);
            break;
          case 'advance':
            clock.advance(one.ms);
            break;
          case 'away':
            store.problem = unreachable;
            break;
          case 'back':
            store.problem = undefined;
        }
        await turns(3);
      }
      expect(durable).toEqual([...durable].sort((a, b) => a - b));
      const safe = new Set(stored);
      const lost = await stopAndCount();
      expect(lost).toBe(0);
      for (const line of await linesIn(own)) safe.add(line);
      const upTo = durable.at(-1) ?? 0;
      expect(upTo).toBe(sequence);
      for (const [number, lines] of handedBy)
        if (number <= upTo) for (const line of lines) expect(safe).toContain(line);
    }),
    { numRuns: 40 },
  );
});

/** Ends the recorder with every write still held: what is not stored must be in the backlog. */
async function stopAndCount(): Promise<number> {
  const stopped = recorder.stop(1000);
  await turns();
  clock.advance(500);
  const lost = await stopped;
  await backlog.close();
  return lost;
}

async function linesIn(own: string): Promise<string[]> {
  const left = await Backlog.open({ folder: own, storeKind: 'influx', clock });
  const lines: string[] = [];
  for (let run = await left.peek(10_000); run !== undefined; run = await left.peek(10_000)) {
    for (const write of run.writes)
      lines.push(...Buffer.from(write.bytes).toString('utf8').split('\n').slice(0, -1));
    await left.shift(run);
  }
  await left.close();
  return lines;
}

async function startRecorder(
  limits: Partial<RecorderLimits> = {},
  more: Partial<BacklogOptions> = {},
): Promise<void> {
  backlog = await Backlog.open({ folder, storeKind: 'influx', clock, ...more });
  recorder = new Recorder({
    store,
    backlog,
    clock,
    durable: (sequence) => durable.push(sequence),
    bringAgain: () => {
      broughtAgain += 1;
      return lastSequence;
    },
    limits,
  });
  broughtAgain = 0;
  handed = 0;
  await recorder.start();
}

/** A recorder whose store was away for some batches and is there now. */
async function startWithBacklog(batches: number, readingsEach: number): Promise<void> {
  store.problem = unreachable;
  await startRecorder();
  for (let i = 1; i <= batches; i += 1) {
    hand(readingsEach);
    recorder.mark(i);
    await until(() => durable.at(-1) === i, 'durable in the backlog');
  }
  store.problem = undefined;
  clock.advance(30_000);
  await settle();
}

async function breakBacklog(): Promise<void> {
  await rm(folder, { recursive: true });
}

/** Takes step after step until one answers that it is done. */
async function goOnUntil(step: () => Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!(await step())) if (performance.now() > endMs) throw new Error(`not in time: ${what}`);
}

/** `announced` or `complete`, for each line of a start. */
function statesIn(lines: readonly string[]): string[] {
  return lines.map((line) => (line.includes('complete=true') ? 'complete' : 'announced'));
}

let handed = 0;
let broughtAgain = 0;
/** Of the messages before what is brought again. */
const lastSequence = 3;

/** Hands in readings of 1, 2, 3 … W; answers the lines they become. */
function hand(count: number): string[] {
  const lines: string[] = [];
  for (let i = 0; i < count; i += 1) {
    handed += 1;
    recorder.record(reading('pdu/1', atMs + handed, { watts: handed }));
    lines.push(`reading,device=pdu,outlet=1 watts=${handed} ${atMs + handed}000000`);
  }
  return lines;
}

function wattsIn(lines: readonly string[]): number[] {
  return lines.map((line) => Number(/watts=(\d+)/.exec(line)![1]));
}

/** Until all file work that was asked for is done and what follows from it has happened. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) {
    await turns();
    await backlog.peek(1);
  }
  await turns();
}

async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
