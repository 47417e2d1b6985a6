import { defineConfig } from 'vite';

const service = 'http://127.0.0.1:8080';

/** The page is built into `dist/web` and served by the service; in `dev` the service is asked through a proxy. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    // A strict content security policy stays possible: nothing inline, no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: service, ws: true },
      '/readyz': service,
      '/healthz': service,
    },
  },
});
