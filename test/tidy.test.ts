import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Style that a linter does not see, and prose that can be checked. */

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** What is in the tree and not ignored, committed or not yet. */
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const sources = files.filter((path) => /^src\/.*\.(ts|tsx|mjs)$/.test(path));
const isWeb = (path: string) => path.startsWith('src/web/');

/** `path:line: text` of every line that matches, comments taken away. */
function linesWith(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) => {
    const lines = read(path).split('\n');
    return lines.flatMap((line, i) => {
      const code = line.replace(/(^|\s)(\/\/|\/?\*).*$/, '');
      return pattern.test(code) && !arguedFor(lines, i) ? [`${path}:${i + 1}: ${line.trim()}`] : [];
    });
  });
}

/** The exception is allowed where the comment on the line, or above it, says why no Clock is used. */
function arguedFor(lines: readonly string[], i: number): boolean {
  return [lines[i], lines[i - 1], lines[i - 2]].some((line) => /(\/\/|\*).*\bclock\b/i.test(line ?? ''));
}

describe('time', () => {
  test('is asked of the machine in base/clock.ts alone', () => {
    const own = ['src/base/clock.ts', 'src/setup.mjs'];
    const asking =
      /\bDate\.now\b|\bnew Date\(\)|\bsetTimeout\b|\bsetInterval\b|\bperformance\.now\b|\bhrtime\b/;
    expect(
      linesWith(
        sources.filter((path) => !isWeb(path) && !own.includes(path)),
        asking,
      ),
    ).toEqual([]);
  });
});

describe('names', () => {
  test('say what a thing does, not what kind of thing it is', () => {
    const vague = /(^|[/.-])(utils?|helpers?|common|managers?|misc|shared)([/.-]|$)/i;
    expect(files.filter((path) => vague.test(path) && !path.includes('/recorded/'))).toEqual([]);
  });

  test('of files are kebab-case, and no file only passes others on', () => {
    const odd = sources.filter(
      (path) =>
        !/^[a-z0-9-]+(\.config|\.d)?\.(ts|tsx|mjs)$/.test(basename(path)) ||
        /^index\.tsx?$/.test(basename(path)),
    );
    expect(odd).toEqual([]);
    expect(
      linesWith(
        sources.filter((path) => !path.endsWith('.config.ts')),
        /^export default\b/,
      ),
    ).toEqual([]);
  });
});

test('ARCHITECTURE.md lists the folders under src, all of them and no others', () => {
  const table = /## Folders\n([\s\S]*?)\n## /.exec(read('ARCHITECTURE.md'))?.[1] ?? '';
  const listed = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!.replace(/\/$/, ''));
  expect(
    listed.length,
    'ARCHITECTURE.md needs a table under "## Folders" whose rows begin with | `folder` |',
  ).toBeGreaterThan(0);
  const present = readdirSync(join(root, 'src')).filter((name) =>
    statSync(join(root, 'src', name)).isDirectory(),
  );
  expect(listed.sort()).toEqual(present.sort());
});

test('docs/dependencies.md gives a reason for each package, and for no other', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const rows = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)];
  const wanted = Object.keys({ ...dependencies, ...devDependencies }).sort();
  expect(rows.map((row) => row[1]!).sort()).toEqual(wanted);
  for (const [, name, reason] of rows)
    expect(reason!.trim().length, `the reason for ${name}`).toBeGreaterThan(12);
});

test('the lock file names the packages of every system, without which npm ci refuses it', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {}).filter(
      (name) =>
        packages[`node_modules/${name}`] === undefined &&
        packages[`${path}/node_modules/${name}`] === undefined,
    ),
  );
  expect(missing).toEqual([]);
});

test('no file names a place of one machine', () => {
  // Put together here, so that this file does not name them either.
  const places = [
    `(^|[^\\w.])/${'work'}/`,
    `/tmp/${'bash'}_jobs`,
    `/home/${'[a-z]'}+/`,
    `registry\\.${'npmjs'}`,
    `registry\\.${'yarnpkg'}`,
  ];
  const pattern = new RegExp(places.join('|'), 'm');
  const binary = new Set(['.png', '.gz', '.ico', '.woff2', '.db']);
  // In recorded messages such a text is a topic.
  const own = files.filter((path) => !binary.has(extname(path)) && !path.includes('/recorded/'));
  const naming = own.filter((path) => pattern.test(read(path)));
  expect(naming).toEqual([]);
});

describe('the papers', () => {
  const papers = files.filter((path) => path.endsWith('.md') && !path.includes('/recorded/'));
  const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;

  test.each(papers)('%s: every npm command in it exists', (paper) => {
    const named = [...read(paper).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(
      (match) => (match[1] ?? match[2])!,
    );
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test.each(papers)('%s: every command of rackwatt in it exists', (paper) => {
    const words = read('src/main.ts') + read('src/main-exchange.ts');
    const known = [...words.matchAll(/\badd\(\s*rackwatt,\s*'(\w+)'/g)].map((match) => match[1]!);
    expect(known).toContain('serve');
    const named = [...read(paper).matchAll(/\brackwatt ([a-z]{4,})\b(?=[^\n]*`)/g)].flatMap((match) =>
      (match.input.slice(0, match.index).match(/`/g)?.length ?? 0) % 2 === 1 ? [match[1]!] : [],
    );
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  test.each(papers)('%s: every file it links to is there', (paper) => {
    const links = [...read(paper).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1]!)
      .filter((link) => !/^[a-z]+:/.test(link));
    expect(links.filter((link) => !existsSync(join(root, dirname(paper), link)))).toEqual([]);
  });
});

describe('the image', () => {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  test('does not run as root, knows whether it is well, and takes only what is built', () => {
    expect(last).toContain('USER node');
    expect(last.findIndex((line) => line.startsWith('HEALTHCHECK'))).toBeGreaterThan(0);
    expect(last.filter((line) => /^(COPY|ADD)/.test(line) && !line.includes('--from=build'))).toEqual([]);
    expect(last.filter((line) => line.startsWith('VOLUME'))).toEqual(['VOLUME /data']);
  });

  test('has no secret in it, and none gets in by the folder it is built from', () => {
    expect(lines.filter((line) => /^(ENV|ARG|RUN)\b.*(PASSWORD|TOKEN|SECRET|_KEY)/i.test(line))).toEqual([]);
    const ignored = read('.dockerignore').split('\n');
    for (const path of ['.git', 'data', 'node_modules', '.env', '**/.env', '*.pem', '*.key', 'rackwatt.yaml'])
      expect(ignored).toContain(path);
  });

  test('in the compose sample has a read-only root, no rights, and no way to more', () => {
    const compose = read('config/compose.yaml');
    for (const line of ['read_only: true', 'cap_drop: [ALL]', 'no-new-privileges:true'])
      expect(compose).toContain(line);
  });
});

test('every npm script that is TypeScript or the service runs after the set-up', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const bare = Object.keys(scripts).filter(
    (name) => !/^(pre|config:)/.test(name) && scripts[`pre${name}`] === undefined,
  );
  expect(bare).toEqual([]);
});

test('a signal to npm reaches the service: npm runs scripts in a shell, which passes none on', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const name of ['start', 'demo', 'dev']) expect(scripts[name]).toMatch(/(^| )exec node /);
});
