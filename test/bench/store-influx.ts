import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfluxDB } from 'influx';
import { systemClock } from '../../src/base/clock.ts';
import { emptyReading, type Reading } from '../../src/model/reading.ts';
import { Backlog } from '../../src/store/backlog.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import { Recorder } from '../../src/store/recorder.ts';
import { type Influxd, startInfluxd } from '../servers/influxd.ts';
import { cpuMicrosOf } from './process-cpu.ts';

/** From readings in memory to InfluxDB's answer, five quantities each; client and server share the machine. */
export interface StoreInfluxRow {
  readonly way: string;
  readonly readings: number;
  readonly readingsPerSecond: number;
  readonly nodeMicrosPerReading: number;
  /** Absent where nothing is sent. */
  readonly influxdMicrosPerReading?: number;
}

export interface StoreInfluxOptions {
  /** In each round of each way: so many passes over the same objects, each time later. */
  readonly passes?: number;
  readonly rounds?: number;
}

const batchReadings = 5000;
const inFlight = 2;
const outlets = 2000;
/** Few enough that the collector has little to mark but what is measured. */
const madeReadings = 40_000;

export async function storeInfluxBench(options: StoreInfluxOptions = {}): Promise<StoreInfluxRow[]> {
  const { passes = 5, rounds = 3 } = options;
  const influxd = await startInfluxd();
  const folder = await mkdtemp(join(tmpdir(), 'rackwatt-bench-'));
  try {
    const made = makeReadings(madeReadings);
    const ways: readonly [string, Way][] = [
      ['lines built, nothing sent', await linesOnly(influxd)],
      ['InfluxStore.write, two in flight', await throughStore(influxd)],
      ['Recorder, to durable', await throughRecorder(influxd, folder)],
      ['bare: influx writePoints, two in flight', await throughPackage(influxd)],
    ];
    const measured = new Map<string, Measured[]>(ways.map(([way]) => [way, []]));
    // All ways in turn, so that what else the machine does hits each; then the median of each.
    for (let round = 0; round < rounds + 1; round += 1)
      for (const [way, run] of ways) {
        const one = await measure(influxd, async () => {
          for (let pass = 0; pass < passes; pass += 1) {
            shift(made);
            await run(made);
          }
        });
        if (round > 0) measured.get(way)!.push(one);
      }
    return ways.map(([way]) => row(way, passes * madeReadings, measured.get(way)!, way.startsWith('lines')));
  } finally {
    await influxd.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Way = (readings: readonly Reading[]) => Promise<void>;

interface Measured {
  readonly wallMs: number;
  readonly nodeMicros: number;
  readonly influxdMicros: number;
}

async function linesOnly(influxd: Influxd): Promise<Way> {
  const store = makeStore(influxd, 'lines');
  return async (readings) => {
    for (let at = 0; at < readings.length; at += batchReadings) encode(store, readings, at);
  };
}

async function throughStore(influxd: Influxd): Promise<Way> {
  const store = makeStore(influxd, 'store');
  await store.open();
  return (readings) =>
    inParallel(readings, async (at) => void (await store.write(encode(store, readings, at))));
}

async function throughRecorder(influxd: Influxd, folder: string): Promise<Way> {
  const store = makeStore(influxd, 'recorder');
  const backlog = await Backlog.open({ folder, storeKind: 'influx', clock: systemClock });
  let sequence = 0;
  let moved: (() => void) | undefined;
  const recorder = new Recorder({
    store,
    backlog,
    clock: systemClock,
    durable: () => moved?.(),
    limits: { patienceMs: 60_000 },
  });
  await recorder.start();
  const queuedAtMost = async (max: number) => {
    while (recorder.status.queuedReadings > max)
      await new Promise<void>((resolve) => {
        moved = resolve;
      });
  };
  return async (readings) => {
    for (let at = 0; at < readings.length; ) {
      // As a source would: a piece of the stream in each turn, and no more than is taken on the other side.
      for (const end = Math.min(at + 500, readings.length); at < end; at += 1) {
        recorder.record(readings[at]!);
        sequence += 1;
        recorder.mark(sequence);
      }
      await queuedAtMost(4 * batchReadings);
      await turn();
    }
    await queuedAtMost(0);
  };
}

async function throughPackage(influxd: Influxd): Promise<Way> {
  const influx = new InfluxDB({ host: '127.0.0.1', port: influxd.port, database: 'package' });
  await influx.createDatabase('package');
  return (readings) =>
    inParallel(readings, (at) =>
      influx.writePoints(readings.slice(at, at + batchReadings).map(pointOf), { precision: 'ms' }),
    );
}

function pointOf(reading: Reading) {
  const slash = reading.outlet.lastIndexOf('/');
  return {
    measurement: 'reading',
    tags: { device: reading.outlet.slice(0, slash), outlet: reading.outlet.slice(slash + 1) },
    fields: {
      watts: reading.watts,
      volts: reading.volts,
      amps: reading.amps,
      power_factor: reading.powerFactor,
      watt_hours_total: reading.wattHoursTotal,
    },
    timestamp: reading.atMs,
  };
}

function makeStore(influxd: Influxd, database: string): InfluxStore {
  return new InfluxStore({ url: influxd.url, database, retention: { rawMs: 0, minuteMs: 0 } });
}

function encode(store: InfluxStore, readings: readonly Reading[], from: number) {
  const batch = store.readingBatch();
  for (let at = from; at < from + batchReadings && at < readings.length; at += 1) batch.add(readings[at]!);
  return batch.encode();
}

async function inParallel(readings: readonly Reading[], send: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < readings.length) {
      const at = next;
      next += batchReadings;
      await send(at);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

async function measure(influxd: Influxd, run: () => Promise<void>): Promise<Measured> {
  const influxdBefore = cpuMicrosOf(influxd.pid);
  const nodeBefore = process.cpuUsage();
  const startMs = performance.now();
  await run();
  const wallMs = performance.now() - startMs;
  const node = process.cpuUsage(nodeBefore);
  const influxdMicros = cpuMicrosOf(influxd.pid) - influxdBefore;
  return { wallMs, nodeMicros: node.user + node.system, influxdMicros };
}

function row(way: string, readings: number, rounds: readonly Measured[], local: boolean): StoreInfluxRow {
  const median = (of: (one: Measured) => number) => {
    const sorted = rounds.map(of).sort((a, b) => a - b);
    return sorted[sorted.length >> 1]!;
  };
  return {
    way,
    readings,
    readingsPerSecond: Math.round((readings / median((one) => one.wallMs)) * 1000),
    nodeMicrosPerReading: round2(median((one) => one.nodeMicros) / readings),
    ...(local ? {} : { influxdMicrosPerReading: round2(median((one) => one.influxdMicros) / readings) }),
  };
}

function makeReadings(count: number): Reading[] {
  const startMs = Date.UTC(2026, 0, 1);
  return Array.from({ length: count }, (_, i) => {
    const outlet = i % outlets;
    const device = `pdu-${Math.floor(outlet / 40)}`;
    const message = {
      topic: '',
      payload: new Uint8Array(),
      receivedAtMs: startMs + Math.floor(i / outlets) * 10_000,
      retained: false,
      qos: 1,
      sequence: i,
    } as const;
    return Object.assign(emptyReading(device, `${device}/${outlet % 40}`, message), {
      watts: Math.round(1000 + 900 * Math.sin(i)) / 10,
      volts: Math.round(2300 + 20 * Math.cos(i)) / 10,
      amps: Math.round(450 + 400 * Math.sin(i)) / 1000,
      powerFactor: Math.round(90 + 9 * Math.cos(i)) / 100,
      wattHoursTotal: Math.round(1e6 + i * 2.7) / 10,
    });
  });
}

/** The same readings again, later. */
function shift(readings: readonly Reading[]): void {
  const byMs = (readings.length / outlets) * 10_000;
  for (const reading of readings) reading.atMs += byMs;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
