import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeAlertmanagerChannel } from '../../../src/alerts/notify/alertmanager.ts';
import { Notifier } from '../../../src/alerts/notify/notifier.ts';
import { makeLog } from '../../../src/base/log.ts';
import { HandClock } from '../../base/hand-clock.ts';
import { until } from '../../base/until.ts';
import { type AlertmanagerStandIn, startAlertmanager } from '../../servers/alertmanager.ts';
import { anyText, firing, many, messageOf, noonMs, place, resolved } from './made-alerts.ts';

const minuteMs = 60_000;
let server: AlertmanagerStandIn;
beforeAll(async () => {
  server = await startAlertmanager('/am');
});
afterAll(() => server.stop());

const channel = () => makeAlertmanagerChannel({ url: server.url }, place);
const signal = () => AbortSignal.timeout(20_000);
const last = () => server.posts.at(-1)!;

describe('Alertmanager', () => {
  test('hears what fires, and until when to believe it', async () => {
    await channel().send(messageOf(firing()), signal());
    expect(last()).toEqual([
      {
        labels: {
          alertname: 'redundancy-lost',
          severity: 'critical',
          scope: 'server:hv-01',
          incident: 'redundancy-lost.hv-01.1',
          room: 'Server room 1',
          job: 'rackwatt',
        },
        annotations: {
          summary: 'Redundancy lost: server:hv-01',
          description: 'hv-01 draws all of its 310 W by pdu-b/7; pdu-a/7 gives nothing.',
          value: '0 W, limit 10 W',
        },
        startsAt: '2026-01-15T12:00:00.000Z',
        endsAt: '2026-01-15T12:04:00.000Z',
        generatorURL: 'http://127.0.0.1:8080/#/alerts',
      },
    ]);
  });

  test('hears the end under the same labels', async () => {
    const told = channel();
    await told.send(messageOf(firing()), signal());
    const [start] = last();
    await told.send(messageOf(resolved()), signal());
    expect(last()[0]?.labels).toEqual(start?.labels);
    expect(last()[0]?.endsAt).toBe('2026-01-15T12:12:00.000Z');
  });

  test('sees one that became graver as one: the old labels end', async () => {
    const told = channel();
    await told.send(messageOf(firing({ id: 'x', severity: 'warning' })), signal());
    await told.send(messageOf(firing({ id: 'x', severity: 'critical' }, noonMs + 1)), signal());
    const firingNow = server.firingAt(noonMs + minuteMs).filter(({ labels }) => labels.incident === 'x');
    expect(firingNow.map(({ labels }) => labels.severity)).toEqual(['critical']);
  });

  test('may be given with the path of its API, or without', async () => {
    const before = server.posts.length;
    for (const url of ['', '/', '/api/v2', '/api/v2/alerts'].map((path) => `${server.url}${path}`))
      await makeAlertmanagerChannel({ url }, place).send(messageOf(firing()), signal());
    expect(server.posts.length).toBe(before + 4);
  });

  test('takes a test message', async () => {
    await channel().send(messageOf(), signal());
    expect(last()[0]?.labels.alertname).toBe('rackwatt-test');
  });

  test('never gets anything its schema refuses, whatever names and times there are', async () => {
    const text = anyText(30);
    const time = fc.integer({ min: 0, max: 4e12 });
    await fc.assert(
      fc.asyncProperty(text, text, time, time, async (scope, words, sinceMs, resolvedAtMs) => {
        const over = { scope, text: words, sinceMs, firedAtMs: sinceMs, touched: [words], touchedCount: 1 };
        const made = makeAlertmanagerChannel({ url: server.url }, { ...place, room: words });
        await made.send(messageOf(firing(over), resolved({ ...over, id: 'y', resolvedAtMs })), signal());
      }),
      { numRuns: 40 },
    );
    expect(server.refused).toEqual([]);
  });
});

test('what fires is said again each minute by its queue, and no more once it is over', async () => {
  const clock = new HandClock(noonMs);
  const notifier = new Notifier({
    name: 'am',
    channel: channel(),
    rules: { gatherMs: 5_000, messagesPerMinute: 6, digestAbove: 3, isQuiet: () => true },
    clock,
    log: makeLog('silent'),
    changed() {},
  });
  const before = server.posts.length;
  for (const notice of many(3)) notifier.take(notice);
  const tickUntil = async (posts: number) => {
    await until(() => server.posts.length >= before + posts, `${posts} posts`);
    await until(() => notifier.counts().waiting === 0, 'the queue is empty');
  };
  await tickUntil(2);
  for (let minute = 1; minute <= 3; minute++) {
    const posts = server.posts.length;
    clock.advance(minuteMs + 1_000);
    notifier.tick();
    await until(() => server.posts.length > posts, 'said again');
    expect(
      server.firingAt(clock.nowMs()).filter(({ labels }) => labels.incident?.startsWith('alert-')),
    ).toHaveLength(3);
  }
  for (const { alert } of many(3))
    notifier.take({
      kind: 'resolved',
      alert: { ...alert, state: 'resolved', resolvedAtMs: clock.nowMs() },
      atMs: clock.nowMs(),
    });
  await until(
    () => server.firingAt(clock.nowMs()).every(({ labels }) => !labels.incident?.startsWith('alert-')),
    'all are over',
  );
  const posts = server.posts.length;
  clock.advance(5 * minuteMs);
  notifier.tick();
  await notifier.stop();
  expect(server.posts.length).toBe(posts);
});
