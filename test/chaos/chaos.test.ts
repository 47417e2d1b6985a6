import { describe, expect, it } from 'vitest';
import { runSeed } from './seed-run.ts';

/** A short run of each store; `npm run chaos -- --seeds 1..100` is the long one. */
describe.concurrent('while broker, store, disk and the service itself are broken by turns', () => {
  it.each(['embedded', 'influx'] as const)(
    '%s: nothing acknowledged is lost or doubled, no start missed or invented, nothing told twice; hours later all is made of it',
    {
      timeout: 240_000,
    },
    async (store) => {
      const seed = Date.now() % 1_000_000;
      const result = await runSeed({ seed, store, lastsMs: 17_000 });
      expect(result.faults, `npm run chaos -- --seed ${seed} --store ${store}`).toEqual([]);
      expect(result.crashes).toBe(0);
      expect(result.acknowledgedByService).toBeGreaterThan(500);
      expect(result.startsFound).toBe(result.planted);
      expect(result.planted).toBeGreaterThan(10);
      expect(result.minutes).toBeGreaterThan(20);
      expect(result.told).toBeGreaterThanOrEqual(3);
    },
  );
});
