import { randomUUID } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceRow, DevicesAnswer, RoomAnswer } from '../../src/api/shapes.ts';
import { sparkplug } from '../devices/made-sparkplug.ts';
import { type Mosquitto, startMosquitto } from '../servers/mosquitto.ts';
import { runApp, type TestedApp, until } from './running.ts';

/** A message as a device sends it; `retain` where the family retains it. */
interface Sent {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly retain?: boolean;
}

interface Family {
  readonly name: string;
  readonly device: string;
  readonly outlet: string;
  /** Introduces it; retained by the broker. */
  readonly announced?: readonly Sent[];
  /** Brings 40 W at the outlet. */
  readonly reading: () => readonly Sent[];
  readonly gone: Sent;
  readonly back: () => readonly Sent[];
  /** Its news could be anybody's until it has told a reading. */
  readonly knownByReadings?: true;
}

const sent = (topic: string, payload: unknown): Sent => ({
  topic,
  payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
});
const kept = (topic: string, payload: unknown): Sent => ({ ...sent(topic, payload), retain: true });

const power = { name: 'Outlet 1/Power', alias: 1, type: 9, float: 40, properties: { engUnit: 'W' } };
const birthOfNode = () =>
  sent(
    'spBv1.0/hall/NBIRTH/edge',
    sparkplug({ timestamp: Date.now(), seq: 0, metrics: [{ name: 'bdSeq', type: 8, long: 3 }] }),
  );
const birthOfDevice = () =>
  sent('spBv1.0/hall/DBIRTH/edge/pdu', sparkplug({ timestamp: Date.now(), seq: 1, metrics: [power] }));
const births = () => [birthOfNode(), birthOfDevice()];
const sparkplugDevice = { device: 'hall/edge/pdu', outlet: 'hall/edge/pdu/1', reading: births, back: births };

const announcedPlug = kept('homeassistant/sensor/heater/power/config', {
  stat_t: 'site/heater/data',
  val_tpl: '{{ value_json.load }}',
  dev_cla: 'power',
  unit_of_meas: 'W',
  uniq_id: 'heater_power',
  avty_t: 'site/heater/alive',
  pl_avail: 'yes',
  pl_not_avail: 'no',
  dev: { ids: ['heater'], name: 'Heater' },
});
const announcedNode = kept('homeassistant/sensor/cabinet/power/config', {
  stat_t: 'cabinet/sensor/plug_power/state',
  name: 'Power',
  dev_cla: 'power',
  unit_of_meas: 'W',
  uniq_id: 'cabinet_power',
  avty_t: 'cabinet/status',
  dev: { ids: 'a0b1c2d3e4f5', name: 'cabinet' },
});
const zigbeeDevices = kept('zigbee2mqtt/bridge/devices', [
  {
    ieee_address: '0x00158d0001020304',
    type: 'Router',
    friendly_name: 'row 1/plug',
    definition: { exposes: [{ type: 'numeric', property: 'power', unit: 'W', name: 'power' }] },
  },
]);
const zigbeePlug = {
  device: 'row 1/plug',
  outlet: 'row 1/plug/0',
  announced: [zigbeeDevices],
  reading: () => [sent('zigbee2mqtt/row 1/plug', { power: 40 })],
};

const families: Family[] = [
  {
    name: 'Tasmota, by its last will',
    device: 'plug-a',
    outlet: 'plug-a/0',
    reading: () => [sent('tele/plug-a/SENSOR', { ENERGY: { Power: 40 } })],
    gone: kept('tele/plug-a/LWT', 'Offline'),
    back: () => [kept('tele/plug-a/LWT', 'Online')],
  },
  {
    name: 'Shelly Gen1, by online',
    device: 'shellyplug-s-7C1F0A',
    outlet: 'shellyplug-s-7C1F0A/0',
    reading: () => [sent('shellies/shellyplug-s-7C1F0A/relay/0/power', '40.0')],
    gone: sent('shellies/shellyplug-s-7C1F0A/online', 'false'),
    back: () => [sent('shellies/shellyplug-s-7C1F0A/online', 'true')],
  },
  {
    name: 'Shelly Gen2, by online',
    device: 'rack/pdu-b',
    outlet: 'rack/pdu-b/2',
    reading: () => [
      sent('rack/pdu-b/events/rpc', {
        src: 'shellypro4pm-aabbccddeeff',
        method: 'NotifyStatus',
        params: { ts: Date.now() / 1000, 'switch:2': { id: 2, apower: 40 } },
      }),
    ],
    gone: sent('rack/pdu-b/online', 'false'),
    back: () => [sent('rack/pdu-b/online', 'true')],
  },
  {
    ...zigbeePlug,
    name: 'Zigbee2MQTT, by its availability',
    gone: kept('zigbee2mqtt/row 1/plug/availability', { state: 'offline' }),
    back: () => [kept('zigbee2mqtt/row 1/plug/availability', { state: 'online' })],
  },
  {
    ...zigbeePlug,
    name: 'Zigbee2MQTT, by its availability in plain words',
    gone: kept('zigbee2mqtt/row 1/plug/availability', 'offline'),
    back: () => [kept('zigbee2mqtt/row 1/plug/availability', 'online')],
  },
  {
    ...zigbeePlug,
    name: 'Zigbee2MQTT, by the state of its bridge',
    gone: kept('zigbee2mqtt/bridge/state', { state: 'offline' }),
    back: () => [kept('zigbee2mqtt/bridge/state', { state: 'online' })],
  },
  {
    ...sparkplugDevice,
    name: 'Sparkplug B, by the death of the device',
    gone: sent('spBv1.0/hall/DDEATH/edge/pdu', sparkplug({ timestamp: Date.now(), seq: 2 })),
  },
  {
    ...sparkplugDevice,
    name: 'Sparkplug B, by the death of its node',
    gone: sent('spBv1.0/hall/NDEATH/edge', sparkplug({ metrics: [{ name: 'bdSeq', type: 8, long: 3 }] })),
  },
  {
    name: 'Home Assistant discovery, by the topic it announces',
    device: 'heater',
    outlet: 'heater/0',
    announced: [announcedPlug],
    reading: () => [sent('site/heater/data', { load: 40 })],
    gone: kept('site/heater/alive', 'no'),
    back: () => [kept('site/heater/alive', 'yes')],
  },
  {
    name: 'ESPHome, by its status',
    device: 'cabinet',
    outlet: 'cabinet/0',
    announced: [announcedNode],
    reading: () => [kept('cabinet/sensor/plug_power/state', '40.0')],
    gone: kept('cabinet/status', 'offline'),
    back: () => [kept('cabinet/status', 'online')],
    knownByReadings: true,
  },
  {
    name: 'OpenBeken, by connected',
    device: 'obk7C1F09A2',
    outlet: 'obk7C1F09A2/0',
    reading: () => [sent('obk7C1F09A2/voltage/get', '230.1'), sent('obk7C1F09A2/power/get', '40.0')],
    gone: kept('obk7C1F09A2/connected', 'offline'),
    back: () => [kept('obk7C1F09A2/connected', 'online')],
    knownByReadings: true,
  },
  {
    name: 'a CyberPower bridge, by its status',
    device: 'pdu-02',
    outlet: 'pdu-02/3',
    reading: () => [kept('pdu/pdu-02/outlet/3/power', '40')],
    gone: kept('pdu/pdu-02/bridge/status', 'offline'),
    back: () => [kept('pdu/pdu-02/bridge/status', 'online')],
  },
  {
    name: 'mPower, by $online',
    device: 'mpower-6',
    outlet: 'mpower-6/port1',
    reading: () => [kept('homie/mpower-6/port1/power', '40.0')],
    gone: kept('homie/mpower-6/$online', 'false'),
    back: () => [kept('homie/mpower-6/$online', 'true')],
    knownByReadings: true,
  },
  {
    name: 'Z-Wave JS UI, by the status of the node',
    device: 'strip',
    outlet: 'strip/1',
    reading: () => [sent('zwave/strip/meter/endpoint_1/value/66049', { time: Date.now(), value: 40 })],
    gone: sent('zwave/strip/status', { time: Date.now(), value: false, status: 'Dead', nodeId: 12 }),
    back: () => [sent('zwave/strip/status', { time: Date.now(), value: true, status: 'Alive', nodeId: 12 })],
  },
  {
    name: 'Victron, by an empty message',
    device: 'c0619ab1d2e3/grid/30',
    outlet: 'c0619ab1d2e3/grid/30/total',
    reading: () => [sent('N/c0619ab1d2e3/grid/30/Ac/Power', { value: 40 })],
    gone: sent('N/c0619ab1d2e3/grid/30/Ac/Power', ''),
    back: () => [],
  },
];

let broker: Mosquitto;
beforeAll(async () => {
  broker = await startMosquitto();
});
afterAll(async () => await broker.stop());

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** `clientId`: of a session that the broker has kept. */
async function service(clientId = `silence-${randomUUID()}`): Promise<TestedApp> {
  const app = await runApp({ RACKWATT_MQTT_URL: broker.url, RACKWATT_MQTT_CLIENT_ID: clientId });
  cleanUps.push(() => app.dispose());
  await until('the service listens', async () => (await app.get('/readyz')).status === 200);
  return app;
}

/** Speaks for the device; what the broker has retained of it goes when the test ends. */
async function deviceOf(announced: readonly Sent[] = []) {
  const client: MqttClient = await mqtt.connectAsync(broker.url);
  const retained = new Set<string>();
  const say = async (messages: readonly Sent[]) => {
    for (const { topic, payload, retain = false } of messages) {
      if (retain) retained.add(topic);
      await client.publishAsync(topic, payload, { qos: 1, retain });
    }
  };
  cleanUps.push(async () => {
    for (const topic of retained) await client.publishAsync(topic, '', { retain: true, qos: 1 });
    await client.endAsync();
  });
  await say(announced);
  return say;
}

async function rowOf(app: TestedApp, device: string): Promise<DeviceRow | undefined> {
  const { rows } = (await app.get('/api/v1/devices')).body as DevicesAnswer;
  return rows.find((row) => row.device === device);
}

async function figureOf(app: TestedApp, outlet: string) {
  return ((await app.get('/api/v1/room')).body as RoomAnswer).figures[`outlet:${outlet}`];
}

/** Long before any family's own interval is over. */
const atOnceMs = 5_000;

describe.each(families)('$name', ({ device, outlet, announced, reading, gone, back }) => {
  it('is silent at once, its figures are stale, and it is there again with its next reading', async () => {
    const app = await service();
    const say = await deviceOf(announced);
    const isThere = async () => {
      const figure = await figureOf(app, outlet);
      return figure?.watts === 40 && !figure.stale && (await rowOf(app, device))?.silent === false;
    };
    // What is announced may have to be subscribed to first: a device says its reading again and again.
    const comesAlive = async () => {
      await say(reading());
      return await isThere();
    };
    await until('it is there', comesAlive);
    await say([gone]);
    const row = await until(
      'it is silent',
      async () => {
        const found = await rowOf(app, device);
        return found?.silent === true && found;
      },
      atOnceMs,
    );
    expect(row.online).toBe(false);
    expect(await figureOf(app, outlet)).toMatchObject({ stale: true, state: 'unknown', watts: 40 });
    const { figures } = (await app.get('/api/v1/room')).body as RoomAnswer;
    expect(figures.room?.watts ?? 0).toBe(0);
    await say(back());
    await until('it is there again', comesAlive);
    expect((await rowOf(app, device))?.online).not.toBe(false);
  });
});

const remembered = families.filter(({ gone }) => gone.retain);

describe.each(remembered)('$name', ({ device, outlet, announced, reading, gone }) => {
  it('is silent from the start when the broker has kept the news and its readings', async () => {
    const say = await deviceOf(announced);
    await say(reading().map((message) => ({ ...message, retain: true })));
    await say([gone]);
    const app = await service();
    await until('it is silent', async () => (await rowOf(app, device))?.silent === true, atOnceMs);
    await until('its last figures are shown', async () => (await figureOf(app, outlet))?.watts === 40);
    expect((await figureOf(app, outlet))?.stale).toBe(true);
  });
});

describe.each(remembered.filter(({ knownByReadings }) => !knownByReadings))(
  '$name',
  ({ device, announced, gone }) => {
    it('is silent from the start when the broker has kept the news and no reading', async () => {
      const say = await deviceOf(announced);
      await say([gone]);
      const app = await service();
      await until('it is silent', async () => (await rowOf(app, device))?.silent === true, atOnceMs);
    });
  },
);

it('is silent as soon as we are there again, though the broker has kept readings for us meanwhile', async () => {
  const { device, outlet, reading, gone } = families[0] as Family;
  const clientId = `silence-${randomUUID()}`;
  const before = await service(clientId);
  const say = await deviceOf();
  await say(reading());
  await until('it is there', async () => (await figureOf(before, outlet))?.stale === false);
  await before.stop();
  await say([...reading(), gone]);
  const app = await service(clientId);
  await until('it is silent', async () => (await rowOf(app, device))?.silent === true, atOnceMs);
  expect((await figureOf(app, outlet))?.stale).toBe(true);
});
