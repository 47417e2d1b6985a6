import mqtt from 'mqtt';
import { expect, it } from 'vitest';
import type { AlertsAnswer, SilencesAnswer } from '../../src/api/shapes.ts';
import { runApp, scratchFolder, until } from '../room/running.ts';
import { SteppedClock } from '../room/stepped-clock.ts';
import { eventually, textOf, useBrowser } from './opened-page.ts';

const browser = useBrowser();

const settings = {
  RACKWATT_ROOM_TARIFF: JSON.stringify({ currency: 'EUR', pricePerKwh: 0.25 }),
  RACKWATT_ROOM_FEEDS: JSON.stringify([{ name: 'A', breakers: [{ name: 'A1', amps: 1 }] }]),
  RACKWATT_ROOM_SERVERS: JSON.stringify([{ name: 'hv-01', inputs: [{ outlet: 'rig/0', breaker: 'A1' }] }]),
};

it('an overloaded breaker is told, acknowledged and silenced on the page of the real service, and its energy counted', async () => {
  const clock = new SteppedClock();
  const app = await runApp(settings, scratchFolder(), browser.folder, clock);
  const alerts = async () => ((await app.get('/api/v1/alerts')).body as AlertsAnswer).rows;
  const isOfBreaker = ({ rule }: { rule: string }) => rule === 'circuit-load';
  try {
    await until('it is ready', async () => (await app.get('/readyz')).status === 200);
    await using looked = await browser.look(`${app.httpUrl}#/alerts?scope=breaker%3AA1`);
    const { page, complaints } = looked;
    await eventually(page, '.alerts-main').toContain('Nothing fires.');
    const plug = await mqtt.connectAsync(app.brokerUrl);
    await until('the breaker alarms', async () => {
      const ENERGY = { Power: 330, Voltage: 230, Current: 1.5 };
      await plug.publishAsync('tele/rig/SENSOR', JSON.stringify({ ENERGY }), { qos: 1 });
      await clock.pass(10_000);
      return (await alerts()).some((alert) => isOfBreaker(alert) && alert.state === 'firing');
    });
    await plug.endAsync();
    await eventually(page, '.alert[data-state="firing"] .alert-text').toContain('A1');
    await page.locator('.alert').getByRole('button', { name: 'Acknowledge' }).first().click();
    await page.locator('.alert').getByLabel('Your name').fill('Ada');
    await page.keyboard.press('Enter');
    await eventually(page, '.alert').toContain('Acknowledged by Ada');
    expect((await alerts()).find(isOfBreaker)?.ackedBy).toBe('Ada');
    await page.locator('.alert').getByRole('button', { name: 'Silence', exact: true }).first().click();
    await page.locator('.alert .do').click();
    await eventually(page, '[aria-labelledby="silences-title"]').toMatch(/Circuit load · Breaker A1 until/);
    await page.getByRole('button', { name: 'End this silence' }).click();
    await eventually(page, '[aria-labelledby="silences-title"]').toContain('None');
    expect(((await app.get('/api/v1/silences')).body as SilencesAnswer).rows).toEqual([]);
    await page.locator('.rules').getByRole('button', { name: 'Circuit load' }).click();
    await eventually(page, '.rule-open').toMatch(/A1 firing \d+ %/);

    await page.goto(`${app.httpUrl}#/energy?period=day&by=breaker`);
    await eventually(page, '.energy-facts').toMatch(/Energy [\d.]+ kWh Cost €[\d.]+ CO₂e – unknown/);
    await eventually(page, '.energy-ranking tbody tr').toMatch(/^A1 .*kWh €/);
    expect(await textOf(page, '.energy-method')).toContain('Cost in EUR');
    expect(await page.locator('.energy-bar').count()).toBeGreaterThan(0);
    const link = new URL((await page.getByRole('link', { name: 'CSV' }).getAttribute('href'))!, app.httpUrl);
    const csv = await fetch(link);
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect(await csv.text()).toMatch(/^scope,fromMs,from,.*\r\nroom,\d+/);
    expect(complaints).toEqual([]);
  } finally {
    await app.dispose();
    clock.stop();
  }
});
