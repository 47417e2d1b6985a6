import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startInfluxd } from '../servers/influxd.ts';

const dayMs = 86_400_000;
/** Kept for so long that made days never fall out, whenever a test runs. */
const retention = { rawMs: 20_000 * dayMs, minuteMs: 20_000 * dayMs };

/** An open, empty store of its own. */
export interface MadeStore {
  readonly store: Store;
  dispose(): Promise<void>;
}

/** Each kind of store, for `describe.each`: whatever is asked, both answer the same. */
export const bothStores: readonly (readonly [kind: string, make: () => Promise<MadeStore>])[] = [
  ['embedded', makeEmbedded],
  ['InfluxDB', makeInflux],
];

async function makeEmbedded(): Promise<MadeStore> {
  const path = await mkdtemp(join(tmpdir(), 'rackwatt-both-'));
  const store = new EmbeddedStore({ path, retention });
  await store.open();
  return {
    store,
    dispose: async () => {
      await store.close();
      await rm(path, { recursive: true });
    },
  };
}

async function makeInflux(): Promise<MadeStore> {
  const influxd = await startInfluxd();
  const store = new InfluxStore({ url: influxd.url, database: 'both', retention });
  await store.open();
  return {
    store,
    dispose: async () => {
      await store.close();
      await influxd.stop();
    },
  };
}
