import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfluxDB } from 'influx';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Backlog } from '../../src/store/backlog.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import { Recorder } from '../../src/store/recorder.ts';
import { RefusedFiles } from '../../src/store/refused-files.ts';
import { until } from '../base/until.ts';
import { type Influxd, startInfluxd } from '../servers/influxd.ts';
import { announcedStart, completeStart, idleEvent, idleVerdict, startEvent } from './made-events.ts';
import { reading } from './made-readings.ts';

const startMs = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
const outlets = 10;

let influxd: Influxd;
let folder: string;
let filesFolder: string;
let database: string;
let databases = 0;
let store: InfluxStore;
let backlog: Backlog;
let recorder: Recorder;
let durable: number;
let sequence: number;

beforeAll(async () => {
  influxd = await startInfluxd();
});
afterAll(() => influxd?.stop());

beforeEach(async () => {
  filesFolder = await mkdtemp(join(tmpdir(), 'rackwatt-road-'));
  folder = join(filesFolder, 'backlog');
  databases += 1;
  database = `road${databases}`;
  sequence = 0;
  await begin();
});
afterEach(async () => {
  await end();
  await rm(filesFolder, { recursive: true, force: true });
});

it('stores every reading exactly once, and says so only afterwards', async () => {
  await start();
  for (let i = 0; i < 50; i += 1) {
    message();
    if (i % 10 === 9) {
      await until(() => durable === sequence, 'durable');
      expect(await storedMessages()).toBe(sequence);
    }
  }
  expect(recorder.status).toMatchObject({ storeOk: true, written: 50 * outlets, refused: {}, dropped: 0 });
});

it('keeps points that the store refuses as a file, which brings them there once the cause is mended', async () => {
  await start();
  const influx = new InfluxDB(`${influxd.url}/${database}`);
  const wrong = { measurement: 'reading', tags: { device: 'x', outlet: '1' }, fields: { volts: 'a string' } };
  await influx.writePoints([{ ...wrong, timestamp: new Date(startMs) }], { retentionPolicy: 'raw' });
  recorder.record(reading('pdu/1', startMs + 10, { watts: 1 }));
  recorder.record(reading('pdu/2', startMs + 10, { watts: 2, volts: 230.1 }));
  recorder.mark(1);
  await until(() => durable === 1, 'durable');
  const { refused, refusedFiles } = recorder.status;
  expect([refused, refusedFiles.notKept]).toEqual([{ 'field-type-conflict': 1 }, 0]);
  const file = await readFile(join(filesFolder, 'refused-raw.lp'), 'utf8');
  expect(file).toMatch(
    /^# \d{4}-.*Z: 1 of these 1 refused: .*field type conflict.*\nreading,.*outlet=2 .*\n$/,
  );
  expect(refusedFiles.bytes).toBe(Buffer.byteLength(file));

  await influx.query(`DROP SERIES FROM reading WHERE device = 'x'`);
  await influx.dropMeasurement('reading');
  const again = await fetch(`${influxd.url}/write?db=${database}&rp=raw`, { method: 'POST', body: file });
  expect([again.status, await again.text()]).toEqual([204, '']);
  const hour = { fromMs: startMs, toMs: startMs + 3_600_000 };
  expect([...(await store.series({ outlet: 'pdu/2', quantity: 'volts', ...hour })).values]).toEqual([230.1]);
});

it('goes through a freeze: the backlog takes over, and in the end the store has every reading once', async () => {
  await start();
  message();
  await until(() => durable === sequence, 'durable');
  influxd.pause();
  try {
    for (let i = 0; i < 200; i += 1) message();
    await until(
      () => durable === sequence,
      () => `durable while frozen (${durable})`,
      10_000,
    );
    expect(recorder.status.backlog.readings).toBeGreaterThan(0);
    expect(recorder.status).toMatchObject({
      storeOk: false,
      problem: expect.stringMatching(/slow|does not answer/),
    });
  } finally {
    influxd.resume();
  }
  await until(() => recorder.status.backlog.readings === 0, 'the backlog to be empty');
  expect(await storedMessages()).toBe(sequence);
  expect(recorder.status).toMatchObject({ storeOk: true, queuedReadings: 0, dropped: 0 });
});

it('goes through kill -9 and restart of the store, with traffic all the while', async () => {
  await start();
  const traffic = setInterval(() => message(), 2);
  try {
    for (let round = 0; round < 2; round += 1) {
      const before = sequence;
      await until(() => durable > before + 20, 'traffic');
      await influxd.kill();
      const atKill = sequence;
      await until(() => durable > atKill + 50, 'acknowledgements without the store');
      expect(recorder.status.storeOk).toBe(false);
      expect(recorder.status.problem).toContain('does not answer');
      await influxd.restart();
      const back = sequence;
      await until(() => durable > back + 20 && recorder.status.storeOk, 'the store to be used again');
    }
  } finally {
    clearInterval(traffic);
  }
  await until(
    () => durable === sequence && recorder.status.backlog.readings === 0,
    'all in the store',
    10_000,
  );
  expect(await storedMessages()).toBe(sequence);
});

it('starts without the store, and over again without losing what lies in the backlog', async () => {
  await influxd.kill();
  await start();
  for (let i = 0; i < 30; i += 1) message();
  await until(() => durable === sequence, 'durable in the backlog');
  expect(recorder.status).toMatchObject({ storeOk: false, backlog: { readings: 30 * outlets } });
  await end();
  await begin();
  await start();
  expect(recorder.status.backlog.readings).toBe(30 * outlets);
  for (let i = 0; i < 30; i += 1) message();
  await until(() => durable === sequence, 'durable in the backlog');
  await influxd.restart();
  await until(() => recorder.status.backlog.readings === 0, 'the backlog to be empty');
  expect(await storedMessages()).toBe(sequence);
});

it('goes on when the database is dropped while it runs', async () => {
  await start();
  message();
  await until(() => durable === sequence, 'durable');
  await client().dropDatabase(database);
  const from = sequence;
  for (let i = 0; i < 20; i += 1) {
    message();
    await until(() => durable === sequence, 'durable');
  }
  await until(() => recorder.status.backlog.readings === 0, 'the backlog to be empty');
  expect(await storedMessages()).toBe(sequence - from);
  expect(recorder.status.storeOk).toBe(true);
});

it('keeps one start of one that is announced while the store is away and completed when it is back', async () => {
  await start();
  const before = announcedStart('server:hv-00', startMs - 60_000);
  const announced = announcedStart('server:hv-01', startMs);
  const complete = completeStart(announced);
  recorder.recordEvents([startEvent(before)]);
  message();
  await until(() => durable === sequence, 'durable');
  await influxd.kill();
  recorder.recordEvents([startEvent(announced), startEvent(completeStart(before))]);
  for (let i = 0; i < 50; i += 1) message();
  await until(() => durable === sequence, 'durable in the backlog');
  await influxd.restart();
  await until(() => recorder.status.storeOk, 'the store to be back');
  recorder.recordEvents([startEvent(complete), idleEvent('server:hv-01', startMs)]);
  recorder.recordIdle([idleVerdict('server:hv-01')], startMs);
  message();
  await until(
    () => recorder.status.backlog.readings === 0 && durable === sequence,
    'the backlog to be empty',
    10_000,
  );
  const starts = await store.starts({ fromMs: 0, toMs: Date.now(), limit: 10 });
  expect(starts.map(({ scope, complete }) => [scope, complete])).toEqual([
    ['server:hv-01', true],
    ['server:hv-00', true],
  ]);
  expect((await store.start(complete.id))?.trace).toEqual(complete.trace);

  // As Grafana asks.
  const rows = await client().query(
    `SELECT "peak_watts", "settled_watts", "id" FROM "events"."start" WHERE "scope" =~ /^server:hv-01$/ AND time >= ${startMs - 1000}ms AND time <= ${startMs + 1000}ms`,
  );
  expect([...rows]).toMatchObject([{ peak_watts: 412.7, settled_watts: 187.3, id: complete.id }]);
  const counts = await client().query(
    `SELECT count("peak_watts") FROM "events"."start" WHERE time >= ${startMs - 3_600_000}ms AND time <= ${startMs + 1000}ms GROUP BY time(1h) fill(none)`,
  );
  expect([...counts].reduce((sum, row) => sum + Number((row as { count?: number }).count), 0)).toBe(2);
  const idle = await client().query(
    `SELECT "idle_watts", "limit_watts", "verdict", "change" FROM "events"."idle" WHERE time = ${startMs}ms GROUP BY "scope"`,
  );
  expect([...idle]).toMatchObject([
    { scope: 'server:hv-01', idle_watts: 87.5, limit_watts: 60.2, verdict: 'high', change: 'learnt' },
  ]);
});

it('stops with everything in the store, or in the backlog when the store is frozen', async () => {
  await start();
  for (let i = 0; i < 20; i += 1) message();
  expect(await recorder.stop(10_000)).toBe(0);
  expect(await storedMessages()).toBe(20);
  await end();

  await begin();
  await start();
  influxd.pause();
  try {
    for (let i = 0; i < 20; i += 1) message();
    expect(await recorder.stop(10_000)).toBe(0);
    expect(durable).toBe(sequence);
    expect(backlog.status.readings).toBe(20 * outlets);
  } finally {
    influxd.resume();
  }
});

async function begin(): Promise<void> {
  durable = 0;
  store = new InfluxStore({
    url: influxd.url,
    database,
    retention: { rawMs: 0, minuteMs: 0 },
    writeTimeoutMs: 1500,
    queryTimeoutMs: 1500,
  });
  backlog = await Backlog.open({ folder, storeKind: 'influx', clock: systemClock });
  recorder = new Recorder({
    store,
    backlog,
    refusedFiles: await RefusedFiles.open({ folder: filesFolder, clock: systemClock }),
    clock: systemClock,
    durable(number) {
      expect(number).toBeGreaterThan(durable);
      durable = number;
    },
    limits: { patienceMs: 300, retryCapMs: 500 },
  });
}

async function start(): Promise<void> {
  await recorder.start();
}

async function end(): Promise<void> {
  await recorder.stop(1000);
  await backlog.close();
  await store.close();
}

/** One message with a reading of each outlet. */
function message(): void {
  sequence += 1;
  for (let i = 0; i < outlets; i += 1)
    recorder.record(
      reading(`pdu/${i}`, startMs + sequence * 10, { watts: sequence, volts: 230.1, on: true }),
    );
  recorder.mark(sequence);
}

/** Messages of which every outlet's reading is in InfluxDB; fails when there are some of which not all are. */
async function storedMessages(): Promise<number> {
  const rows = await client().query<{ count_watts: number; max: number }>(
    'SELECT count(watts) AS count_watts, max(watts) AS max FROM reading WHERE time > 0 AND time < now() + 1d GROUP BY outlet',
  );
  const counts = rows.map((row) => row.count_watts);
  expect(counts).toHaveLength(outlets);
  expect(new Set(counts).size).toBe(1);
  return counts[0]!;
}

function client(): InfluxDB {
  return new InfluxDB({ host: '127.0.0.1', port: influxd.port, database });
}
