import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { discover } from '../../src/commands/discover.ts';
import type { FoundOutlet } from '../../src/commands/discovery.ts';
import { settingsDraft } from '../../src/commands/settings-draft.ts';
import { loadSettings } from '../../src/config/load.ts';
import { until } from '../base/until.ts';
import { type Mosquitto, type MosquittoOptions, startMosquitto } from '../servers/mosquitto.ts';
import { io, run } from './discover-run.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function broker(options: MosquittoOptions = {}): Promise<{ mosquitto: Mosquitto; plug: MqttClient }> {
  const mosquitto = await startMosquitto(options);
  cleanUps.push(() => mosquitto.stop());
  const plug = await connectAsync(mosquitto.url, { ...options.auth });
  cleanUps.push(() => plug.endAsync(true));
  return { mosquitto, plug };
}

const sensor = (watts: number) =>
  JSON.stringify({ Time: '2026-01-15T12:00:00', ENERGY: { Power: watts, Voltage: 230 } });

describe('discover', () => {
  it('lists devices and outlets with family, last watts and rate, and what it could not read', async () => {
    const { mosquitto, plug } = await broker();
    await plug.publishAsync('tele/attic/SENSOR', sensor(7), { retain: true, qos: 1 });
    await plug.publishAsync('tele/asleep/LWT', 'Offline', { retain: true, qos: 1 });
    const strip = (watts: number) => JSON.stringify({ ENERGY: { Power: [watts, 99] } });
    const params = { ts: Date.now() / 1_000, 'switch:2': { id: 2, apower: 64.3 } };
    const status = JSON.stringify({ src: 'shellypro4pm-1', dst: 'x', method: 'NotifyStatus', params });
    const { out, outlets } = await run({ url: mosquitto.url }, 10, async () => {
      for (const watts of [10, 20, 30.5]) await plug.publishAsync('tele/rack1_strip/SENSOR', strip(watts));
      await plug.publishAsync('rack/pdu-b/events/rpc', status);
      await plug.publishAsync('tele/broken/SENSOR', '{"ENERGY":');
      await plug.publishAsync('weather/station', '21.5');
      await plug.publishAsync('weather/station', '21.6');
      await plug.publishAsync('evil/\u202etxt', 'x');
    });
    expect(outlets).toBe(4);
    expect(out).toContain(`Listened to ${mosquitto.url} for 30 s: `);
    expect(out).toContain('3 devices, 4 outlets.');
    expect(
      out
        .split('\n')
        .filter((line) => /^(FAMILY|tasmota|shelly)/.test(line))
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['FAMILY', 'DEVICE', 'OUTLET', 'NAME', 'WATTS', 'PER MINUTE', 'TELLS'],
      ['tasmota', 'attic', '0', '7.0', 'stored', 'W V'],
      ['shelly-gen2', 'rack/pdu-b', '2', 'shellypro4pm-1', '64.3', 'once', 'W'],
      ['tasmota', 'rack1_strip', '1', '30.5', '6.0', 'W'],
      ['tasmota', 'rack1_strip', '2', '99.0', '6.0', 'W'],
    ]);
    expect(out).toContain('"stored": kept by the broker, its age unknown');
    expect(out).toMatch(/Heard of, but without a reading.*:\n(.*\n)* {2}asleep \(tasmota, offline\)\n/);
    expect(out).toMatch(
      /unknown-topic: no device family reads such a topic.*\n {4}weather\/station \(2 messages\) {2}21\.5\n/,
    );
    expect(out).toMatch(/not-json: .*\n {4}tele\/broken\/SENSOR \(1 message\) {2}\{"ENERGY":\n/);
    expect(out).not.toContain('\u202e');
    expect(out).toContain('--seconds 310');
  });

  it('prints settings that serve takes', async () => {
    const auth = { username: 'admin', password: 'secret word' };
    const { mosquitto, plug } = await broker({ auth });
    const { out, err } = await run({ url: mosquitto.url, ...auth, yaml: true }, 2, async () => {
      await plug.publishAsync('tele/plug 7/SENSOR', sensor(12));
      await plug.publishAsync('tele/strip/SENSOR', JSON.stringify({ ENERGY: { Power: [1, 2], Total: 3 } }));
    });
    expect(out).not.toContain('secret word');
    expect(err).toContain('2 devices');
    const settings = loadText(out);
    expect(settings.mqtt).toMatchObject({ url: mosquitto.url, username: 'admin' });
    expect(settings.room.servers).toMatchObject([
      { name: 'plug 7', inputs: [{ outlet: 'plug 7/0' }] },
      { name: 'strip 1', inputs: [{ outlet: 'strip/1' }] },
      { name: 'strip 2', inputs: [{ outlet: 'strip/2' }] },
    ]);
  });

  it('says what to check when it hears nothing, or nothing of use', async () => {
    const { mosquitto, plug } = await broker();
    const silent = await run({ url: mosquitto.url }, 0);
    expect(silent.outlets).toBe(0);
    expect(silent.out).toMatch(/Not one message\. Check:\n(.*\n)*.*--seconds 310/);
    const useless = await run({ url: mosquitto.url }, 1, () => plug.publishAsync('hello', 'world'));
    expect(useless.out).toMatch(
      /no power reading among them\. Check:\n(.*\n)*Could not be read, in whole or in part:\n(.*\n)* {4}hello \(1 message\) {2}world\n/,
    );
  });

  it('makes do with the topics of the device families where it may not hear everything', async () => {
    const { mosquitto, plug } = await broker({ refusedFilters: ['#'] });
    await plug.publishAsync('tele/a/SENSOR', sensor(12), { retain: true });
    await plug.publishAsync('elsewhere', 'x', { retain: true });
    const { out, outlets } = await run({ url: mosquitto.url }, 1);
    expect(outlets).toBe(1);
    expect(out).toContain('The broker does not let us hear everything (#)');
  });

  it('ends early when told to, with what it has', async () => {
    const { mosquitto } = await broker();
    const stopping = new AbortController();
    const all = io();
    const running = discover(
      { url: mosquitto.url, seconds: 3_600, yaml: false },
      { ...all, signal: stopping.signal },
    );
    await until(() => all.written.err.includes('listening'), 'listening');
    stopping.abort();
    expect(await running).toBe(0);
    expect(all.written.out).toContain('Not one message');
  });

  it('fails in words when the broker cannot be reached, or goes away', async () => {
    const { mosquitto } = await broker();
    const all = io();
    const running = discover({ url: mosquitto.url, seconds: 30, yaml: false }, all);
    running.catch(() => {});
    await until(() => all.written.err.includes('listening'), 'listening');
    await mosquitto.kill();
    await expect(running).rejects.toThrow(/closed the connection/);
    const away = discover({ url: mosquitto.url, seconds: 30, yaml: false }, io());
    await expect(away).rejects.toThrow(/nothing answers there/);
  });
});

describe('a settings draft', () => {
  it('is accepted whatever the devices are called', () => {
    const name = fc.oneof(
      fc.string({ minLength: 1, maxLength: 30 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 }),
      fc.constantFrom(
        'a/b',
        '*',
        'true',
        'null',
        '1e3',
        '- x',
        '"',
        "it's",
        ': ',
        '#',
        '\ud800',
        '🔌'.repeat(60),
        'room',
        '__proto__',
      ),
    );
    const found = fc.record({
      device: name,
      label: name.map((text) => text.replaceAll('/', '') || '1'),
      name: fc.option(name, { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(found, { selector: ({ device, label }) => `${device}/${label}`, maxLength: 8 }),
        (all) => {
          const outlets = all.map(({ device, label, name: own }): FoundOutlet => {
            return {
              family: 'tasmota',
              device,
              label,
              outlet: `${device}/${label}`,
              name: own,
              watts: 1,
              tells: ['watts'],
              readings: 1,
            };
          });
          const { servers } = loadText(settingsDraft({ url: 'mqtt://broker:1883' }, outlets)).room;
          const sayable = outlets.filter(({ outlet }) => outlet.isWellFormed() && !/\p{Cc}/u.test(outlet));
          expect(servers.map(({ inputs }) => inputs[0]?.outlet)).toEqual(
            sayable.filter(({ label }) => label !== 'total').map(({ outlet }) => outlet),
          );
          expect(new Set(servers.map((server) => server.name)).size).toBe(servers.length);
        },
      ),
      { numRuns: 100 },
    );
  });
});

function loadText(yaml: string) {
  const folder = mkdtempSync(join(tmpdir(), 'draft-'));
  try {
    const configPath = join(folder, 'rackwatt.yaml');
    writeFileSync(configPath, yaml);
    return loadSettings({ configPath, env: {}, cwd: folder }).settings;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
