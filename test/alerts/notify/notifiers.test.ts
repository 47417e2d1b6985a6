import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DeliveryError } from '../../../src/alerts/notify/channel.ts';
import { keptName } from '../../../src/alerts/notify/kept.ts';
import { Notifiers, type NotifiersOptions } from '../../../src/alerts/notify/notifiers.ts';
import { makeLog } from '../../../src/base/log.ts';
import { HandClock } from '../../base/hand-clock.ts';
import { until } from '../../base/until.ts';
import { firing, HandChannel, madeAlert, many, noonMs, resolved } from './made-alerts.ts';

let folder: string;
let clock: HandClock;
const rules = { gatherMs: 5_000, messagesPerMinute: 60, digestAbove: 3, isQuiet: () => false };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-notifiers-'));
  clock = new HandClock(noonMs);
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

async function started(channels: Record<string, HandChannel>, over: Partial<NotifiersOptions> = {}) {
  const notifiers = new Notifiers({
    channels: Object.entries(channels).map(([name, channel]) => ({ name, channel, rules })),
    routes: [],
    containersOf: (scope) => [scope],
    folder,
    clock,
    log: makeLog('silent'),
    ...over,
  });
  await notifiers.start();
  return notifiers;
}

/** Moves the clock on until something is so. */
async function passUntil(condition: () => boolean, what: string): Promise<void> {
  await until(() => {
    if (!condition()) clock.advance(1_000);
    return condition();
  }, what);
}

const kept = () =>
  JSON.parse(readFileSync(join(folder, keptName), 'utf8')) as {
    notifiers: Record<string, { waiting: unknown[]; standing: unknown[] }>;
  };

describe('a channel that fails, hangs or throws', () => {
  test('holds up no other, and none holds up who tells', async () => {
    const failing = new HandChannel();
    failing.failWith = new DeliveryError('refused');
    const hanging = new HandChannel();
    hanging.gate = new Promise(() => {});
    const throwing = new HandChannel();
    throwing.send = () => {
      throw new TypeError('nonsense');
    };
    const well = new HandChannel();
    const notifiers = await started({ failing, hanging, throwing, well });
    notifiers.tell(firing());
    notifiers.tell(firing({ id: 'two', scope: 'server:b' }));
    await passUntil(() => well.messages.length === 2, 'the one that is well has been told');
    const states = notifiers.states();
    expect(states.map(({ name, state }) => [name, state])).toEqual([
      ['failing', 'failing'],
      ['hanging', 'idle'],
      ['throwing', 'failing'],
      ['well', 'ok'],
    ]);
    expect(states[2]?.counts.lastProblem).toBe('a mistake in rackwatt itself');
    await notifiers.stop();
  });
});

describe('notify.json', () => {
  test('holds what waits as soon as it waits, readable by us alone', async () => {
    const away = new HandChannel();
    away.failWith = new DeliveryError('away');
    const notifiers = await started({ away });
    notifiers.tell(firing());
    await until(
      () => existsSync(join(folder, keptName)) && kept().notifiers.away?.waiting.length === 1,
      'kept',
    );
    expect(statSync(join(folder, keptName)).mode & 0o077).toBe(0);

    // Another process, while the first is as good as killed.
    const back = new HandChannel();
    const next = await started({ away: back });
    await passUntil(() => back.messages.length === 1, 'told');
    expect(back.told).toEqual([['firing server:hv-01']]);
    await next.stop();
    expect(kept().notifiers.away).toMatchObject({
      waiting: [],
      standing: [{ alert: { id: madeAlert().id } }],
    });
    await notifiers.stop();
  });

  test('that was told is not told again by the next process', async () => {
    const first = new HandChannel();
    const notifiers = await started({ ops: first });
    notifiers.tell(firing());
    await passUntil(() => first.messages.length === 1, 'told');
    await notifiers.stop();
    const second = new HandChannel();
    const next = await started({ ops: second });
    next.agreeWith([madeAlert()]);
    next.tell(firing());
    next.tell(resolved());
    await passUntil(() => second.messages.length === 1, 'told');
    expect(second.told).toEqual([['resolved server:hv-01']]);
    await next.stop();
  });

  test.each([
    ['torn', '{"version":1,"notifiers":{"ops":{"wai'],
    ['of a later version', '{"version":2}'],
    ['of another shape', '{"version":1,"notifiers":{"ops":[]}}'],
  ])('%s is set aside, and telling goes on', async (_, text) => {
    writeFileSync(join(folder, keptName), text);
    const channel = new HandChannel();
    const notifiers = await started({ ops: channel });
    notifiers.tell(firing());
    await passUntil(() => channel.messages.length === 1, 'told');
    await notifiers.stop();
    expect(readFileSync(join(folder, `${keptName}.bad`), 'utf8')).toBe(text);
    expect(kept().notifiers.ops?.standing).toHaveLength(1);
  });

  test('that cannot be written is no reason not to tell', async () => {
    rmSync(folder, { recursive: true });
    const channel = new HandChannel();
    const notifiers = await started({ ops: channel });
    notifiers.tell(firing());
    await passUntil(() => channel.messages.length === 1, 'told');
    await notifiers.stop();
    folder = mkdtempSync(join(tmpdir(), 'rackwatt-notifiers-'));
  });

  test('what came before the file was read is not lost', async () => {
    const channel = new HandChannel();
    const notifiers = new Notifiers({
      channels: [{ name: 'ops', channel, rules }],
      routes: [],
      containersOf: (scope) => [scope],
      folder,
      clock,
      log: makeLog('silent'),
    });
    notifiers.tell(firing());
    await notifiers.start();
    await passUntil(() => channel.messages.length === 1, 'told');
    await notifiers.stop();
  });
});

test('each channel hears what its routes let through', async () => {
  const grave = new HandChannel();
  const all = new HandChannel();
  const notifiers = await started(
    { grave, all },
    { routes: [{ channels: ['grave'], severities: ['critical'] }] },
  );
  notifiers.tell(firing({ severity: 'warning' }));
  notifiers.tell(firing({ id: 'two', scope: 'server:b' }));
  await passUntil(() => all.messages.length === 2, 'told');
  expect(grave.told).toEqual([['firing server:b']]);
  await notifiers.stop();
});

test('a storm is told, kept, and the end waits for no rest between two writes', async () => {
  // Writing down takes 50 ms by this clock, after which there is a rest of a second.
  let asked = 0;
  const slow = {
    nowMs() {
      asked += 1;
      return noonMs + asked * 50;
    },
    every: () => () => {},
    after: () => () => {},
  };
  const channel = new HandChannel('machines');
  const notifiers = await started({ ops: channel }, { clock: slow });
  for (const notice of many(300)) notifiers.tell(notice);
  await until(() => channel.told.flat().length === 300, 'all are told');
  notifiers.tell(firing());
  await notifiers.stop();
  expect(kept().notifiers.ops?.standing).toHaveLength(301);
});
