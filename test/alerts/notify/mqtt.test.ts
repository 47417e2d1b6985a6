import fc from 'fast-check';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Channel, Told } from '../../../src/alerts/notify/channel.ts';
import { type MqttChannelOptions, makeMqttChannel } from '../../../src/alerts/notify/mqtt/channel.ts';
import { discoveryOf } from '../../../src/alerts/notify/mqtt/discovery.ts';
import { idOf, levelOf, makeTopics, nameOfLevel } from '../../../src/alerts/notify/mqtt/topics.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { makeLog } from '../../../src/base/log.ts';
import { Intake } from '../../../src/devices/intake.ts';
import { loadFamilies } from '../../../src/families.ts';
import type { Notice } from '../../../src/model/alert.ts';
import { clientOptions } from '../../../src/sources/broker-access.ts';
import { explainBrokerProblem } from '../../../src/sources/broker-problems.ts';
import { HandClock } from '../../base/hand-clock.ts';
import { until } from '../../base/until.ts';
import { KeepingSink, message } from '../../devices/made-message.ts';
import { drawing, MadeRoom } from '../../live/made-room.ts';
import { startProxy } from '../../servers/cuttable-proxy.ts';
import { type Mosquitto, startMosquitto } from '../../servers/mosquitto.ts';
import { anyText, firing, madeAlert, messageOf, noonMs, place, resolved } from './made-alerts.ts';

let broker: Mosquitto;
beforeAll(async () => {
  broker = await startMosquitto();
});
afterAll(() => broker.stop());

/** What stands and what is said on the broker, as any other program sees it. */
class Listener {
  readonly client: MqttClient;
  /** The newest of each topic; cleared ones are gone. */
  readonly standing = new Map<string, string>();
  readonly said: { topic: string; text: string; retain: boolean }[] = [];

  constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, { retain }) => {
      const text = payload.toString('utf8');
      this.said.push({ topic, text, retain });
      if (text === '') this.standing.delete(topic);
      else this.standing.set(topic, text);
    });
  }

  static async on(url: string): Promise<Listener> {
    const listener = new Listener(await connectAsync(url));
    await listener.client.subscribeAsync('#', { qos: 1, rap: true });
    return listener;
  }

  json(topic: string): never {
    return JSON.parse(this.standing.get(topic) ?? 'null') as never;
  }
}

let listener: Listener;
let room: MadeRoom;
let clock: HandClock;
const channels: Channel[] = [];

beforeEach(async () => {
  listener = await Listener.on(broker.url);
  room = new MadeRoom();
  clock = new HandClock(noonMs);
  for (const scope of ['room', 'feed:A', 'breaker:A1', 'rack:r1', 'server:hv-01', 'outlet:pdu-a/7'])
    room.set(scope, { ...drawing(100), todayWattHours: 1_200 });
});
afterEach(async () => {
  await Promise.all(channels.splice(0).map((channel) => channel.stop?.()));
  for (const topic of listener.standing.keys())
    await listener.client.publishAsync(topic, '', { retain: true });
  await listener.client.endAsync();
});

let count = 0;
function channel(over: Partial<MqttChannelOptions> = {}, url = broker.url): Channel {
  const made = makeMqttChannel({
    target: 'test',
    prefix: 'rackwatt',
    discoveryPrefix: 'homeassistant',
    figuresEveryMs: 10_000,
    clientId: `test-notify-${count++}`,
    way: () => ({
      options: clientOptions({ url }),
      url,
      explain: (error) => explainBrokerProblem(error, { url }, 'test'),
    }),
    room,
    place,
    clock: { ...systemClock, nowMs: () => clock.nowMs(), every: (ms, work) => clock.every(ms, work) },
    log: makeLog('silent'),
    ...over,
  });
  channels.push(made);
  return made;
}
const signal = () => AbortSignal.timeout(20_000);
const tell = (made: Channel, ...notices: Notice[]) => made.send(messageOf(...notices), signal());
/** All that stands once more; what comes of it is seen at the broker. */
const again = (made: Channel, standing: readonly Told[]) =>
  void made.repeat?.send(standing, clock.nowMs(), signal()).catch(() => undefined);
const alertTopic = 'rackwatt/alert/redundancy-lost/server:hv-01';

describe('an alert', () => {
  test('stands on the broker as long as it fires, and its last word is said when it is over', async () => {
    const made = channel();
    made.start?.([]);
    await tell(made, firing());
    await until(() => listener.standing.has(alertTopic), 'the alert stands');
    expect(listener.json(alertTopic)).toEqual(madeAlert());
    await expect
      .poll(() => listener.json('rackwatt/problem/room'))
      .toMatchObject({
        problem: 'ON',
        count: 1,
        rules: ['redundancy-lost'],
        alerts: [{ scope: 'server:hv-01', severity: 'critical' }],
      });
    await until(() => listener.standing.has('rackwatt/problem/server:hv-01'), 'the problem of the server');

    await tell(made, resolved());
    await until(() => !listener.standing.has(alertTopic), 'it is gone');
    const ofAlert = listener.said.filter(({ topic }) => topic === alertTopic);
    expect(ofAlert.map(({ text }) => (text === '' ? '' : JSON.parse(text).state))).toEqual([
      'firing',
      'resolved',
      '',
    ]);
    await expect.poll(() => listener.json('rackwatt/problem/server:hv-01')).toMatchObject({ problem: 'OFF' });
  });

  test('that is only information is no problem', async () => {
    const made = channel();
    await tell(made, firing({ severity: 'info' }));
    await expect
      .poll(() => listener.json('rackwatt/problem/room'))
      .toMatchObject({ problem: 'OFF', count: 1 });
  });

  test('of an earlier process that stands no more is taken back, one that stands stays', async () => {
    const first = channel();
    await tell(first, firing(), firing({ id: 'two', rule: 'server-off', scope: 'server:b' }));
    await first.stop?.();
    const second = channel();
    second.start?.([madeAlert()]);
    await until(
      () =>
        listener.said.filter(({ topic, text }) => topic === 'rackwatt/status' && text === 'online').length ===
        2,
      'the second is there',
    );
    const standing = [{ notice: firing(), passed: false }];
    // The broker tells what stands in its own time.
    await until(() => {
      again(second, standing);
      return !listener.standing.has('rackwatt/alert/server-off/server:b');
    }, 'the old one is gone');
    expect(listener.standing.has(alertTopic)).toBe(true);
  });

  test('is not lost by a broker that has lost everything', async () => {
    const other = await startMosquitto();
    const made = channel({}, other.url);
    made.start?.([]);
    await tell(made, firing());
    await other.restart();
    const late = await Listener.on(other.url);
    await until(() => late.standing.has(alertTopic), 'told again');
    await late.client.endAsync();
    await made.stop?.();
    await other.stop();
  });

  test('with no broker there is refused with the reason, and the next attempt is a new one', async () => {
    const other = await startMosquitto();
    await other.kill();
    const made = channel({}, other.url);
    await expect(tell(made, firing())).rejects.toThrow(/127.0.0.1:\d+/);
    await made.stop?.();
    await other.stop();
  });
});

test('who is gone is said by the broker: online, offline at the end, offline by last will', async () => {
  const made = channel();
  made.start?.([]);
  await until(() => listener.standing.get('rackwatt/status') === 'online', 'online');
  await made.stop?.();
  await until(() => listener.standing.get('rackwatt/status') === 'offline', 'offline');

  const proxy = await startProxy(broker.port);
  channel({}, `mqtt://127.0.0.1:${proxy.port}`).start?.([]);
  await until(() => listener.standing.get('rackwatt/status') === 'online', 'online again');
  proxy.close();
  await until(() => listener.standing.get('rackwatt/status') === 'offline', 'offline without a goodbye');
});

describe('figures', () => {
  test('come when they have changed, and no more often', async () => {
    channel().start?.([]);
    await until(() => listener.standing.has('rackwatt/figure/server:hv-01'), 'the figures');
    expect(listener.json('rackwatt/figure/server:hv-01')).toEqual({
      watts: 100,
      idleWatts: null,
      todayWattHours: 1_200,
      todaySince: '2026-01-15T00:00:00.000Z',
      state: expect.any(String),
    });
    expect(listener.standing.has('rackwatt/figure/outlet:pdu-a%2F7')).toBe(false);
    const said = () => listener.said.filter(({ topic }) => topic.startsWith('rackwatt/figure/')).length;
    const before = said();
    room.set('server:hv-01', { ...drawing(250), todayWattHours: 1_200 });
    clock.advance(10_000);
    await until(
      () => (listener.json('rackwatt/figure/server:hv-01') as { watts: number }).watts === 250,
      'the new figure',
    );
    room.set('server:hv-01', { ...drawing(250.01), todayWattHours: 1_200 });
    room.set('feed:A', { ...drawing(300), stale: true });
    clock.advance(20_000);
    await until(
      () => (listener.json('rackwatt/figure/feed:A') as { watts: null }).watts === null,
      'the stale one',
    );
    expect(said()).toBe(before + 2);
  });

  test('are announced to Home Assistant, each scope a device with its entities', async () => {
    channel().start?.([]);
    const topic = 'homeassistant/device/rackwatt_server-hv-01/config';
    await until(() => listener.standing.has(topic), 'the announcement');
    const config = listener.json(topic) as {
      device: object;
      origin: object;
      components: Record<string, Record<string, unknown>>;
    };
    expect(config.device).toMatchObject({
      identifiers: ['rackwatt_server-hv-01'],
      name: 'hv-01',
      via_device: 'rackwatt_room',
    });
    expect(config.origin).toMatchObject({ name: 'rackwatt' });
    expect(config).toMatchObject({
      availability: [{ topic: 'rackwatt/status' }],
      state_topic: 'rackwatt/figure/server:hv-01',
    });
    expect(Object.keys(config.components)).toEqual(['watts', 'today', 'idle', 'state', 'problem']);
    expect(config.components.today).toMatchObject({
      device_class: 'energy',
      state_class: 'total',
      unit_of_measurement: 'Wh',
    });
    expect(config.components.problem).toMatchObject({
      platform: 'binary_sensor',
      device_class: 'problem',
      state_topic: 'rackwatt/problem/server:hv-01',
    });
    await expect.poll(() => listener.json('rackwatt/problem/server:hv-01')).toMatchObject({ problem: 'OFF' });
    const roomTopic = 'homeassistant/device/rackwatt_room/config';
    await until(() => listener.standing.has(roomTopic), 'the announcement of the room');
    const roomConfig = listener.json(roomTopic) as typeof config;
    expect(Object.keys(roomConfig.components)).toContain('rule-feed-lost');
    const ids = [config, roomConfig].flatMap(({ components }) =>
      Object.values(components).map(({ unique_id }) => unique_id),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('without homeAssistant there are only alerts', async () => {
    const made = channel({ discoveryPrefix: undefined });
    made.start?.([]);
    await tell(made, firing());
    await until(() => listener.standing.has(alertTopic), 'the alert');
    expect([...listener.standing.keys()].filter((topic) => /figure|homeassistant/.test(topic))).toEqual([]);
  });

  test('a server that is no more leaves Home Assistant, an outlet that is not heard yet stays', async () => {
    room.set('server:old', drawing(1));
    room.set('server:plug/0', drawing(1));
    const first = channel();
    first.start?.([]);
    const oldTopic = 'homeassistant/device/rackwatt_server-old/config';
    await until(() => listener.standing.has(oldTopic), 'announced');
    await first.stop?.();
    room = new MadeRoom();
    room.set('room', drawing(5));
    const second = channel();
    second.start?.([]);
    await until(
      () => listener.said.filter(({ text }) => text === 'online').length === 2,
      'the second is there',
    );
    await second.repeat?.send([], clock.nowMs(), signal());
    expect(listener.standing.has(oldTopic)).toBe(true);
    clock.advance(15 * 60_000);
    await until(() => {
      again(second, []);
      return !listener.standing.has(oldTopic);
    }, 'it has left');
    await until(() => !listener.standing.has('rackwatt/figure/server:old'), 'its figure too');
    expect([...listener.standing.keys()].filter((topic) => topic.includes('plug'))).toHaveLength(3);
  });
});

test('nothing of it is read as a meter, by any family, also by one that listens to everything', async () => {
  room.set('server:tasmota/0', { ...drawing(5), idleWatts: 3 });
  const made = channel();
  made.start?.([]);
  await tell(made, firing());
  await until(() => listener.standing.has('homeassistant/device/rackwatt_server-hv-01/config'), 'announced');
  await tell(made, resolved());
  await made.stop?.();
  await until(() => listener.standing.get('rackwatt/status') === 'offline', 'everything said');
  expect(listener.said.length).toBeGreaterThan(20);
  const intake = new Intake(await loadFamilies());
  const sink = new KeepingSink();
  // Twice: what announcements teach must not make the rest readable.
  for (const { topic, text } of [...listener.said, ...listener.said])
    intake.accept(message(topic, text), sink);
  expect(sink.readings).toEqual([]);
  expect(intake.devices().filter(({ device }) => device !== '?')).toEqual([]);
});

describe('whatever a name holds', () => {
  test('it is one level of a topic, and comes back from it', () => {
    fc.assert(
      fc.property(anyText(60), (name) => {
        const level = levelOf(name);
        expect(level).not.toMatch(/[/+#\0]/);
        expect(nameOfLevel(level)).toBe(name.toWellFormed());
      }),
    );
  });

  test('it is an id of Home Assistant, another for another name', () => {
    fc.assert(
      fc.property(anyText(80), anyText(80), (one, other) => {
        expect(idOf(one)).toMatch(/^[A-Za-z0-9_-]*$/);
        expect(idOf(one).length).toBeLessThan(80);
        if (one.toWellFormed() !== other.toWellFormed()) expect(idOf(one)).not.toBe(idOf(other));
      }),
    );
    expect(idOf('server:a b')).not.toBe(idOf('server:a_b'));
  });

  test('it stands in no template', () => {
    const topics = makeTopics('rackwatt', 'homeassistant');
    fc.assert(
      fc.property(anyText(40), (name) => {
        const config = discoveryOf(`server:x${name}{{ evil }}`, topics, place) as {
          components: Record<string, Record<string, string>>;
        };
        for (const component of Object.values(config.components))
          for (const [key, value] of Object.entries(component))
            if (/template/.test(key)) expect(value).not.toMatch(/evil/);
      }),
    );
  });

  test('the broker takes it', async () => {
    const made = channel();
    for (const scope of [
      'server:a/b+c#d',
      'server:ü"\\\u0000\n',
      `server:${'x'.repeat(100)}`,
      'server:\ud800',
    ]) {
      await tell(made, firing({ id: scope, scope }));
      const topic = `rackwatt/alert/redundancy-lost/${levelOf(scope)}`;
      await until(() => listener.standing.has(topic), topic);
      expect((listener.json(topic) as { scope: string }).scope.toWellFormed()).toBe(scope.toWellFormed());
    }
  });
});
