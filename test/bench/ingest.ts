import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { fillPast, startAsking } from './asking.ts';
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

/**
 * The whole road: mosquitto → rackwatt (decoding, room, roll-ups, one live client) → influxd or the embedded
 * store, everything on this machine. Five quantities a reading, one reading a message; a run counts when every
 * reading is in the store. Beside it the bare reference: mqtt.js with JSON.parse and nothing else. "asked": the same, while
 * a client asks /history and /energy five times a second, as the share of the speed without (`ofUnasked`).
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
    for (const kind of ['influx', 'embedded'] as const) {
      const alone = await ingest({ kind, qos, measured, isAsked: false });
      const asked = await ingest({ kind, qos, measured, isAsked: true });
      const ofUnasked = Number(asked.readingsPerSecond) / Number(alone.readingsPerSecond);
      rows.push(alone, { ...asked, ofUnasked: Math.round(ofUnasked * 1000) / 1000 });
    }
  }
  return rows;
}

interface Run {
  readonly kind: 'influx' | 'embedded';
  readonly qos: 0 | 1;
  /** Messages. */
  readonly measured: number;
  readonly isAsked: boolean;
}

async function ingest({ kind, qos, measured, isAsked }: Run): Promise<BenchRow> {
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
  try {
    await ready(service);
    await feed(service, mosquitto.port, qos, warmUp);
    const before = await service.counts();
    const brokerBefore = cpuMicrosOf(mosquitto.pid);
    const storeBefore = influxd === undefined ? 0 : cpuMicrosOf(influxd.pid);
    const stopAsking = isAsked ? startAsking(service.httpUrl) : undefined;
    const startedMs = performance.now();
    await feed(service, mosquitto.port, qos, measured);
    const seconds = (performance.now() - startedMs) / 1000;
    const asked = await stopAsking?.();
    const after = await service.counts();
    const storeAfter = influxd === undefined ? 0 : cpuMicrosOf(influxd.pid);
    const brokerAfter = cpuMicrosOf(mosquitto.pid);
    await service.stop();
    const lost = warmUp + measured - (await stored(folder, influxd?.url));
    const each = (micros: number) => Math.round((micros / measured) * 100) / 100;
    return {
      what: `rackwatt → ${kind}${isAsked ? ', asked' : ''}`,
      qos,
      readingsPerSecond: Math.round(measured / seconds),
      nodeCpuMicros: each(after.cpuMicros - before.cpuMicros),
      brokerCpuMicros: each(brokerAfter - brokerBefore),
      storeCpuMicros: influxd === undefined ? 0 : each(storeAfter - storeBefore),
      lost,
      ...(asked !== undefined && {
        answers: asked.answers,
        answersRefused: asked.refused,
        answerMsMedian: asked.medianMs,
        answerMsHighest: asked.highestMs,
      }),
    };
  } finally {
    page.terminate();
    await service.stop();
    service.remove();
    rmSync(folder, { recursive: true, force: true });
    await mosquitto.stop();
    await influxd?.stop();
  }
}

/** History for the questions, written before the service starts. */
async function makePast(folder: string, influxUrl: string | undefined): Promise<void> {
  const retention = { rawMs: Infinity, minuteMs: Infinity };
  const store =
    influxUrl === undefined
      ? new EmbeddedStore({ path: folder, retention })
      : new InfluxStore({ url: influxUrl, database: 'rackwatt', retention });
  await store.open();
  const outlets = Array.from({ length: 20 }, (_, i) => `plug_${i}/0`);
  await fillPast(store, outlets, Date.now());
  await store.close();
}

/** Publishes and waits until all of it is durable. */
async function feed(service: BenchService, port: number, qos: 0 | 1, total: number): Promise<void> {
  const from = await service.counts();
  const publisher = startPublisher({ port, qos, total, window, devices });
  await publisher.ready;
  publisher.go();
  const givenUpMs = performance.now() + 120_000;
  for (;;) {
    const now = await service.counts();
    publisher.received(now.readings - from.readings);
    if (now.readings - from.readings >= total && now.queued === 0 && now.backlog === 0) break;
    if (performance.now() > givenUpMs) {
      throw new Error(`only ${now.readings - from.readings} of ${total} readings within two minutes`);
    }
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  await publisher.stop();
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
