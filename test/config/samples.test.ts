import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { exampleHash } from '../../src/config/access-settings.ts';
import { settings as catalog, settingByName } from '../../src/config/catalog.ts';
import { loadSettings, runsDemo } from '../../src/config/load.ts';
import { sampleFile } from '../../src/config/sample.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { refused } from './refused.ts';

const root = join(import.meta.dirname, '../..');
const text = (name: string) => readFileSync(join(root, 'config', name), 'utf8');
const load = (name: string) => loadSettings({ configPath: join('config', name), env: {}, cwd: root });

describe('config/rackwatt.yaml', () => {
  test('is what the schema makes of it (npm run config:write)', () => {
    expect(text('rackwatt.yaml')).toBe(sampleFile());
  });

  test('equals the defaults', () => {
    const { settings, warnings } = load('rackwatt.yaml');
    expect(settings).toEqual(loadSettings({ env: {}, cwd: root }).settings);
    expect(warnings).toEqual([]);
  });

  test('shows every setting, with its sentence above it', () => {
    const lines = text('rackwatt.yaml').split('\n');
    for (const { path, note } of catalog) {
      const line = new RegExp(`^${'  '.repeat(path.length - 1)}(# )?${path.at(-1)}:`);
      const words = note.sentence.split(' ').slice(-1)[0]!;
      const places = lines.flatMap((found, i) => (line.test(found) ? [i] : []));
      expect(
        places.some(
          (i) => lines[i - 1]?.includes(words) || lines[i - 1]?.includes('Not used by this version yet.'),
        ),
        path.join('.'),
      ).toBe(true);
    }
  });

  test('stays right when every line that is only shown is switched on', () => {
    const on = text('rackwatt.yaml').replace(/^( +)# (\w+: .*)$/gm, (whole, indent, line) => {
      const key = /^\w+/.exec(line)![0];
      const isSetting = catalog.some(
        ({ path, defaultValue, note }) =>
          path.at(-1) === key && (defaultValue === undefined || note.defaultText),
      );
      // Certificates would have to exist.
      return isSetting && !['ca', 'cert', 'key'].includes(key)
        ? `${indent}${line.replace(/ {3}\(.*/, '')}`
        : whole;
    });
    const { settings } = loadSettings({
      env: { RACKWATT_MQTT: '{}', RACKWATT_ROOM: on.match(/^room:\n((?: .*\n)+)/m)![1] },
      cwd: root,
    });
    expect(settings.room.timezone).toBe(settingByName.get('room.timezone')!.note.example);
    expect(parse(on)).toMatchObject({ mqtt: { url: 'mqtt://broker:1883' }, broker: { username: 'plugs' } });
  });
});

test('config/room-example.yaml is a room without a mistake', () => {
  const { settings, warnings, configured } = load('room-example.yaml');
  expect(warnings).toEqual([]);
  expect(settings.room.servers.length).toBeGreaterThan(4);
  expect(settings.room.servers.some(({ inputs }) => inputs.length === 2)).toBe(true);
  expect(runsDemo(settings, configured)).toBe(false);
});

test('config/compose.yaml sets only variables there are, and files that exist', () => {
  const compose = parse(text('compose.yaml')) as {
    services: Record<string, { environment?: Record<string, string>; volumes: string[] }>;
  };
  const given = compose.services.rackwatt!.environment!;
  // As long as no token is in .env, it says how to get one, and does not start.
  expect(given.RACKWATT_ACCESS_TOKENS).toMatch(/^\$\{RACKWATT_ACCESS_TOKENS:-\}$/);
  expect(refused({ env: { ...given, RACKWATT_ACCESS_TOKENS: '' } })).toMatchObject([
    { where: 'RACKWATT_HTTP_HOST', expected: expect.stringContaining('rackwatt token create') },
  ]);
  const tokens = `[ { name: admin, hash: ${exampleHash}, role: operate } ]`;
  const { settings } = loadSettings({ env: { ...given, RACKWATT_ACCESS_TOKENS: tokens }, cwd: root });
  expect(settings.store.kind).toBe('influx');
  const mounted = Object.values(compose.services)
    .flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0]!))
    .filter((path) => path.startsWith('.'));
  expect(mounted).toContain('./mosquitto.conf');
  for (const path of mounted) expect(text(path).length).toBeGreaterThan(0);
});

test('a real mosquitto takes every line of config/mosquitto.conf', async () => {
  const lines = text('mosquitto.conf')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toContain('max_queued_messages 100000');
  // Port and folder are the test's own.
  const ours = lines.filter((line) => !/^(listener|persistence_location|allow_anonymous)/.test(line));
  const broker = await startMosquitto({ persistence: true, extraConfig: ours.join('\n') });
  await broker.stop();
  expect(broker.log()).not.toMatch(/error/i);
});
