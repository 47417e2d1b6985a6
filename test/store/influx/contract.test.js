import { afterAll, beforeAll } from 'vitest';
import { InfluxStore } from '../../../src/store/influx/influx-store.js';
import { startInfluxd } from '../../servers/influxd.js';
import { storeContract } from '../contract.js';

const dayMs = 86_400_000;
let influxd;
let databases = 0;
beforeAll(async () => {
  influxd = await startInfluxd();
});
afterAll(async () => {
  await influxd?.stop();
});
storeContract('InfluxDB', async () => {
  // A name of its own for each: a database made right after one of that name was dropped may answer 404 once.
  databases += 1;
  const options = {
    url: influxd.url,
    database: `contract ${databases}`,
    retention: { rawMs: 30 * dayMs, minuteMs: 400 * dayMs },
  };
  let store = new InfluxStore(options);
  await store.open();
  return {
    store,
    async reopen() {
      await store.close();
      store = new InfluxStore(options);
      await store.open();
      return store;
    },
    dispose: () => store.close(),
  };
});
