import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import type { EnergyAnswer, HistoriesAnswer, HistoryAnswer, Problem } from '../../src/api/shapes.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { runApp, until, watch } from './running.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** The service with two outlets of one server, told every so often until the test is over. */
async function servicedRoom(env: Record<string, string>) {
  const service = await runApp({
    RACKWATT_ROOM_TIMEZONE: 'Europe/London',
    RACKWATT_ROOM_TARIFF: JSON.stringify({ currency: 'GBP', pricePerKwh: 0.25, taxPercent: 20 }),
    RACKWATT_ROOM_CARBON_COUNTRY: 'GB',
    RACKWATT_ROOM_RACKS: JSON.stringify([{ name: 'r1' }]),
    RACKWATT_ROOM_SERVERS: JSON.stringify([
      { name: 'hv-01', rack: 'r1', inputs: [{ outlet: 'plug-a/0' }, { outlet: 'plug-b/0' }] },
    ]),
    ...env,
  });
  cleanUps.push(() => service.dispose());
  const client = await mqtt.connectAsync(service.brokerUrl);
  cleanUps.push(() => client.endAsync(true));
  const publish = async (watts: number) => {
    const message = JSON.stringify({
      Time: '2026-01-01T00:00:00',
      ENERGY: { Power: watts, Voltage: 230, Current: 1.5 },
    });
    for (const plug of ['plug-a', 'plug-b'])
      await client.publishAsync(`tele/${plug}/SENSOR`, message, { qos: 1 });
  };
  return { service, publish };
}

describe('energy and history of the whole service', () => {
  it('are there for what was drawn a moment ago, with what it costs', async () => {
    const { service, publish } = await servicedRoom({});
    await publish(3600);
    await publish(3600);
    const energy = await until('the open minute is in the answer', async () => {
      const { body } = await service.get('/api/v1/energy?scope=server:hv-01,rack:*&by=hour');
      const { totals } = body as EnergyAnswer;
      return (totals?.[0]?.wattHours ?? 0) > 1 && (body as EnergyAnswer);
    });
    expect(energy).toMatchObject({ by: 'hour', timezone: 'Europe/London', currency: 'GBP' });
    expect(energy.carbon!.factors[0]).toMatchObject({
      gramsPerKwh: 216,
      source: expect.stringMatching(/Ember/),
    });
    const [server, rack] = energy.totals!;
    expect([server!.scope, rack!.scope]).toEqual(['server:hv-01', 'rack:r1']);
    expect(server!.cost).toBeCloseTo((server!.wattHours! / 1000) * 0.3, 5);
    expect(server!.grams).toBeCloseTo((server!.wattHours! / 1000) * 216, 3);
    expect(server!.coverage).toBeGreaterThan(0);
    expect(energy.rows.some(({ wattHours }) => wattHours === null)).toBe(true);

    const { body: amps } = await service.get('/api/v1/history?scope=rack:r1&quantity=amps');
    await until('the readings are in the store', async () => {
      const { body } = await service.get('/api/v1/history?scope=rack:r1&quantity=amps');
      return (body as HistoryAnswer).max.includes(3);
    });
    expect(amps as HistoryAnswer).toMatchObject({ scope: 'rack:r1', quantity: 'amps', outlets: { all: 2 } });
    const { body: all } = await service.get('/api/v1/history?scope=server:*');
    expect((all as HistoriesAnswer).series.map(({ scope }) => scope)).toEqual(['server:hv-01']);
  });

  it('say that the store is away, while the live view goes on, and come back with it', async () => {
    const influx = await startInfluxd();
    cleanUps.push(() => influx.stop());
    const { service, publish } = await servicedRoom({
      RACKWATT_STORE_KIND: 'influx',
      RACKWATT_STORE_INFLUX_URL: influx.url,
    });
    await until('ready', async () => (await service.get('/readyz')).status === 200);
    await publish(100);
    const page = await watch(service);
    cleanUps.push(() => page.close());
    await influx.kill();
    const questions = [
      'energy?scope=server:*',
      'energy?scope=room&by=month',
      'history?scope=room,server:hv-01',
    ];
    for (const question of questions) {
      const { status, body } = await service.get(`/api/v1/${question}`);
      expect(status).toBe(503);
      expect(body as Problem).toMatchObject({
        type: 'urn:rackwatt:problem:store-away',
        detail: expect.stringMatching(/InfluxDB/),
      });
    }
    await publish(250);
    await until('the page shows it', () => page.figures.get('server:hv-01')?.watts === 500);
    await influx.restart();
    for (const question of questions) {
      await until(
        `${question} is answered`,
        async () => (await service.get(`/api/v1/${question}`)).status === 200,
      );
    }
  });
});
