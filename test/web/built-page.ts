import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const project = fileURLToPath(new URL('../..', import.meta.url));
const configFile = join(project, 'src/web/vite.config.ts');
const cache = join(project, 'node_modules/.cache');
const prefix = 'page-';
/** Of this source and a few before it, so that two branches do not build in turns. */
const keptMax = 4;

export interface BuiltPage extends AsyncDisposable {
  /** Holds `index.html` and `assets/`. */
  readonly folder: string;
}

/**
 * The page as it is shipped, built from source, so that no test looks at an old build; once for all test files that
 * ask while the source stays the same.
 */
export async function buildPage(): Promise<BuiltPage> {
  const name = `${prefix}${await sourceHash()}`;
  const folder = join(cache, name);
  if (!(await isThere(folder))) {
    await mkdir(cache, { recursive: true });
    const made = await mkdtemp(join(cache, 'making-page-'));
    // As shipped also below a test runner, which sets this otherwise.
    const { NODE_ENV } = process.env;
    process.env.NODE_ENV = 'production';
    await build({ configFile, mode: 'production', build: { outDir: made, emptyOutDir: true } });
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
    // Somebody else may have been first: theirs is the same.
    await rename(made, folder).catch(() => rm(made, { recursive: true, force: true }));
    await removeOld(name);
  }
  return { folder, [Symbol.asyncDispose]: async () => {} };
}

async function sourceHash(): Promise<string> {
  const entries = await readdir(join(project, 'src'), { recursive: true, withFileTypes: true });
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const hash = createHash('sha256');
  for (const path of [join(project, 'package-lock.json'), ...paths.sort()]) {
    hash.update(`${path}\0`).update(await readFile(path));
  }
  return hash.digest('hex').slice(0, 16);
}

async function isThere(folder: string): Promise<boolean> {
  return readdir(folder).then(
    (names) => names.includes('index.html'),
    () => false,
  );
}

async function removeOld(name: string): Promise<void> {
  const built = (await readdir(cache)).filter((one) => one.startsWith(prefix) && one !== name);
  for (const one of built.slice(keptMax - 1)) await rm(join(cache, one), { recursive: true, force: true });
}
