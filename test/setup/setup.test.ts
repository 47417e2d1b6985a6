import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
// @ts-expect-error plain JavaScript, since it runs where there is no compiler yet
import { haveRightNode, missingServers, packagesAreCurrent, pageIsCurrent } from '../../src/setup.mjs';
import { olderNode } from './older-node.ts';

const source = join(import.meta.dirname, '../../src');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text: string, atMs?: number): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  if (atMs !== undefined) utimesSync(join(folder, path), atMs / 1_000, atMs / 1_000);
}

describe('packages', () => {
  const lock = (packages: Record<string, object>) =>
    JSON.stringify({ lockfileVersion: 3, packages: { '': { version: '1' }, ...packages } });
  const a = { version: '1.0.0', integrity: 'sha512-a' };
  const otherSystem = { version: '1.0.0', integrity: 'sha512-w', optional: true };
  const present = (packages: Record<string, object>) =>
    put('node_modules/.package-lock.json', JSON.stringify({ packages }));

  test('are current when each one is the one locked; those for other systems may be missing', () => {
    put('package-lock.json', lock({ 'node_modules/a': a, 'node_modules/windows-only': otherSystem }));
    present({ 'node_modules/a': a });
    expect(packagesAreCurrent(folder)).toBe(true);
  });

  test('are not when there are none, when an installation broke off, when one is missing or another version', () => {
    put('package-lock.json', lock({ 'node_modules/a': a }));
    expect(packagesAreCurrent(folder)).toBe(false);
    put('node_modules/a/package.json', '{}');
    expect(packagesAreCurrent(folder)).toBe(false);
    present({});
    expect(packagesAreCurrent(folder)).toBe(false);
    present({ 'node_modules/a': { ...a, version: '0.9.0' } });
    expect(packagesAreCurrent(folder)).toBe(false);
    present({ 'node_modules/a': { ...a, integrity: 'sha512-b' } });
    expect(packagesAreCurrent(folder)).toBe(false);
    put('node_modules/.package-lock.json', '{ "packages": {');
    expect(packagesAreCurrent(folder)).toBe(false);
  });

  test('of this checkout, which these tests run on, are current', () => {
    expect(packagesAreCurrent(join(source, '..'))).toBe(true);
  });
});

describe('the page', () => {
  test('is current until one of its sources, or of what it shares with the service, is newer', () => {
    expect(pageIsCurrent(folder)).toBe(false);
    const builtMs = Date.UTC(2026, 0, 2);
    const earlierMs = builtMs - 60_000;
    for (const path of [
      'src/web/charts/chart.tsx',
      'src/model/figure.ts',
      'src/live/protocol.ts',
      'src/api/shapes.ts',
    ])
      put(path, 'x', earlierMs);
    for (const path of ['src/web/charts', 'src/web', 'src/model'])
      utimesSync(join(folder, path), earlierMs / 1_000, earlierMs / 1_000);
    put('dist/web/index.html', 'x', builtMs);
    expect(pageIsCurrent(folder)).toBe(true);
    put('src/live/live-hub.ts', 'x', builtMs + 1_000);
    expect(pageIsCurrent(folder)).toBe(true);
    put('src/web/charts/chart.tsx', 'y', builtMs + 1_000);
    expect(pageIsCurrent(folder)).toBe(false);
  });
});

test('servers are looked for on the path and where Debian puts them', () => {
  put('bin/influxd', '');
  put('bin/google-chrome', '');
  const missing = missingServers(join(folder, 'bin')).map(({ pack }: { pack: string }) => pack);
  expect(missing).not.toContain('influxdb');
  expect(missing).not.toContain('chromium');
  expect(missing).toContain('openssl');
});

test('the right Node is the pinned one, or one that is new enough', () => {
  expect(haveRightNode(folder, '20.11.0')).toBe(false);
  expect(haveRightNode(folder, '24.0.0')).toBe(true);
  put('node_modules/.bin/node', '');
  expect(haveRightNode(folder, '20.11.0')).toBe(true);
});

/** A clone with one package that lies beside it, so that npm needs no network. */
function clone(): void {
  for (const file of ['setup.mjs', 'rackwatt.mjs']) {
    mkdirSync(join(folder, 'src'), { recursive: true });
    copyFileSync(join(source, file), join(folder, 'src', file));
  }
  put('near/package.json', JSON.stringify({ name: 'near', version: '1.0.0' }));
  put(
    'package.json',
    JSON.stringify({ name: 'clone', version: '1.0.0', type: 'module', dependencies: { near: 'file:near' } }),
  );
  const packages = {
    '': { name: 'clone', version: '1.0.0', dependencies: { near: 'file:near' } },
    near: { version: '1.0.0' },
    'node_modules/near': { resolved: 'near', link: true },
  };
  put(
    'package-lock.json',
    JSON.stringify({ name: 'clone', version: '1.0.0', lockfileVersion: 3, requires: true, packages }),
  );
}

function setUp(args: string[], options: { env?: NodeJS.ProcessEnv; node?: readonly string[] } = {}) {
  const [command, ...before] = options.node ?? [process.execPath];
  const { status, stdout, stderr } = spawnSync(
    command!,
    [...before, join(folder, 'src/setup.mjs'), ...args],
    {
      encoding: 'utf8',
      cwd: tmpdir(),
      // Called by hand, not by the npm that runs these tests.
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    },
  );
  return { status, stdout, stderr };
}

describe('a fresh clone', () => {
  test('gets its packages by npm ci once, from whatever folder it is called, and says so with the time it took', () => {
    clone();
    const first = setUp(['--packages']);
    expect(first.stderr).toMatch(/^Installing packages \(npm ci\) …\n( {2}… \d+ s\n)* {2}done in \d+ s\n$/);
    expect([first.status, first.stdout]).toEqual([0, '']);
    expect(existsSync(join(folder, 'node_modules/near/package.json'))).toBe(true);
    expect(setUp(['--packages'])).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('with a lock file that does not fit ends with what npm says and exit code 1', () => {
    clone();
    put(
      'package.json',
      JSON.stringify({
        name: 'clone',
        version: '1.0.0',
        dependencies: { near: 'file:near', far: 'file:far' },
      }),
    );
    const { status, stderr } = setUp(['--packages']);
    expect(status).toBe(1);
    expect(stderr).toContain('npm ci');
    expect(stderr).toMatch(/failed after \d+ s \(exit code 1\)/);
    // What npm says, and no stack of ours.
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('on a Node that is too old, without the pinned one (npm ci --ignore-scripts)', () => {
  const { command, version } = olderNode();

  beforeEach(() => {
    clone();
    execFileSync('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: folder });
  });

  test('npm test ends with the one line of the program, exit code 1', () => {
    const { status, stderr } = setUp(['--servers'], { node: command });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`rackwatt needs Node 24 or newer, and this is Node ${version}`);
    expect(status).toBe(1);
  });

  test('npm start leaves it to the program to say so', () => {
    expect(setUp(['--start'], { node: command })).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

describe('missing test servers', () => {
  /** A machine with nothing on its path but these. */
  function machine(commands: Record<string, string>): NodeJS.ProcessEnv {
    clone();
    execFileSync('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: folder });
    put('dist/web/index.html', '');
    mkdirSync(join(folder, 'bin'));
    symlinkSync('/usr/bin/env', join(folder, 'bin/env'));
    symlinkSync('/bin/sh', join(folder, 'bin/sh'));
    for (const [name, script] of Object.entries(commands)) {
      put(`bin/${name}`, `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, 'bin', name), 0o755);
    }
    return { PATH: join(folder, 'bin') };
  }

  const notingApt = (log: string) => `echo "apt-get $DEBIAN_FRONTEND $*" >> '${log}'`;

  test('are installed by apt-get, after an update, without questions', () => {
    const log = join(folder, 'log');
    const env = machine({ 'apt-get': notingApt(log), sudo: 'shift; exec "$@"' });
    const { status, stderr } = setUp(['--servers'], { env });
    expect(stderr).toMatch(/Installing .*influxdb chromium.* for the tests \(apt-get\) …\n/);
    expect(status).toBe(0);
    const calls = readFileSync(log, 'utf8').trim().split('\n').slice(1);
    expect(calls).toEqual([
      'apt-get noninteractive -o DPkg::Lock::Timeout=120 update',
      expect.stringMatching(
        /^apt-get noninteractive -o \S+ install -y --no-install-recommends .*influxdb chromium/,
      ),
    ]);
  });

  test('that apt-get cannot install end with what it said, exit code 1', () => {
    const env = machine({
      'apt-get': 'case "$*" in *install*) echo "E: Unable to locate package chromium" >&2; exit 100;; esac',
      sudo: 'shift; exec "$@"',
    });
    const { status, stderr } = setUp(['--servers'], { env });
    expect(status).toBe(1);
    expect(stderr).toContain('E: Unable to locate package chromium');
  });

  test('are named, with the command that installs them, where there is no apt-get', () => {
    const { status, stderr } = setUp(['--servers'], { env: machine({}) });
    expect(status).toBe(1);
    expect(stderr).toMatch(/these are missing: .*influxd, chromium/);
    expect(stderr).toMatch(/sudo apt-get install -y --no-install-recommends .*influxdb chromium/);
  });

  test('that are all there need nothing', () => {
    const env = machine({ mosquitto: '', influxd: '', chromium: '', openssl: '' });
    expect(setUp(['--servers'], { env })).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
