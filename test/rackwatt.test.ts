import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replayFamilies } from '../src/commands/replay-message.ts';
import { until } from './base/until.ts';
import { runRackwatt, startRackwatt } from './run-rackwatt.ts';
import { freePort } from './servers/free-port.ts';
import { startMosquitto } from './servers/mosquitto.ts';
import { olderNode } from './setup/older-node.ts';

/** The program as a user meets it: a process with arguments, output, signals and an exit code. */

const source = join(import.meta.dirname, '../src/rackwatt.mjs');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Ports that nobody else has, files that nobody else needs. */
const own = () => ({
  RACKWATT_HTTP_PORT: '0',
  RACKWATT_BROKER_PORT: '0',
  RACKWATT_STORE_PATH: join(folder, 'data'),
});

describe('arguments', () => {
  test('main.ts called by itself is the same program', () => {
    const main = join(import.meta.dirname, '../src/main.ts');
    const { status, stdout } = spawnSync(process.execPath, [main, 'decode'], {
      encoding: 'utf8',
      cwd: folder,
      input: '{"topic":"tele/plug/SENSOR","payload":"{\\"ENERGY\\":{\\"Power\\":42}}"}\n',
    });
    expect(stdout).toContain('"watts":42');
    expect(status).toBe(0);
  });

  test('--version and --help answer on the standard output', () => {
    expect(runRackwatt(['--version'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
    const help = runRackwatt(['--help']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    for (const command of ['serve', 'check', 'discover', 'decode', 'replay']) {
      expect(help.stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    }
  });

  test.each(['serve', 'check', 'discover', 'decode', 'replay'])('%s --help shows examples', (command) => {
    const help = runRackwatt([command, '--help']);
    expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining(`Examples:\n  `) });
    // Every family there is.
    if (command === 'replay')
      for (const family of replayFamilies) expect(help.stdout).toContain(`"${family}"`);
  });

  test('that do not exist end with exit code 2 and what was probably meant', () => {
    expect(runRackwatt(['sevre'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('Did you mean serve?'),
    });
    expect(runRackwatt(['--confg', 'x'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Did you mean --config?'),
    });
    expect(runRackwatt(['check', 'extra'])).toMatchObject({ status: 2, stdout: '' });
    expect(runRackwatt(['export', '--from', 'soon'])).toMatchObject({ status: 2, stdout: '' });
    expect(runRackwatt(['replay', 'x.csv', '--topic', 'a/#'])).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('mistakes in the settings', () => {
  test('all come on the error output, with exit code 2, before anything is started', () => {
    writeFileSync(join(folder, 'mine.yaml'), 'broker:\n  port: 99999\nmqtt: { ulr: x }\n');
    const { status, stdout, stderr } = runRackwatt(['serve', '--config', 'mine.yaml'], {
      cwd: folder,
      env: { RACKWATT_HTTP_PROT: '1' },
    });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('There are 3 problems in the settings');
    for (const where of ['mine.yaml:2:9', 'mine.yaml:3:9', 'RACKWATT_HTTP_PROT'])
      expect(stderr).toContain(where);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('are found for check as well, and by RACKWATT_CONFIG', () => {
    writeFileSync(join(folder, 'mine.yaml'), 'broker: [');
    expect(runRackwatt(['check'], { cwd: folder, env: { RACKWATT_CONFIG: 'mine.yaml' } })).toMatchObject({
      status: 2,
      stdout: '',
    });
    expect(runRackwatt([], { cwd: folder, env: { RACKWATT_CONFIG: 'none.yaml' } })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('none.yaml'),
    });
  });
});

describe('on a Node that is too old', () => {
  const { command, version } = olderNode();

  function onOlderNode(program: string) {
    const { status, stdout, stderr } = spawnSync(command[0]!, [...command.slice(1), program], {
      encoding: 'utf8',
    });
    return { status, stdout, lines: stderr.trimEnd().split('\n') };
  }

  test('one line says which is needed and that the folder has it', () => {
    const { status, stdout, lines } = onOlderNode(source);
    expect([status, stdout, lines.length]).toEqual([1, '', 1]);
    expect(lines[0]).toContain(`rackwatt needs Node 24 or newer, and this is Node ${version}`);
    expect(lines[0]).toContain('npm start');
  });

  test('one line says how to get it where install scripts were not run', () => {
    mkdirSync(join(folder, 'src'));
    copyFileSync(source, join(folder, 'src/rackwatt.mjs'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const { status, stdout, lines } = onOlderNode(join(folder, 'src/rackwatt.mjs'));
    expect([status, stdout, lines.length]).toEqual([1, '', 1]);
    expect(lines[0]).toContain('npm ci --ignore-scripts=false');
  });
});

test('a reader that leaves early is no error', async () => {
  const child = spawn(process.execPath, [source, 'decode'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdout.once('data', () => child.stdout.destroy());
  const line = `${JSON.stringify({ topic: 'tele/plug/SENSOR', payload: '{"ENERGY":{"Power":42}}' })}\n`;
  const feed = setInterval(() => child.stdin.write(line.repeat(500)), 5);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(feed);
  expect([code, stderr]).toEqual([0, '']);
});

test('discover finds what replay plays, through a real mosquitto', async () => {
  const mosquitto = await startMosquitto();
  const rows = Array.from({ length: 1_200 }, (_, i) => `${1_767_225_600 + i},${100 + (i % 7)}`);
  writeFileSync(join(folder, 'trace.csv'), `time,watts\n${rows.join('\n')}\n`);
  // Long enough for both, however busy the machine is; ended as soon as it was heard.
  const args = ['replay', 'trace.csv', '--topic', 'kettle', '--speed', '40', '--url', mosquitto.url];
  const playing = spawn(process.execPath, [source, ...args], { cwd: folder, stdio: 'ignore' });
  const found = runRackwatt(['discover', '--seconds', '2', '--yaml', '--url', mosquitto.url], {
    cwd: folder,
  });
  playing.kill('SIGKILL');
  await mosquitto.stop();
  expect(found).toMatchObject({ status: 0, stderr: expect.stringContaining('kettle') });
  writeFileSync(join(folder, 'draft.yaml'), found.stdout);
  // The draft is right as it stands, only that its broker has gone by now.
  const { RACKWATT_HTTP_PORT, RACKWATT_STORE_PATH } = own();
  const checked = runRackwatt(['check', '--config', 'draft.yaml'], {
    cwd: folder,
    env: { RACKWATT_HTTP_PORT, RACKWATT_STORE_PATH },
  });
  expect(checked).toMatchObject({
    status: 1,
    stderr: '',
    stdout: expect.stringMatching(/no mistakes[\s\S]*✗ broker .*connection refused/),
  });
});

describe('serve', () => {
  test('without settings shows the demo room, says where, and is gone after SIGTERM with exit code 0', async () => {
    const rackwatt = await startRackwatt([], { cwd: folder, env: { ...own(), RACKWATT_DEMO_RUN: 'always' } });
    expect(rackwatt.stdout()).toContain('DEMO');
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(rackwatt.stdout())?.[0];
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(((await (await fetch(`${url}/api/v1/room`)).json()) as { demo: boolean }).demo).toBe(true);
    await until(() => rackwatt.stderr().includes('making up the last 30 days'), rackwatt.stderr);
    rackwatt.child.kill('SIGTERM');
    expect(await rackwatt.ended).toBe(0);
    // What it had begun it has left off.
    expect(rackwatt.stderr()).not.toContain('30 of 30 days are there');
    expect(rackwatt.stderr()).not.toMatch(/"level":(50|60)/);
  });

  test('while it runs, check knows that it is rackwatt which uses ports and store', async () => {
    const ports = {
      RACKWATT_HTTP_PORT: String(await freePort()),
      RACKWATT_BROKER_PORT: String(await freePort()),
    };
    const env = { ...own(), ...ports, RACKWATT_DEMO_RUN: 'never' };
    const rackwatt = await startRackwatt([], { cwd: folder, env });
    const { stdout } = runRackwatt(['check'], { cwd: folder, env });
    rackwatt.child.kill('SIGTERM');
    expect(await rackwatt.ended).toBe(0);
    for (const about of ['own broker', 'store', 'page']) {
      expect(stdout).toMatch(new RegExp(`^✓ ${about} .*in use by the rackwatt that is running`, 'm'));
    }
  });

  test('starts with a broker and a store that are away, and says so under /readyz', async () => {
    const env = {
      ...own(),
      RACKWATT_MQTT_URL: 'mqtt://127.0.0.1:1',
      RACKWATT_STORE_KIND: 'influx',
      RACKWATT_STORE_INFLUX_URL: 'http://127.0.0.1:1',
    };
    const rackwatt = await startRackwatt(['serve'], { cwd: folder, env });
    expect(rackwatt.stdout()).not.toContain('DEMO');
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(rackwatt.stdout())?.[0];
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ ready: false, broker: { ok: false }, store: { ok: false } });
    rackwatt.child.kill('SIGINT');
    expect(await rackwatt.ended).toBe(0);
  });

  test('ends with one line and exit code 1 where its port is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { status, stderr } = runRackwatt(['serve'], {
      cwd: folder,
      env: { ...own(), RACKWATT_HTTP_PORT: String(port), RACKWATT_LOG_LEVEL: 'silent' },
    });
    server.close();
    expect(status).toBe(1);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(String(port));
  });
});
