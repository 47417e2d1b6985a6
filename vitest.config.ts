import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, much of it waiting. */
const longest = [
  'chaos/chaos',
  'web/demo-views',
  'store/embedded',
  'web/every-view',
  'rackwatt',
  'web/page',
  'room/energy',
  'room/notifying',
  'commands/import-export',
  'alerts/demo-week',
  'room/announced-silence',
  'web/energy-view',
  'web/starts-view',
  'room/road',
  'room/stop-halted',
].map((name) => `/test/${name}.test.ts`);

/** Begins with them where nothing is known of an earlier run, so that none of them is left to run alone at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = longest.findIndex((end) => moduleId.endsWith(end));
      return found < 0 ? longest.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    sequence: { sequencer: LongestFirst },
    // On two cores: one more, since tests wait for brokers, stores and browsers for about a third of their time. More
    // than this only get in each other's way.
    maxWorkers: 3,
    // The program is read once by each worker, and not again for each file. Nothing of one file reaches another, since
    // no module of ours does anything at import or keeps what changes (ARCHITECTURE.md), and each test ends what it started.
    isolate: false,
    // Each embedded store is a thread, each service a process: compiled once for all of them, as the program does.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)),
    },
    // Tests wait for conditions, not for time to pass; these are only the ends of their patience, for a machine that has much
    // else to do.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    include: ['test/**/*.test.{ts,tsx}'],
  },
});
