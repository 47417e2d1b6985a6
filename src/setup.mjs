// What `npm start` and `npm test` do first, so that a fresh clone needs no third command: installs the packages
// when they are missing or not those of the lock file, builds the page when it is older than its sources and,
// with --servers, sees to the servers that the tests run against. Plain JavaScript without any package, since it
// runs before there are any, and on whatever Node the machine has (18 and up).
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

async function setUp(flags) {
  if (!packagesAreCurrent(root)) await installPackages();
  if (!haveRightNode(root, process.versions.node)) return tooOld(flags);
  if (!flags.has('--packages') && !pageIsCurrent(root)) await buildPage();
  if (flags.has('--servers')) await provideServers();
  return 0;
}

/**
 * Is what lies in node_modules what the lock file asks for? Compared package by package, not by date: a date
 * says little after a copy or a checkout. npm writes node_modules/.package-lock.json last, so a broken-off
 * installation has none.
 */
export function packagesAreCurrent(folder) {
  try {
    const wanted = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
    const present = JSON.parse(
      readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'),
    ).packages;
    return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
      if (path === '') return true;
      const found = present[path];
      if (found === undefined) return optional === true;
      return found.version === version && found.integrity === integrity;
    });
  } catch {
    return false;
  }
}

async function installPackages() {
  // The Node and npm that were called: the one in node_modules is about to be replaced.
  const node = process.env.npm_node_execpath ?? process.execPath;
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [node, [npm]] : ['npm', []];
  // Also where NODE_ENV is production: the right Node and the page's builder are development packages.
  // Errors only: npm itself may run on a Node that is too old for us, and would say so for each package.
  await step('Installing packages (npm ci)', command, [
    ...first,
    'ci',
    '--include=dev',
    '--no-fund',
    '--no-audit',
    '--loglevel=error',
  ]);
}

/** The Node that npm scripts run on: the pinned one, where its installation was not forbidden (--ignore-scripts). */
function pinnedNode(folder) {
  const path = join(folder, 'node_modules/.bin/node');
  return existsSync(path) ? path : undefined;
}

export function haveRightNode(folder, version) {
  return pinnedNode(folder) !== undefined || Number(version.split('.')[0]) >= 24;
}

/** The program itself says what is missing, in one line; `npm start` is about to call it anyway. */
function tooOld(flags) {
  if (flags.has('--start')) return 0;
  return spawnSync(process.execPath, [join(root, 'src/rackwatt.mjs')], { stdio: 'inherit' }).status ?? 1;
}

/** The page is made of its own sources and of the contract it shares with the service. */
const pageSources = [
  'src/web',
  'src/model',
  'src/live/protocol.ts',
  'src/api/shapes.ts',
  'package-lock.json',
];

export function pageIsCurrent(folder) {
  const page = join(folder, 'dist/web/index.html');
  return (
    existsSync(page) &&
    statSync(page).mtimeMs >= Math.max(...pageSources.map((path) => newestMs(join(folder, path))))
  );
}

function newestMs(path) {
  if (!existsSync(path)) return 0;
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  // The folder's own date tells of files that are gone.
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

async function buildPage() {
  const node = pinnedNode(root) ?? process.execPath;
  await step('Building the page', node, [
    join(root, 'node_modules/vite/bin/vite.js'),
    'build',
    '--config',
    join(root, 'src/web/vite.config.ts'),
  ]);
}

/** What the tests need beside packages: programs that do (any of their names), and where Debian and Ubuntu have them. */
const servers = [
  { commands: ['mosquitto'], pack: 'mosquitto', service: 'mosquitto' },
  { commands: ['influxd'], pack: 'influxdb', service: 'influxdb' },
  { commands: ['chromium', 'chromium-browser', 'google-chrome'], pack: 'chromium' },
  { commands: ['openssl'], pack: 'openssl' },
];

/** Which of them are not on this search path (nor where Debian puts servers, which a user's path may leave out). */
export function missingServers(path) {
  const folders = [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin'].filter(
    (folder) => folder !== '',
  );
  return servers.filter(
    ({ commands }) =>
      !commands.some((command) => folders.some((folder) => existsSync(join(folder, command)))),
  );
}

async function provideServers() {
  const missing = missingServers(process.env.PATH ?? '');
  if (missing.length === 0) return;
  const packs = missing.map(({ pack }) => pack);
  const asRoot = rightToInstall();
  if (asRoot === undefined) {
    throw new Failure(
      `The tests run against real servers, and these are missing: ${missing.map(({ commands }) => commands[0]).join(', ')}.\n` +
        `On Debian or Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packs.join(' ')}\n` +
        'Elsewhere install Mosquitto 2, InfluxDB 1.x, Chromium and OpenSSL so that the commands mosquitto, influxd, chromium and openssl are found. Then: npm test',
    );
  }
  const [command, ...before] = [
    ...asRoot,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-o',
    'DPkg::Lock::Timeout=120',
  ];
  await step('Looking up packages (apt-get update)', command, [...before, 'update']);
  await step(`Installing ${packs.join(' ')} for the tests (apt-get)`, command, [
    ...before,
    'install',
    '-y',
    '--no-install-recommends',
    ...packs,
  ]);
  stopServices(asRoot, missing);
}

/** What to put before a command that needs root; undefined where that or apt-get is not to be had without asking. */
function rightToInstall() {
  const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  if (!works('apt-get', '--version')) return undefined;
  if (process.getuid?.() === 0) return [];
  return works('sudo', '-n', 'true') ? ['sudo', '-n'] : undefined;
}

/** Debian starts what it installs. The tests start their own, and nobody asked for these. */
function stopServices(asRoot, installed) {
  if (!existsSync('/run/systemd/system')) return;
  const started = installed.flatMap(({ service }) => (service ? [service] : []));
  if (started.length === 0) return;
  const [command, ...rest] = [...asRoot, 'systemctl', 'disable', '--now', ...started];
  spawnSync(command, rest, { stdio: 'ignore' });
  say(
    `The services ${started.join(' and ')} were installed for the tests and are stopped; to use one: sudo systemctl enable --now ${started[0]}`,
  );
}

class Failure extends Error {}

const heartbeatMs = 5_000;
const outputMax = 20_000;

/** Runs one long step: a line before, a sign of life every few seconds, a line with its duration after. */
function step(what, command, args) {
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1_000);
  say(`${what} …`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const heartbeat = setInterval(() => say(`  … ${seconds()} s`), heartbeatMs);
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-outputMax);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => {
      clearInterval(heartbeat);
      reject(new Failure(`${what} failed: ${error.message}`));
    });
    child.on('close', (code) => {
      clearInterval(heartbeat);
      if (code !== 0)
        return reject(
          new Failure(`${gist(output)}\n${what} failed after ${seconds()} s (exit code ${code}).`),
        );
      say(`  done in ${seconds()} s`);
      resolve(undefined);
    });
  });
}

/** What went wrong stands at the beginning (npm) or at the end (apt-get); between them may be pages of help. */
function gist(output) {
  const lines = output.trimEnd().split('\n');
  return lines.length <= 30 ? lines.join('\n') : [...lines.slice(0, 20), '…', ...lines.slice(-8)].join('\n');
}

/** On the error output: the output proper belongs to the command that follows. */
function say(line) {
  process.stderr.write(`${line}\n`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  setUp(new Set(process.argv.slice(2))).then(
    (code) => {
      process.exitCode = code;
    },
    (error) => {
      say(error instanceof Failure ? error.message : String(error?.stack ?? error));
      process.exitCode = 1;
    },
  );
}
