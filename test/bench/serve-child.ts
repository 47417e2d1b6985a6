// The service in a process of its own, for benches: started by IPC with settings, answers `counts` with what came
// in, what became of it, and what it cost. The service itself is the real one, as `serve` runs it.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startApp } from '../../src/app.ts';
import { systemClock } from '../../src/base/clock.ts';
import { makeLog } from '../../src/base/log.ts';
import { loadSettings, runsDemo } from '../../src/config/load.ts';

export interface ChildCounts {
  readonly readings: number;
  readonly messages: number;
  readonly dropped: number;
  /** Readings and roll-ups the store took. */
  readonly written: number;
  readonly queued: number;
  readonly backlog: number;
  /** CPU of this process since its start, user and system, µs. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Heap, buffers and worker heaps after a collection, when one can be asked for. */
  readonly heldBytes: number;
  /** Of the event loop since this was last told, ms. */
  readonly lagMsP99: number;
  readonly lagMsHighest: number;
}

const env = JSON.parse(process.env.BENCH_SETTINGS ?? '{}') as Record<string, string>;
const { settings, configured } = loadSettings({ env, cwd: process.cwd() });
const app = await startApp({
  settings,
  demo: runsDemo(settings, configured),
  clock: systemClock,
  log: makeLog(env.RACKWATT_LOG_LEVEL === undefined ? 'error' : settings.log.level),
});
const lag = monitorEventLoopDelay({ resolution: 5 });
lag.enable();
process.send?.({ httpUrl: app.httpUrl, brokerUrl: app.brokerUrl });
process.on('message', (ask: string) => {
  if (ask === 'stop') void app.stop().then(() => process.exit(0));
  else process.send?.(counts(ask === 'collected'));
  if (ask === 'measured') lag.reset();
});
process.on('disconnect', () => process.exit(0));

function counts(collected: boolean): ChildCounts {
  if (collected) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  // Asked for only then: looking at the memory costs as much as a hundred readings.
  const memory = collected ? process.memoryUsage() : { rss: 0, heapUsed: 0, external: 0 };
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
    lagMsP99: lag.percentile(99) / 1e6,
    lagMsHighest: lag.max / 1e6,
  };
}
