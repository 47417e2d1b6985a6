import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashOfToken, makeToken } from '../src/base/token.ts';
import { until } from './room/running.ts';
import { startRackwatt } from './run-rackwatt.ts';
import { startMosquitto } from './servers/mosquitto.ts';

test('no secret of the settings is in the log, in the output or in an answer, at the most talkative level', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-secrets-'));
  const secrets = { mqtt: 'mqtt-secret-4711', influx: 'influx-secret-4712', token: makeToken() };
  const broker = await startMosquitto({ auth: { username: 'rackwatt', password: secrets.mqtt } });
  writeFileSync(join(folder, 'mqtt'), `${secrets.mqtt}\n`);
  const hash = hashOfToken(secrets.token);
  const env = {
    RACKWATT_HTTP_PORT: '0',
    RACKWATT_STORE_PATH: join(folder, 'data'),
    RACKWATT_LOG_LEVEL: 'debug',
    RACKWATT_MQTT_URL: broker.url,
    RACKWATT_MQTT_USERNAME: 'rackwatt',
    RACKWATT_MQTT_PASSWORD_FILE: join(folder, 'mqtt'),
    RACKWATT_STORE_KIND: 'influx',
    RACKWATT_STORE_INFLUX_URL: `http://user:${secrets.influx}@127.0.0.1:1`,
    RACKWATT_ACCESS_TOKENS: `[ { name: a, hash: '${hash}', role: operate } ]`,
  };
  const rackwatt = await startRackwatt(['serve'], { cwd: folder, env });
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(rackwatt.stdout())![0];
  const texts: string[] = [];
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(url + path, {
      headers: { authorization: `Bearer ${secrets.token}` },
      ...init,
    });
    const text = await response.text();
    texts.push(text);
    return text;
  };
  await until('the broker is in', async () => (await ask('/readyz')).includes('"broker":{"ok":true'));
  for (const path of [
    '/api/v1/room',
    '/api/v1/history?scope=room',
    '/api/v1/energy?scope=room',
    '/api/v1/starts',
  ])
    await ask(path);
  for (const path of ['/metrics', '/api/v1/devices', '/api/v1/session', '/api/v1/openapi.json'])
    await ask(path);
  await ask('/api/v1/room', { headers: { authorization: `Bearer ${secrets.token}x` } });
  const body = JSON.stringify({ token: secrets.token });
  await ask('/api/v1/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await ask('/api/v1/audit');
  rackwatt.child.kill('SIGTERM');
  await rackwatt.ended;
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
  texts.push(rackwatt.stdout(), rackwatt.stderr());
  expect(rackwatt.stderr()).toContain('sign-in');
  for (const secret of [...Object.values(secrets), hash, hash.slice(7)])
    expect(texts.filter((text) => text.includes(secret))).toEqual([]);
});
