import { cpSync, rmSync } from 'node:fs';
import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import type { IdleAnswer, RoomAnswer, StartAnswer, StartsAnswer } from '../../src/api/shapes.ts';
import type { StartRecord } from '../../src/model/start.ts';
import { startInfluxd } from '../servers/influxd.ts';
import {
  AheadClock,
  runApp,
  scratchFolder,
  type TestedApp,
  until,
  type WatchedPage,
  watch,
} from './running.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});
function later<T>(thing: T, cleanUp: (thing: T) => unknown): T {
  cleanUps.push(() => cleanUp(thing));
  return thing;
}

const stores: Record<string, () => Promise<Record<string, string>>> = {
  embedded: async () => ({}),
  influx: async () => {
    const influx = later(await startInfluxd(), (server) => server.stop());
    return { RACKWATT_STORE_KIND: 'influx', RACKWATT_STORE_INFLUX_URL: influx.url };
  },
};

/** Off, a surge, a busy boot, and then a steady draw: seconds since the first reading → W. */
function drawAt(at: number): number {
  if (at < 60) return 4;
  if (at < 68) return 410 - 5 * (at - 60);
  return at < 150 ? 300 + ((at * 7) % 23) : 180 + ((at * 5) % 4);
}

/** A plug behind a server, each of whose reports lies as far after the last as it says, whatever the test takes. */
class Rig {
  readonly clock = new AheadClock();
  #at = 0;

  /** Reports every `everySeconds`; resolves when all of it is durable. */
  async report(app: TestedApp, forSeconds: number, everySeconds: number): Promise<void> {
    const plug = await mqtt.connectAsync(app.brokerUrl);
    for (const untilAt = this.#at + forSeconds; this.#at < untilAt; this.#at += everySeconds) {
      const sensor = JSON.stringify({ ENERGY: { Power: drawAt(this.#at), Voltage: 230, Current: 1 } });
      await plug.publishAsync('tele/rig/SENSOR', sensor, { qos: 1 });
      // A clock that jumps while something is under way would make the store look slow to answer.
      await until('all is durable', () => isQuiet(app));
      this.clock.advance(everySeconds * 1000);
    }
    await plug.endAsync();
  }
}

function isQuiet(app: TestedApp): boolean {
  const { queuedReadings, inFlight, backlog } = app.counts().store;
  return queuedReadings === 0 && inFlight === 0 && backlog.readings === 0;
}

const startEvents = (page: WatchedPage): StartRecord[] =>
  page.messages.flatMap((message) =>
    message.type === 'event' && message.event.kind === 'start' ? [message.event.start] : [],
  );
async function starts(app: TestedApp): Promise<StartsAnswer['rows']> {
  const { status, body } = await app.get('/api/v1/starts?scope=server:rig/0');
  return status === 200 ? (body as StartsAnswer).rows : [];
}
const ready = (app: TestedApp) => until('ready', async () => (await app.get('/readyz')).status === 200);

describe.each(Object.keys(stores))('a start, kept in the %s store', (kind) => {
  it('is told at once, stays one over a crash and restarts, and what was learnt stays too', async () => {
    const env = await stores[kind]!();
    const rig = new Rig();
    const run = async (folder: string) => {
      const app = later(await runApp(env, folder, undefined, rig.clock), (running) => running.dispose());
      await ready(app);
      return { app, page: later(await watch(app, ['server:*']), ({ close }) => close()) };
    };

    // The start, and what is known of it while it is under way.
    const first = await run(scratchFolder());
    await rig.report(first.app, 80, 2);
    const [announced] = await until('it is told', () => {
      const told = startEvents(first.page);
      return told.length > 0 && told;
    });
    expect(announced).toMatchObject({ scope: 'server:rig/0', complete: false, outlets: ['rig/0'] });
    expect(announced!.peakWatts).toBeGreaterThan(400);
    expect(announced).not.toHaveProperty('trace');
    const [underWay, ...others] = await starts(first.app);
    expect([underWay?.id, underWay?.complete, others]).toEqual([announced!.id, false, []]);
    const { body: withTrace } = await first.app.get(`/api/v1/starts/${encodeURIComponent(announced!.id)}`);
    expect((withTrace as StartAnswer).trace!.watts).toContain(410);
    await until('the page shows it', () => first.page.figures.get('server:rig/0')?.state === 'starting');

    // What lies on the disk at this moment is what a crash would leave.
    const left = later(scratchFolder(), (folder) => rmSync(folder, { recursive: true, force: true }));
    cpSync(first.app.folder, left, { recursive: true });
    await first.app.stop();
    const second = await run(left);
    await rig.report(second.app, 4, 2);
    await until('the start goes on', () => second.page.figures.get('server:rig/0')?.state === 'starting');
    expect((await starts(second.app)).map(({ id }) => id)).toEqual([announced!.id]);
    expect(startEvents(second.page)).toEqual([]);

    // Stopped in the midst of it; a quarter of an hour later it is complete.
    await second.app.stop();
    const next = await run(left);
    await rig.report(next.app, 60, 2);
    expect((await starts(next.app)).map(({ id }) => id)).toEqual([announced!.id]);
    expect(startEvents(next.page)).toEqual([]);
    await rig.report(next.app, 900, 20);
    const complete = await until('it is complete', () =>
      startEvents(next.page).find((start) => start.complete),
    );
    expect(complete.id).toBe(announced!.id);
    expect(complete.settledWatts).toBeCloseTo(181.5, -1);
    expect(new Set(startEvents(next.page).map(({ id }) => id))).toEqual(new Set([announced!.id]));

    // Stopped and started again: nothing is lost, nothing is told twice.
    await next.app.stop();
    const third = await run(left);
    await rig.report(third.app, 60, 20);
    await until('the draw is there', () => third.page.figures.get('server:rig/0')?.watts !== undefined);
    expect((await starts(third.app)).map(({ id, complete: whole }) => [id, whole])).toEqual([
      [announced!.id, true],
    ]);
    const { body: kept } = await third.app.get(`/api/v1/starts/${encodeURIComponent(announced!.id)}`);
    expect((kept as StartAnswer).trace!.watts).toContain(410);
    expect(startEvents(third.page)).toEqual([]);
    const { rows } = (await third.app.get('/api/v1/idle?scope=server:*')).body as IdleAnswer;
    expect(rows.map(({ scope }) => scope)).toEqual(['server:rig/0']);
    expect(rows[0]!.hoursObserved).toBeGreaterThan(0.1);
    const { figures } = (await third.app.get('/api/v1/room')).body as RoomAnswer;
    expect(['idle', 'active']).toContain(figures['server:rig/0']!.state);
  });
});
