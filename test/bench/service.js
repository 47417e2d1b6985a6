import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../servers/free-port.js';
export async function startService(settings, execArgv = []) {
    const folder = mkdtempSync(join(tmpdir(), 'rackwatt-bench-'));
    const env = {
        RACKWATT_HTTP_PORT: String(await freePort()),
        RACKWATT_BROKER_PORT: '0',
        RACKWATT_DEMO_RUN: 'never',
        RACKWATT_STORE_PATH: folder,
        ...settings,
    };
    const child = fork(join(import.meta.dirname, 'serve-child.ts'), [], {
        env: { ...process.env, BENCH_SETTINGS: JSON.stringify(env) },
        execArgv,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [hello] = (await orExit(child, once(child, 'message')));
    return {
        ...hello,
        pid: child.pid,
        folder,
        async counts(collected = false) {
            child.send(collected ? 'collected' : 'counts');
            const [answer] = (await orExit(child, once(child, 'message')));
            return answer;
        },
        async stop() {
            if (!child.connected)
                return;
            const gone = once(child, 'exit');
            child.send('stop');
            await gone;
        },
        remove: () => rmSync(folder, { recursive: true, force: true }),
    };
}
function orExit(child, wanted) {
    const gone = once(child, 'exit').then(([code]) => {
        throw new Error(`the service ended with ${code}`);
    });
    gone.catch(() => { });
    return Promise.race([wanted, gone]);
}
/** CPU of another process so far, user and system, µs (Linux: /proc, in ticks of 10 ms). */
export function cpuMicrosOf(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
