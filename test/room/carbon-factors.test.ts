import { appendFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import type { EnergyAnswer } from '../../src/api/shapes.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { AheadClock, runApp, scratchFolder, until } from './running.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const topic = 'grid/carbon';

/** Plug a draws 3.6 kW through a broker of its own. */
async function meteredRoom(carbon: Record<string, string>, folder = scratchFolder()) {
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  const broker = await startMosquitto();
  cleanUps.push(() => broker.stop());
  const clock = new AheadClock();
  const start = () =>
    runApp(
      {
        RACKWATT_MQTT_URL: broker.url,
        RACKWATT_ROOM_TIMEZONE: 'Europe/London',
        RACKWATT_ROOM_CARBON_COUNTRY: 'GB',
        ...carbon,
      },
      folder,
      undefined,
      clock,
    );
  const client = await mqtt.connectAsync(broker.url);
  cleanUps.push(() => client.endAsync(true));
  const draw = () =>
    client.publishAsync('tele/plug-a/SENSOR', JSON.stringify({ ENERGY: { Power: 3600, Voltage: 230 } }), {
      qos: 1,
    });
  return { start, client, clock, draw, folder };
}

async function energyNow(
  { get }: Awaited<ReturnType<typeof runApp>>,
  scope = 'outlet:plug-a/0',
): Promise<EnergyAnswer> {
  const { body } = await get(`/api/v1/energy?scope=${scope}&by=hour`);
  return body as EnergyAnswer;
}

const outcomeOf = async (httpUrl: string, outcome: string) => {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  return Number(new RegExp(`carbon_factors_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1]);
};

describe('factors fed to the service', () => {
  it('over MQTT weigh what is drawn from then on, are told with the answer, and outlive a restart', async () => {
    const { start, client, draw, folder } = await meteredRoom({ RACKWATT_ROOM_CARBON_TOPIC: topic });
    const from = new Date(Date.now() - 3_600_000).toISOString();
    await client.publishAsync(topic, JSON.stringify({ gramsPerKwh: 50, from }), { qos: 1, retain: true });
    const service = await start();
    await until('the factor is taken', async () => (await outcomeOf(service.httpUrl, 'taken')) === 1);
    await draw();
    const told = await until('energy is there', async () => {
      await draw();
      const answer = await energyNow(service);
      return (answer.totals?.[0]?.wattHours ?? 0) > 1 && answer;
    });
    const [total] = told.totals!;
    expect(total!.grams).toBeCloseTo((total!.wattHours! / 1000) * 50, 3);
    expect(told.carbon!.factors).toContainEqual(
      expect.objectContaining({ gramsPerKwh: 50, source: 'published on grid/carbon', isStandIn: false }),
    );
    // The factor's topic is no meter's.
    expect(JSON.stringify((await service.get('/api/v1/devices')).body)).not.toContain('carbon');

    for (const payload of ['5000', 'lots', '-3']) await client.publishAsync(topic, payload, { qos: 1 });
    await until('they are refused', async () => (await outcomeOf(service.httpUrl, 'implausible')) === 2);
    expect(await outcomeOf(service.httpUrl, 'unreadable')).toBe(1);
    expect(await (await fetch(`${service.httpUrl}/metrics`)).text()).toContain(
      'rackwatt_carbon_factors_known{source="published"} 1',
    );
    await client.publishAsync(topic, JSON.stringify({ gramsPerKwh: 60, from }), { qos: 1 });
    await until('it is corrected', async () => (await outcomeOf(service.httpUrl, 'correction')) === 1);
    await service.stop();

    expect(readFileSync(join(folder, 'carbon-factors.csv'), 'utf8').split('\n')).toHaveLength(3);
    // As after a power cut in the middle of a line.
    appendFileSync(join(folder, 'carbon-factors.csv'), `${Date.now()},7`);
    await client.publishAsync(topic, '', { qos: 1, retain: true });
    const again = await start();
    cleanUps.push(() => again.stop());
    await until('ready', async () => (await again.get('/readyz')).status === 200);
    const later = await until('the outlet is known again', async () => {
      const answer = await energyNow(again);
      return answer.carbon !== undefined && answer;
    });
    expect(later.carbon!.factors.map(({ gramsPerKwh }) => gramsPerKwh)).toContain(60);
    expect(later.carbon!.factors.map(({ gramsPerKwh }) => gramsPerKwh)).not.toContain(50);
  });

  it('by a file are used where nothing was published, and read again when it changed', async () => {
    const folder = scratchFolder();
    const file = join(folder, 'mine.csv');
    writeFileSync(file, 'from,gramsPerKwh,source\n2026-01-01,77,operator\n');
    const { start, client, clock } = await meteredRoom(
      {
        RACKWATT_ROOM_CARBON_TOPIC: topic,
        RACKWATT_ROOM_CARBON_FILE: file,
        RACKWATT_ROOM_CARBON_HOLDS: '1h',
      },
      folder,
    );
    const service = await start();
    cleanUps.push(() => service.stop());
    await until('ready', async () => (await service.get('/readyz')).status === 200);
    const used = async () =>
      (await energyNow(service, 'room')).carbon!.factors.map(
        ({ gramsPerKwh, source }) => `${gramsPerKwh} ${source}`,
      );
    expect(await used()).toEqual(['77 operator']);
    const from = new Date(clock.nowMs() - 3 * 3_600_000).toISOString();
    await client.publishAsync(topic, JSON.stringify({ gramsPerKwh: 50, from }), { qos: 1 });
    await until('it is laid over the file', async () => (await used()).length === 3);
    expect(await used()).toEqual(['77 operator', '50 published on grid/carbon', '77 operator']);

    writeFileSync(file, 'from,gramsPerKwh\n2026-01-01,88\n2026-01-32,99\n');
    clock.advance(10_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await used()).toContain('77 operator');
    writeFileSync(file, '2026-01-01,88\n');
    utimesSync(file, new Date(), new Date(Date.now() + 5_000));
    await until('it is read again', async () => {
      clock.advance(10_000);
      return (await used()).includes('88 mine.csv');
    });
  });
});
