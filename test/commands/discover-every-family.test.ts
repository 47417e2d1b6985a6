import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DevicesAnswer, TreeAnswer } from '../../src/api/shapes.ts';
import { check } from '../../src/commands/check.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { RawMessage } from '../../src/model/reading.ts';
import { recordedFolder, recordedFolders, recordedMessages } from '../devices/recorded-messages.ts';
import { until } from '../room/running.ts';
import { startRackwatt } from '../run-rackwatt.ts';
import { freePort } from '../servers/free-port.ts';
import { type Mosquitto, startMosquitto } from '../servers/mosquitto.ts';
import { run } from './discover-run.ts';

/** One broker on which at least one device of each family speaks, as it was recorded. */
const spoken = [
  'tasmota/nous-a5t_12.5.0',
  'tasmota/esp32-ct-clamps_14.1.0',
  'shelly-gen1/shellyem_1.11.0',
  'shelly-gen2/shellypro4pm_1.4.4',
  'zigbee2mqtt/plug-with-slash_2.1.3',
  'home-assistant/single-components_0.9',
  'esphome/two-clamps_2024.6.4',
  'openbeken/bk7231n-plug_1.17.551',
  'gude/epc-outlet-metered_1.4.0',
  'netio/powerpdu-4ks_3.4.0',
  'cyberpower/pdu44001_1.1.0',
  'mpower/mpower-pro_2.1.11',
  'sparkplug-b/gateway-pdu_tahu-1.0',
  'telegraf/snmp-pdu-json_1.30',
  'telegraf/line-protocol_1.29',
  'z-wave-js-ui/fibaro-wall-plug_3.3',
  'emonhub/emontx4_1.5',
  'victron/grid-meter_venus-3.42',
  'nut/epdu-snmp-ups_2.8',
];
const foreign = [
  { topic: 'weather/roof/temperature', payload: '21.5' },
  { topic: 'ticker/stock', payload: '{"price":12}' },
  { topic: 'acme/rack1/out/1', payload: '{"load":41,"on":true}' },
  { topic: 'acme/rack1/out/2', payload: '{"load":17,"on":true}' },
  { topic: 'camera/hall', payload: Buffer.from([0xff, 0xd8, 0x00, 0x01]) },
];

const all = spoken.flatMap(recordedMessages);
/** What the broker holds before we come. */
const stored = all.filter(({ retained }) => retained);
const storedCount = new Set(stored.map(({ topic }) => topic)).size;
const live = all.filter(({ retained }) => !retained);

/** Family and outlet → last watts, by what has been read against the devices' documents: `expected.jsonl`. */
function expectedWatts(): Map<string, number | undefined> {
  const watts = new Map<string, number | undefined>();
  for (const folder of spoken) {
    const lines = readFileSync(join(recordedFolder, folder, 'expected.jsonl'), 'utf8')
      .trim()
      .split('\n');
    for (const line of lines) {
      const { readings = [] } = JSON.parse(line) as { readings?: { outlet: string; watts?: number }[] };
      for (const { outlet, watts: told } of readings) {
        const key = `${folder.split('/')[0]} ${outlet}`;
        watts.set(key, told ?? watts.get(key));
      }
    }
  }
  return watts;
}

let broker: Mosquitto;
let devices: MqttClient;
beforeAll(async () => {
  broker = await startMosquitto();
  devices = await connectAsync(broker.url);
  await publish(stored);
});
afterAll(async () => {
  await devices.endAsync();
  await broker.stop();
});

const publish = (messages: readonly RawMessage[]) =>
  Promise.all(
    messages.map(({ topic, payload, retained }) =>
      devices.publishAsync(topic, Buffer.from(payload), { qos: 1, retain: retained }),
    ),
  );

describe('a broker on which every family speaks', () => {
  it('is listed whole: each device, outlet and its last watts; what nobody reads, with why and what to do', async () => {
    expect(new Set(spoken.map((folder) => folder.split('/')[0]))).toEqual(
      new Set(recordedFolders().map((folder) => folder.split('/')[0])),
    );
    const { out } = await run({ url: broker.url }, storedCount + live.length + foreign.length, async () => {
      await publish(live);
      for (const { topic, payload } of foreign) await devices.publishAsync(topic, payload, { qos: 1 });
    });

    const expected = expectedWatts();
    const families = [...new Set([...expected.keys()].map((key) => key.split(' ')[0]))].sort();
    const byFamily = /^Devices by family: (.*)\.$/m.exec(out)?.[1]?.replace(/ \d+/g, '').split(', ');
    expect(byFamily).toEqual(families);

    const { rows, text } = tableIn(out);
    expect(rows.map((row) => `${row.FAMILY} ${row.DEVICE}/${row.OUTLET}`).sort()).toEqual(
      [...expected.keys()].sort(),
    );
    for (const row of rows) {
      const watts = expected.get(`${row.FAMILY} ${row.DEVICE}/${row.OUTLET}`);
      expect([row.DEVICE, row.OUTLET, row.WATTS]).toEqual([row.DEVICE, row.OUTLET, watts?.toFixed(1) ?? '']);
      expect(row.WATTS === '').toBe(!row.TELLS.split(' ').includes('W'));
      expect(row['PER MINUTE']).toMatch(/^(\d+\.\d|once|stored|offline)$/);
    }
    const named = rows
      .filter(({ NAME }) => NAME !== '')
      .map(({ DEVICE, OUTLET, NAME }) => [DEVICE, OUTLET, NAME]);
    expect(named).toEqual(
      expect.arrayContaining([
        ['pdu-02', '3', 'hv-07 left'],
        ['pdu-left', '1', 'NAS'],
      ]),
    );
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThan(160);

    expect(out).toMatch(
      / {2}unknown-topic, perhaps a power meter: .*mqtt\.mappings.*\n(?: {4}.*\n)*? {4}acme\/rack1\/out\/1 \(and 1 like it, 2 messages\) {2}\{"load":41,"on":true\}\n/,
    );
    const nobodys = out.slice(out.indexOf('  unknown-topic: '));
    expect(nobodys).toContain('    weather/roof/temperature (1 message)  21.5\n');
    expect(nobodys).toContain('    ticker/stock (1 message)  {"price":12}\n');
    expect(nobodys).toContain('    camera/hall (1 message)  binary\n');
    expect(out).toMatch(/ {2}unit-unknown: .*mqtt\.mappings.*\n {4}telegraf\/mon1\/snmp /);
    expect(out).toMatch(/\nNext: .*--yaml/);
  });

  it('gives a settings draft that serve and check take as it is, with all of it on one page', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'discovered-'));
    try {
      const { out, err } = await run({ url: broker.url, yaml: true }, storedCount + live.length, () =>
        publish(live),
      );
      expect(err).toContain('Next: rackwatt check --config FILE');
      const configPath = join(folder, 'rackwatt.yaml');
      writeFileSync(configPath, out);
      const env = {
        RACKWATT_HTTP_PORT: String(await freePort()),
        RACKWATT_STORE_PATH: join(folder, 'data'),
        RACKWATT_MQTT_CLIENT_ID: 'discovered',
        RACKWATT_STORE_BACKLOG_MAX_BYTES: '1MiB',
      };
      let checked = '';
      const isWell = await check(loadSettings({ configPath, env, cwd: folder }), (line) => {
        checked += line;
      });
      expect(checked).toMatch(/✓ settings .*no mistakes/);
      expect(isWell, checked).toBe(true);

      const service = await startRackwatt(['serve', '--config', configPath], { cwd: folder, env });
      const get = async (path: string) =>
        await (await fetch(`http://127.0.0.1:${env.RACKWATT_HTTP_PORT}${path}`)).json();
      try {
        await until(
          'it is ready',
          async () => (await fetch(`http://127.0.0.1:${env.RACKWATT_HTTP_PORT}/readyz`)).status === 200,
        );
        const { servers } = (await get('/api/v1/tree')) as TreeAnswer;
        const drafted = servers.flatMap(({ inputs }) => inputs.map(({ outlet }) => outlet));
        expect(drafted).toEqual(
          expect.arrayContaining(['rack1_strip/1', 'rack/pdu-b/0', 'Hall2/edge1/pdu-a/1']),
        );
        await publish(live);
        // Everything drafted is heard by what serve listens to.
        await until('every drafted outlet is heard', async () => {
          const { rows } = (await get('/api/v1/devices')) as DevicesAnswer;
          const heard = new Set(rows.flatMap(({ outlets }) => outlets));
          return drafted.every((outlet) => heard.has(outlet));
        });
        const { unclaimed } = (await get('/api/v1/tree')) as TreeAnswer;
        expect(unclaimed).toEqual([]);
      } finally {
        service.child.kill('SIGTERM');
        expect(await service.ended).toBe(0);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

interface Row {
  readonly FAMILY: string;
  readonly DEVICE: string;
  readonly OUTLET: string;
  readonly NAME: string;
  readonly WATTS: string;
  readonly 'PER MINUTE': string;
  readonly TELLS: string;
}

/** The table of outlets, by the places of its headings. */
function tableIn(out: string): { rows: Row[]; text: string } {
  const text = /^FAMILY .*\n(?:.+\n)*/m.exec(out)?.[0] ?? '';
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const heads = ['FAMILY', 'DEVICE', 'OUTLET', 'NAME', 'WATTS', 'PER MINUTE', 'TELLS'];
  // Figures stand to the right, under the ends of their headings.
  const ends = heads.map((name) => head.indexOf(name) + name.length);
  const starts = heads.map((name) => head.indexOf(name));
  const nameAt = starts[3] as number;
  const rows = lines
    .filter((line) => !line.startsWith('"stored"'))
    .map((line) => {
      const figures = line.slice(nameAt, ends[5]);
      const [, name = '', watts = '', rate = ''] = /^(.*?) *(-?\d+\.\d)? +(\S+)$/.exec(figures) ?? [];
      return {
        FAMILY: line.slice(starts[0], starts[1]).trim(),
        DEVICE: line.slice(starts[1], starts[2]).trim(),
        OUTLET: line.slice(starts[2], nameAt).trim(),
        NAME: name.trim(),
        WATTS: watts,
        'PER MINUTE': rate,
        TELLS: line.slice(starts[6]).trim(),
      };
    });
  return { rows, text };
}
