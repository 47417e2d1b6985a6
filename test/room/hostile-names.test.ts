import mqtt from 'mqtt';
import { expect, it } from 'vitest';
import type { DevicesAnswer, HistoryAnswer, RoomAnswer } from '../../src/api/shapes.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { runApp, until } from './running.ts';

/** Names that somewhere else would be code, taken through the whole road and looked at where they come out. */
const names = [
  '=HYPERLINK("http:evil")',
  '<img src=x onerror=alert(1)>',
  '__proto__',
  'constructor',
  'a,b=c d "e"',
  "'; DROP MEASUREMENT reading; --",
  'back\\slash\\',
  'zwei Wörter 💥',
];

async function throughTheRoad(env: Record<string, string>): Promise<void> {
  const app = await runApp(env);
  const client = await mqtt.connectAsync(app.brokerUrl);
  for (const [i, name] of names.entries()) {
    const payload = JSON.stringify({ ENERGY: { Power: 100 + i, Voltage: 230, Total: 1 } });
    await client.publishAsync(`tele/${name}/SENSOR`, payload, { qos: 1 });
  }
  await client.endAsync();
  const get = async (path: string, accept = 'application/json') => {
    const response = await fetch(`${app.httpUrl}${path}`, { headers: { accept } });
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    return { status: response.status, text: await response.text() };
  };
  await until('all are in the store', () => app.counts().store.written >= names.length);
  const room = JSON.parse((await get('/api/v1/room')).text) as RoomAnswer;
  const devices = JSON.parse((await get('/api/v1/devices')).text) as DevicesAnswer;
  const metrics = (await get('/metrics')).text.split('\n');
  expect(devices.rows.map(({ device }) => device)).toEqual(expect.arrayContaining(names));
  for (const [i, name] of names.entries()) {
    expect([name, room.figures[`server:${name}/0`]?.watts]).toEqual([name, 100 + i]);
    const question = `/api/v1/history?scope=${encodeURIComponent(`outlet:${name}/0`)}&quantity=volts&points=2`;
    const answer = JSON.parse((await get(question)).text) as HistoryAnswer;
    expect([name, answer.mean?.filter((value) => value !== null)]).toEqual([name, [230]]);
    // As a list, so that the name is a field: no line of it begins like a formula, and none is split by the name.
    const csv = await get(`${question}&scope=room`, 'text/csv');
    expect(csv.status).toBe(200);
    for (const line of csv.text.trimEnd().split('\r\n')) expect(line).toMatch(/^"?(outlet:|room|scope)/);
    const label = `device:${name}`.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    expect(metrics).toContain(`rackwatt_watts{scope="${label}"} ${100 + i}`);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).watts).toBeUndefined();
  await app.dispose();
}

it('hostile names come out of the embedded store as they went in, and are nothing but names', async () => {
  await throughTheRoad({});
});

it('hostile names come out of InfluxDB as they went in, and are nothing but names', async () => {
  const influxd = await startInfluxd();
  await throughTheRoad({ RACKWATT_STORE_KIND: 'influx', RACKWATT_STORE_INFLUX_URL: influxd.url });
  await influxd.stop();
});
