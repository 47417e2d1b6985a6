import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // On two cores: one more, since tests wait for brokers, stores and browsers for about a third of their time. More
    // than this only get in each other's way.
    maxWorkers: 3,
    // Each test file is a process, each embedded store a thread: compiled once for all of them, as the program does.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)),
    },
    // Tests wait for conditions, not for time to pass; these are only the ends of their patience.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
