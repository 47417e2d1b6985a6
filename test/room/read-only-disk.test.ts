import mqtt from 'mqtt';
import { describe, expect, it, type TestContext } from 'vitest';
import type { ReadyAnswer, RoomAnswer } from '../../src/api/shapes.ts';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import type { Store } from '../../src/store/store.ts';
import { makeSmallDisk } from '../chaos/small-disk.ts';
import { makeFailingDisk } from '../servers/failing-disk.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { AheadClock, runApp, type TestedApp, until } from './running.ts';

const retention = { rawMs: 86_400_000, minuteMs: 86_400_000 };
/** So many are under way at once, as brokers ship. */
const inFlightMax = 20;
const count = 60;

describe.concurrent('a disk that becomes read-only while the service runs', () => {
  it('by a failure: it says so, acknowledges nothing, and has everything when it is mended and started again', async (test) => {
    const disk = makeFailingDisk();
    if (disk === undefined) return test.skip('this user may not mount ext4');
    const { broker, publish } = await aPlug(test);
    const env = { RACKWATT_MQTT_URL: broker.url };
    const clock = aheadToMinute();
    const app = await runApp(env, disk.folder, undefined, clock);
    let again: TestedApp | undefined;
    try {
      await until('ready', async () => (await ready(app)).ready);
      disk.fail();
      await publish();
      await holdsBack(app);
      await app.stop();
      disk.repair();
      again = await runApp(env, disk.folder, undefined, clock);
      await until('the rest has come', async () => (await watts(again!)) === count);
      await until('ready', async () => (await ready(again!)).ready);
      await again.stop();
      const store = new EmbeddedStore({ path: disk.folder, retention });
      expect(await stored(store)).toEqual(allOfThem);
    } finally {
      await Promise.all([app.stop(), again?.stop()]);
      disk.remove();
    }
  });

  it('by an admin, with InfluxDB away: it says so, acknowledges nothing, and has everything when both are back', async (test) => {
    const disk = makeSmallDisk();
    if (!disk.mounted) return test.skip('this user may not mount');
    const [{ broker, publish }, influxd] = await Promise.all([aPlug(test), startInfluxd()]);
    const app = await runApp(
      {
        RACKWATT_MQTT_URL: broker.url,
        RACKWATT_STORE_KIND: 'influx',
        RACKWATT_STORE_INFLUX_URL: influxd.url,
      },
      disk.folder,
      undefined,
      aheadToMinute(),
    );
    try {
      await until('ready', async () => (await ready(app)).ready);
      await influxd.kill();
      disk.makeReadOnly();
      await publish();
      await holdsBack(app);
      disk.makeWritable();
      await until('the rest has come', async () => (await watts(app)) === count);
      expect((await ready(app)).backlog).toMatchObject({ ok: true, dropped: 0 });
      await influxd.restart();
      await until('ready', async () => (await ready(app)).ready && app.counts().store.written >= count);
      const store = new InfluxStore({ url: influxd.url, database: 'rackwatt', retention });
      expect(await stored(store)).toEqual(allOfThem);
    } finally {
      await app.stop();
      await influxd.stop();
      disk.remove();
    }
  });
});

const allOfThem = Array.from({ length: count }, (_, i) => i + 1);

/** At the beginning of a minute, so that none ends and asks for room in the queue beside the readings. */
function aheadToMinute(): AheadClock {
  const clock = new AheadClock();
  clock.advance(60_000 - (clock.nowMs() % 60_000));
  return clock;
}

async function aPlug({ onTestFinished }: TestContext) {
  const broker = await startMosquitto({ extraConfig: `max_inflight_messages ${inFlightMax}` });
  const client = await mqtt.connectAsync(broker.url);
  onTestFinished(async () => {
    await client.endAsync(true);
    await broker.stop();
  });
  const publish = async () => {
    for (const power of allOfThem)
      await client.publishAsync('tele/plug/SENSOR', JSON.stringify({ ENERGY: { Power: power } }), { qos: 1 });
  };
  return { broker, publish };
}

/** As many as the broker lets be under way are taken, and none of them acknowledged. */
async function holdsBack(app: TestedApp): Promise<void> {
  const problem = await until('it says why', async () => (await ready(app)).backlog.problem);
  expect(problem).toMatch(/cannot be used: EROFS/);
  expect((await ready(app)).backlog.ok).toBe(false);
  expect((await app.get('/readyz')).status).toBe(503);
  await until('all under way are here', async () => (await watts(app)) === inFlightMax);
  expect(app.counts().store).toMatchObject({ queuedReadings: inFlightMax, dropped: 0 });
}

async function ready(app: TestedApp): Promise<ReadyAnswer> {
  return (await app.get('/readyz')).body as ReadyAnswer;
}

async function watts(app: TestedApp): Promise<number | undefined> {
  return ((await app.get('/api/v1/room')).body as RoomAnswer).figures.room?.watts;
}

async function stored(store: Store): Promise<number[]> {
  await store.open();
  try {
    const toMs = Date.now() + 60_000;
    const query = { outlet: 'plug/0', quantity: 'watts', fromMs: toMs - 3_600_000, toMs } as const;
    return [...(await store.series(query)).values];
  } finally {
    await store.close();
  }
}
