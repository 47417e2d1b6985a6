import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import fc from 'fast-check';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { makeLog } from '../../src/base/log.ts';
import type { RawMessage } from '../../src/model/reading.ts';
import {
  BrokerListenError,
  BuiltInBroker,
  type BuiltInBrokerOptions,
} from '../../src/sources/built-in-broker.ts';
import { HandClock } from '../base/hand-clock.ts';
import { until } from '../base/until.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function brokerOf(options: Partial<BuiltInBrokerOptions> & { durableAtOnce?: boolean } = {}) {
  const clock = new HandClock();
  const log = makeLog('silent');
  const broker = new BuiltInBroker({
    host: '127.0.0.1',
    port: 0,
    filters: ['tele/#'],
    clock,
    log,
    ...options,
  });
  const messages: RawMessage[] = [];
  const message = (one: RawMessage) => {
    messages.push(one);
    if (options.durableAtOnce) queueMicrotask(() => broker.acknowledge(one.sequence));
  };
  await broker.start({ message, changed: () => {} });
  cleanUps.push(() => broker.stop());
  const { port } = broker.address();
  return {
    broker,
    clock,
    messages,
    port,
    texts: () => messages.map(({ payload }) => Buffer.from(payload).toString()),
    async device(more: IClientOptions = {}): Promise<MqttClient> {
      const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...more });
      cleanUps.push(() => client.endAsync(true));
      return client;
    },
  };
}

it('hands over what devices publish on the topics we listen to, and serves other subscribers as well', async () => {
  const it = await brokerOf();
  expect(it.broker.status()).toMatchObject({
    ready: true,
    state: 'ready',
    url: `mqtt://127.0.0.1:${it.port}`,
  });
  const plug = await it.device();
  const other = await it.device();
  const heard: string[] = [];
  other.on('message', (topic) => heard.push(topic));
  await other.subscribeAsync('#', { qos: 0 });

  plug.publish('tele/a/SENSOR', 'one');
  plug.publish('somewhere/else', 'not for us');
  plug.publish('tele/b/SENSOR', Buffer.from([0, 255]));
  await until(() => it.messages.length === 2 && heard.length === 3, 'all heard');
  expect(
    it.messages.map(({ topic, qos, sequence, retained }) => ({ topic, qos, sequence, retained })),
  ).toEqual([
    { topic: 'tele/a/SENSOR', qos: 0, sequence: 1, retained: false },
    { topic: 'tele/b/SENSOR', qos: 0, sequence: 2, retained: false },
  ]);
  expect([...(it.messages[1]?.payload ?? [])]).toEqual([0, 255]);
  expect(it.messages[0]?.receivedAtMs).toBe(it.clock.nowMs());
});

it('acknowledges a QoS 1 message to the device when it is durable, not before', async () => {
  const it = await brokerOf();
  const plug = await it.device();
  const acknowledged: number[] = [];
  for (let i = 1; i <= 5; i += 1) {
    plug.publish('tele/a', String(i), { qos: 1 }, () => acknowledged.push(i));
  }
  await until(() => it.messages.length === 5, 'five messages');
  const other = await it.device();
  await other.publishAsync('elsewhere', 'answered at once, since nobody stores it', { qos: 1 });
  expect(acknowledged).toEqual([]);
  it.broker.acknowledge(3);
  await until(() => acknowledged.length === 3, 'three acknowledged');
  it.broker.acknowledge(5);
  await until(() => acknowledged.length === 5, 'all acknowledged');
});

it('treats QoS 2 alike', async () => {
  const it = await brokerOf();
  const plug = await it.device();
  let done = false;
  plug.publish('tele/a', 'x', { qos: 2 }, () => {
    done = true;
  });
  await until(() => it.messages.length === 1, 'the message');
  expect(done).toBe(false);
  it.broker.acknowledge(1);
  await until(() => done, 'acknowledged');
  expect(it.messages).toHaveLength(1);
});

it('gives a message again when the device had no acknowledgement before its connection broke', async () => {
  const it = await brokerOf();
  const plug = await it.device({ clean: false, clientId: 'plug', reconnectPeriod: 20 });
  plug.publish('tele/a', 'x', { qos: 1 });
  await until(() => it.messages.length === 1, 'the message');
  plug.stream.destroy();
  await until(() => it.messages.length === 2, 'sent again');
  it.broker.acknowledge(2);
  await until(() => plug.getLastMessageId() > 0 && plug.connected, 'still fine');
});

describe('retained messages', () => {
  it('are live when published, and replayed to filters that come later', async () => {
    const it = await brokerOf();
    const plug = await it.device();
    await plug.publishAsync('tele/a/LWT', 'Online', { retain: true });
    await plug.publishAsync('other/config', '{"a":1}', { retain: true });
    await plug.publishAsync('other/gone', 'x', { retain: true });
    await plug.publishAsync('other/gone', '', { retain: true });
    await until(() => it.messages.length === 1, 'the live one');
    expect(it.messages[0]).toMatchObject({ topic: 'tele/a/LWT', retained: false });
    // The last publish has been read when a later one has arrived.
    await plug.publishAsync('tele/mark', 'mark');
    await until(() => it.messages.length === 2, 'the mark');

    it.broker.subscribe(['other/#', 'tele/#']);
    expect(it.messages.slice(2).map(({ topic, retained }) => ({ topic, retained }))).toEqual([
      { topic: 'other/config', retained: true },
    ]);
    it.broker.subscribe(['other/#']);
    expect(it.messages).toHaveLength(3);
  });

  it('are kept up to a bound; beyond it they pass on but are not kept', async () => {
    const it = await brokerOf({ limits: { retainedTopicsMax: 10, retainedBytesMax: 1_000 } });
    const plug = await it.device();
    for (let i = 0; i < 30; i += 1) plug.publish(`tele/${i}`, 'x', { retain: true });
    plug.publish('tele/1', 'y'.repeat(2_000), { retain: true });
    await until(() => it.messages.length === 31, 'all passed on');
    expect(it.broker.refusals()['retained-limit']).toBe(21);
    const late = await it.device();
    const replayed: string[] = [];
    late.on('message', (topic) => replayed.push(topic));
    await late.subscribeAsync('tele/#');
    await until(() => replayed.length >= 10, 'the replay');
    plug.publish('tele/mark', 'last');
    await until(() => replayed.includes('tele/mark'), 'the mark');
    expect(replayed).toHaveLength(11);
  });
});

it('publishes for us, to its clients and to ourselves', async () => {
  const it = await brokerOf();
  const plug = await it.device();
  const heard: string[] = [];
  plug.on('message', (topic, payload) => heard.push(`${topic} ${payload}`));
  await plug.subscribeAsync(['cmnd/#', 'tele/#']);
  it.broker.publish('cmnd/a/STATUS', '10');
  it.broker.publish('tele/demo/SENSOR', '{}', { qos: 1, retain: true });
  await until(() => heard.length === 2, 'both');
  expect(heard).toEqual(['cmnd/a/STATUS 10', 'tele/demo/SENSOR {}']);
  expect(it.texts()).toEqual(['{}']);
});

it('lets in only who knows user name and password, when they are set', async () => {
  const it = await brokerOf({ username: 'plugs', password: 'right' });
  await expect(it.device({ username: 'plugs', password: 'wrong' })).rejects.toThrow(
    /Bad username or password/,
  );
  await expect(it.device()).rejects.toThrow(/Bad username or password/);
  const plug = await it.device({ username: 'plugs', password: 'right' });
  await plug.publishAsync('tele/a', 'x');
  await until(() => it.messages.length === 1, 'the message');
  expect(it.broker.refusals()).toEqual({ 'bad-login': 2 });
});

it('says who is in the way and what to do when the port is taken', async () => {
  const first = await brokerOf();
  const second = brokerOf({ port: first.port });
  await expect(second).rejects.toThrow(BrokerListenError);
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE', host: '127.0.0.1', port: first.port });
  await expect(second).rejects.toThrow(
    `cannot listen on 127.0.0.1:${first.port}: another program already does. If that is your MQTT broker, use it: ` +
      `set mqtt.url (RACKWATT_MQTT_URL=mqtt://127.0.0.1:${first.port}). Otherwise choose another broker.port (RACKWATT_BROKER_PORT)`,
  );
  await expect(brokerOf({ host: '203.0.113.7' })).rejects.toThrow(/has no such address; set broker.host/);
});

it('stops: clients are let go, the port is free again', async () => {
  const it = await brokerOf();
  const plug = await it.device();
  const closed = closingOf(plug);
  await it.broker.stop();
  await closed;
  expect(it.broker.status()).toMatchObject({ state: 'stopped', ready: false });
  const again = await brokerOf({ port: it.port });
  expect(again.port).toBe(it.port);
});

describe('against clients that misbehave', () => {
  it('lets go a client that announces too long a packet, before gathering it', async () => {
    const it = await brokerOf({ limits: { packetBytesMax: 10_000 } });
    const plug = await it.device();
    plug.publish('tele/a', Buffer.alloc(9_000));
    await until(() => it.messages.length === 1, 'a long one that is allowed');
    const closed = closingOf(plug);
    plug.publish('tele/a', Buffer.alloc(11_000));
    await closed;
    expect(it.broker.refusals()['packet-too-long']).toBe(1);
    expect(it.messages).toHaveLength(1);
  });

  it('takes a 1 MB message', async () => {
    const it = await brokerOf();
    const plug = await it.device();
    await plug.publishAsync('tele/a', Buffer.alloc(1024 * 1024, 'x'));
    await until(() => it.messages[0]?.payload.length === 1024 * 1024, 'the message');
  });

  it('takes no more clients and no more subscriptions than it may', async () => {
    const it = await brokerOf({ limits: { clientsMax: 2, subscriptionsPerClientMax: 3 } });
    const plug = await it.device();
    const filters = ['a/#', 'b/#', 'c/#', 'd/#'];
    const grants = await plug
      .subscribeAsync(filters)
      .catch((error: { packet: { granted: number[] } }) => error);
    expect('packet' in grants && grants.packet.granted).toEqual([0, 0, 0, 128]);
    await it.device();
    const third = connectSocket(it.port, '127.0.0.1');
    third.on('error', () => {});
    await once(third, 'close');
    expect(it.broker.refusals()).toEqual({ 'subscription-limit': 1, 'client-limit': 1 });
  });

  it('disconnects who sends more unacknowledged messages than it holds', async () => {
    const it = await brokerOf({ limits: { unacknowledgedMax: 10 } });
    const plug = await it.device();
    const closed = closingOf(plug);
    for (let i = 0; i < 20; i += 1) plug.publish('tele/a', String(i), { qos: 1 });
    await closed;
    expect(it.messages).toHaveLength(10);
    expect(it.broker.refusals()['unacknowledged-limit']).toBeGreaterThan(0);
  });

  it('keeps no session, so that nobody’s queue can grow while they are away', async () => {
    const it = await brokerOf();
    const first = await it.device({ clean: false, clientId: 'ha' });
    await first.subscribeAsync('tele/#', { qos: 1 });
    await first.endAsync();
    const back = await it.device({ clean: false, clientId: 'ha', manualConnect: false });
    expect(it.broker.clients).toBe(1);
    const heard: string[] = [];
    back.on('message', (topic) => heard.push(topic));
    const plug = await it.device();
    await plug.publishAsync('tele/a', 'x');
    await until(() => it.messages.length === 1, 'the message');
    expect(heard).toEqual([]);
  });

  it('reserves topics that begin with $', async () => {
    const it = await brokerOf({ filters: ['#', '$SYS/#'] });
    const plug = await it.device();
    const closed = closingOf(plug);
    plug.publish('$SYS/broker/x', 'x');
    await closed;
    expect(it.messages).toEqual([]);
  });

  it('goes on serving others whatever bytes a client sends', async () => {
    const it = await brokerOf({ filters: ['#'], durableAtOnce: true });
    const plug = await it.device();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(wireBytes, { maxLength: 12 }), async (polite, pieces) => {
        const socket = connectSocket(it.port, '127.0.0.1');
        socket.on('error', () => {});
        socket.resume();
        if (polite) socket.write(connectPacket);
        for (const piece of pieces) socket.write(piece);
        socket.end();
        await closing(socket);
        round += 1;
        const mark = `mark ${round}`;
        plug.publish('tele/mark', mark, { qos: 0 });
        await until(() => it.texts().includes(mark), mark);
        it.messages.length = 0;
      }),
      { numRuns: 300 },
    );
    expect(plug.connected).toBe(true);
  });
});

function closingOf(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}

const connectPacket = Buffer.from('\x10\x10\x00\x04MQTT\x04\x02\x00\x0a\x00\x04wild', 'latin1');

/** Random bytes, and packets with a right length around random insides, which get further. */
const wireBytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 120 })).map(([type, inside]) => {
    return Buffer.from([type, inside.length, ...inside]);
  }),
  fc
    .tuple(
      fc.constantFrom(0x30, 0x31, 0x32, 0x33, 0x34, 0x82, 0xa2),
      fc.array(fc.nat(127), { maxLength: 60 }),
    )
    .map(([type, inside]) => {
      const body = [0, inside.length, ...inside, 0, 1, 0, 2];
      return Buffer.from([type, body.length, ...body]);
    }),
  fc.constantFrom(
    connectPacket,
    Buffer.from([0xc0, 0]),
    Buffer.from([0xe0, 0]),
    Buffer.from([0x62, 2, 0, 1]),
  ),
);

async function closing(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close');
}
