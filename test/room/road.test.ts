import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import type {
  DevicesAnswer,
  HistoryAnswer,
  ReadyAnswer,
  RoomAnswer,
  TreeAnswer,
} from '../../src/api/shapes.ts';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { runApp, scratchFolder, until, watch } from './running.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});
function later<T>(thing: T, cleanUp: (thing: T) => unknown): T {
  cleanUps.push(() => cleanUp(thing));
  return thing;
}

const mosquitto = async () => later(await startMosquitto(), (server) => server.stop());
const influxd = async () => later(await startInfluxd(), (server) => server.stop());
const app = async (env: Record<string, string>) => later(await runApp(env), (running) => running.dispose());
const device = async (url: string) => later(await mqtt.connectAsync(url), (client) => client.endAsync(true));

const sensor = (watts: number, more = {}) =>
  JSON.stringify({
    Time: '2026-01-01T00:00:00',
    ENERGY: { Power: watts, Voltage: 230, Current: 0.5, Factor: 0.9, Total: 12.5, ...more },
  });
const publish = (client: MqttClient, name: string, watts: number) =>
  client.publishAsync(`tele/${name}/SENSOR`, sensor(watts), { qos: 1 });

const room = JSON.stringify({
  servers: [
    {
      name: 'hv-01',
      rack: 'r1',
      inputs: [
        { outlet: 'plug-a/0', breaker: 'A1' },
        { outlet: 'plug-b/0', breaker: 'B1' },
      ],
    },
  ],
  racks: [{ name: 'r1' }],
  feeds: [
    { name: 'A', amps: 32, breakers: [{ name: 'A1', amps: 16, phase: 'L1' }] },
    { name: 'B', breakers: [{ name: 'B1', amps: 16 }] },
  ],
});
const roomSettings = () => ({
  RACKWATT_ROOM_SERVERS: JSON.stringify(JSON.parse(room).servers),
  RACKWATT_ROOM_RACKS: JSON.stringify(JSON.parse(room).racks),
  RACKWATT_ROOM_FEEDS: JSON.stringify(JSON.parse(room).feeds),
});

async function rowsIn(url: string, query: string): Promise<unknown[][]> {
  const answer = await fetch(`${url}/query?${new URLSearchParams({ db: 'rackwatt', q: query, epoch: 'u' })}`);
  const body = (await answer.json()) as { results: { series?: { values: unknown[][] }[]; error?: string }[] };
  expect(body.results[0]?.error).toBeUndefined();
  return body.results[0]?.series?.flatMap(({ values }) => values) ?? [];
}

describe('the whole road', () => {
  it('carries a reading from mosquitto to the live page, to InfluxDB and to the history', async () => {
    const broker = await mosquitto();
    const influx = await influxd();
    const service = await app({
      RACKWATT_MQTT_URL: broker.url,
      RACKWATT_STORE_KIND: 'influx',
      RACKWATT_STORE_INFLUX_URL: influx.url,
      ...roomSettings(),
    });
    await until('ready', async () => (await service.get('/readyz')).status === 200);
    const page = later(await watch(service), ({ close }) => close());
    const plug = await device(broker.url);
    await publish(plug, 'plug-a', 120.5);
    await publish(plug, 'plug-b', 100.25);
    await publish(plug, 'lonely', 40);

    await until('the page shows the server', () => page.figures.get('server:hv-01')?.watts === 220.75);
    await until('the page shows the room', () => page.figures.get('room')?.watts === 260.75);
    expect(page.figures.get('server:lonely/0')).toMatchObject({ watts: 40, basis: 'measured' });

    await until(
      'InfluxDB has all three',
      async () => (await rowsIn(influx.url, 'SELECT watts FROM raw.reading')).length === 3,
    );
    const [row] = await rowsIn(
      influx.url,
      `SELECT watts, volts, amps, power_factor, watt_hours_total FROM raw.reading WHERE device='plug-a' AND outlet='0'`,
    );
    // 0.9 lies on a binary grid finer than the meter's hundredths.
    expect(row?.slice(1)).toEqual([120.5, 230, 0.5, expect.closeTo(0.9, 2), 12500]);

    const { body: history } = await service.get(
      `/api/v1/history?scope=outlet:plug-a/0&points=600&from=${Date.now() - 600_000}`,
    );
    const known = (history as HistoryAnswer).mean.filter((value) => value !== null);
    expect((history as HistoryAnswer).tier).toBe('raw');
    expect(known).toContain(120.5);

    // The newest minute has no row yet; the answer has it all the same.
    const { body: ofRoom } = await service.get('/api/v1/history?scope=room&points=24');
    expect((ofRoom as HistoryAnswer).max.filter((value) => value !== null)).toEqual([260.75]);

    const { body: tree } = await service.get('/api/v1/tree');
    expect((tree as TreeAnswer).unclaimed).toEqual([{ outlet: 'lonely/0', device: 'lonely' }]);
    expect((tree as TreeAnswer).feeds).toEqual(JSON.parse(room).feeds);
    const { body: devices } = await service.get('/api/v1/devices');
    expect((devices as DevicesAnswer).rows.map((r) => [r.device, r.family, r.silent])).toEqual(
      expect.arrayContaining([['plug-a', 'tasmota', false]]),
    );
  });

  it('starts without its broker, says so, and goes on when the broker comes', async () => {
    const broker = await mosquitto();
    await broker.kill();
    const service = await app({ RACKWATT_MQTT_URL: broker.url });
    const told = await until('it says why', async () => {
      const { status, body } = await service.get('/readyz');
      return (
        (body as ReadyAnswer).broker.problem !== undefined && { status, broker: (body as ReadyAnswer).broker }
      );
    });
    expect(told).toMatchObject({ status: 503, broker: { ok: false } });
    await broker.restart();
    await until('ready', async () => (await service.get('/readyz')).status === 200);
    const plug = await device(broker.url);
    await publish(plug, 'plug-a', 99);
    await until(
      'the room has it',
      async () => ((await service.get('/api/v1/room')).body as RoomAnswer).figures.room?.watts === 99,
    );
  });

  it('goes on live while InfluxDB is away, and brings every reading in when it is back', async () => {
    const broker = await mosquitto();
    const influx = await influxd();
    await influx.kill();
    const service = await app({
      RACKWATT_MQTT_URL: broker.url,
      RACKWATT_STORE_KIND: 'influx',
      RACKWATT_STORE_INFLUX_URL: influx.url,
    });
    await until(
      'the broker is there',
      async () => ((await service.get('/readyz')).body as ReadyAnswer).broker.ok,
    );
    const plug = await device(broker.url);
    for (let i = 0; i < 50; i += 1) await publish(plug, 'plug-a', i);
    await until(
      'the room shows the last one',
      async () => ((await service.get('/api/v1/room')).body as RoomAnswer).figures.room?.watts === 49,
    );
    const ready = await service.get('/readyz');
    expect(ready.status).toBe(503);
    expect((ready.body as ReadyAnswer).store.ok).toBe(false);
    const history = await service.get('/api/v1/history?scope=room');
    expect(history.status).toBe(503);
    await influx.restart();
    await until(
      'all are stored',
      async () => (await rowsIn(influx.url, 'SELECT watts FROM raw.reading').catch(() => [])).length === 50,
      30_000,
    );
    await until('ready', async () => (await service.get('/readyz')).status === 200);
  });

  it('counts garbage by reason and is not held up by it', async () => {
    const service = await app({});
    const plug = await device(service.brokerUrl);
    await plug.publishAsync('tele/evil/SENSOR', Buffer.from([0xff, 0x00, 0xfe]), { qos: 1 });
    await plug.publishAsync('tele/evil/SENSOR', `${'{"ENERGY":'.repeat(5000)}1`, { qos: 1 });
    await plug.publishAsync('tele/evil/SENSOR', '['.repeat(10_000), { qos: 1 });
    await plug.publishAsync('tele/evil/SENSOR', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, {
      qos: 1,
    });
    await plug.publishAsync('tele/evil/SENSOR', `{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}`, {
      qos: 1,
    });
    await plug.publishAsync('tele/evil/SENSOR', 'x'.repeat(1_000_000), { qos: 1 });
    await plug.publishAsync('tele/evil/SENSOR', sensor(1e12), { qos: 1 });
    await plug.publishAsync('tele/evil/SENSOR', sensor(55, { Voltage: 'high' }), { qos: 1 });
    await plug.publishAsync('some/thing/else', 'hello', { qos: 1 });
    await until(
      'the good part is there',
      async () =>
        ((await service.get('/api/v1/room')).body as RoomAnswer).figures['outlet:evil/0']?.watts === 55,
    );
    const { rows } = (await service.get('/api/v1/devices')).body as DevicesAnswer;
    const rejects = Object.assign({}, ...rows.map((row) => row.rejects)) as Record<string, number>;
    expect(Object.keys(rejects)).toEqual(
      expect.arrayContaining(['not-json', 'too-deep', 'too-large', 'watts-out-of-range', 'not-a-number']),
    );
  });

  it('keeps what it has shown when it is stopped and started again', async () => {
    const folder = scratchFolder();
    const first = await runApp({}, folder);
    const plug = await mqtt.connectAsync(first.brokerUrl);
    for (let i = 0; i < 20; i += 1) await publish(plug, 'plug-a', 100 + i);
    await plug.endAsync(true);
    await first.stop();
    const store = new EmbeddedStore({ path: folder, retention: { rawMs: Infinity, minuteMs: Infinity } });
    await store.open();
    const kept = await store.series({
      outlet: 'plug-a/0',
      quantity: 'watts',
      fromMs: Date.now() - 60_000,
      toMs: Date.now() + 1,
    });
    const minutes = await store.rollUps({
      tier: 'minute',
      scope: 'server:plug-a/0',
      fromMs: Date.now() - 120_000,
      toMs: Date.now(),
    });
    await store.close();
    expect([...kept.values]).toEqual(Array.from({ length: 20 }, (_, i) => 100 + i));
    expect(minutes.fromMs.length).toBeGreaterThan(0);
    const second = later(await runApp({}, folder), (running) => running.dispose());
    await until('ready', async () => (await second.get('/readyz')).status === 200);
  });

  it('shows a simulated room, with a past, when nothing is set', async () => {
    const service = await app({ RACKWATT_DEMO_RUN: 'always' });
    const page = later(await watch(service, ['room', 'server:*']), ({ close }) => close());
    await until(
      'forty servers draw',
      () =>
        [...page.figures].filter(([scope, { watts }]) => scope !== 'room' && watts !== undefined).length >=
        40,
    );
    const { body } = await service.get('/api/v1/room');
    expect((body as RoomAnswer).demo).toBe(true);
    await until('yesterday has a history', async () => {
      const { body: history } = await service.get(
        `/api/v1/history?scope=room&from=${Date.now() - 20 * 3_600_000}`,
      );
      return (history as HistoryAnswer).mean.filter((value) => value !== null).length > 300;
    });
    const { rows } = (await service.get('/api/v1/devices')).body as DevicesAnswer;
    expect(rows.filter((row) => row.silent).map((row) => row.device)).toContain('plug-lab-02');
  });
});
