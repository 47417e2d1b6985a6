import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { connectAsync } from 'mqtt';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { makeLog } from '../../src/base/log.ts';
import { MqttSource } from '../../src/sources/mqtt-source.ts';
import { until } from '../base/until.ts';
import { startMosquitto } from '../servers/mosquitto.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Asks whether the broker is there after a second of silence, and gives it up half a second later. */
function impatientSource(url: string) {
  const source = new MqttSource({
    url,
    clientId: 'rackwatt',
    protocol: '3.1.1',
    filters: ['tele/#'],
    keepAliveSeconds: 1,
    clock: systemClock,
    log: makeLog('silent'),
  });
  cleanUps.push(() => source.stop());
  let messages = 0;
  const states: string[] = [];
  return {
    source,
    states,
    messages: () => messages,
    start: () =>
      source.start({
        message() {
          messages += 1;
        },
        changed: ({ state }) => states.push(state),
      }),
    ready: () => until(() => source.status().ready, 'ready'),
  };
}

const [connect, subscribe, pingRequest] = [0x10, 0x82, 0xc0];
const pingResponse = Buffer.from([0xd0, 0]);

/** A broker of a few lines: grants everything, sends a message every few ms as long as it talks; `pinged` answers pings. */
async function smallBroker(talks: boolean, pinged: (socket: Socket) => void = () => {}) {
  let pings = 0;
  let silent = !talks;
  const serve = (socket: Socket) => {
    const talk = setInterval(() => {
      if (!silent) socket.write('\x30\x09\x00\x06tele/ax', 'latin1');
    }, 20);
    socket.on('error', () => {});
    socket.on('close', () => clearInterval(talk));
    socket.on('data', (bytes) => {
      if (bytes[0] === connect) socket.write('\x20\x02\x00\x00', 'latin1');
      if (bytes[0] === pingRequest) {
        pings += 1;
        pinged(socket);
      }
      if (bytes[0] === subscribe)
        socket.write(Buffer.from([0x90, 3, bytes[2] as number, bytes[3] as number, 0]));
      const next = 2 + (bytes[1] ?? 0);
      if (bytes[0] === subscribe && bytes[next] === subscribe)
        socket.write(Buffer.from([0x90, 3, bytes[next + 2] as number, bytes[next + 3] as number, 0]));
    });
  };
  const server: Server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => server.close());
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pings: () => pings,
    fallSilent() {
      silent = true;
    },
  };
}

it('a broker that sends messages is not silent, though its answer to a ping waits behind them', async () => {
  const broker = await smallBroker(true);
  const it = impatientSource(broker.url);
  await it.start();
  await it.ready();
  await until(() => broker.pings() >= 4, 'asked four times over two seconds');
  expect(it.states).not.toContain('waiting');
  broker.fallSilent();
  await until(() => it.source.status().state === 'waiting', 'given up');
  expect(it.source.status().problem).toMatch(/the broker has fallen silent/);
});

it('a broker is not given up for our own slowness: its answer is read before that', async () => {
  const broker = await smallBroker(false, (socket) => {
    socket.write(pingResponse);
    // The answer lies there, and nobody gets a turn to read it before mqtt.js loses its patience.
    holdUp(800);
  });
  const it = impatientSource(broker.url);
  await it.start();
  await it.ready();
  await until(() => broker.pings() >= 3, 'asked three times');
  expect(it.states).not.toContain('waiting');
});

it('while nothing is durable and the broker may send no more, its answers to pings keep the connection', async () => {
  const broker = await startMosquitto({ extraConfig: 'max_inflight_messages 20' });
  cleanUps.push(() => broker.stop());
  const it = impatientSource(broker.url);
  await it.start();
  await it.ready();
  const plug = await connectAsync(broker.url);
  cleanUps.push(() => plug.endAsync(true));
  for (let i = 0; i < 100; i += 1) await plug.publishAsync('tele/a', String(i), { qos: 1 });
  await until(() => it.messages() === 20, 'the window is full');
  // Longer than a silent broker is waited for.
  const sinceMs = Date.now();
  await until(() => Date.now() - sinceMs > 4_000, 'time passes');
  expect(it.states).not.toContain('waiting');
  it.source.acknowledge(20);
  await until(() => it.messages() >= 40, 'the next ones');
});

/** Nothing else gets a turn meanwhile. */
function holdUp(ms: number): void {
  const untilMs = Date.now() + ms;
  while (Date.now() < untilMs);
}
