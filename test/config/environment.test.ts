import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settings as catalog, type Setting } from '../../src/config/catalog.ts';
import { exampleOf } from '../../src/config/environment.ts';
import { yamlExample } from '../../src/config/explain.ts';
import { loadSettings } from '../../src/config/load.ts';
import { refused } from './refused.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-environment-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Some settings are only right beside others. */
const company: Record<string, Record<string, string>> = {
  'mqtt.password': { RACKWATT_MQTT_USERNAME: 'u' },
  'store.influx.password': { RACKWATT_STORE_INFLUX_USERNAME: 'u' },
  'broker.username': { RACKWATT_BROKER_PASSWORD: 'p' },
  'broker.password': { RACKWATT_BROKER_USERNAME: 'u' },
  'notify.routes': {
    RACKWATT_NOTIFY_CHANNELS: '[ { name: ops, kind: webhook, url: https://ops.example.org } ]',
  },
  'mqtt.cert': { RACKWATT_MQTT_KEY: '/dev/null' },
  'mqtt.key': { RACKWATT_MQTT_CERT: '/dev/null' },
  'http.tls.cert': { RACKWATT_HTTP_TLS_KEY: '/dev/null' },
  'http.tls.key': { RACKWATT_HTTP_TLS_CERT: '/dev/null' },
};
/** Certificates must exist: these stand-ins can be opened, wherever the test runs. */
const isCertificate = ({ name }: Setting) =>
  ['mqtt.ca', 'mqtt.cert', 'mqtt.key', 'http.tls.cert', 'http.tls.key'].includes(name);
const leaves = catalog.filter(({ kind }) => kind !== 'section');

describe('every setting there is', () => {
  test('has a variable of its own', () => {
    const variables = catalog.flatMap(({ variable }) => [variable, `${variable}_FILE`]);
    const twice = variables.filter((variable, i) => variables.indexOf(variable) !== i);
    // A setting of that name; the section above it cannot be given as a file.
    expect(twice).toEqual(['RACKWATT_ROOM_CARBON_FILE']);
    expect(catalog.find(({ name }) => name === 'mqtt.clientId')?.variable).toBe('RACKWATT_MQTT_CLIENT_ID');
    expect(catalog.find(({ name }) => name === 'store.backlog.maxBytes')?.variable).toBe(
      'RACKWATT_STORE_BACKLOG_MAX_BYTES',
    );
  });

  test.each(leaves.map((setting) => [setting.name, setting] as const))(
    '%s: file, variable and _FILE say the same, by the example shown',
    (name, setting) => {
      if (isCertificate(setting))
        return expect(refused({ env: { [setting.variable]: '/nowhere' } })[0]?.where).toBe(setting.variable);
      const beside = company[name] ?? {};
      writeFileSync(join(folder, 'one.yaml'), yamlExample(setting));
      const byFile = loadSettings({ configPath: 'one.yaml', env: beside, cwd: folder });
      const [variable, text] = fromShell(setting);
      const byVariable = loadSettings({ env: { ...beside, [variable]: text }, cwd: folder });
      writeFileSync(join(folder, 'secret'), `${text}\n`);
      const bySecret = loadSettings({
        env: { ...beside, [`${setting.variable}_FILE`]: 'secret' },
        cwd: folder,
      });
      expect(variable).toBe(setting.variable);
      expect(byVariable.settings).toEqual(byFile.settings);
      expect(bySecret.settings).toEqual(byFile.settings);
      expect(byVariable.configured.has(name)).toBe(true);
    },
  );

  test('sections can be given as YAML, and what is in them apart wins', () => {
    const env = {
      RACKWATT_STORE_INFLUX: '{ url: http://a:1, database: one }',
      RACKWATT_STORE_INFLUX_DATABASE: 'two',
    };
    expect(loadSettings({ env, cwd: '/' }).settings.store.influx).toEqual({
      url: 'http://a:1',
      database: 'two',
    });
  });
});

/** The words of a command line are what a shell makes of them: here of all examples, one after the other. */
const shellWords = new Map<string, string>();

function fromShell(setting: Setting): [string, string] {
  if (shellWords.size === 0) {
    const assignments = leaves.filter((leaf) => !isCertificate(leaf)).map((leaf) => exampleOf(leaf)!);
    const printed = assignments.map((one) => `${one}; printf '%s\\0' "$${one.split('=')[0]}"`).join('\n');
    const texts = execFileSync('sh', ['-c', printed], { encoding: 'utf8' }).split('\0');
    for (const [i, one] of assignments.entries()) shellWords.set(one, texts[i]!);
  }
  const assignment = exampleOf(setting)!;
  return [assignment.split('=')[0]!, shellWords.get(assignment)!];
}

test('lists of mappings come as YAML or JSON, over several lines too', () => {
  const yaml =
    '- name: hv-01\n  inputs:\n    - outlet: pdu-a/7\n- { name: hv-02, inputs: [{ outlet: pdu-a/8 }] }\n';
  const servers = (text: string) =>
    loadSettings({ env: { RACKWATT_ROOM_SERVERS: text }, cwd: '/' }).settings.room.servers;
  expect(servers(yaml).map(({ name }) => name)).toEqual(['hv-01', 'hv-02']);
  expect(servers(JSON.stringify(servers(yaml)))).toEqual(servers(yaml));
});

test('a mistake inside such a text is placed at its variable', () => {
  expect(
    refused({ env: { RACKWATT_ROOM_SERVERS: '[{ name: a, inputs: [{ outlt: x/1 }] }]' } }),
  ).toMatchObject([
    { where: 'RACKWATT_ROOM_SERVERS', setting: 'room.servers[0].inputs[0].outlet', found: 'nothing' },
    { where: 'RACKWATT_ROOM_SERVERS', setting: 'room.servers[0].inputs[0].outlt', expected: 'outlet' },
  ]);
  expect(refused({ env: { RACKWATT_ROOM_SERVERS: '[{ name: ' } })[0]).toMatchObject({
    where: 'RACKWATT_ROOM_SERVERS',
    setting: 'room.servers',
  });
});

describe('unknown variables', () => {
  test('are refused with the nearest right spelling', () => {
    const rows = [
      ['RACKWATT_MQTT_ULR', 'RACKWATT_MQTT_URL'],
      ['RACKWATT_MQTT_USER', 'RACKWATT_MQTT_USERNAME'],
      ['RACKWATT_MQTT_CLIENTID', 'RACKWATT_MQTT_CLIENT_ID'],
      ['RACKWATT_CONFIGFILE', 'RACKWATT_CONFIG'],
      ['RACKWATT_MQTT_PASSWORD_FIEL', 'RACKWATT_MQTT_PASSWORD_FILE'],
    ];
    for (const [wrong, right] of rows)
      expect(refused({ env: { [wrong!]: 'x' } })).toMatchObject([{ where: wrong, expected: right }]);
  });

  test('of other programs, empty ones, and those Kubernetes makes of a service name are left alone', () => {
    const env = {
      HOME: '/root',
      RACKWATTAGE: '1',
      RACKWATT_MQTT_URL: '',
      RACKWATT_SERVICE_HOST: '10.0.0.1',
      RACKWATT_SERVICE_PORT: '8080',
      RACKWATT_PORT: 'tcp://10.0.0.1:8080',
      RACKWATT_PORT_8080_TCP_ADDR: '10.0.0.1',
    };
    expect([...loadSettings({ env, cwd: '/' }).configured]).toEqual([]);
    expect(refused({ env: { RACKWATT_PORT: '8081' } })).toHaveLength(1);
  });
});

describe('_FILE', () => {
  test('gives the content without the line break at its end, and only that', () => {
    writeFileSync(join(folder, 'password'), ' a b\n\n');
    const env = { RACKWATT_MQTT_USERNAME: 'u', RACKWATT_MQTT_PASSWORD_FILE: join(folder, 'password') };
    expect(refused({ env })[0]).toMatchObject({ setting: 'mqtt.password', found: 'what the file holds' });
    writeFileSync(join(folder, 'password'), ' a b \r\n');
    expect(loadSettings({ env, cwd: '/' }).settings.mqtt.password).toBe(' a b ');
  });

  test('that is missing is a problem, and so is the value beside it', () => {
    expect(refused({ env: { RACKWATT_MQTT_PASSWORD_FILE: '/nowhere' } })).toMatchObject([
      { where: 'RACKWATT_MQTT_PASSWORD_FILE', found: '"/nowhere", which cannot be read (ENOENT)' },
    ]);
    writeFileSync(join(folder, 'url'), 'mqtt://b\n');
    const env = { RACKWATT_MQTT_URL: 'mqtt://a', RACKWATT_MQTT_URL_FILE: join(folder, 'url') };
    expect(refused({ env })).toMatchObject([{ where: 'RACKWATT_MQTT_URL_FILE', expected: 'one of them' }]);
  });
});
