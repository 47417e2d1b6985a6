import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // Real brokers, stores and browsers run beside the tests: more workers than this only get in each other's way.
    maxWorkers: 2,
    // Tests wait for conditions, not for time to pass; these are only the ends of their patience.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
