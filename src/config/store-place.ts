import { join, resolve } from 'node:path';
import type { Settings } from './schema.ts';

/** Where history lies. The demo keeps to a folder and a database of its own, away from real readings. */
export function storePlace(
  { path, influx }: Settings['store'],
  demo: boolean,
): { folder: string; database: string } {
  return demo
    ? { folder: join(resolve(path), 'demo'), database: `${influx.database}_demo` }
    : { folder: resolve(path), database: influx.database };
}
