import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { makeLog } from '../../src/base/log.ts';
import type { RawMessage } from '../../src/model/reading.ts';
import { MqttSource, type MqttSourceOptions } from '../../src/sources/mqtt-source.ts';
import { Receipts } from '../../src/sources/receipts.ts';
import type { SourceStatus } from '../../src/sources/source.ts';
import { HandClock } from '../base/hand-clock.ts';
import { until } from '../base/until.ts';
import { startProxy } from '../servers/cuttable-proxy.ts';
import { freePort } from '../servers/free-port.ts';
import { type Mosquitto, type MosquittoOptions, startMosquitto } from '../servers/mosquitto.ts';

const log = makeLog('silent');
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function broker(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const mosquitto = await startMosquitto(options);
  cleanUps.push(() => mosquitto.stop());
  return mosquitto;
}

async function device(url: string, options: object = {}): Promise<MqttClient> {
  const client = await connectAsync(url, { reconnectPeriod: 100, ...options });
  cleanUps.push(() => client.endAsync(true));
  return client;
}

/** A source on its own hand-driven clock, and all it has said. */
function sourceOf(options: Partial<MqttSourceOptions> & { url: string }) {
  const clock = new HandClock();
  const source = new MqttSource({
    clientId: 'rackwatt',
    protocol: '3.1.1',
    filters: ['tele/#'],
    clock,
    log,
    ...options,
  });
  const messages: RawMessage[] = [];
  const statuses: SourceStatus[] = [];
  cleanUps.push(() => source.stop());
  return {
    clock,
    source,
    messages,
    statuses,
    texts: () => messages.map((message) => Buffer.from(message.payload).toString()),
    start: () => source.start({ message: (m) => messages.push(m), changed: (s) => statuses.push(s) }),
    async ready() {
      await until(
        () => source.status().ready,
        () => `ready, but ${JSON.stringify(source.status())}`,
      );
    },
    async waiting() {
      await until(
        () => source.status().state === 'waiting',
        () => `waiting, but ${JSON.stringify(source.status())}`,
      );
      return source.status().problem;
    },
  };
}

describe.each(['3.1.1', '5'] as const)('the MQTT source, speaking %s', (protocol) => {
  it('hands over messages with topic, bytes, QoS and growing sequence numbers', async () => {
    const { url } = await broker();
    const it = sourceOf({ url, protocol });
    await it.start();
    await it.ready();
    expect(it.source.status()).toMatchObject({ state: 'ready', problem: undefined, url, refused: [] });

    const plug = await device(url);
    await plug.publishAsync('tele/a/SENSOR', 'one', { qos: 0 });
    await plug.publishAsync('tele/b/SENSOR', 'two', { qos: 1 });
    await plug.publishAsync('other/b', 'not for us', { qos: 1 });
    await plug.publishAsync('tele/c/SENSOR', Buffer.from([0, 255]), { qos: 1 });
    await until(() => it.messages.length === 3, 'three messages');

    expect(
      it.messages.map(({ topic, qos, sequence, retained }) => ({ topic, qos, sequence, retained })),
    ).toEqual([
      { topic: 'tele/a/SENSOR', qos: 0, sequence: 1, retained: false },
      { topic: 'tele/b/SENSOR', qos: 1, sequence: 2, retained: false },
      { topic: 'tele/c/SENSOR', qos: 1, sequence: 3, retained: false },
    ]);
    expect(it.messages[0]?.receivedAtMs).toBe(it.clock.nowMs());
    expect([...(it.messages[2]?.payload ?? [])]).toEqual([0, 255]);
    expect(it.source.status().messages).toBe(3);
  });

  it('tells a replayed message from a live one', async () => {
    const { url } = await broker();
    const plug = await device(url);
    await plug.publishAsync('tele/a/LWT', 'Online', { retain: true, qos: 1 });
    const it = sourceOf({ url, protocol });
    await it.start();
    await until(() => it.messages.length === 1, 'the replay');
    await plug.publishAsync('tele/a/LWT', 'Offline', { retain: true, qos: 1 });
    await until(() => it.messages.length === 2, 'the live one');
    expect(it.messages.map((m) => m.retained)).toEqual([true, false]);
  });

  it('comes back after a broker restart and gets what was published at QoS 1 meanwhile', async () => {
    const mosquitto = await broker({ persistence: true });
    const it = sourceOf({ url: mosquitto.url, protocol });
    await it.start();
    await it.ready();
    const plug = await device(mosquitto.url);
    await mosquitto.restart();
    await it.waiting();
    await until(() => plug.connected, 'the plug is back');
    for (let i = 0; i < 20; i += 1) await plug.publishAsync('tele/a/SENSOR', String(i), { qos: 1 });
    expect(it.messages).toHaveLength(0);

    it.clock.advance(1_000);
    await until(() => it.messages.length === 20, 'what was missed');
    expect(it.texts()).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    await it.ready();
  });

  it('leaves messages unacknowledged until told, so that the next process gets them again', async () => {
    const { url } = await broker();
    const killed = sourceOf({ url, protocol });
    await killed.start();
    await killed.ready();
    const plug = await device(url);
    for (let i = 0; i < 10; i += 1) await plug.publishAsync('tele/a/SENSOR', String(i), { qos: 1 });
    await until(() => killed.messages.length === 10, 'ten messages');
    killed.source.acknowledge(4);
    // What comes back has been read by the broker after the acknowledgements.
    killed.source.publish('tele/echo', 'echo');
    await until(() => killed.texts().includes('echo'), 'the echo');

    const next = sourceOf({ url, protocol });
    await next.start();
    await until(() => next.messages.length >= 6, 'delivered again');
    await next.ready();
    expect(next.texts()).toEqual(['4', '5', '6', '7', '8', '9']);
  });

  it('loses no QoS 1 message over broken connections and a sudden end, whatever was durable by then', async () => {
    const { url, port } = await broker();
    const proxy = await startProxy(port);
    cleanUps.push(async () => proxy.close());
    const through = { url: `mqtt://127.0.0.1:${proxy.port}`, protocol };
    const first = sourceOf(through);
    await first.start();
    await first.ready();
    const plug = await device(url);
    const durable = new Set<string>();
    let handled = 0;
    // What a store does: now and then all that came so far becomes durable, and only then is acknowledged.
    const makeDurable = () => {
      for (; handled < first.messages.length; handled += 1) durable.add(first.texts()[handled] as string);
      first.source.acknowledge(first.messages.at(handled - 1)?.sequence ?? 0);
    };
    const all = Array.from({ length: 600 }, (_, i) => String(i));
    for (const [i, text] of all.entries()) {
      await plug.publishAsync('tele/a', text, { qos: 1 });
      if (i % 37 === 0) makeDurable();
      if (i % 100 === 99) {
        proxy.cut();
        await first.waiting();
        first.clock.advance(30_000);
        await first.ready();
      }
    }
    makeDurable();
    const more = ['last 1', 'last 2'];
    for (const text of more) await plug.publishAsync('tele/a', text, { qos: 1 });

    // It ends here without a word, and another process takes its place.
    const next = sourceOf({ url, protocol });
    await next.start();
    await until(() => next.texts().includes('last 2'), 'the last message');
    const saved = new Set([...durable, ...next.texts()]);
    expect([...all, ...more].filter((text) => !saved.has(text))).toEqual([]);
  });

  it('hands a message over once, however often the broker brings it, and acknowledges it when it is durable', async () => {
    const { url, port } = await broker();
    const proxy = await startProxy(port);
    cleanUps.push(async () => proxy.close());
    const it = sourceOf({ url: `mqtt://127.0.0.1:${proxy.port}`, protocol });
    await it.start();
    await it.ready();
    const plug = await device(url);
    for (let i = 0; i < 10; i += 1) await plug.publishAsync('tele/a', String(i), { qos: 1 });
    await until(() => it.messages.length === 10, 'ten messages');
    // The acknowledgements of the first five are lost on their way.
    proxy.halt();
    it.source.acknowledge(5);
    proxy.cut();
    proxy.goOn();
    await it.waiting();
    it.clock.advance(1_000);
    await it.ready();
    await plug.publishAsync('tele/a', '10', { qos: 1 });
    await until(() => it.texts().includes('10'), 'what is new');
    expect(it.texts()).toEqual(Array.from({ length: 11 }, (_, i) => String(i)));
    it.source.acknowledge(11);

    // Nothing is left for who comes next.
    it.source.publish('tele/echo', 'echo');
    await until(() => it.texts().includes('echo'), 'the echo');
    const next = sourceOf({ url, protocol });
    await next.start();
    await next.ready();
    await plug.publishAsync('tele/a', 'last', { qos: 1 });
    await until(() => next.texts().includes('last'), 'the last');
    expect(next.texts()).toEqual(['last']);
  });

  it('reads a message that an earlier process took at the moment it was received first', async () => {
    const { url } = await broker();
    const folder = mkdtempSync(join(tmpdir(), 'rackwatt-receipts-'));
    cleanUps.push(async () => rmSync(folder, { recursive: true }));
    const path = join(folder, 'receipts');
    const noted = await Receipts.open(path);
    const killed = sourceOf({ url, protocol, receipts: noted });
    await killed.start();
    await killed.ready();
    const plug = await device(url);
    for (const text of ['a', 'b', 'b']) await plug.publishAsync('tele/a', text, { qos: 1 });
    await until(() => killed.messages.length === 3, 'three messages');
    await noted.saved();

    const next = sourceOf({ url, protocol, receipts: await Receipts.open(path) });
    next.clock.advance(60_000);
    await next.start();
    await until(() => next.messages.length === 3, 'delivered again');
    const moments = (of: typeof next) => of.messages.map(({ receivedAtMs }) => receivedAtMs);
    expect(moments(next)).toEqual(moments(killed));
    expect(new Set(moments(next)).size).toBe(3);
  });

  it('takes no more than the broker allows in flight until earlier messages are acknowledged', async () => {
    const { url } = await broker({ extraConfig: 'max_inflight_messages 5' });
    const it = sourceOf({ url, protocol });
    await it.start();
    await it.ready();
    const plug = await device(url);
    const published = Array.from({ length: 12 }, (_, i) => String(i));
    await Promise.all(published.map((text) => plug.publishAsync('tele/a/SENSOR', text, { qos: 1 })));
    // QoS 0 has no such limit: that it comes through shows that nothing else was on its way.
    await plug.publishAsync('tele/mark', 'mark', { qos: 0 });
    await until(() => it.texts().includes('mark'), 'the mark');
    expect(it.texts()).toEqual([...published.slice(0, 5), 'mark']);

    it.source.acknowledge(1);
    await until(() => it.messages.length > 6, 'more');
    it.source.acknowledge(6);
    await until(() => {
      it.source.acknowledge(it.messages.length);
      return it.messages.length === 13;
    }, 'the rest');
    expect(it.texts()).toEqual([...published.slice(0, 5), 'mark', ...published.slice(5)]);
  });

  it('names the settings to mend when the password is wrong, and gets in when it is mended', async () => {
    const mosquitto = await broker({ auth: { username: 'rackwatt', password: 'right' } });
    const wrong = sourceOf({ url: mosquitto.url, protocol, username: 'rackwatt', password: 'wrong' });
    await wrong.start();
    expect(await wrong.waiting()).toBe(
      'refused: not authorised: bad user name or password, or this user may not connect; check mqtt.username and mqtt.password',
    );
    const none = sourceOf({ url: mosquitto.url, protocol, clientId: 'none' });
    await none.start();
    expect(await none.waiting()).toMatch(
      /wants a user name and password; set mqtt.username and mqtt.password/,
    );

    const right = sourceOf({
      url: mosquitto.url,
      protocol,
      username: 'rackwatt',
      password: 'right',
      clientId: 'right',
    });
    await right.start();
    await right.ready();
    const inUrl = sourceOf({
      url: `mqtt://rackwatt:right@127.0.0.1:${mosquitto.port}`,
      protocol,
      clientId: 'url',
    });
    await inUrl.start();
    await inUrl.ready();
    expect(inUrl.source.status().url).toBe(`mqtt://127.0.0.1:${mosquitto.port}`);
  });

  it('lists the filters that the broker refuses', async () => {
    const { url } = await broker({ refusedFilters: ['secret/#', '$SYS/#'] });
    const it = sourceOf({ url, protocol, filters: ['tele/#', 'secret/#', 'bad/#/filter', 'stat/#'] });
    await it.start();
    await until(() => it.source.status().state === 'ready', 'answered');
    expect(it.source.status()).toMatchObject({ ready: false, refused: ['bad/#/filter', 'secret/#'] });
    expect(it.source.status().problem).toMatch(/refused 2 of our subscriptions.*secret.*access list/);
    const plug = await device(url);
    await plug.publishAsync('stat/a', 'the others work', { qos: 1 });
    await until(() => it.messages.length === 1, 'the message');
  });

  it('gives way to an older instance with the same client id instead of fighting it', async () => {
    const { url } = await broker();
    const old = sourceOf({ url, protocol });
    await old.start();
    await old.ready();
    old.clock.advance(120_000);

    const young = sourceOf({ url, protocol });
    await young.start();
    for (
      let round = 0;
      !/another program uses the client id "rackwatt"/.test(young.source.status().problem ?? '');
      round += 1
    ) {
      expect(round).toBeLessThan(6);
      if (round > 0) young.clock.advance(30_000);
      await young.ready();
      await old.waiting();
      old.clock.advance(30_000);
      await old.ready();
      await young.waiting();
    }
    // It stays away for minutes, and the old one goes on undisturbed.
    young.clock.advance(90_000);
    expect(young.source.status().state).toBe('waiting');
    expect(old.source.status().ready).toBe(true);
    young.clock.advance(210_000);
    await young.ready();
  });
});

it('gives way after the second takeover that a broker of MQTT 5 has named', async () => {
  const server = createServer(takeOverAtOnce).listen(0, '127.0.0.1');
  cleanUps.push(async () => server.close());
  await once(server, 'listening');
  const it = sourceOf({ url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, protocol: '5' });
  await it.start();
  expect(await it.waiting()).toBe('the broker ended the connection: session taken over');
  it.clock.advance(1_000);
  await until(() => it.source.status().state !== 'waiting', 'tried again');
  expect(await it.waiting()).toMatch(
    /another program uses the client id "rackwatt".*tries again in [45] minutes/,
  );
});

/** A broker of MQTT 5 in a few lines: grants everything, and then says that another has taken over. */
function takeOverAtOnce(socket: Socket): void {
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    if (bytes[0] === 0x10) socket.write(Buffer.from([0x20, 3, 0, 0, 0]));
    if (bytes[0] !== 0x82) return;
    socket.write(Buffer.from([0x90, 4, bytes[2] as number, bytes[3] as number, 0, 1]));
    socket.end(Buffer.from([0xe0, 2, 142, 0]));
  });
}

it('keeps trying when the broker is away at the start, and says where nothing answers', async () => {
  const mosquitto = await broker();
  await mosquitto.kill();
  const it = sourceOf({ url: mosquitto.url });
  await it.start();
  expect(await it.waiting()).toBe(
    `${mosquitto.url}: nothing answers there (connection refused); see that the broker runs, and that host and port in mqtt.url are right`,
  );
  for (let attempt = 0; attempt < 3; attempt += 1) {
    it.clock.advance(30_000);
    expect(it.source.status().state).toBe('connecting');
    await it.waiting();
  }
  await mosquitto.restart();
  it.clock.advance(30_000);
  await it.ready();
  expect(it.source.status().problem).toBeUndefined();
});

it('comes back a second after each of many quick cuts, as long as every connection brings something', async () => {
  const { url, port } = await broker();
  const proxy = await startProxy(port);
  cleanUps.push(async () => proxy.close());
  const it = sourceOf({ url: `mqtt://127.0.0.1:${proxy.port}` });
  const plug = await device(url);
  await it.start();
  for (let cuts = 1; cuts <= 7; cuts += 1) {
    await it.ready();
    await plug.publishAsync('tele/a', String(cuts), { qos: 1 });
    await until(() => it.messages.length === cuts, 'the message');
    proxy.cut();
    await it.waiting();
    it.clock.advance(1_000);
    expect(it.source.status().state).toBe('connecting');
  }
});

it('waits five seconds at most for a broker that lets it in, and longer for one that is away', async () => {
  const { port } = await broker();
  const proxy = await startProxy(port);
  cleanUps.push(async () => proxy.close());
  const it = sourceOf({ url: `mqtt://127.0.0.1:${proxy.port}` });
  await it.start();
  for (let cuts = 1; cuts <= 6; cuts += 1) {
    await it.ready();
    proxy.cut();
    await it.waiting();
    it.clock.advance(5_000);
    expect(it.source.status().state).toBe('connecting');
  }
  await it.ready();
  proxy.refuse();
  await it.waiting();
  it.clock.advance(5_000);
  await it.waiting();
  it.clock.advance(5_000);
  expect(it.source.status().state).toBe('waiting');
});

it('asks again for what was refused, every minute, since the admin may have mended it', async () => {
  let allowed = false;
  const aedes = await Aedes.createBroker({
    authorizeSubscribe: (_client, subscription, done) => done(null, allowed ? subscription : null),
  });
  const server = createServer(aedes.handle).listen(0, '127.0.0.1');
  cleanUps.push(async () => {
    aedes.close();
    server.close();
  });
  await once(server, 'listening');
  const it = sourceOf({ url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}` });
  await it.start();
  await until(() => it.source.status().state === 'ready', 'answered');
  expect(it.source.status()).toMatchObject({ ready: false, refused: ['tele/#'] });
  allowed = true;
  it.clock.advance(60_000);
  await it.ready();
  expect(it.source.status()).toMatchObject({ refused: [], problem: undefined });
});

it('listens to filters learnt later, also after the next reconnect', async () => {
  const mosquitto = await broker();
  const it = sourceOf({ url: mosquitto.url });
  await it.start();
  await it.ready();
  it.source.subscribe(['dc/rack/tele/#', 'tele/#', 'wrong/#/filter', `too/${'deep/'.repeat(200)}`]);
  await until(() => it.source.status().state === 'ready', 'answered');
  await mosquitto.restart();
  await it.waiting();
  it.clock.advance(1_000);
  await until(() => it.source.status().state === 'ready', 'back');
  const plug = await device(mosquitto.url);
  await plug.publishAsync('dc/rack/tele/SENSOR', 'learnt', { qos: 1 });
  await until(() => it.texts().includes('learnt'), 'the message');
  expect(it.source.status().refused).toHaveLength(2);
});

it('subscribes to thousands of filters in batches', async () => {
  const mosquitto = await broker();
  const filters = Array.from({ length: 3_000 }, (_, i) => `zigbee/device ${i}/#`);
  const it = sourceOf({ url: mosquitto.url, filters });
  await it.start();
  await it.ready();
  const plug = await device(mosquitto.url);
  await plug.publishAsync('zigbee/device 2999/power', '12', { qos: 1 });
  await until(() => it.messages.length === 1, 'the message');
});

it('shows how many messages the broker has dropped, and hands that message to nobody', async () => {
  const { url } = await broker({ extraConfig: 'max_inflight_messages 1\nmax_queued_messages 5' });
  const it = sourceOf({ url, filters: ['#', '$SYS/broker/publish/messages/dropped'] });
  await it.start();
  await it.ready();
  const plug = await device(url);
  for (let i = 0; i < 20; i += 1) await plug.publishAsync('tele/a', String(i), { qos: 1 });
  const dropped = () => it.source.status().droppedByBroker ?? 0;
  // One is in flight, five wait, and mosquitto drops now and then one more than it must.
  await until(
    () => dropped() >= 14,
    () => `14 dropped, not ${dropped()}`,
  );
  expect(it.messages.map((m) => m.topic)).not.toContain('$SYS/broker/publish/messages/dropped');
  expect(it.statuses.at(-1)?.droppedByBroker).toBeGreaterThanOrEqual(14);
});

it('sends a message when connected and drops it when not', async () => {
  const mosquitto = await broker();
  const it = sourceOf({ url: mosquitto.url, filters: ['answers/#'] });
  await it.start();
  it.source.publish('answers/early', 'lost');
  await it.ready();
  it.source.publish('answers/now', 'sent');
  await until(() => it.messages.length === 1, 'the message');
  expect(it.messages[0]?.topic).toBe('answers/now');
});

it('waits for a broker that takes its time to answer', async () => {
  const mosquitto = await broker();
  mosquitto.pause();
  const it = sourceOf({ url: mosquitto.url });
  await it.start();
  mosquitto.resume();
  await it.ready();
});

it('gives up on a broker that accepts but never answers a subscription', async () => {
  const mosquitto = await broker();
  const it = sourceOf({ url: mosquitto.url });
  await it.start();
  await it.ready();
  mosquitto.pause();
  it.source.subscribe(['more/#']);
  it.clock.advance(20_000);
  expect(await it.waiting()).toMatch(/no answer to the subscription/);
  mosquitto.resume();
  it.clock.advance(2_000);
  await it.ready();
});

it('stops cleanly: the session stays, nothing is handed over any more', async () => {
  const { url } = await broker();
  const first = sourceOf({ url });
  await first.start();
  await first.ready();
  await first.source.stop();
  expect(first.source.status()).toMatchObject({ state: 'stopped', ready: false, problem: undefined });
  const plug = await device(url);
  await plug.publishAsync('tele/a', 'while away', { qos: 1 });
  const second = sourceOf({ url });
  await second.start();
  await until(() => second.messages.length === 1, 'kept for us');
  expect(first.messages).toHaveLength(0);
});

it('stops at once when not connected', async () => {
  const mosquitto = await broker();
  mosquitto.pause();
  const it = sourceOf({ url: mosquitto.url });
  await it.start();
  await it.source.stop();
  mosquitto.resume();
  expect(it.clock.pending).toBe(0);
});

describe('with TLS', () => {
  it('connects with the authority of the settings, and says what is wrong without it', async () => {
    const mosquitto = await broker({ tls: true });
    const good = sourceOf({ url: mosquitto.url, ca: mosquitto.certificates?.ca });
    await good.start();
    await good.ready();

    const stranger = sourceOf({ url: mosquitto.url, clientId: 'stranger' });
    await stranger.start();
    expect(await stranger.waiting()).toMatch(
      /signed by nobody we know; give its authority's certificate in mqtt.ca/,
    );

    const garbled = sourceOf({
      url: mosquitto.url,
      ca: '-----BEGIN CERTIFICATE-----\nrubbish',
      clientId: 'garbled',
    });
    await garbled.start();
    expect(await garbled.waiting()).toMatch(/mqtt\.ca/);

    const plain = sourceOf({ url: `mqtt://127.0.0.1:${mosquitto.port}`, clientId: 'plain' });
    await plain.start();
    expect(await plain.waiting()).toMatch(/it may be a TLS port \(then mqtts:\/\//);
  });

  it('shows a client certificate to a broker that wants one', async () => {
    const mosquitto = await broker({ tls: 'client' });
    const good = sourceOf({
      url: mosquitto.url,
      ca: mosquitto.certificates?.ca,
      ...mosquitto.certificates?.client,
    });
    await good.start();
    await good.ready();
    const without = sourceOf({ url: mosquitto.url, ca: mosquitto.certificates?.ca, clientId: 'without' });
    await without.start();
    expect(await without.waiting()).toMatch(/client certificate.*mqtt\.cert/);
  });

  it('says so when the port speaks no TLS', async () => {
    const { port } = await broker();
    const it = sourceOf({ url: `mqtts://127.0.0.1:${port}` });
    await it.start();
    expect(await it.waiting()).toMatch(/it may not speak TLS \(then mqtt:\/\//);
  });
});

it('connects through a web socket', async () => {
  const port = await freePort();
  await broker({ extraConfig: `listener ${port} 127.0.0.1\nprotocol websockets` });
  const it = sourceOf({ url: `ws://127.0.0.1:${port}/mqtt` });
  await it.start();
  await it.ready();
  it.source.publish('tele/self', 'echo');
  await until(() => it.messages.length === 1, 'the echo');
});
