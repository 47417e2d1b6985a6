import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { makeLog } from '../../src/base/log.ts';
import { check } from '../../src/commands/check.ts';
import { loadSettings } from '../../src/config/load.ts';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { type Influxd, startInfluxd } from '../servers/influxd.ts';
import { type Mosquitto, startMosquitto } from '../servers/mosquitto.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-check-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function checked(env: Record<string, string>) {
  let text = '';
  const well = await check(
    loadSettings({
      env: {
        RACKWATT_HTTP_PORT: '0',
        RACKWATT_BROKER_PORT: '0',
        RACKWATT_STORE_PATH: join(folder, 'data'),
        RACKWATT_STORE_BACKLOG_MAX_BYTES: '1MiB',
        ...env,
      },
      cwd: folder,
    }),
    (line) => {
      text += line;
    },
  );
  /** The line about one thing, and its remedy. */
  const about = (what: string) => text.split(/\n(?! )/).find((line) => line.slice(2).startsWith(what)) ?? '';
  return { well, text, about };
}

describe('without a broker and a database', () => {
  test('all is well on a machine where nothing is in the way, and nothing is left behind', async () => {
    const { text, about } = await checked({});
    expect(about('settings')).toMatch(/^✓ .*no mistakes/);
    expect(about('own broker')).toMatch(/^✓ /);
    expect(about('store')).toMatch(/^✓ .*will be made/);
    expect(about('page  ')).toMatch(/^✓ /);
    expect(about('disk')).toMatch(/^✓ .*GB free/);
    expect(text).toMatch(/\n\n?(rackwatt can serve|Not everything is well)/);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  test('what has no effect is said, and is no failure', async () => {
    const { about } = await checked({
      RACKWATT_MQTT_URL: 'mqtt://127.0.0.1:1',
      RACKWATT_BROKER_USERNAME: 'x',
      RACKWATT_BROKER_PASSWORD: 'y',
    });
    expect(about('settings')).toMatch(/^! .*broker is not used, since mqtt.url names another broker/);
  });

  test('who is told of alerts is named; a secret that cannot be read is a failure, and nothing is sent', async () => {
    expect((await checked({})).about('alerts')).toMatch(/^! .*nobody is told/);
    const channels = (urlFile: string) => ({
      RACKWATT_NOTIFY_CHANNELS: JSON.stringify([{ name: 'ops', kind: 'webhook', urlFile }]),
    });
    const file = join(folder, 'hook-url');
    writeFileSync(file, 'http://127.0.0.1:1/s3cret');
    const { about } = await checked(channels(file));
    expect(about('alerts')).toMatch(/^✓ .*told to ops \(webhook\)/);
    expect(about('alerts')).not.toContain('s3cret');
  });

  describe('a port that is taken', () => {
    let server: Server;
    let port: string;
    beforeAll(async () => {
      server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      port = String((server.address() as { port: number }).port);
    });
    afterAll(() => void server.close());

    test('for the page, or for devices, fails with what to set', async () => {
      const { well, about } = await checked({ RACKWATT_BROKER_PORT: port });
      expect(well).toBe(false);
      expect(about('own broker')).toMatch(/^✗ .*EADDRINUSE[\s\S]*→ .*broker\.port/);
      expect((await checked({ RACKWATT_HTTP_PORT: port })).about('page  ')).toMatch(
        /^✗ [\s\S]*→ .*http\.port/,
      );
    });

    test('does not hold up the demo, which takes another', async () => {
      expect(
        (await checked({ RACKWATT_BROKER_PORT: port, RACKWATT_DEMO_RUN: 'always' })).about('own broker'),
      ).toMatch(/^! [\s\S]*choose another/);
    });
  });

  test('an address that is not of this machine fails', async () => {
    expect((await checked({ RACKWATT_BROKER_HOST: '192.0.2.1' })).about('own broker')).toMatch(
      /^✗ .*EADDRNOTAVAIL[\s\S]*→ .*broker\.host/,
    );
  });

  test('too little room on the disk for what may have to wait there fails', async () => {
    const { well, about } = await checked({ RACKWATT_STORE_BACKLOG_MAX_BYTES: '900TiB' });
    expect([well, about('disk')]).toEqual([
      false,
      expect.stringMatching(/^✗ [\s\S]*→ .*store\.backlog\.maxBytes/),
    ]);
  });

  test('an embedded store is opened where there is one; one in use by nobody known fails', async () => {
    const path = join(folder, 'data');
    const env = { RACKWATT_DEMO_RUN: 'never' };
    const store = new EmbeddedStore({
      path,
      retention: { rawMs: 1e10, minuteMs: 1e11 },
      clock: systemClock,
      log: makeLog('silent'),
    });
    await store.open();
    expect((await checked(env)).about('store')).toMatch(/^✗ [\s\S]*→ /);
    await store.close();
    expect((await checked(env)).about('store')).toMatch(/^✓ .*SQLite \d/);
  });

  test('a store path that is a file fails', async () => {
    writeFileSync(join(folder, 'data'), '');
    chmodSync(join(folder, 'data'), 0o600);
    expect((await checked({})).about('store')).toMatch(/^✗ .*no folder[\s\S]*→ .*store\.path/);
    rmSync(join(folder, 'data'));
    mkdirSync(join(folder, 'data'));
    expect((await checked({})).about('store')).toMatch(/^✓ /);
  });
});

describe('with a real mosquitto', () => {
  let broker: Mosquitto;
  beforeAll(async () => {
    broker = await startMosquitto({ auth: { username: 'rackwatt', password: 'right' } });
  });
  afterAll(() => broker.stop());

  test('the right password connects and subscribes', async () => {
    const { about } = await checked({
      RACKWATT_MQTT_URL: broker.url,
      RACKWATT_MQTT_USERNAME: 'rackwatt',
      RACKWATT_MQTT_PASSWORD: 'right',
    });
    expect(about('broker')).toMatch(/^✓ .*connected, \d+ topic filters granted/);
  });

  test('a wrong password, and an address where nobody listens, fail with the setting to mend', async () => {
    const wrong = await checked({
      RACKWATT_MQTT_URL: broker.url,
      RACKWATT_MQTT_USERNAME: 'rackwatt',
      RACKWATT_MQTT_PASSWORD: 'wrong',
    });
    expect([wrong.well, wrong.about('broker')]).toEqual([
      false,
      expect.stringMatching(/^✗ .*mqtt\.password/),
    ]);
    expect(wrong.text).not.toContain('wrong');
    expect((await checked({ RACKWATT_MQTT_URL: 'mqtt://127.0.0.1:1' })).about('broker')).toMatch(
      /^✗ .*connection refused/,
    );
  });
});

describe('with a real influxd', () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await startInfluxd({ auth: { username: 'admin', password: 'right' } });
  });
  afterAll(() => influxd.stop());
  const store = (password: string) => ({
    RACKWATT_STORE_KIND: 'influx',
    RACKWATT_STORE_INFLUX_URL: influxd.url,
    RACKWATT_STORE_INFLUX_USERNAME: 'admin',
    RACKWATT_STORE_INFLUX_PASSWORD: password,
  });

  test('the right password opens it, and makes the database', async () => {
    expect((await checked({ ...store('right'), RACKWATT_DEMO_RUN: 'never' })).about('store')).toMatch(
      /^✓ .*InfluxDB 1\.\d.*database rackwatt/,
    );
  });

  test('a wrong password, and a database that is away, fail with what to do', async () => {
    expect((await checked(store('wrong'))).about('store')).toMatch(/^✗ [\s\S]*→ .*store\.influx\.password/);
    expect(
      (
        await checked({ RACKWATT_STORE_KIND: 'influx', RACKWATT_STORE_INFLUX_URL: 'http://127.0.0.1:1' })
      ).about('store'),
    ).toMatch(/^✗ [\s\S]*→ .*store\.influx\.url/);
  });
});
