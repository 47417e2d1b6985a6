import { describe, expect, test } from 'vitest';
import { DeliveryError } from '../../../src/alerts/notify/channel.ts';
import type { KeptNotifier } from '../../../src/alerts/notify/kept.ts';
import { Notifier, type NotifierRules, notifierLimits } from '../../../src/alerts/notify/notifier.ts';
import { makeLog } from '../../../src/base/log.ts';
import { HandClock } from '../../base/hand-clock.ts';
import { firing, HandChannel, madeAlert, many, noonMs, resolved, settled } from './made-alerts.ts';

const minuteMs = 60_000;

/** A notifier on a clock that is moved by hand. */
class Bench {
  readonly clock = new HandClock(noonMs);
  readonly channel: HandChannel;
  quiet = false;
  notifier: Notifier;

  constructor(about: { reader?: 'people' | 'machines'; rules?: Partial<NotifierRules> } = {}) {
    this.channel = new HandChannel(about.reader);
    this.notifier = this.make(about.rules);
  }

  make(rules: Partial<NotifierRules> = {}, kept?: KeptNotifier): Notifier {
    return new Notifier({
      name: 'hand',
      channel: this.channel,
      rules: {
        gatherMs: 5_000,
        messagesPerMinute: 6,
        digestAbove: 3,
        isQuiet: () => this.quiet,
        ...rules,
      },
      clock: this.clock,
      log: makeLog('silent'),
      kept,
      changed() {},
      random: () => 1,
    });
  }

  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 1_000) {
      this.clock.advance(Math.min(1_000, ms - passedMs));
      this.notifier.tick();
      await settled();
    }
  }

  /** The same notifier in the next process. */
  restart(): void {
    this.notifier = this.make({}, JSON.parse(JSON.stringify(this.notifier.kept())) as KeptNotifier);
  }
}

describe('one alert', () => {
  test('is told once, after the burst it may belong to was waited for', async () => {
    const bench = new Bench();
    bench.notifier.take(firing());
    await bench.pass(4_000);
    expect(bench.channel.told).toEqual([]);
    await bench.pass(10 * minuteMs);
    expect(bench.channel.told).toEqual([['firing server:hv-01']]);
    expect(bench.notifier.counts()).toMatchObject({ sent: 1, failed: 0, dropped: 0, waiting: 0 });
  });

  test('and its end are two messages, or one when it was over before anybody was told', async () => {
    const bench = new Bench();
    bench.notifier.take(firing());
    await bench.pass(10_000);
    bench.notifier.take(resolved());
    await bench.pass(10_000);
    expect(bench.channel.told).toEqual([['firing server:hv-01'], ['resolved server:hv-01']]);

    bench.notifier.take(firing({ id: 'other', scope: 'server:hv-02' }));
    bench.notifier.take(resolved({ id: 'other', scope: 'server:hv-02' }));
    await bench.pass(10_000);
    expect(bench.channel.told[2]).toEqual(['resolved server:hv-02']);
    expect(bench.channel.messages.map(({ told }) => told[0]?.passed)).toEqual([false, false, true]);
  });

  test('that nobody here was told of is not told as over', async () => {
    const bench = new Bench();
    bench.notifier.take(resolved());
    await bench.pass(minuteMs);
    expect(bench.channel.told).toEqual([]);
  });

  test('that grew grave enough to come here is told as firing', async () => {
    const bench = new Bench();
    bench.notifier.take({ kind: 'changed', alert: madeAlert(), atMs: noonMs });
    await bench.pass(10_000);
    expect(bench.channel.told).toEqual([['firing server:hv-01']]);
  });

  test('told again by the same words is no news; acknowledged or told by a reminder it is', async () => {
    const bench = new Bench();
    bench.notifier.take(firing());
    await bench.pass(10_000);
    bench.notifier.take(firing());
    bench.notifier.take({ kind: 'changed', alert: madeAlert({ ackedBy: 'kim' }), atMs: noonMs + 1 });
    bench.notifier.take({ kind: 'changed', alert: madeAlert({ ackedBy: 'kim' }), atMs: noonMs + 1 });
    await bench.pass(20_000);
    bench.notifier.take({ kind: 'reminder', alert: madeAlert(), atMs: noonMs + 2 });
    bench.notifier.take({ kind: 'reminder', alert: madeAlert(), atMs: noonMs + 2 });
    await bench.pass(20_000);
    expect(bench.channel.told.flat()).toEqual([
      'firing server:hv-01',
      'changed server:hv-01',
      'reminder server:hv-01',
    ]);
    expect(bench.notifier.counts().repeated).toBe(3);
  });
});

describe('a flood', () => {
  test('becomes one digest, the gravest first', async () => {
    const bench = new Bench();
    for (const notice of many(20)) bench.notifier.take(notice);
    bench.notifier.take(firing({ severity: 'critical' }));
    await bench.pass(2 * minuteMs);
    expect(bench.channel.messages).toHaveLength(1);
    const [digest] = bench.channel.messages;
    expect(digest).toMatchObject({ about: 'digest', because: 'many', counts: { firing: 21, resolved: 0 } });
    expect(digest?.told[0]?.notice.alert.severity).toBe('critical');
  });

  test('as long as it is a few alerts, it is a few messages', async () => {
    const bench = new Bench();
    for (const notice of many(3)) bench.notifier.take(notice);
    await bench.pass(minuteMs);
    expect(bench.channel.messages.map(({ about }) => about)).toEqual(['alert', 'alert', 'alert']);
  });

  test('that goes on and on stays within so many messages a minute, and nothing is lost', async () => {
    const bench = new Bench();
    for (let i = 0; i < 600; i++) {
      bench.notifier.take(firing({ id: `a${i}`, scope: `server:${i}`, severity: 'warning' }));
      await bench.pass(1_000);
    }
    await bench.pass(minuteMs);
    expect(bench.channel.messages.length).toBeLessThanOrEqual(5 + 11 * 6);
    expect(bench.channel.messages.length).toBeGreaterThan(30);
    expect(new Set(bench.channel.told.flat()).size).toBe(600);
  });

  test('beyond the queue falls off, the oldest first, and is counted', async () => {
    const bench = new Bench();
    bench.channel.failWith = new DeliveryError('away');
    const max = notifierLimits.waitingMax.people;
    for (const notice of many(max + 10)) bench.notifier.take(notice);
    await bench.pass(10_000);
    expect(bench.notifier.counts()).toMatchObject({ waiting: max, dropped: 10 });
    bench.channel.failWith = undefined;
    await bench.pass(5 * minuteMs);
    const [digest] = bench.channel.messages;
    expect(bench.channel.messages).toHaveLength(1);
    expect((digest?.told.length ?? 0) + (digest?.left ?? 0)).toBe(max);
    expect(digest?.told.some(({ notice }) => notice.alert.id === 'alert-0')).toBe(false);
  });
});

describe('a channel that does not work', () => {
  test('is tried again with growing waits, five minutes at most, and then told what stands', async () => {
    const bench = new Bench();
    bench.channel.failWith = new DeliveryError('ops.example.org does not answer');
    bench.notifier.take(firing());
    await bench.pass(60 * minuteMs);
    // 5, 10, 20, 40, 80, 160 s and then every 300.
    expect(bench.channel.attempts).toBeGreaterThan(12);
    expect(bench.channel.attempts).toBeLessThan(20);
    expect(bench.notifier.counts()).toMatchObject({
      failing: true,
      waiting: 1,
      sent: 0,
      failed: bench.channel.attempts,
      lastProblem: 'ops.example.org does not answer',
    });
    bench.channel.failWith = undefined;
    await bench.pass(6 * minuteMs);
    expect(bench.channel.told).toEqual([['firing server:hv-01']]);
    expect(bench.notifier.counts()).toMatchObject({ failing: false, sent: 1, waiting: 0 });
  });

  test('is not waited for longer because the clock of the machine was put back', async () => {
    const bench = new Bench();
    bench.channel.failWith = new DeliveryError('away');
    bench.notifier.take(firing());
    await bench.pass(10_000);
    bench.channel.failWith = undefined;
    bench.clock.advance(-86_400_000);
    await bench.pass(10_000);
    expect(bench.channel.told).toEqual([['firing server:hv-01']]);
  });

  test('is left alone for as long as it asks', async () => {
    const bench = new Bench();
    bench.channel.failWith = new DeliveryError('too many', { waitMs: 20 * minuteMs });
    bench.notifier.take(firing());
    await bench.pass(19 * minuteMs);
    expect(bench.channel.attempts).toBe(1);
  });

  test('that refuses a message for what it says is not asked for ever, and gets the next one', async () => {
    const bench = new Bench();
    bench.channel.failWith = new DeliveryError('too long', { refusesMessage: true });
    bench.notifier.take(firing());
    await bench.pass(10 * minuteMs);
    expect(bench.channel.attempts).toBe(3);
    expect(bench.notifier.counts()).toMatchObject({ dropped: 1, waiting: 0 });
    bench.channel.failWith = undefined;
    bench.notifier.take(firing({ id: 'other', scope: 'server:hv-02' }));
    await bench.pass(10 * minuteMs);
    expect(bench.channel.told).toEqual([['firing server:hv-02']]);
  });

  test('is told nothing that is older than a day', async () => {
    const bench = new Bench();
    bench.channel.failWith = new DeliveryError('away');
    bench.notifier.take(firing());
    await bench.pass(minuteMs);
    bench.clock.advance(24 * 60 * minuteMs);
    bench.channel.failWith = undefined;
    await bench.pass(minuteMs);
    expect(bench.channel.told).toEqual([]);
    expect(bench.notifier.counts()).toMatchObject({ dropped: 1, waiting: 0 });
  });

  test('by a mistake of ours is counted, and nothing of it gets out', async () => {
    const bench = new Bench();
    bench.channel.failWith = new TypeError('token=s3cret is not a function');
    bench.notifier.take(firing());
    await bench.pass(minuteMs);
    expect(bench.notifier.counts().lastProblem).toBe('a mistake in rackwatt itself');
  });

  test('that took a message, but not for everybody, says so and is not sent it again', async () => {
    const bench = new Bench();
    bench.channel.problem = 'not for kim@example.org';
    bench.notifier.take(firing());
    await bench.pass(10 * minuteMs);
    expect(bench.channel.attempts).toBe(1);
    expect(bench.notifier.counts()).toMatchObject({ sent: 1, lastProblem: 'not for kim@example.org' });
  });

  test('can be stopped in the middle of a message, which is kept', async () => {
    const bench = new Bench();
    bench.channel.gate = new Promise(() => {});
    bench.notifier.take(firing());
    await bench.pass(10_000);
    await bench.notifier.stop();
    expect(bench.notifier.kept().waiting).toHaveLength(1);
    expect(bench.notifier.counts().failed).toBe(0);
  });
});

describe('in quiet hours', () => {
  test('what is critical passes, the rest comes afterwards as one digest', async () => {
    const bench = new Bench();
    bench.quiet = true;
    bench.notifier.take(firing({ id: 'grave', severity: 'critical' }));
    for (const notice of many(2)) bench.notifier.take(notice);
    bench.notifier.take(resolved({ id: 'alert-1', scope: 'server:hv-1', severity: 'warning' }));
    await bench.pass(8 * 60 * minuteMs);
    expect(bench.channel.told).toEqual([['firing server:hv-01']]);
    bench.quiet = false;
    await bench.pass(minuteMs);
    expect(bench.channel.told[1]).toEqual(['firing server:hv-0', 'resolved server:hv-1']);
    expect(bench.channel.messages[1]).toMatchObject({ about: 'digest', because: 'quiet-hours' });
    expect(bench.channel.messages).toHaveLength(2);
  });

  test('what was held and became grave is told at once, as firing, and not again afterwards', async () => {
    const bench = new Bench();
    bench.quiet = true;
    bench.notifier.take(firing({ severity: 'warning' }));
    await bench.pass(minuteMs);
    bench.notifier.take({ kind: 'changed', alert: madeAlert(), atMs: noonMs + minuteMs });
    await bench.pass(minuteMs);
    expect(bench.channel.told).toEqual([['firing server:hv-01']]);
    bench.quiet = false;
    await bench.pass(10 * minuteMs);
    expect(bench.channel.messages).toHaveLength(1);
  });

  test('machines hear of everything', async () => {
    const bench = new Bench({ reader: 'machines' });
    bench.quiet = true;
    bench.notifier.take(firing({ severity: 'info' }));
    await settled();
    expect(bench.channel.told).toEqual([['firing server:hv-01']]);
  });
});

describe('machines', () => {
  test('hear at once, and after an outage only the last word', async () => {
    const bench = new Bench({ reader: 'machines' });
    bench.channel.failWith = new DeliveryError('away');
    bench.notifier.take(firing());
    bench.notifier.take(resolved());
    for (const notice of many(30)) bench.notifier.take(notice);
    await bench.pass(minuteMs);
    bench.channel.failWith = undefined;
    await bench.pass(minuteMs);
    expect(bench.channel.told).toHaveLength(1);
    expect(bench.channel.told[0]?.[0]).toBe('resolved server:hv-01');
    expect(bench.channel.told[0]).toHaveLength(31);
  });
});

describe('over a restart', () => {
  test('what waited is told, and what was told is not told again', async () => {
    const bench = new Bench();
    bench.notifier.take(firing());
    await bench.pass(10_000);
    bench.channel.failWith = new DeliveryError('away');
    bench.notifier.take(firing({ id: 'other', scope: 'server:hv-02' }));
    await bench.pass(10_000);
    bench.channel.failWith = undefined;
    bench.restart();
    // The engine may say again what it is not sure to have said.
    bench.notifier.take(firing());
    bench.notifier.take({ kind: 'changed', alert: madeAlert(), atMs: noonMs + 5_000 });
    await bench.pass(10 * minuteMs);
    expect(bench.channel.told).toEqual([['firing server:hv-01'], ['firing server:hv-02']]);
    bench.notifier.take(resolved());
    await bench.pass(minuteMs);
    bench.restart();
    bench.notifier.take(resolved());
    await bench.pass(minuteMs);
    expect(bench.channel.told.slice(2)).toEqual([['resolved server:hv-01']]);
  });

  test('the thread of what was told goes on', async () => {
    const bench = new Bench();
    bench.channel.thread = { id: '<1@x>', subject: 'S' };
    bench.notifier.take(firing());
    await bench.pass(10_000);
    bench.channel.thread = { id: '<2@x>', subject: 'S' };
    bench.restart();
    bench.notifier.take(resolved());
    await bench.pass(10_000);
    expect(bench.channel.messages[1]?.told[0]?.thread).toEqual({ id: '<1@x>', subject: 'S' });
  });

  test('what is no more, though nobody said so, is taken back at machines and not told to people', async () => {
    for (const reader of ['people', 'machines'] as const) {
      const bench = new Bench({ reader });
      bench.notifier.take(firing());
      await bench.pass(10_000);
      bench.restart();
      bench.notifier.agreeWith([madeAlert({ id: 'new', scope: 'server:hv-02' })], () => true);
      await bench.pass(10_000);
      const more = reader === 'people' ? [] : [['resolved server:hv-01'], ['firing server:hv-02']];
      expect(bench.channel.told).toEqual([['firing server:hv-01'], ...more]);
    }
  });
});
