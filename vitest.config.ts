import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, much of it waiting. */
const longest = [
  'room/notifying',
  'store/embedded',
  'web/every-view',
  'web/demo-views',
  'rackwatt',
  'chaos/chaos',
  'commands/import-export',
  'room/energy',
  'room/recabled-past',
  'room/announced-silence',
  'web/page',
  'web/page-service',
  'room/hostile-names',
  'alerts/demo-week',
  'analysis/energy-ledger-truth',
].map((name) => `/test/${name}.test.ts`);

const every = (folders: string) => [`test/${folders}/*.test.{ts,tsx}`];
/** The quiet middle (ARCHITECTURE.md). */
const pure = '{analysis,detect,devices,exchange,model}/**';

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
    // Each test file is a process, each embedded store a thread: compiled once for all of them, as the program does.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)),
    },
    // Tests wait for conditions, not for time to pass; these are only the ends of their patience, for a machine that has much
    // else to do.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      { extends: true, test: { name: 'doors', include: every('**'), exclude: every(pure) } },
      // Values in, values out: nothing of one file can reach another, so that they need no process each.
      { extends: true, test: { name: 'pure', include: every(pure), isolate: false } },
    ],
  },
});
