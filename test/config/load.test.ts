import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSettings, runsDemo } from '../../src/config/load.ts';
import { SettingsError } from '../../src/config/problem.ts';
import { asVariables, refused } from './refused.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function inFile(text: string, name = 'rackwatt.yaml') {
  writeFileSync(join(folder, name), text);
  return { configPath: name, env: {}, cwd: folder };
}

const load = (text: string) => loadSettings(inFile(text));

describe('without any settings', () => {
  test('the defaults of the contract hold', () => {
    const { settings, warnings, configured } = loadSettings({ env: {}, cwd: '/' });
    expect(settings.mqtt).toEqual({ clientId: 'rackwatt', topics: 'auto', mappings: [], protocol: '3.1.1' });
    expect(settings.broker).toEqual({ host: '127.0.0.1', port: 1883 });
    expect(settings.http).toMatchObject({ host: '127.0.0.1', port: 8080, tls: undefined });
    expect(settings.store).toEqual({
      kind: 'embedded',
      path: './data',
      influx: { url: 'http://127.0.0.1:8086', database: 'rackwatt' },
      retention: { rawMs: 30 * 86_400_000, minuteMs: 400 * 86_400_000 },
      backlog: { bytesMax: 2 ** 30, ageMsMax: 30 * 86_400_000 },
    });
    expect(settings.demo).toEqual({ run: 'auto', seed: 1 });
    expect(settings.room.timezone).toBe(new Intl.DateTimeFormat().resolvedOptions().timeZone);
    expect([warnings, [...configured]]).toEqual([[], []]);
  });

  test('an empty file, and sections whose lines are all commented out, count as nothing', () => {
    for (const text of ['', '# nothing\n', 'mqtt:\n  # url: x\nroom:\n', 'room: { servers: }\n', '---\n']) {
      expect([...load(text).configured], text).toEqual([]);
    }
  });
});

describe('the demo room', () => {
  const demo = (text: string) => {
    const { settings, configured } = load(text);
    return runsDemo(settings, configured);
  };

  test('runs until somebody says where readings come from, or what the room is', () => {
    expect(demo('')).toBe(true);
    expect(demo('http: { port: 8081 }\nstore: { path: ./x }\nmqtt: { clientId: other }')).toBe(true);
    expect(demo('mqtt: { url: mqtt://broker }')).toBe(false);
    expect(demo('broker: { port: 1883 }')).toBe(false);
    expect(demo('room: { name: Mine }')).toBe(false);
  });

  test('runs always or never when told so', () => {
    expect(demo('mqtt: { url: mqtt://broker }\ndemo: { run: always }')).toBe(true);
    expect(demo('demo: { run: never }')).toBe(false);
  });
});

test('the environment wins over the file, key by key', () => {
  const input = inFile(
    'store: { kind: influx, influx: { url: http://a:1, database: one } }\nmqtt: { topics: [x] }',
  );
  const env = { RACKWATT_STORE_INFLUX_DATABASE: 'two', RACKWATT_MQTT_TOPICS: 'a/#,b/+/c' };
  const { settings } = loadSettings({ ...input, env });
  expect(settings.store.influx).toEqual({ url: 'http://a:1', database: 'two' });
  expect(settings.mqtt.topics).toEqual(['a/#', 'b/+/c']);
});

test('RACKWATT_CONFIG names the file, and --config wins over it', () => {
  writeFileSync(join(folder, 'one.yaml'), 'http: { port: 1111 }');
  writeFileSync(join(folder, 'two.yaml'), 'http: { port: 2222 }');
  const env = { RACKWATT_CONFIG: 'one.yaml' };
  expect(loadSettings({ env, cwd: folder }).settings.http.port).toBe(1111);
  expect(loadSettings({ env, cwd: folder, configPath: 'two.yaml' }).settings.http.port).toBe(2222);
});

describe('mistakes', () => {
  test('are all reported at once: place, found, expected, and an example', () => {
    const problems = refused({
      ...inFile(
        [
          'mqtt:',
          '  ulr: mqtt://broker:1883',
          '  password: 12345',
          'brocker: { port: 1 }',
          'broker:',
          '  port: 99999',
          'store: { kind: inlfux, retention: { raw: 30 } }',
          'room:',
          '  timezone: Europe/Lodon',
          '  servers:',
          '    - { name: hv-01, inputs: [{ outlet: nix }] }',
          '    - { inputs: [{ outlet: a/1, braeker: A1 }], idleLimitWatts: -1 }',
        ].join('\n'),
      ),
      env: { RACKWATT_HTTP_PORT: 'eighty', RACKWATT_LOG_LEVL: 'info' },
    });
    expect(
      problems.map(({ where, setting, expected }) => [where, setting, expected.split(/[,;(]/)[0]?.trim()]),
    ).toEqual([
      ['rackwatt.yaml:2:3', 'mqtt.ulr', 'url'],
      ['rackwatt.yaml:3:13', 'mqtt.password', 'text'],
      ['rackwatt.yaml:4:1', 'brocker', 'broker'],
      ['rackwatt.yaml:6:9', 'broker.port', 'a TCP port'],
      ['rackwatt.yaml:7:16', 'store.kind', 'embedded or influx'],
      ['rackwatt.yaml:7:42', 'store.retention.raw', 'a length of time of at least 1h'],
      ['rackwatt.yaml:9:13', 'room.timezone', 'an IANA time zone such as Europe/London'],
      ['rackwatt.yaml:11:41', 'room.servers[0].inputs[0].outlet', '<device>/<outlet>'],
      ['rackwatt.yaml:12:7', 'room.servers[1].name', 'a name of 1 to 100 characters without / and *'],
      ['rackwatt.yaml:12:33', 'room.servers[1].inputs[0].braeker', 'breaker'],
      ['rackwatt.yaml:12:65', 'room.servers[1].idleLimitWatts', 'a number of watts above 0'],
      ['RACKWATT_LOG_LEVL', '', 'RACKWATT_LOG_LEVEL'],
      ['RACKWATT_HTTP_PORT', 'http.port', 'a TCP port'],
    ]);
    expect(problems.every(({ found, example }) => found !== '' && example !== '')).toBe(true);
  });

  test('name the zone that was probably meant', () => {
    expect(refused(inFile('room: { timezone: Europe/Lodon }'))[0]?.expected).toContain(
      'perhaps Europe/London',
    );
  });

  test('name the section when a setting stands in the wrong one', () => {
    const [problem] = refused(inFile('broker: { database: x }'));
    expect(problem).toMatchObject({
      expected: 'store.influx.database, perhaps',
      example: 'store: { influx: { database: rackwatt } }',
    });
  });

  test('say which section they are in when nothing is near', () => {
    expect(refused(inFile('log: { xyzzy: 1 }'))[0]?.expected).toBe('one of level');
  });

  test('never show secrets', () => {
    const text = 'mqtt: { url: "http://me:hunter2@broker", password: "hunter2\\u0007" }\n';
    const message = (() => {
      try {
        load(text);
      } catch (error) {
        return (error as SettingsError).message;
      }
      return '';
    })();
    expect(message).toContain('2 problems');
    expect(message).not.toContain('hunter2');
  });

  test('cannot smuggle control characters into the terminal', () => {
    const [problem] = refused(inFile('log: { level: "\\e[2J\\u009b31m" }'));
    expect(problem?.found).toBe('"\\u001b[2J\\u009b31m"');
  });

  test('in the YAML itself are shown with their line', () => {
    expect(refused(inFile('mqtt:\n  url: "mqtt://x\n'))[0]).toMatchObject({ where: 'rackwatt.yaml:3:1' });
    expect(refused(inFile('http: { port: 1 }\nhttp: { port: 2 }\n'))[0]).toMatchObject({
      where: 'rackwatt.yaml:2:1',
      found: '"http: { port: 2 }"',
    });
    expect(refused(inFile('\tmqtt: 1'))[0]?.where).toMatch(/^rackwatt\.yaml:1:/);
    expect(refused(inFile('- a\n- b'))[0]).toMatchObject({
      found: 'a list of 2',
      expected: 'a mapping of settings',
    });
    expect(refused(inFile('just text'))[0]).toMatchObject({ found: '"just text"' });
  });

  test('include a file that is not there', () => {
    expect(refused({ configPath: 'nowhere.yaml', cwd: folder })[0]).toMatchObject({
      where: 'nowhere.yaml',
      found: 'no readable file (ENOENT)',
    });
  });

  test('are one sentence each on the terminal', () => {
    const error = (() => {
      try {
        load('broker: { port: 99999 }');
      } catch (caught) {
        return caught;
      }
      return undefined;
    })();
    expect(error).toBeInstanceOf(SettingsError);
    expect((error as SettingsError).message).toBe(
      [
        'There is a problem in the settings:',
        '',
        '1. rackwatt.yaml:1:17  broker.port',
        '   found     99999 (a number)',
        '   expected  a TCP port, a whole number from 0 to 65535',
        '   example   broker: { port: 1884 }',
        '',
      ].join('\n'),
    );
  });
});

describe('kinds of value', () => {
  const store = (yaml: string) => load(`store: ${yaml}`).settings.store;

  test('lengths of time become ms, and for ever is Infinity', () => {
    const rows: [string, number][] = [
      ['90m', 5_400_000],
      ['12h', 43_200_000],
      ['30d', 2_592_000_000],
      ['1d12h', 129_600_000],
      ['0', Number.POSITIVE_INFINITY],
      ["'0'", Number.POSITIVE_INFINITY],
      ['forever', Number.POSITIVE_INFINITY],
    ];
    for (const [text, ms] of rows)
      expect(store(`{ retention: { raw: ${text} } }`).retention.rawMs, text).toBe(ms);
    for (const text of ['30', '59m', '-1d', '1 month', 'd', '[]', '1e3d', 'true']) {
      expect(refused(inFile(`store: { retention: { raw: ${text} } }`))[0]?.setting, text).toBe(
        'store.retention.raw',
      );
    }
  });

  test('sizes become bytes', () => {
    const rows: [string, number][] = [
      ['1GiB', 2 ** 30],
      ['500MB', 5e8],
      ['1.5 GiB', 1.5 * 2 ** 30],
      ['2000000', 2e6],
      ["'2000000'", 2e6],
      ['64mib', 2 ** 26],
    ];
    for (const [text, bytes] of rows)
      expect(store(`{ backlog: { maxBytes: ${text} } }`).backlog.bytesMax, text).toBe(bytes);
    for (const text of ['1KiB', '1 parsec', '-1GiB', '1GiBit', '.inf', '.nan']) {
      expect(refused(inFile(`store: { backlog: { maxBytes: ${text} } }`))[0]?.setting, text).toBe(
        'store.backlog.maxBytes',
      );
    }
  });

  test('broker addresses', () => {
    for (const url of [
      'mqtt://b',
      'mqtts://b:8883',
      'ws://b/mqtt',
      'wss://u:p%40@b:9/x',
      'tcp://[::1]:1883',
    ]) {
      expect(load(`mqtt: { url: '${url}' }`).settings.mqtt.url).toBe(url);
    }
    for (const url of [
      'b:1883',
      'http://b',
      'mqtt://',
      'mqtt://b:99999',
      'mqtt://u:%zz@b',
      'mqtt://b b',
      '',
    ]) {
      expect(refused(inFile(`mqtt: { url: '${url}' }`))[0]?.setting, url).toBe('mqtt.url');
    }
  });

  test('topic filters follow MQTT', () => {
    for (const filter of ['#', '+/x/#', 'a//b', '$SYS/#'])
      expect(load(`mqtt: { topics: ['${filter}'] }`).settings.mqtt.topics).toEqual([filter]);
    for (const filter of ['a#', 'a/#/b', 'a+/b', ''])
      expect(refused(inFile(`mqtt: { topics: [ok, '${filter}'] }`))[0]?.setting, filter).toBe(
        'mqtt.topics[1]',
      );
    expect(refused(inFile('mqtt: { topics: [] }'))[0]?.setting).toBe('mqtt.topics');
  });

  test('a zone is taken in its own spelling, whatever the capitals', () => {
    expect(load('room: { timezone: europe/london }').settings.room.timezone).toBe('Europe/London');
    expect(load('room: { timezone: UTC }').settings.room.timezone).toBe('UTC');
    expect(refused(inFile('room: { timezone: "+01:00" }'))[0]?.setting).toBe('room.timezone');
  });

  test('the MQTT version may be written as a number', () => {
    expect(load('mqtt: { protocol: 5 }').settings.mqtt.protocol).toBe('5');
  });
});

describe('what fits one by one but not together', () => {
  const room = (yaml: string) => refused({ env: asVariables(`room: ${yaml}`) });
  const server = (name: string, ...outlets: string[]) =>
    `{ name: ${name}, inputs: [${outlets.map((outlet) => `{ outlet: ${outlet} }`).join(', ')}] }`;

  test('names twice, of servers, racks, feeds and breakers of any feed', () => {
    const rows = [
      [`{ servers: [${server('a', 'p/1')}, ${server('a', 'p/2')}] }`, 'room.servers[1].name'],
      ['{ racks: [{ name: r }, { name: r }] }', 'room.racks[1].name'],
      ['{ feeds: [{ name: f }, { name: f }] }', 'room.feeds[1].name'],
      [
        '{ feeds: [{ name: f, breakers: [{ name: b }] }, { name: g, breakers: [{ name: b }] }] }',
        'room.feeds[1].breakers[0].name',
      ],
    ];
    for (const [yaml, setting] of rows)
      expect(room(yaml!).map((problem) => problem.setting)).toEqual([setting]);
  });

  test('ratings and phases of feeds that cannot be', () => {
    const feed = (given: string, breaker: string) =>
      room(`{ feeds: [{ name: A${given}, breakers: [{ name: A1${breaker} }] }] }`).map(
        ({ setting, expected }) => [setting, expected],
      );
    expect(feed(', amps: 0', '')).toEqual([['room.feeds[0].amps', 'a number of amps above 0']]);
    expect(feed(', amps: 63', ', phase: L4')).toEqual([['room.feeds[0].breakers[0].phase', 'L1, L2 or L3']]);
  });

  test('racks and breakers that are not there, with the one probably meant', () => {
    const [rack, breaker] = room(
      '{ racks: [{ name: rack-1 }], feeds: [{ name: A, breakers: [{ name: A1 }] }], servers: [{ name: s, rack: rack1, inputs: [{ outlet: p/1, breaker: a1 }] }] }',
    );
    expect(rack).toMatchObject({
      setting: 'room.servers[0].rack',
      expected: expect.stringContaining('perhaps "rack-1"'),
    });
    expect(breaker).toMatchObject({
      setting: 'room.servers[0].inputs[0].breaker',
      expected: expect.stringContaining('perhaps "A1"'),
    });
    expect(room(`{ servers: [{ name: s, rack: r1, inputs: [{ outlet: p/1 }] }] }`)[0]?.expected).toContain(
      'there are none',
    );
  });

  test('an outlet claimed by two inputs, of two servers or of one', () => {
    for (const yaml of [`[${server('a', 'p/1')}, ${server('b', 'p/1')}]`, `[${server('a', 'p/1', 'p/1')}]`]) {
      expect(room(`{ servers: ${yaml} }`)).toMatchObject([
        { found: expect.stringContaining('room.servers[0].inputs[0].outlet ("a") claims already') },
      ]);
    }
  });

  test('inputs whose times contradict each other; an outlet may have one input after the other', () => {
    const input = (from: string, to: string) =>
      `{ outlet: p/1${from && `, from: '${from}'`}${to && `, to: '${to}'`} }`;
    const two = (a: string, b: string) =>
      room(
        `{ timezone: Europe/London, servers: [{ name: a, inputs: [${a}] }, { name: b, inputs: [${b}] }] }`,
      );
    expect(two(input('', '2026-04-01'), input('2026-03-31T22:59Z', ''))).toMatchObject([
      { setting: 'room.servers[1].inputs[0].outlet', found: expect.stringContaining('claims already') },
    ]);
    expect(two(input('2026-04-02', '2026-04-01'), '{ outlet: p/2 }')).toMatchObject([
      { setting: 'room.servers[0].inputs[0].to', found: expect.stringContaining('not after from') },
    ]);
    expect(two(input('April', ''), '{ outlet: p/2 }')).toMatchObject([
      { setting: 'room.servers[0].inputs[0].from' },
    ]);
    expect(() => two(input('', '2026-04-01'), input('2026-04-01', ''))).toThrow();
  });

  test('one port for the page and the built-in broker', () => {
    const env = { RACKWATT_HTTP_PORT: '1883' };
    expect(refused({ env })).toMatchObject([{ setting: 'http.port', expected: 'two different ports' }]);
    expect(
      loadSettings({ env: { ...env, RACKWATT_MQTT_URL: 'mqtt://b' }, cwd: '/' }).settings.http.port,
    ).toBe(1883);
    expect(
      loadSettings({ env: { RACKWATT_HTTP_PORT: '0', RACKWATT_BROKER_PORT: '0' }, cwd: '/' }).settings.http
        .port,
    ).toBe(0);
  });

  test('half of a pair', () => {
    expect(refused({ env: { RACKWATT_MQTT_PASSWORD: 'x' } })).toMatchObject([{ setting: 'mqtt.password' }]);
    expect(refused({ env: { RACKWATT_BROKER_USERNAME: 'x' } })).toMatchObject([
      { setting: 'broker.username' },
    ]);
    expect(refused({ ...inFile('mqtt: { cert: rackwatt.yaml }') })).toMatchObject([
      { setting: 'mqtt.cert', found: 'cert without key' },
    ]);
  });

  test('certificates that cannot be read', () => {
    expect(refused({ env: { RACKWATT_MQTT_CA: 'no.pem' }, cwd: folder })).toMatchObject([
      { found: '"no.pem", which does not exist' },
    ]);
    expect(refused({ env: { RACKWATT_MQTT_CA: '.' }, cwd: folder })).toMatchObject([
      { found: '".", which is no file' },
    ]);
  });

  test('are reported beside mistakes of other kinds', () => {
    const problems = refused({
      env: { ...asVariables('room: { racks: [{ name: r }, { name: r }] }'), RACKWATT_HTTP_PORT: '70000' },
    });
    expect(problems.map(({ setting }) => setting).sort()).toEqual(['http.port', 'room.racks[1].name']);
  });
});

test('what has no effect is said, and the defaults written down are no news', () => {
  const warnings = (text: string) => load(text).warnings;
  expect(warnings('room: { tariff: { currency: EUR, pricePerKwh: 0.3 } }')).toEqual([]);
  expect(warnings('detect: {}\naccess: { tokens: [] }\nstore: { influx: { database: rackwatt } }')).toEqual(
    [],
  );
  expect(warnings('store: { influx: { url: http://db:8086 } }')[0]).toContain('store.kind is embedded');
  expect(warnings('mqtt: { username: me }')[0]).toContain('mqtt.url is not set');
  expect(warnings('broker: { host: 0.0.0.0 }')[0]).toContain('everybody in the network may publish');
  expect(warnings('mqtt: { url: mqtt://b }\nbroker: { port: 1884 }')[0]).toContain('broker is not used');
});
