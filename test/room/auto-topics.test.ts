import { randomUUID } from 'node:crypto';
import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import type { DevicesAnswer, RoomAnswer } from '../../src/api/shapes.ts';
import { Intake } from '../../src/devices/intake.ts';
import { loadFamilies } from '../../src/families.ts';
import { TopicFilters } from '../../src/sources/topic-filter.ts';
import { recordedFolders, recordedMessages } from '../devices/recorded-messages.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { runApp, until } from './running.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Somebody's big broker, with a log of who subscribes to what, and our service on it with `topics: auto`. */
async function onSharedBroker() {
  const broker = await startMosquitto({ extraConfig: 'log_type error\nlog_type subscribe' });
  cleanUps.push(() => broker.stop());
  const clientId = `shared-${randomUUID()}`;
  const app = await runApp({ RACKWATT_MQTT_URL: broker.url, RACKWATT_MQTT_CLIENT_ID: clientId });
  cleanUps.push(() => app.dispose());
  await until('ready', async () => (await app.get('/readyz')).status === 200);
  const client = await mqtt.connectAsync(broker.url);
  cleanUps.push(() => client.endAsync());
  const say = (topic: string, payload: unknown, retain = false) =>
    client.publishAsync(topic, typeof payload === 'string' ? payload : JSON.stringify(payload), {
      qos: 1,
      retain,
    });
  const subscribed = () =>
    [...broker.log().matchAll(new RegExp(`: ${clientId} \\d (\\S+)$`, 'gm'))].map(
      ([, filter]) => filter as string,
    );
  const watts = async (outlet: string) =>
    ((await app.get('/api/v1/room')).body as RoomAnswer).figures[`outlet:${outlet}`]?.watts;
  return { app, say, subscribed, watts };
}

const announced = (id: string, stateTopic: string, more = {}) => ({
  stat_t: stateTopic,
  val_tpl: '{{ value_json.load }}',
  dev_cla: 'power',
  unit_of_meas: 'W',
  uniq_id: `${id}_power`,
  dev: { ids: [id], name: id },
  ...more,
});

describe('topics: auto', () => {
  it('lets foreign chatter stay at the broker', async () => {
    const { app, say, subscribed, watts } = await onSharedBroker();
    for (let n = 0; n < 50; n += 1) {
      await say('frigate/hall/person/snapshot', 'x'.repeat(10_000));
      await say('weather/roof/temperature', '21.5');
      await say('homebridge/lamp/set', { on: true });
      await say('chatter', 'hello');
      await say('a/b/c/d/e/f', '1');
    }
    await say('tele/plug/SENSOR', { ENERGY: { Power: 40 } });
    await until('the plug is there', async () => (await watts('plug/0')) === 40);
    // What is sent in order comes in order: had the rest been for us, it would be here.
    expect(app.counts().messages).toBe(1);
    const filters = subscribed();
    expect(filters.length).toBeGreaterThan(50);
    expect(filters.filter((filter) => filter === '#' || /^(\+\/)*#$/.test(filter))).toEqual([]);
  });

  it('listens to what discovery announces, and to nothing beside it', async () => {
    const { app, say, subscribed, watts } = await onSharedBroker();
    const before = subscribed();
    await say('homeassistant/sensor/heater/power/config', announced('heater', 'site/hall/heater/data'), true);
    await until('its state is subscribed to', () => subscribed().includes('site/hall/heater/data'));
    await say('site/hall/heater/other', { load: 1 });
    await say('site/hall/heater/data', { load: 40 });
    await until('it is read', async () => (await watts('heater/0')) === 40);
    expect(subscribed().filter((filter) => !before.includes(filter))).toEqual(['site/hall/heater/data']);
    expect(app.counts().messages).toBe(2);
    const { rows } = (await app.get('/api/v1/devices')).body as DevicesAnswer;
    expect(rows.map(({ device, family }) => [device, family])).toEqual([['heater', 'home-assistant']]);
  });

  it('hears at once what was stored under a topic it has just learnt', async () => {
    const { say, watts } = await onSharedBroker();
    await say('site/hall/heater/data', { load: 40 }, true);
    await say('homeassistant/sensor/heater/power/config', announced('heater', 'site/hall/heater/data'), true);
    await until('its last figure is shown', async () => (await watts('heater/0')) === 40);
  });

  it('does not ask for what a wider filter brings, so that nothing comes twice', async () => {
    const { app, say, subscribed, watts } = await onSharedBroker();
    const before = subscribed();
    for (const filter of before)
      expect(before.filter((other) => other !== filter && covers(other, filter))).toEqual([]);
    const topics = { avty_t: 'hall/heater/online', pl_avail: 'true', pl_not_avail: 'false' };
    await say(
      'homeassistant/sensor/heater/power/config',
      announced('heater', 'site/hall/heater/data', topics),
      true,
    );
    await until('its state is subscribed to', () => subscribed().includes('site/hall/heater/data'));
    await say(
      'homeassistant/sensor/heater/power/config',
      announced('heater', 'site/hall/heater/data', topics),
      true,
    );
    await say('site/hall/heater/data', { load: 40 });
    await until('it is read', async () => (await watts('heater/0')) === 40);
    expect(covers('+/+/online', 'hall/heater/online') && before.includes('+/+/online')).toBe(true);
    expect(subscribed().slice(before.length)).toEqual(['site/hall/heater/data']);
    expect(app.counts().messages).toBe(3);
  });
});

it('every recorded message that gives readings is under what is asked for at the start, or learnt from one before', async () => {
  const families = await loadFamilies();
  for (const folder of recordedFolders()) {
    const intake = new Intake(families);
    const filters = new TopicFilters();
    for (const filter of intake.filters) filters.add(filter);
    const sink = {
      reading() {},
      availability() {},
      describe() {},
      subscribe: (filter: string) => filters.add(filter),
    };
    const unheard = recordedMessages(folder).filter(
      (message) =>
        intake.accept(message, sink) === undefined &&
        !filters.matches(message.topic) &&
        // Tasmota says the same on RESULT, which is asked for in every layout.
        !/\/stat\/POWER\d+$/.test(message.topic),
    );
    expect(
      unheard.map(({ topic }) => topic),
      folder,
    ).toEqual([]);
  }
});

function covers(wide: string, filter: string): boolean {
  const filters = new TopicFilters();
  filters.add(wide);
  return filters.covers(filter) || (!/[+#]/.test(filter) && filters.matches(filter));
}
