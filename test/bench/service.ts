import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../servers/free-port.ts';
import type { ChildCounts } from './serve-child.ts';

/** The real service in its own process, with a scratch folder. */
export interface BenchService {
  readonly httpUrl: string;
  readonly brokerUrl: string;
  readonly pid: number;
  /** Its scratch folder, store.path. */
  readonly folder: string;
  counts(collected?: boolean): Promise<ChildCounts>;
  /** The same; what is told of the event loop begins anew afterwards. */
  measured(): Promise<ChildCounts>;
  /** Ends the service; what it kept stays until `remove`. */
  stop(): Promise<void>;
  remove(): void;
}

export async function startService(
  settings: Record<string, string>,
  execArgv: string[] = [],
): Promise<BenchService> {
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
  let answered: (message: unknown) => void = () => {};
  const gone = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`the service ended with code ${code}`)));
  });
  gone.catch(() => {});
  child.on('message', (message) => answered(message));
  const next = <T>(): Promise<T> =>
    Promise.race([new Promise<T>((resolve) => (answered = resolve as (message: unknown) => void)), gone]);
  const hello = await next<{ httpUrl: string; brokerUrl: string }>();
  return {
    ...hello,
    pid: child.pid!,
    folder,
    counts(collected = false) {
      child.send(collected ? 'collected' : 'counts');
      return next<ChildCounts>();
    },
    measured() {
      child.send('measured');
      return next<ChildCounts>();
    },
    async stop() {
      if (!child.connected) return;
      const ended = once(child, 'exit');
      child.send('stop');
      await ended;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
