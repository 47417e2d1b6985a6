import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const configFile = fileURLToPath(new URL('../../src/web/vite.config.ts', import.meta.url));

export interface BuiltPage extends AsyncDisposable {
  /** Holds `index.html` and `assets/`. */
  readonly folder: string;
}

/** The page as it is shipped, built from source into a scratch folder, so that no test looks at an old build. */
export async function buildPage(): Promise<BuiltPage> {
  const folder = await mkdtemp(join(tmpdir(), 'rackwatt-page-'));
  await build({ configFile, mode: 'production', build: { outDir: folder, emptyOutDir: true } });
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
