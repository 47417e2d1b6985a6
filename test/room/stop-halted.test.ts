import { connect } from 'node:net';
import mqtt from 'mqtt';
import { afterEach, expect, it } from 'vitest';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type RunningRackwatt, startRackwatt } from '../run-rackwatt.ts';
import { type Influxd, startInfluxd } from '../servers/influxd.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { Rig } from './passing-hours.ts';
import { scratchFolder, until } from './running.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const retention = { rawMs: 1e12, minuteMs: 1e12 };

async function anInfluxd(): Promise<Influxd> {
  const influxd = await startInfluxd();
  cleanUps.push(() => influxd.stop());
  return influxd;
}

async function inStore<T>({ url }: Influxd, look: (store: InfluxStore) => Promise<T>): Promise<T> {
  const store = new InfluxStore({ url, database: 'rackwatt', retention });
  await store.open();
  return look(store).finally(() => store.close());
}

it('a stop comes to its proper end while store, broker and a client answer nothing, and nothing is missing afterwards', async () => {
  const [broker, influxd] = await Promise.all([startMosquitto(), anInfluxd()]);
  cleanUps.push(() => broker.stop());
  const env = {
    RACKWATT_MQTT_URL: broker.url,
    RACKWATT_STORE_KIND: 'influx',
    RACKWATT_STORE_INFLUX_URL: influxd.url,
    RACKWATT_STORE_PATH: scratchFolder(),
    RACKWATT_HTTP_PORT: '0',
  };
  const start = async (): Promise<[RunningRackwatt, string]> => {
    const rackwatt = await startRackwatt(['serve'], { env });
    cleanUps.push(() => rackwatt.child.kill('SIGKILL'));
    const url = /http:\/\/\S+/.exec(rackwatt.stdout())![0];
    await until('ready', async () => (await fetch(`${url}/readyz`)).ok);
    return [rackwatt, url];
  };
  const plug = await mqtt.connectAsync(broker.url);
  cleanUps.push(() => plug.endAsync(true));
  let sent = 0;
  const publish = () =>
    Promise.all(
      Array.from({ length: 70 }, () => {
        sent += 1;
        const payload = JSON.stringify({ ENERGY: { Power: 40, Total: sent / 1000 } });
        return plug.publishAsync(`tele/plug-${sent % 70}/SENSOR`, payload, { qos: 1 });
      }),
    );

  const [first, url] = await start();
  await publish();
  await until('history has it', async () => {
    const answer = await fetch(`${url}/metrics`);
    return Number(/^rackwatt_store_written_total (\d+)/m.exec(await answer.text())?.[1]) >= sent;
  });
  influxd.pause();
  await publish();
  broker.pause();
  const client = connect(Number(new URL(url).port), '127.0.0.1');
  client.on('error', () => {});
  client.write('POST /api/v1/silences HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{');
  cleanUps.push(() => client.destroy());
  first.child.kill('SIGTERM');
  expect([await first.ended, first.stderr()]).toEqual([0, expect.not.stringContaining('not stopped')]);

  influxd.resume();
  broker.resume();
  const [second, again] = await start();
  await until('all are in the store', async () => {
    const { backlog } = (await (await fetch(`${again}/readyz`)).json()) as { backlog: { readings: number } };
    return backlog.readings === 0 && (await numbersIn(influxd)).length >= sent;
  });
  expect(await numbersIn(influxd)).toEqual(Array.from({ length: sent }, (_, i) => i + 1));
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
});

/** Of all plugs; each reading's number is its counter, in Wh. */
function numbersIn(influxd: Influxd): Promise<number[]> {
  return inStore(influxd, async (store) => {
    const toMs = Date.now() + 60_000;
    const range = { quantity: 'wattHoursTotal', fromMs: toMs - 3_600_000, toMs } as const;
    const series = await Promise.all(
      Array.from({ length: 70 }, (_, i) => store.series({ ...range, outlet: `plug-${i}/0` })),
    );
    return series.flatMap(({ values }) => [...values].map(Math.round)).sort((a, b) => a - b);
  });
}

const fromMs = Date.UTC(2026, 5, 1, 8);
const everyMs = 10_000;
const servers = JSON.stringify([{ name: 'hv-01', inputs: [{ outlet: 'pdu/1' }] }]);
const lineOf = (rig: Rig) => `pdu,device=pdu,outlet=1 power_w=100 ${rig.clock.nowMs()}000000`;

it('minutes that began before a stop and went on after it are whole, also when the store was away over both', async () => {
  const influxd = await anInfluxd();
  const rig = new Rig(
    {
      RACKWATT_STORE_KIND: 'influx',
      RACKWATT_STORE_INFLUX_URL: influxd.url,
      RACKWATT_ROOM_SERVERS: servers,
    },
    scratchFolder(),
    fromMs,
  );
  await rig.start();
  for (; rig.clock.nowMs() < fromMs + 440_000; await rig.pass(everyMs)) await rig.publish([lineOf(rig)]);
  await influxd.kill();
  await rig.stop();

  const started = rig.start();
  await until('it runs again', () => rig.isConnected);
  for (let n = 0; n < 8; n += 1) {
    await rig.say([lineOf(rig)]);
    rig.clock.advance(everyMs);
  }
  await influxd.restart();
  await started;
  for (; rig.clock.nowMs() < fromMs + 1_200_000; await rig.pass(everyMs)) await rig.publish([lineOf(rig)]);
  await letAllBeMade(rig);
  await inStore(influxd, expectWhole);
});

it('what the broker brings again after a stop is counted once', async () => {
  const folder = scratchFolder();
  const rig = new Rig({ RACKWATT_ROOM_SERVERS: servers }, folder, fromMs);
  const said: string[] = [];
  const say = async () => {
    said.push(lineOf(rig));
    await rig.publish([said.at(-1)!]);
  };
  await rig.start();
  for (; rig.clock.nowMs() < fromMs + 440_000; await rig.pass(everyMs)) await say();
  await rig.stop();
  await rig.start();
  await rig.publish(said.slice(-20));
  for (; rig.clock.nowMs() < fromMs + 1_200_000; await rig.pass(everyMs)) await say();
  await letAllBeMade(rig);
  const store = new EmbeddedStore({ path: folder, retention });
  await store.open();
  await expectWhole(store).finally(() => store.close());
});

async function letAllBeMade(rig: Rig): Promise<void> {
  for (let minute = 0; minute < 120; minute += 1) await rig.pass(60_000);
  await rig.settle();
  await rig.stop();
}

/** Twenty minutes but the last, and the first quarter, at 100 W. */
async function expectWhole(store: Store): Promise<void> {
  for (const scope of ['outlet:pdu/1', 'server:hv-01', 'room']) {
    const toMs = fromMs + 1_140_000;
    const minutes = await store.rollUps({ scope, tier: 'minute', fromMs, toMs });
    expect([...minutes.observedMs], scope).toEqual(Array.from({ length: 19 }, () => 60_000));
    const quarters = await store.rollUps({ scope, tier: 'quarter', fromMs, toMs: fromMs + 900_000 });
    expect([...quarters.observedMs], scope).toEqual([900_000]);
    expect(quarters.wattHours[0], scope).toBeCloseTo(25, 4);
  }
}
