import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { makeLog } from '../../../src/base/log.ts';
import type { RawMessage } from '../../../src/model/reading.ts';
import { BuiltInBroker } from '../../../src/sources/built-in-broker.ts';
import { DemoConnection } from '../../../src/sources/demo/demo-connection.ts';
import { meters } from '../../../src/sources/demo/meters.ts';
import { SimulatedRoom } from '../../../src/sources/demo/simulated-room.ts';
import { until } from '../../base/until.ts';
import { freePort } from '../../servers/free-port.ts';

const log = makeLog('silent');
const room = new SimulatedRoom(1, 'Europe/London');
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of running.splice(0).toReversed()) await one.stop();
});

async function startBroker(port: number): Promise<Map<string, RawMessage>> {
  const heard = new Map<string, RawMessage>();
  const broker = new BuiltInBroker({ host: '127.0.0.1', port, filters: ['#'], clock: systemClock, log });
  running.push(broker);
  await broker.start({
    message: (message) => {
      heard.set(message.topic, message);
      broker.acknowledge(message.sequence);
    },
    changed: () => {},
  });
  return heard;
}

function startDemo(port: number): DemoConnection {
  const demo = new DemoConnection({ url: `mqtt://127.0.0.1:${port}`, room, clock: systemClock, log });
  running.push(demo);
  demo.start();
  return demo;
}

test('the simulated meters come in through the broker, and take their leave when stopped', async () => {
  const port = await freePort();
  const heard = await startBroker(port);
  const demo = startDemo(port);
  await until(
    () => heard.has('tele/pdu-r1-a/SENSOR') && heard.has('r3/pdu-a1/events/rpc'),
    () => `only ${[...heard.keys()]}`,
  );
  expect([...heard.keys()].filter((topic) => topic.endsWith('/LWT')).length).toBe(
    meters.filter(({ kind }) => kind.startsWith('tasmota')).length,
  );
  expect(
    JSON.parse(Buffer.from(heard.get('tele/pdu-r1-a/SENSOR')!.payload).toString()).ENERGY.Power,
  ).toHaveLength(8);
  await demo.stop();
  await until(
    () => Buffer.from(heard.get('tele/pdu-r1-a/LWT')!.payload).toString() === 'Offline',
    'no goodbye',
  );
  expect(Buffer.from(heard.get('r3/pdu-a1/online')!.payload).toString()).toBe('false');
});

test('a broker that comes late, or comes back, is found and greeted anew', async () => {
  const port = await freePort();
  startDemo(port);
  const first = await startBroker(port);
  await until(() => first.has('r3/pdu-a1/online'), 'never came');
  await running.pop()!.stop();
  const second = await startBroker(port);
  await until(() => second.has('r3/pdu-a1/online'), 'did not come back');
});

test('stopping without a broker does not wait for one', async () => {
  const demo = startDemo(await freePort());
  await demo.stop();
  await demo.stop();
});
