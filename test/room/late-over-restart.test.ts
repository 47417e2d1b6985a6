import { cpSync, existsSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { Rig, stores } from './passing-hours.ts';
import { scratchFolder, until } from './running.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const fromMs = Date.UTC(2026, 5, 1, 8);
const servers = JSON.stringify([{ name: 'hv-01', inputs: [{ outlet: 'pdu/1' }] }]);
const line = (outlet: string, atMs: number, watts: number) =>
  `pdu,device=pdu,outlet=${outlet} power_w=${watts} ${atMs}000000`;

/** What was held back and comes late: a silent stretch, and its peak. */
const silentMs = { fromMs: fromMs + 20 * minuteMs, toMs: fromMs + 40 * minuteMs };
const isSilent = (atMs: number) => atMs >= silentMs.fromMs && atMs < silentMs.toMs;

async function passHour(rig: Rig): Promise<void> {
  for (let at = fromMs; at < fromMs + hourMs; at += minuteMs) {
    const lines = [line('2', at, 40)];
    if (!isSilent(at)) lines.push(line('1', at, 100));
    await rig.publish(lines);
    await rig.pass(minuteMs);
  }
}

function heldBack(): string[] {
  const lines: string[] = [];
  for (let at = silentMs.fromMs; at < silentMs.toMs; at += minuteMs)
    lines.push(line('1', at, at === silentMs.fromMs + 5 * minuteMs ? 900 : 100));
  return lines;
}

async function expectWhole(store: Store): Promise<void> {
  for (const scope of ['outlet:pdu/1', 'server:hv-01', 'room']) {
    const range = { scope, ...silentMs };
    const minutes = await store.rollUps({ ...range, tier: 'minute' });
    expect([...minutes.observedMs], scope).toEqual(Array.from({ length: 20 }, () => minuteMs));
    const peak = scope === 'room' ? 940 : 900;
    expect(Math.max(...minutes.wattsMax), scope).toBe(peak);
    const quarters = await store.rollUps({ ...range, fromMs: fromMs + 15 * minuteMs, tier: 'quarter' });
    expect(quarters.wattsMax[0], scope).toBe(peak);
  }
}

async function beginning(
  kind: keyof typeof stores,
): Promise<{ rig: Rig; folder: string; open: () => Store }> {
  const folder = scratchFolder();
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  const { env, open } = await stores[kind](folder, (work) => cleanUps.push(work));
  const rig = new Rig({ ...env, RACKWATT_ROOM_SERVERS: servers }, folder, fromMs);
  await rig.start();
  return { rig, folder, open };
}

async function expectMadeAgain(rig: Rig, open: () => Store): Promise<void> {
  for (let minute = 0; minute < 120; minute += 1) await rig.pass(minuteMs);
  await rig.settle();
  await rig.stop();
  const store = open();
  await store.open();
  cleanUps.push(() => store.close());
  await expectWhole(store);
}

describe.each(Object.keys(stores) as (keyof typeof stores)[])(
  'late readings, kept in the %s store',
  (kind) => {
    it('get into minutes and peaks also when the service stops right after them, and their outlet is gone', async () => {
      const { rig, open } = await beginning(kind);
      await passHour(rig);
      await rig.publish(heldBack());
      await rig.stop();
      await rig.start();
      await expectMadeAgain(rig, open);
    });
  },
);

describe('late readings before a kill', () => {
  it('get into minutes and peaks also when no checkpoint was saved after them', async () => {
    const { rig, folder, open } = await beginning('embedded');
    await passHour(rig);
    await rig.pass(minuteMs);
    // As a kill leaves it: what is durable, and a checkpoint of before.
    const before = scratchFolder();
    cleanUps.push(() => rmSync(before, { recursive: true, force: true }));
    const checkpoint = 'rackwatt.checkpoint';
    await until('a checkpoint is saved', () => existsSync(`${folder}/${checkpoint}`));
    cpSync(`${folder}/${checkpoint}`, `${before}/${checkpoint}`);
    await rig.publish(heldBack());
    await rig.stop();
    cpSync(`${before}/${checkpoint}`, `${folder}/${checkpoint}`);
    await rig.start();
    await expectMadeAgain(rig, open);
  });
});

describe.each(Object.keys(stores) as (keyof typeof stores)[])(
  'live readings older than raw readings are kept, with the %s store',
  (kind) => {
    it('go into the roll-ups and the energy of their time, and are counted', async () => {
      const folder = scratchFolder();
      cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
      const { env, open } = await stores[kind](folder, (work) => cleanUps.push(work));
      const shortly = { ...env, RACKWATT_ROOM_SERVERS: servers, RACKWATT_STORE_RETENTION_RAW: '2h' };
      const rig = new Rig(shortly, folder, fromMs + 6 * hourMs);
      await rig.start();
      await rig.publish(heldBack());
      await until('roll-ups are made of them', async () => {
        await rig.pass(1_000);
        const { body } = await rig.app.get('/api/v1/import');
        return (body as { state?: string }).state === 'done';
      });
      const metrics = await (await fetch(`${rig.app.httpUrl}/metrics`)).text();
      expect(metrics).toMatch(/^rackwatt_readings_too_old_total 20$/m);
      await rig.stop();
      const store = open();
      await store.open();
      cleanUps.push(() => store.close());
      for (const scope of ['outlet:pdu/1', 'server:hv-01', 'room']) {
        const minutes = await store.rollUps({ scope, ...silentMs, tier: 'minute' });
        expect(minutes.fromMs[0], scope).toBe(silentMs.fromMs);
        expect(Math.max(...minutes.wattsMax), scope).toBe(900);
        const quarters = await store.rollUps({ scope, fromMs, toMs: fromMs + hourMs, tier: 'quarter' });
        expect(Math.max(...quarters.wattsMax), scope).toBe(900);
        // 19 minutes between the first and the last, one of them (and its slopes) at 900 W.
        expect(
          quarters.wattHours.reduce((sum, one) => sum + one, 0),
          scope,
        ).toBeCloseTo((19 * 100 + 800) / 60, 1);
      }
    });
  },
);
