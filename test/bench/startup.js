import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { freePort } from '../servers/free-port.js';
const runs = 5;
const root = join(import.meta.dirname, '../..');
/** From `serve` to the first 200 of /readyz, beside a bare Node that only answers HTTP. Medians. */
export async function startupBench() {
    const source = await median(() => untilReady(['src/rackwatt.mjs', 'serve']));
    const bare = await median(() => untilReady(['-e', bareServer]));
    const rows = [
        { what: 'bare Node, one HTTP answer', medianMs: bare },
        {
            what: 'rackwatt from source, demo room, embedded store',
            medianMs: source,
            ratio: round(source / bare),
        },
    ];
    return rows;
}
const bareServer = `require('node:http').createServer((q, r) => r.end('ok')).listen(process.env.RACKWATT_HTTP_PORT, '127.0.0.1')`;
async function median(measure) {
    const all = [];
    for (let i = 0; i < runs; i += 1)
        all.push(await measure());
    return Math.round(all.sort((a, b) => a - b)[Math.floor(runs / 2)]);
}
async function untilReady(argv) {
    const folder = mkdtempSync(join(tmpdir(), 'rackwatt-startup-'));
    const port = await freePort();
    const startedMs = performance.now();
    const child = spawn(process.execPath, argv, {
        cwd: root,
        env: {
            ...process.env,
            RACKWATT_HTTP_PORT: String(port),
            RACKWATT_STORE_PATH: folder,
            RACKWATT_DEMO_RUN: 'always',
            RACKWATT_BROKER_PORT: '0',
        },
        stdio: 'ignore',
    });
    try {
        while (performance.now() - startedMs < 20_000) {
            const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
            if (answer?.status === 200)
                return performance.now() - startedMs;
            await new Promise((resolve) => setTimeout(resolve, 5));
        }
        throw new Error('not ready within 20 s');
    }
    finally {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await gone;
        rmSync(folder, { recursive: true, force: true });
    }
}
function round(value) {
    return Math.round(value * 100) / 100;
}
