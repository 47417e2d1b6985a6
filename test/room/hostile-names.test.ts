import fc from 'fast-check';
import mqtt from 'mqtt';
import { expect, it } from 'vitest';
import type { DevicesAnswer, HistoryAnswer, RoomAnswer } from '../../src/api/shapes.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { chosenNames, hostileNames } from './hostile-name.ts';
import { runApp, until } from './running.ts';

const listedAtOnce = 10;

async function throughTheRoad(env: Record<string, string>): Promise<void> {
  const seed = Date.now() % 1_000_000;
  const all = [...new Set([...chosenNames, ...fc.sample(hostileNames, { numRuns: 30, seed })])];
  await look(env, all).catch((error: Error) => {
    error.message = `seed ${seed}: ${error.message}`;
    throw error;
  });
}

async function look(env: Record<string, string>, names: readonly string[]): Promise<void> {
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
  expect(devices.rows.map(({ device }) => device)).toEqual(expect.arrayContaining([...names]));
  for (const [i, name] of names.entries()) {
    expect([name, room.figures[`server:${name}/0`]?.watts]).toEqual([name, 100 + i]);
    const question = `/api/v1/history?scope=${encodeURIComponent(`outlet:${name}/0`)}&quantity=volts&points=2`;
    const answer = JSON.parse((await get(question)).text) as HistoryAnswer;
    expect([name, answer.mean?.filter((value) => value !== null)]).toEqual([name, [230]]);
    const label = `device:${name}`.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    expect(metrics).toContain(`rackwatt_watts{scope="${label}"} ${100 + i}`);
  }
  // As a list, so that a name is a field: it stays one, whatever is in it, and begins no record with a formula.
  for (let i = 0; i < names.length; i += listedAtOnce) {
    const asked = names.slice(i, i + listedAtOnce).map((name) => `outlet:${name}/0`);
    const question = asked.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&');
    const csv = await get(`/api/v1/history?${question}&scope=room&quantity=volts&points=2`, 'text/csv');
    expect([asked, csv.status]).toEqual([asked, 200]);
    const [head, ...records] = csvRecords(csv.text);
    expect([...new Set(records.map((record) => record[0]))].sort()).toEqual([...asked, 'room'].sort());
    for (const record of records) expect([record[0], record.length]).toEqual([record[0], head!.length]);
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

/** RFC 4180. */
function csvRecords(text: string): string[][] {
  const records: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy)) {
    records.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end === '\r\n') records.push([]);
  }
  expect(records.pop()).toEqual([]);
  return records;
}
