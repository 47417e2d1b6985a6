// The service in a process of its own, for benches: started by IPC with settings, answers `counts` with what came
// in, what became of it, and what it cost. The service itself is the real one, as `serve` runs it.
import { startApp } from '../../src/app.js';
import { systemClock } from '../../src/base/clock.js';
import { makeLog } from '../../src/base/log.js';
import { loadSettings, runsDemo } from '../../src/config/load.js';
const env = JSON.parse(process.env['BENCH_SETTINGS'] ?? '{}');
const { settings, configured } = loadSettings({ env, cwd: process.cwd() });
const app = await startApp({
    settings,
    demo: runsDemo(settings, configured),
    clock: systemClock,
    log: makeLog(env['RACKWATT_LOG_LEVEL'] === undefined ? 'error' : settings.log.level),
});
process.send?.({ httpUrl: app.httpUrl, brokerUrl: app.brokerUrl });
process.on('message', (ask) => {
    if (ask === 'stop')
        void app.stop().then(() => process.exit(0));
    else
        process.send?.(counts(ask === 'collected'));
});
process.on('disconnect', () => process.exit(0));
function counts(collected) {
    if (collected)
        globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    const { messages, readings, dropped, store } = app.counts();
    return {
        readings,
        messages,
        dropped,
        written: store.written,
        queued: store.queuedReadings,
        backlog: store.backlog.readings,
        cpuMicros: user + system,
        rssBytes: memory.rss,
        heldBytes: memory.heapUsed + memory.external,
    };
}
