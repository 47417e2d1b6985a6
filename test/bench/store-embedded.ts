import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RollUp } from '../../src/model/roll-up.ts';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import type { Store, StoreWrite } from '../../src/store/store.ts';
import { MadeRoom, seeded } from '../store/made-readings.ts';

/** What the embedded store costs, main thread and worker apart, and how long its answers take. */
export interface StoreEmbeddedRow {
  readonly what: string;
  /** Readings or roll-ups written, or points answered. */
  readonly items: number;
  readonly itemsPerSecond?: number;
  /** The thread that must not be held up. */
  readonly mainMicrosPerItem?: number;
  readonly workerMicrosPerItem?: number;
  /** Of what is packed, and of the whole file (journal and free pages are in it, up to some 15 MB). */
  readonly packedBytesPerItem?: number;
  readonly fileBytesPerItem?: number;
  readonly firstMs?: number;
  readonly medianMs?: number;
}

export interface StoreEmbeddedOptions {
  readonly readings?: number;
  readonly outlets?: number;
  readonly batch?: number;
  /** Scopes with a month of minutes. */
  readonly scopes?: number;
}

const secondMs = 1000;
const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Writes on their way at once, as the recorder does. */
const inFlight = 2;

export async function storeEmbeddedBench(options: StoreEmbeddedOptions = {}): Promise<StoreEmbeddedRow[]> {
  const { readings = 3_000_000, outlets = 200, batch = 2000, scopes = 150 } = options;
  const path = await mkdtemp(join(tmpdir(), 'rackwatt-bench-'));
  const nowMs = Math.floor(Date.now() / dayMs) * dayMs;
  const startMs = nowMs - Math.ceil(readings / outlets) * 10 * secondMs;
  const open = async () => {
    const store = new EmbeddedStore({ path, retention: { rawMs: 4000 * dayMs, minuteMs: 4000 * dayMs } });
    await store.open();
    return store;
  };
  try {
    let store = await open();
    const raw = await measureReadings(store, readings, outlets, batch, startMs);
    const rawSize = await closeAndWeigh(store);
    store = await open();
    const minutes = await measureRollUps(store, scopes, nowMs);
    const allSize = await closeAndWeigh(store);
    const started = performance.now();
    store = await open();
    const openMs = performance.now() - started;
    const queries = await measureQueries(store, nowMs);
    await store.close();
    return [
      { ...raw, packedBytesPerItem: rawSize.raw, fileBytesPerItem: rawSize.file / raw.items },
      {
        ...minutes,
        packedBytesPerItem: allSize.minute,
        fileBytesPerItem: (allSize.file - rawSize.file) / minutes.items,
      },
      { what: 'open the store', items: 0, firstMs: openMs },
      ...queries,
    ];
  } finally {
    await rm(path, { recursive: true });
  }
}

/** Bytes of the whole file, and bytes a point of what is packed. */
async function closeAndWeigh(store: EmbeddedStore): Promise<{ file: number; raw: number; minute: number }> {
  await store.close();
  const db = new DatabaseSync(store.file, { readOnly: true });
  const packed = db.prepare(
    'SELECT sum(length(body)) * 1.0 / sum(points) AS bytes FROM block WHERE tier = ?',
  );
  const bytesOf = (tier: number) => Number(packed.get(tier)?.bytes);
  const weights = { file: (await stat(store.file)).size, raw: bytesOf(0), minute: bytesOf(1) };
  db.close();
  return weights;
}

async function measureReadings(
  store: EmbeddedStore,
  readings: number,
  outlets: number,
  batchSize: number,
  startMs: number,
): Promise<StoreEmbeddedRow> {
  const room = new MadeRoom(outlets, startMs, 10 * secondMs);
  const meter = new Meter(store);
  const roundSize = Math.min(readings, batchSize * 50);
  for (let done = 0; done < readings; done += roundSize) {
    const made = Array.from({ length: roundSize }, () => room.next());
    await meter.measure(async () => {
      await writeAll(store, roundSize / batchSize, (i) => {
        const batch = store.readingBatch();
        const to = Math.min(roundSize, (i + 1) * batchSize);
        for (let r = i * batchSize; r < to; r += 1) batch.add(made[r]!);
        return batch.encode();
      });
      return roundSize;
    });
  }
  return meter.row(`readings, ${outlets} outlets, ${batchSize} a batch`);
}

/** A month of minutes of each scope, as the demo room writes its past. */
async function measureRollUps(
  store: EmbeddedStore,
  scopes: number,
  nowMs: number,
): Promise<StoreEmbeddedRow> {
  const meter = new Meter(store);
  for (let scope = 0; scope < scopes; scope += 1) {
    const rows = madeMonth(scopeName(scope), nowMs, scope);
    const perWrite = 10_800;
    await meter.measure(async () => {
      await writeAll(store, rows.length / perWrite, (i) =>
        store.encodeRollUps('minute', rows.slice(i * perWrite, (i + 1) * perWrite)),
      );
      return rows.length;
    });
  }
  return meter.row(`minutes, 30 days of ${scopes} scopes`);
}

const scopeName = (i: number) => (i === 0 ? 'room' : `server:hv-${i}`);

function madeMonth(scope: string, nowMs: number, seed: number): RollUp[] {
  const random = seeded(seed);
  let watts = 100 + 300 * random();
  return Array.from({ length: 43_200 }, (_, i) => {
    watts = Math.max(10, watts + 6 * (random() - 0.5));
    const mean = watts + random() / 10;
    return {
      scope,
      fromMs: nowMs - (43_200 - i) * minuteMs,
      wattsMean: mean,
      wattsMin: Math.round((mean - 5 * random()) * 10) / 10,
      wattsMax: Math.round((mean + 5 * random()) * 10) / 10,
      wattHours: mean / 60,
      observedMs: minuteMs,
    };
  });
}

async function measureQueries(store: Store, nowMs: number): Promise<StoreEmbeddedRow[]> {
  const outlet = 'pdu-3/4';
  const day = { outlet, quantity: 'watts', fromMs: nowMs - dayMs, toMs: nowMs } as const;
  const month = { tier: 'minute', fromMs: nowMs - 30 * dayMs, toMs: nowMs } as const;
  return [
    await measureQuery('24 h of one outlet, raw', async () => (await store.series(day)).atMs.length),
    await measureQuery('a month of one scope, minutes', async () => {
      return (await store.rollUps({ ...month, scope: scopeName(7) })).fromMs.length;
    }),
    await measureQuery('Wh of each scope over a month of minutes', async () => {
      return (await store.energyByScope('minute', month.fromMs, month.toMs)).size;
    }),
  ];
}

async function measureQuery(what: string, ask: () => Promise<number>): Promise<StoreEmbeddedRow> {
  const times: number[] = [];
  let points = 0;
  for (let i = 0; i < 9; i += 1) {
    const started = performance.now();
    points = await ask();
    times.push(performance.now() - started);
  }
  const firstMs = times[0]!;
  return { what, items: points, firstMs, medianMs: times.sort((a, b) => a - b)[4]! };
}

async function writeAll(store: Store, writes: number, encode: (i: number) => StoreWrite): Promise<void> {
  let next = 0;
  const writer = async () => {
    while (next < writes) {
      const write = encode(next);
      next += 1;
      await store.write(write);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, writer));
}

/** Adds up time and CPU of the measured stretches; what lies between (making the data) is left out. */
class Meter {
  readonly #store: EmbeddedStore;
  #items = 0;
  #wallMs = 0;
  #mainMicros = 0;
  #workerMicros = 0;

  constructor(store: EmbeddedStore) {
    this.#store = store;
  }

  async measure(work: () => Promise<number>): Promise<void> {
    const workerBefore = await this.#store.worker!.cpuUsage();
    const mainBefore = process.threadCpuUsage();
    const started = performance.now();
    this.#items += await work();
    this.#wallMs += performance.now() - started;
    const main = process.threadCpuUsage(mainBefore);
    this.#mainMicros += main.user + main.system;
    const worker = await this.#store.worker!.cpuUsage(workerBefore);
    this.#workerMicros += worker.user + worker.system;
  }

  row(what: string): StoreEmbeddedRow {
    return {
      what,
      items: this.#items,
      itemsPerSecond: (this.#items / this.#wallMs) * 1000,
      mainMicrosPerItem: this.#mainMicros / this.#items,
      workerMicrosPerItem: this.#workerMicros / this.#items,
    };
  }
}
