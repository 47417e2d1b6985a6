import fc from 'fast-check';
import mqtt from 'mqtt';
import { describe, expect, it } from 'vitest';
import type { ReadyAnswer, RoomAnswer } from '../../src/api/shapes.ts';
import type { RawMessage } from '../../src/model/reading.ts';
import { Road } from '../../src/road.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { runApp, until, watch } from './running.ts';

/** A road whose end is looked at; nothing is worked off until `finish`, or a QoS 1 message wants room. */
function roadWith(isOfOneOutlet = true) {
  const read: RawMessage[] = [];
  const road = new Road({
    intake: { accept: (message) => read.push(message), isOfOneOutlet: () => isOfOneOutlet },
    sink: {} as never,
    handedOn: () => {},
  });
  let sequence = 0;
  const take = (topic: string, payload: string, qos: 0 | 1 = 0, retained = false) => {
    sequence += 1;
    road.take({ topic, payload: Buffer.from(payload), qos, retained, receivedAtMs: 0, sequence });
  };
  const texts = (topic: string) =>
    read.filter((message) => message.topic === topic).map(({ payload }) => Buffer.from(payload).toString());
  return { road, read, take, texts };
}

const ringMax = 65_536;
const rounds = 1_500;
const sensor = (watts: number) => JSON.stringify({ ENERGY: { Power: watts } });

/** MQTT 3.1.1 §3.3, QoS 0, shorter than 128 bytes. */
function publishPacket(topic: string, payload: string): Buffer {
  const body = Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic + payload)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

describe('a flood beyond capacity', () => {
  it('costs repeats at QoS 0 only, of each meter evenly: all that is said once, and each last value, stays', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 5 }), (meters, rounds) => {
        const { road, read, take, texts } = roadWith();
        take('plug/LWT', 'Online');
        take('plug/config', '{"name":"p","qos":0.5}', 0, true);
        take('plug/1/state', 'OFF');
        const sent = ringMax * rounds;
        for (let i = 0; i < sent; i += 1) {
          take(`m${i % meters}/power`, String(i));
          if (i % 1_000 === 0) take(`m${i % meters}/power`, `${i}.5`, 1);
        }
        take('plug/1/state', 'ON');
        expect(road.waiting).toBeLessThanOrEqual(ringMax);
        road.finish();
        expect(texts('plug/LWT')).toEqual(['Online']);
        expect(texts('plug/config')).toHaveLength(1);
        expect(texts('plug/1/state')).toEqual(['OFF', 'ON']);
        expect(read.filter(({ qos }) => qos === 1)).toHaveLength(Math.ceil(sent / 1_000));
        const lastOf = new Map(read.map(({ topic, payload }) => [topic, payload]));
        for (let meter = 0; meter < meters; meter += 1) {
          const last = sent - 1 - ((sent - 1 - meter) % meters);
          expect(Buffer.from(lastOf.get(`m${meter}/power`)!).toString()).toMatch(
            new RegExp(`^${last}(\\.5)?$`),
          );
        }
        const sequences = read.map(({ sequence }) => sequence);
        expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
        expect(road.dropped.newest).toBe(0);
        expect(road.dropped.repeats).toBe(sent + Math.ceil(sent / 1_000) + 4 - read.length);
        // Spread over the time: nowhere is a stretch missing.
        const gaps = sequences.slice(1).map((sequence, i) => sequence - (sequences[i] as number));
        expect(Math.max(...gaps)).toBeLessThan(ringMax / 8);
      }),
      { numRuns: 8 },
    );
  });

  it('costs the newest, counted, where nothing repeats', () => {
    const { road, read, take } = roadWith();
    for (let i = 0; i < ringMax + 10; i += 1) take(`m${i}/power`, '1.5');
    expect(road.dropped).toEqual({ repeats: 0, newest: 10 });
    road.finish();
    expect(read).toHaveLength(ringMax);
  });

  it('does not take one outlet of a gateway for a repeat of another', () => {
    const { road, take, texts } = roadWith(false);
    for (let i = 0; i < ringMax * 2; i += 1) take('gateway', `{"outlet":${i % 40},"watts":${i}.5}`);
    road.finish();
    const outlets = texts('gateway')
      .slice(-1_000)
      .map((text) => JSON.parse(text).outlet as number);
    expect(new Set(outlets).size).toBe(40);
    expect(road.dropped.newest).toBe(0);
  });

  it('of large messages holds no more than 64 MiB of them, and has room for others', () => {
    const { road, read, take } = roadWith();
    const large = `{"text":"${'x'.repeat(200_000)}","watts":1}`;
    for (let i = 0; i < 1_000; i += 1) take('m/power', large);
    const held = road.waiting;
    expect(held).toBeLessThan(340);
    expect(road.dropped).toEqual({ repeats: 0, newest: 1_000 - held });
    for (let i = 0; i < 1_000; i += 1) take('n/power', '1');
    expect(road.waiting).toBe(held + 1_000);
    take('m/power', large, 1);
    road.finish();
    expect(read).toHaveLength(held + 1_001);
  });

  it('through a real broker keeps the last value of every meter, the page live and QoS 1 whole', async () => {
    const broker = await startMosquitto({ extraConfig: 'max_queued_messages 0\nmax_queued_bytes 0' });
    const app = await runApp({ RACKWATT_MQTT_URL: broker.url });
    try {
      await until('ready', async () => (await app.get('/readyz')).status === 200);
      const page = await watch(app, ['room']);
      const meters = Array.from({ length: 200 }, (_, i) => `plug-${i}`);
      const client = await mqtt.connectAsync(broker.url);
      // Bytes made before, so that it is the service that cannot keep up, not the one who publishes.
      const flood = Array.from({ length: rounds }, (_, round) =>
        meters.map((name, i) => publishPacket(`tele/${name}/SENSOR`, sensor(1000 + round + i))),
      );
      for (const [round, packets] of flood.entries()) {
        client.stream.write(Buffer.concat(packets));
        if (round % 100 === 0) client.publish('tele/kept/SENSOR', sensor(round + 1), { qos: 1 });
      }
      const figures = async () => ((await app.get('/api/v1/room')).body as RoomAnswer).figures;
      await until(
        'the last value of every meter is there',
        async () => {
          const known = await figures();
          return meters.every((name, i) => known[`server:${name}/0`]?.watts === 1000 + rounds - 1 + i);
        },
        60_000,
      );
      await until('QoS 1 is whole', async () => (await figures())['server:kept/0']?.watts === rounds - 99);
      const { intake } = (await app.get('/readyz')).body as ReadyAnswer;
      expect(intake.dropped.newest).toBe(0);
      expect(intake.dropped.repeats).toBeGreaterThan(10_000);
      expect(app.counts().messages + intake.dropped.repeats).toBeGreaterThanOrEqual(rounds * meters.length);
      expect(page.messages.length).toBeGreaterThan(3);
      page.close();
      await client.endAsync(true);
    } finally {
      await app.dispose();
      await broker.stop();
    }
  });
});
