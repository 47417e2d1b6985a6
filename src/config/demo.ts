import { join, resolve } from 'node:path';
import type { Settings } from './schema.ts';

/** Does the simulated room run? By default as long as nobody said where readings come from or what the room is. */
export function runsDemo(settings: Pick<Settings, 'demo'>, configured: ReadonlySet<string>): boolean {
  if (settings.demo.run !== 'auto') return settings.demo.run === 'always';
  return !['mqtt.url', 'broker', 'room'].some((name) => configured.has(name));
}

/** Where history lies. The demo keeps to a folder and a database of its own, away from real readings. */
export function storePlace(
  { path, influx }: Settings['store'],
  demo: boolean,
): { folder: string; database: string } {
  return demo
    ? { folder: join(resolve(path), 'demo'), database: `${influx.database}_demo` }
    : { folder: resolve(path), database: influx.database };
}
