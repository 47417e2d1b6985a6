import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { type MadeStore, storeContract } from './contract.ts';

const dayMs = 86_400_000;
const retention = { rawMs: 30 * dayMs, minuteMs: 400 * dayMs };

async function makeStore(): Promise<MadeStore> {
  const path = await mkdtemp(join(tmpdir(), 'rackwatt-store-'));
  let open = new EmbeddedStore({ path, retention });
  await open.open();
  return {
    store: open,
    async reopen() {
      await open.close();
      open = new EmbeddedStore({ path, retention });
      await open.open();
      return open;
    },
    async dispose() {
      await open.close();
      await rm(path, { recursive: true });
    },
  };
}

storeContract('embedded', makeStore);
