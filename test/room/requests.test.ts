import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { sparkplug } from '../devices/made-sparkplug.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { runApp, until } from './running.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** The service on a broker of its own or on the admin's, and a client that devices speak through. */
async function serviceAndDevice(kind: 'own broker' | 'mosquitto') {
  const broker = kind === 'mosquitto' ? await startMosquitto() : undefined;
  if (broker !== undefined) cleanUps.push(() => broker.stop());
  const app = await runApp(broker === undefined ? {} : { RACKWATT_MQTT_URL: broker.url });
  cleanUps.push(() => app.dispose());
  await until('the service listens', async () => (await app.get('/readyz')).status === 200);
  const client = await mqtt.connectAsync(broker?.url ?? app.brokerUrl);
  cleanUps.push(() => client.endAsync(true));
  const heard: { topic: string; payload: Buffer }[] = [];
  client.on('message', (topic, payload) => heard.push({ topic, payload }));
  await client.subscribeAsync(['spBv1.0/+/NCMD/+', 'R/#']);
  return { app, client, heard };
}

describe.each(['own broker', 'mosquitto'] as const)('on %s', (kind) => {
  it('asks an unknown Sparkplug node for its birth, and reads it from then on', async () => {
    const { app, client, heard } = await serviceAndDevice(kind);
    const power = { name: 'Outlet 1/Power', alias: 1, type: 9, float: 42.5, properties: { engUnit: 'W' } };
    const data = (seq: number) =>
      sparkplug({ timestamp: Date.now(), seq, metrics: [{ alias: 1, float: 43 }] });
    await client.publishAsync('spBv1.0/hall/NDATA/edge', data(7));
    const asked = await until('a birth is asked for', () => heard[0]);
    expect(asked.topic).toBe('spBv1.0/hall/NCMD/edge');
    expect(asked.payload.includes('Node Control/Rebirth')).toBe(true);
    await client.publishAsync(
      'spBv1.0/hall/NBIRTH/edge',
      sparkplug({ timestamp: Date.now(), seq: 0, metrics: [power] }),
    );
    await client.publishAsync('spBv1.0/hall/NDATA/edge', data(1));
    await until('both are read', () => app.counts().readings === 2);
  });

  it('keeps a Victron portal awake', async () => {
    const { client, heard } = await serviceAndDevice(kind);
    await client.publishAsync('N/c0619ab1d2e3/heartbeat', '{"value":1}');
    const asked = await until('a keepalive is sent', () => heard[0]);
    expect([asked.topic, asked.payload.toString()]).toEqual(['R/c0619ab1d2e3/keepalive', '']);
  });
});
