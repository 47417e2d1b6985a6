import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { type Asked, fillPast, startAsking } from './asking.ts';
import { benchMqttIntake } from './mqtt-intake.ts';
import { cpuMicrosOf } from './process-cpu.ts';
import { startPublisher } from './publisher.ts';
import type { BenchRow } from './run.ts';
import { type BenchService, startService } from './service.ts';

/** Messages before anything is measured. */
const warmUpMax = 60_000;
const measuredDefault = 500_000;
const window = 4_000;
const devices = 200;
/** Of them, so many have a past. */
const pastDevices = 100;
/** Asked and unasked in turns, so that whatever else the machine does meets both: A B, B A, A B … */
const pairs = 6;

/**
 * The whole road: mosquitto → rackwatt (decoding, room, roll-ups, one live client) → influxd or the embedded
 * store, everything on this machine. Five quantities a reading, one reading a message; a run counts when every
 * reading is in the store. Beside it the bare reference: mqtt.js with JSON.parse and nothing else. "asked": the same, while
 * a client asks /history and /energy five times a second (asking.ts). Rounds with and without follow each other in one
 * service; `ofUnasked` is the median of the speed of each asked round over that of its unasked neighbour. Publisher, broker,
 * store and client share the machine with the service: `lagMs` tells what its own event loop had to wait.
 */
export async function ingestBench(measured = measuredDefault): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const qos of [0, 1] as const) {
    const [bare] = await benchMqttIntake({
      messages: Math.min(300_000, measured),
      consumers: ['reference'],
      qos: [qos],
    });
    rows.push({
      what: 'bare: mqtt.js + JSON.parse',
      qos,
      readingsPerSecond: bare!.messagesPerSecond,
      nodeCpuMicros: bare!.cpuMicrosPerMessage,
      brokerCpuMicros: bare!.brokerCpuMicrosPerMessage,
      storeCpuMicros: 0,
      lost: 0,
    });
    for (const kind of ['influx', 'embedded'] as const) rows.push(...(await ingest({ kind, qos, measured })));
  }
  return rows;
}

interface Run {
  readonly kind: 'influx' | 'embedded';
  readonly qos: 0 | 1;
  /** Messages of all unasked rounds; the asked ones have as many. */
  readonly measured: number;
}

/** A part of a run, asked or not. */
interface Round {
  readonly seconds: number;
  readonly nodeMicros: number;
  readonly brokerMicros: number;
  readonly storeMicros: number;
  readonly lagMsP99: number;
  readonly lagMsHighest: number;
  readonly asked: Asked | undefined;
}

async function ingest({ kind, qos, measured }: Run): Promise<BenchRow[]> {
  const each = Math.ceil(measured / pairs);
  const warmUp = Math.min(warmUpMax, measured);
  const mosquitto = await startMosquitto();
  const influxd = kind === 'influx' ? await startInfluxd() : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-ingest-'));
  await makePast(folder, influxd?.url);
  const service = await startService({
    RACKWATT_MQTT_URL: mosquitto.url,
    RACKWATT_STORE_KIND: kind,
    RACKWATT_STORE_PATH: folder,
    ...(influxd === undefined ? {} : { RACKWATT_STORE_INFLUX_URL: influxd.url }),
  });
  const page = await watchLive(service);
  const storeMicros = () => (influxd === undefined ? 0 : cpuMicrosOf(influxd.pid));
  const round = async (isAsked: boolean, messages: number): Promise<Round> => {
    const before = await service.measured();
    const [brokerBefore, storeBefore] = [cpuMicrosOf(mosquitto.pid), storeMicros()];
    const stopAsking = isAsked ? startAsking(service.httpUrl) : undefined;
    const seconds = await feed(service, mosquitto.port, qos, messages);
    const asked = await stopAsking?.();
    const { cpuMicros, lagMsP99, lagMsHighest } = await service.measured();
    return {
      seconds,
      nodeMicros: cpuMicros - before.cpuMicros,
      brokerMicros: cpuMicrosOf(mosquitto.pid) - brokerBefore,
      storeMicros: storeMicros() - storeBefore,
      lagMsP99,
      lagMsHighest,
      asked,
    };
  };
  try {
    await ready(service);
    await round(true, warmUp);
    const rounds: Record<'alone' | 'asked', Round[]> = { alone: [], asked: [] };
    for (let pair = 0; pair < pairs; pair += 1)
      for (const isAsked of pair % 2 === 0 ? [false, true] : [true, false])
        rounds[isAsked ? 'asked' : 'alone'].push(await round(isAsked, each));
    await service.stop();
    const lost = warmUp + 2 * pairs * each - (await stored(folder, influxd?.url));
    const ofUnasked = median(rounds.alone.map((alone, i) => alone.seconds / rounds.asked[i]!.seconds));
    return [
      { ...rowOf(`rackwatt → ${kind}`, qos, each, rounds.alone), lost },
      {
        ...rowOf(`rackwatt → ${kind}, asked`, qos, each, rounds.asked),
        lost,
        ...answersOf(rounds.asked),
        ofUnasked: Math.round(ofUnasked * 1000) / 1000,
      },
    ];
  } finally {
    page.terminate();
    await service.stop();
    service.remove();
    rmSync(folder, { recursive: true, force: true });
    await mosquitto.stop();
    await influxd?.stop();
  }
}

function rowOf(what: string, qos: 0 | 1, each: number, rounds: readonly Round[]): BenchRow {
  const micros = (of: 'nodeMicros' | 'brokerMicros' | 'storeMicros') =>
    Math.round((median(rounds.map((round) => round[of])) / each) * 100) / 100;
  return {
    what,
    qos,
    readingsPerSecond: Math.round(each / median(rounds.map(({ seconds }) => seconds))),
    nodeCpuMicros: micros('nodeMicros'),
    brokerCpuMicros: micros('brokerMicros'),
    storeCpuMicros: micros('storeMicros'),
    lagMsP99: Math.round(median(rounds.map(({ lagMsP99 }) => lagMsP99)) * 10) / 10,
    lagMsHighest: Math.round(Math.max(...rounds.map(({ lagMsHighest }) => lagMsHighest))),
  };
}

function answersOf(rounds: readonly Round[]): BenchRow {
  const asked = rounds.flatMap((round) => round.asked ?? []);
  return {
    answers: asked.reduce((sum, { answers }) => sum + answers, 0),
    answersRefused: asked.reduce((sum, { refused }) => sum + refused, 0),
    answerMsMedian: median(asked.map(({ medianMs }) => medianMs)),
    answerMsHighest: Math.max(...asked.map(({ highestMs }) => highestMs)),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** History for the questions, written before the service starts. */
async function makePast(folder: string, influxUrl: string | undefined): Promise<void> {
  const retention = { rawMs: Infinity, minuteMs: Infinity };
  const store =
    influxUrl === undefined
      ? new EmbeddedStore({ path: folder, retention })
      : new InfluxStore({ url: influxUrl, database: 'rackwatt', retention });
  await store.open();
  const outlets = Array.from({ length: pastDevices }, (_, i) => `plug_${i}/0`);
  await fillPast(store, outlets, Date.now());
  await store.close();
}

/** Publishes and waits until all of it is durable. Answers how many seconds that took. */
async function feed(service: BenchService, port: number, qos: 0 | 1, total: number): Promise<number> {
  const from = await service.counts();
  const publisher = startPublisher({ port, qos, total, window, devices });
  await publisher.ready;
  const startedMs = performance.now();
  publisher.go();
  const givenUpMs = startedMs + 120_000;
  for (;;) {
    const now = await service.counts();
    publisher.received(now.readings - from.readings);
    if (now.readings - from.readings >= total && now.queued === 0 && now.backlog === 0) break;
    if (performance.now() > givenUpMs) {
      throw new Error(`only ${now.readings - from.readings} of ${total} readings within two minutes`);
    }
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  const seconds = (performance.now() - startedMs) / 1000;
  await publisher.stop();
  return seconds;
}

async function ready(service: BenchService): Promise<void> {
  for (;;) {
    const answer = await fetch(`${service.httpUrl}/readyz`).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** One page that watches everything, a frame a second. */
async function watchLive(service: BenchService): Promise<WebSocket> {
  const socket = new WebSocket(`${service.httpUrl.replace('http', 'ws')}/api/v1/live`, 'rackwatt.live.v1');
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('message', () => {});
  socket.send(JSON.stringify({ type: 'subscribe', scopes: ['*'], intervalMs: 1000 }));
  return socket;
}

/** Counted where it lies: rows in InfluxDB, or the points of every outlet in the embedded store's file. */
async function stored(folder: string, influxUrl: string | undefined): Promise<number> {
  if (influxUrl === undefined) return storedEmbedded(folder);
  const query = 'SELECT count(watts) FROM raw.reading';
  const answer = await fetch(`${influxUrl}/query?${new URLSearchParams({ db: 'rackwatt', q: query })}`);
  const body = (await answer.json()) as { results: { series?: { values: number[][] }[] }[] };
  return body.results[0]?.series?.[0]?.values[0]?.[1] ?? 0;
}

async function storedEmbedded(path: string): Promise<number> {
  const store = new EmbeddedStore({ path, retention: { rawMs: Infinity, minuteMs: Infinity } });
  await store.open();
  let points = 0;
  const nowMs = Date.now();
  for (let device = 0; device < devices; device += 1) {
    const question = {
      outlet: `plug_${device}/0`,
      quantity: 'watts',
      fromMs: nowMs - 3_600_000,
      toMs: nowMs + 60_000,
    } as const;
    points += (await store.series(question)).atMs.length;
  }
  await store.close();
  return points;
}
