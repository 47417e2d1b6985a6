import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.js';
import { MadeRoom, seeded } from '../store/made-readings.js';
const secondMs = 1000;
const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Writes on their way at once, as the recorder does. */
const inFlight = 2;
export async function embeddedStoreBench(options = {}) {
    const { readings = 3_000_000, outlets = 200, batch = 2000, scopes = 150 } = options;
    const path = await mkdtemp(join(tmpdir(), 'rackwatt-bench-'));
    const nowMs = Math.floor(Date.now() / dayMs) * dayMs;
    const startMs = nowMs - Math.ceil(readings / outlets) * 10 * secondMs;
    const retention = { rawMs: 4000 * dayMs, minuteMs: 4000 * dayMs };
    const open = async () => {
        const store = new EmbeddedStore({ path, retention });
        await store.open();
        return store;
    };
    const size = async (store) => {
        await store.close();
        return (await stat(store.file)).size;
    };
    try {
        let store = await open();
        const raw = await measureReadings(store, readings, outlets, batch, startMs);
        const rawBytes = await size(store);
        store = await open();
        const minutes = await measureRollUps(store, scopes, nowMs);
        const allBytes = await size(store);
        const started = performance.now();
        store = await open();
        const openMs = performance.now() - started;
        const queries = await measureQueries(store, nowMs);
        await store.close();
        return {
            writes: [
                { ...raw, bytesPerItem: rawBytes / raw.items },
                { ...minutes, bytesPerItem: (allBytes - rawBytes) / minutes.items },
            ],
            queries: [{ what: 'open', points: 0, firstMs: openMs, medianMs: openMs }, ...queries],
        };
    }
    finally {
        await rm(path, { recursive: true });
    }
}
async function measureReadings(store, readings, outlets, batchSize, startMs) {
    const room = new MadeRoom(outlets, startMs, 10 * secondMs);
    const meter = new Meter(store);
    const roundSize = Math.min(readings, batchSize * 50);
    for (let done = 0; done < readings; done += roundSize) {
        const made = Array.from({ length: roundSize }, () => room.next());
        await meter.measure(async () => {
            await writeAll(store, roundSize / batchSize, (i) => {
                const batch = store.readingBatch();
                const to = Math.min(roundSize, (i + 1) * batchSize);
                for (let r = i * batchSize; r < to; r += 1)
                    batch.add(made[r]);
                return batch.encode();
            });
            return roundSize;
        });
    }
    return meter.row(`readings, ${outlets} outlets, ${batchSize} a batch`);
}
/** A month of minutes of each scope, as the demo room writes its past. */
async function measureRollUps(store, scopes, nowMs) {
    const meter = new Meter(store);
    for (let scope = 0; scope < scopes; scope += 1) {
        const rows = madeMonth(scopeName(scope), nowMs, scope);
        const perWrite = 10_800;
        await meter.measure(async () => {
            await writeAll(store, rows.length / perWrite, (i) => store.encodeRollUps('minute', rows.slice(i * perWrite, (i + 1) * perWrite)));
            return rows.length;
        });
    }
    return meter.row(`minutes, 30 days of ${scopes} scopes`);
}
const scopeName = (i) => (i === 0 ? 'room' : `server:hv-${i}`);
function madeMonth(scope, nowMs, seed) {
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
async function measureQueries(store, nowMs) {
    const outlet = 'pdu-3/4';
    const day = { outlet, quantity: 'watts', fromMs: nowMs - dayMs, toMs: nowMs };
    const month = { tier: 'minute', fromMs: nowMs - 30 * dayMs, toMs: nowMs };
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
async function measureQuery(what, ask) {
    const times = [];
    let points = 0;
    for (let i = 0; i < 9; i += 1) {
        const started = performance.now();
        points = await ask();
        times.push(performance.now() - started);
    }
    const firstMs = times[0];
    return { what, points, firstMs, medianMs: times.sort((a, b) => a - b)[4] };
}
async function writeAll(store, writes, encode) {
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
    #store;
    #items = 0;
    #wallMs = 0;
    #mainMicros = 0;
    #workerMicros = 0;
    constructor(store) {
        this.#store = store;
    }
    async measure(work) {
        const workerBefore = await this.#store.worker.cpuUsage();
        const mainBefore = process.threadCpuUsage();
        const started = performance.now();
        this.#items += await work();
        this.#wallMs += performance.now() - started;
        const main = process.threadCpuUsage(mainBefore);
        this.#mainMicros += main.user + main.system;
        const worker = await this.#store.worker.cpuUsage(workerBefore);
        this.#workerMicros += worker.user + worker.system;
    }
    row(what) {
        return {
            what,
            items: this.#items,
            itemsPerSecond: (this.#items / this.#wallMs) * 1000,
            mainCpuMicrosPerItem: this.#mainMicros / this.#items,
            workerCpuMicrosPerItem: this.#workerMicros / this.#items,
        };
    }
}
