import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../../src/rackwatt.mjs');
const endsWithinMs = 15_000;

/** The service as `rackwatt serve` runs it, in a process that may be killed, frozen and started again. */
export class Served {
  readonly url: string;
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #log: WriteStream;
  #child: ChildProcess | undefined;
  /** Ends that nobody asked for. */
  crashes = 0;
  /** When it was killed without a chance to keep anything, epoch ms. */
  readonly killedMs: number[] = [];
  starts = 0;

  constructor(httpPort: number, configFile: string, logFile: string, env: Record<string, string>) {
    this.url = `http://127.0.0.1:${httpPort}`;
    this.#args = [program, 'serve', '--config', configFile];
    const kept = Object.entries(process.env).filter(([name]) => !/^(RACKWATT|VITEST|NODE)_/.test(name));
    this.#env = { ...Object.fromEntries(kept), RACKWATT_HTTP_PORT: String(httpPort), ...env };
    this.#log = createWriteStream(logFile, { flags: 'a' });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    this.starts += 1;
    const child = spawn(process.execPath, this.#args, { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#log.write(`── start ${this.starts} ${new Date().toISOString()}\n`);
    child.stdout.pipe(this.#log, { end: false });
    child.stderr.pipe(this.#log, { end: false });
    child.once('exit', (code, signal) => {
      this.#log.write(`── end ${code ?? signal} ${new Date().toISOString()}\n`);
      if (this.#child !== child) return;
      this.#child = undefined;
      this.crashes += 1;
      this.start();
    });
  }

  /** Rejects when it is not ready to serve by then. */
  async untilReady(withinMs: number): Promise<void> {
    await this.#until('/readyz', withinMs);
  }

  /** Up, whatever else is away. */
  async untilAlive(withinMs: number): Promise<void> {
    await this.#until('/healthz', withinMs);
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  kill(): Promise<void> {
    this.killedMs.push(Date.now());
    return this.#end('SIGKILL');
  }

  /** As an admin ends it. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  dispose(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    this.#log.end();
  }

  /** `GET path`, undefined when it does not answer in time. */
  async get<T>(path: string): Promise<{ status: number; body: T } | undefined> {
    try {
      const answer = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(2_000) });
      return { status: answer.status, body: (await answer.json()) as T };
    } catch {
      return undefined;
    }
  }

  async #until(path: string, withinMs: number): Promise<void> {
    const deadlineMs = Date.now() + withinMs;
    while ((await this.get(path))?.status !== 200) {
      if (Date.now() > deadlineMs) throw new Error(`not within ${withinMs} ms: 200 from ${path}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill(signal);
    const cancel = setTimeout(() => child.kill('SIGKILL'), endsWithinMs);
    await gone;
    clearTimeout(cancel);
  }
}
