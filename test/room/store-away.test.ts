import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Influxd, startInfluxd } from '../servers/influxd.ts';
import { runApp, type TestedApp, until } from './running.ts';

let influxd: Influxd;
let app: TestedApp;
let client: mqtt.MqttClient;
let watts = 40;

beforeAll(async () => {
  influxd = await startInfluxd();
  app = await runApp({ RACKWATT_STORE_KIND: 'influx', RACKWATT_STORE_INFLUX_URL: influxd.url });
  client = await mqtt.connectAsync(app.brokerUrl);
  await reads();
  await until('history is answered', async () => (await app.get(question)).status === 200);
});
afterAll(async () => {
  await client?.endAsync(true);
  await app?.dispose();
  await influxd?.stop();
});

const question = '/api/v1/history?scope=room';

/** A new reading is live. */
async function reads(): Promise<void> {
  watts += 1;
  await client.publishAsync('tele/plug/SENSOR', JSON.stringify({ ENERGY: { Power: watts, Total: 1 } }), {
    qos: 0,
  });
  await until('the reading is live', async () => {
    const { body } = await app.get('/api/v1/room');
    return (
      (body as { figures: Record<string, { watts?: number }> }).figures['outlet:plug/0']?.watts === watts
    );
  });
}

it.each(['frozen', 'killed'] as const)(
  'a store that is %s is said to be away; the live view goes on, and so does history when it is back',
  async (how) => {
    if (how === 'frozen') influxd.pause();
    else await influxd.kill();
    try {
      for (const path of [question, '/api/v1/energy?scope=room', '/api/v1/starts']) {
        const { status, body } = await app.get(path);
        expect([path, status, (body as { type: string }).type]).toEqual([
          path,
          503,
          'urn:rackwatt:problem:store-away',
        ]);
      }
      await reads();
      await until(
        'the service says that it is not ready',
        async () => (await app.get('/readyz')).status === 503,
      );
    } finally {
      if (how === 'frozen') influxd.resume();
      else await influxd.restart();
    }
    await until('history is answered', async () => (await app.get(question)).status === 200);
    await until('the service is ready', async () => (await app.get('/readyz')).status === 200);
  },
  60_000,
);
