import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

export interface InfluxdOptions {
  /** Switches authentication on and makes this user the admin. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Switches authentication on and makes nobody. */
  readonly authWithoutAdmin?: boolean;
  /** Larger writes are answered 413. */
  readonly maxBodyBytes?: number;
  /** Packs what it holds for good within seconds instead of hours, so that what it takes on disk can be measured. */
  readonly compactsEarly?: boolean;
  /** Kept in this folder, and left there at the end; otherwise a scratch folder. */
  readonly folder?: string;
}

export interface Influxd {
  readonly url: string;
  readonly port: number;
  /** Where it keeps everything: `data/<database>/<policy>` and `wal`. */
  readonly folder: string;
  /** Changes with every restart. */
  readonly pid: number;
  /** Ends it and removes what it kept, unless that is in a folder that was given. */
  stop(): Promise<void>;
  /** Freezes it: connections are still taken up, nothing is answered. */
  pause(): void;
  resume(): void;
  /** SIGKILL; resolves once it is gone. What it kept stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port with what it kept. */
  restart(): Promise<void>;
}

/** A real influxd on private ports of loopback, with a scratch folder of its own. */
export async function startInfluxd(options: InfluxdOptions = {}): Promise<Influxd> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'rackwatt-influxd-')));
  await mkdir(folder, { recursive: true });
  const server = new InfluxdProcess(folder, options);
  try {
    await server.start();
    if (options.auth !== undefined) await server.makeAdmin(options.auth);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

const startTriesMax = 5;
const readyWithinMs = 60_000;

class InfluxdProcess implements Influxd {
  readonly folder: string;
  readonly #options: InfluxdOptions;
  readonly #watchdog: ChildProcess;
  #child: ChildProcess | undefined;
  port = 0;

  constructor(folder: string, options: InfluxdOptions) {
    this.folder = folder;
    this.#options = options;
    this.#watchdog = startWatchdog(folder, options.folder === undefined);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Another process may take a port between our finding it and influxd's using it: then others are tried. */
  async start(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const port = await freePort();
      const rpcPort = await freePort();
      this.port = port;
      await writeFile(join(this.folder, 'influxd.conf'), settings(this.folder, port, rpcPort, this.#options));
      try {
        return await this.restart();
      } catch (error) {
        if (tries === startTriesMax || error instanceof MissingProgram) throw error;
        await this.kill();
      }
    }
  }

  async restart(): Promise<void> {
    await this.kill();
    const child = spawn('influxd', ['run', '-config', 'influxd.conf', '-pidfile', 'influxd.pid'], {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'ENOENT' ? new MissingProgram() : error),
      );
      child.once('exit', (code, signal) => reject(new Error(`influxd ended (${code ?? signal}): ${said}`)));
    });
    await Promise.race([failed, untilReady(this.url)]);
    failed.catch(() => undefined);
  }

  async makeAdmin(auth: { username: string; password: string }): Promise<void> {
    const statement = `CREATE USER "${auth.username}" WITH PASSWORD '${auth.password}' WITH ALL PRIVILEGES`;
    const { status, text } = await request('POST', `${this.url}/query?q=${encodeURIComponent(statement)}`);
    if (status !== 200 || text.includes('"error"'))
      throw new Error(`influxd made no admin: ${status} ${text}`);
  }

  /** The signal needs a moment to reach every thread: until then answers may still come. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
    const deadline = Date.now() + 2000;
    while (!this.#allStopped() && Date.now() < deadline);
  }

  #allStopped(): boolean {
    const tasks = `/proc/${this.pid}/task`;
    return readdirSync(tasks).every((task) => / T /.test(readFileSync(join(tasks, task, 'stat'), 'utf8')));
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGKILL');
    this.#watchdog.kill('SIGKILL');
    if (this.#options.folder === undefined) await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}

class MissingProgram extends Error {
  constructor() {
    super(
      'these tests need a real InfluxDB 1.x: install it with `apt-get install influxdb` (the program influxd must be in PATH)',
    );
  }
}

/**
 * Ends influxd and removes its scratch folder when this process dies, however it dies: the shell's input closes then.
 */
function startWatchdog(folder: string, removes: boolean): ChildProcess {
  const script = `cat >/dev/null; pid=$(cat "$0/influxd.pid" 2>/dev/null); [ -n "$pid" ] && tr '\\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q influxd && [ "$(readlink /proc/$pid/cwd)" = "$0" ] && kill -9 "$pid"${removes ? '; rm -rf "$0"' : ''}`;
  const watchdog = spawn('/bin/sh', ['-c', script, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  (watchdog.stdin as unknown as { unref(): void }).unref();
  return watchdog;
}

function settings(folder: string, port: number, rpcPort: number, options: InfluxdOptions): string {
  return `reporting-enabled = false
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${folder}/meta"
  logging-enabled = false
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false${
    options.compactsEarly === true
      ? '\n  cache-snapshot-write-cold-duration = "3s"\n  compact-full-write-cold-duration = "6s"'
      : ''
  }
[coordinator]
  max-select-buckets = 200000
  query-timeout = "60s"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  auth-enabled = ${options.auth !== undefined || options.authWithoutAdmin === true}
  log-enabled = false
  max-body-size = ${options.maxBodyBytes ?? 25_000_000}
[logging]
  level = "warn"
`;
}

async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    const status = await request('GET', `${url}/ping`).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 204) return;
    if (Date.now() > deadline) throw new Error(`influxd was not ready within ${readyWithinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function request(method: string, url: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method, agent: false, timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.end();
  });
}
