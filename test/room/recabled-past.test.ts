import { rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { EnergyAnswer, HistoryAnswer } from '../../src/api/shapes.ts';
import { JumpingClock, stores } from './passing-hours.ts';
import { runApp, scratchFolder, type TestedApp, until } from './running.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const today = Math.floor(Date.now() / dayMs) * dayMs;
const nowMs = today + 5 * minuteMs;
/** Two weeks ago; readings are of the day before and the day after. */
const movedMs = today - 14 * dayMs;
/** A third into a quarter of an hour. */
const moved = `${new Date(movedMs).toISOString().slice(0, 10)}T00:05`;
const fromMs = movedMs - dayMs;
const toMs = movedMs + dayMs;
const racks = '[{"name":"r1"},{"name":"r2"}]';
const feeds = '[{"name":"A","breakers":[{"name":"A1"}]},{"name":"B","breakers":[{"name":"B1"}]}]';

const asItWas = [
  {
    name: 'hv-01',
    rack: 'r1',
    inputs: [
      { outlet: 'pdu/1', breaker: 'A1' },
      { outlet: 'pdu/2', breaker: 'A1' },
    ],
  },
  { name: 'db-01', rack: 'r1', inputs: [{ outlet: 'pdu/3', breaker: 'A1' }] },
  { name: 'db-02', rack: 'r2', inputs: [{ outlet: 'pdu/4', breaker: 'B1' }] },
];
/** pdu/3 fed db-01 until two weeks ago, and db-02 in the other rack since. */
const asItIs = [
  asItWas[0]!,
  { name: 'db-01', rack: 'r1', inputs: [{ outlet: 'pdu/3', breaker: 'A1', to: moved }] },
  {
    name: 'db-02',
    rack: 'r2',
    inputs: [
      { outlet: 'pdu/4', breaker: 'B1' },
      { outlet: 'pdu/3', breaker: 'B1', from: moved },
    ],
  },
];
const wattsOf = { 'pdu/1': 100, 'pdu/2': 150, 'pdu/3': 80, 'pdu/4': 200 };

function csv(): string {
  const lines = ['time,outlet,watts'];
  for (let at = fromMs; at <= toMs; at += 2 * minuteMs)
    for (const [outlet, watts] of Object.entries(wattsOf)) {
      const line = (offsetMs: number, told: number) =>
        lines.push(`${new Date(at + offsetMs).toISOString()},${outlet},${told}`);
      line(0, watts);
      if (outlet !== 'pdu/3' || at !== movedMs + 6 * hourMs) continue;
      line(minuteMs, 500);
      line(minuteMs + 1_000, watts);
    }
  return lines.join('\n');
}

/** A store that is at work may be slow to answer: 503 says so. */
function asked<T>(app: TestedApp, path: string): Promise<T> {
  return until(`${path} is answered`, async () => {
    const { status, body } = await app.get(`/api/v1/${path}`);
    if (status !== 200) expect([status, body]).toEqual([503, expect.anything()]);
    return status === 200 && (body as T);
  });
}

/** kWh of the day before the move and of the one after it; the peak of the second. */
async function told(app: TestedApp, scope: string) {
  const range = `scope=${scope}&from=${fromMs}&to=${toMs}`;
  const energy = await asked<EnergyAnswer>(app, `energy?${range}&by=day`);
  const history = await asked<HistoryAnswer>(app, `history?${range}&points=48`);
  const after = history.atMs.findIndex((at) => at >= movedMs);
  const mean = (from: number) => history.mean[from + 2] ?? null;
  const { rows } = energy as unknown as { rows: { wattHours: number | null }[] };
  return {
    wattHours: rows.map(({ wattHours }) => (wattHours === null ? null : Math.round(wattHours / 10) * 10)),
    watts: [mean(0), mean(after)],
    peak: Math.max(...history.max.slice(after, -1).map((watts) => watts ?? 0)),
  };
}

describe.each(Object.keys(stores) as (keyof typeof stores)[])('history, kept in the %s store', (kind) => {
  it('follows a server when the settings say later that it was plugged in elsewhere', async () => {
    const folder = scratchFolder();
    cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
    const { env } = await stores[kind](folder, (work) => cleanUps.push(work));
    const clock = new JumpingClock(nowMs);
    const start = async (servers: object) =>
      runApp(
        {
          RACKWATT_ROOM_RACKS: racks,
          RACKWATT_ROOM_FEEDS: feeds,
          RACKWATT_ROOM_TIMEZONE: 'UTC',
          RACKWATT_ROOM_SERVERS: JSON.stringify(servers),
          ...env,
        },
        folder,
        undefined,
        clock,
      );
    const pass = () => clock.advance(1_000);
    let app = await start(asItWas);
    await until('the store is there', () => {
      pass();
      return app.counts().store.storeOk;
    });
    const response = await fetch(`${app.httpUrl}/api/v1/import`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: csv(),
    });
    expect(response.status).toBeLessThan(300);
    await until('roll-ups are made', async () => {
      pass();
      const { body } = await app.get('/api/v1/import');
      return (body as { state: string }).state === 'done';
    });
    const before = { wattHours: [1920, 1920], watts: [80, 80], peak: 500 };
    expect(await told(app, 'server:db-01')).toEqual(before);
    await app.stop();

    app = await start(asItIs);
    cleanUps.push(() => app.stop());
    const range = `from=${fromMs}&to=${toMs}`;
    const isRemaking = async (scope: string) => {
      const energy = await asked<EnergyAnswer>(app, `energy?scope=${scope}&${range}`);
      const history = await asked<HistoryAnswer>(app, `history?scope=${scope}&${range}`);
      return [energy.remaking ?? false, history.remaking ?? false];
    };
    // Until that is done, each answer it touches says so.
    expect(await isRemaking('server:db-01')).toEqual([true, true]);
    expect(await isRemaking('server:hv-01')).toEqual([false, false]);
    await until('the sums are made again', async () => {
      pass();
      return (await told(app, 'server:db-01')).wattHours[1] === 10;
    });
    await until('of all of them', async () => {
      pass();
      return (await told(app, 'rack:r2')).wattHours[1] === 6710;
    });
    await until('it is said to be done', async () => {
      pass();
      return !(await isRemaking('server:db-01')).includes(true);
    });
    expect(await told(app, 'server:db-01')).toEqual({ wattHours: [1920, 10], watts: [80, null], peak: 80 });
    const more = { wattHours: [4800, 6710], watts: [200, 280], peak: 700 };
    for (const scope of ['server:db-02', 'rack:r2', 'breaker:B1', 'feed:B'])
      expect(await told(app, scope), scope).toEqual(more);
    for (const scope of ['rack:r1', 'feed:A'])
      expect(await told(app, scope), scope).toEqual({
        wattHours: [7920, 6010],
        watts: [330, 250],
        peak: 330,
      });
    expect((await told(app, 'server:hv-01')).wattHours).toEqual([6000, 6000]);
    expect((await told(app, 'room')).wattHours).toEqual([12720, 12720]);
  });
});
