import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Backoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { StoreError, type StoreErrorCode } from '../store.ts';
import type { Answer, Calls, OpenOptions } from './calls.ts';

/** Calls on their way; more are refused as `busy`. */
const callsMax = 512;
const restartFirstMs = 200;
const restartCapMs = 10_000;

interface Waiting {
  readonly worker: Worker;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export interface WorkerLineOptions {
  readonly clock: Clock;
  readonly log: Log | undefined;
  /** Asked for at each start. */
  openOptions(): OpenOptions;
  /** A damaged file was set aside under this name. */
  setAside(file: string): void;
}

/**
 * The line to the worker: asks, and hands each answer to who asked. When the worker dies, all that wait are
 * told so (a write may or may not be durable then: writing again is harmless), and it is started again after
 * growing waits, until `stop`.
 */
export class WorkerLine {
  readonly #clock: Clock;
  readonly #log: Log | undefined;
  readonly #openOptions: () => OpenOptions;
  readonly #setAside: (file: string) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #backoff = new Backoff(restartFirstMs, restartCapMs);
  #worker: Worker | undefined;
  #nextId = 1;
  #isWanted = false;
  #starting: Promise<Calls['open']['answer']> | undefined;
  #cancelRestart: (() => void) | undefined;
  /** Why it cannot be asked at present. */
  #problem: StoreError | undefined = new StoreError('unreachable', 'the store is not open');

  constructor(options: WorkerLineOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#openOptions = options.openOptions;
    this.#setAside = options.setAside;
  }

  /** The thread itself, to measure it. */
  get worker(): Worker | undefined {
    return this.#worker;
  }

  /** Starts the worker and opens the store. Rejects with a StoreError; then it may be tried again. */
  start(): Promise<Calls['open']['answer']> {
    if (this.#problem === undefined) return this.ask('ping', undefined);
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Buffers in `transfer` are gone here afterwards. */
  ask<K extends keyof Calls>(
    call: K,
    ask: Calls[K]['ask'],
    transfer?: ArrayBuffer[],
  ): Promise<Calls[K]['answer']> {
    if (this.#problem !== undefined) return Promise.reject(this.#problem);
    if (this.#waiting.size >= callsMax)
      return Promise.reject(new StoreError('busy', `the store has ${callsMax} calls waiting`));
    return this.#send(this.#worker!, call, ask, transfer);
  }

  /** Lets what was asked be answered, closes the file, ends the thread. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    this.#cancelRestart?.();
    const worker = this.#worker;
    const isOpen = this.#problem === undefined;
    this.#problem = new StoreError('unreachable', 'the store is closed');
    if (worker === undefined) return;
    const closing = isOpen ? this.#send(worker, 'close', undefined) : undefined;
    this.#worker = undefined;
    try {
      await closing;
    } finally {
      await worker.terminate();
    }
  }

  async #start(): Promise<Calls['open']['answer']> {
    this.#cancelRestart?.();
    this.#isWanted = true;
    const worker = this.#spawn();
    try {
      const health = await this.#send(worker, 'open', this.#openOptions());
      if (this.#worker !== worker)
        throw new StoreError('unreachable', 'the store was closed while it opened');
      this.#problem = undefined;
      this.#backoff.succeeded();
      return health;
    } catch (error) {
      if (this.#worker === worker) this.#worker = undefined;
      await worker.terminate();
      throw error;
    }
  }

  #spawn(): Worker {
    // Beside this file lies worker.ts in the source and worker.js in what is built from it.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), {
      name: 'embedded-store',
      env: withCompileCache(process.env),
      // It makes little that lives briefly; the usual size would cost a big room some 70 MB for 5 % less CPU.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#take(answer));
    worker.on('error', (error) => this.#died(worker, error));
    worker.on('exit', (code) => this.#died(worker, new Error(`exit code ${code}`)));
    return worker;
  }

  #send<K extends keyof Calls>(
    worker: Worker,
    call: K,
    ask: Calls[K]['ask'],
    transfer: ArrayBuffer[] = [],
  ): Promise<Calls[K]['answer']> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { worker, resolve: resolve as (value: unknown) => void, reject });
      worker.postMessage({ id, call, ask }, transfer);
    });
  }

  #take(answer: Answer): void {
    if ('report' in answer) {
      this.#log?.error(answer.report);
      if (answer.setAside !== undefined) this.#setAside(answer.setAside);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(errorOf(answer.error));
    else waiting?.resolve(answer.value);
  }

  /** Told of an error and then of the exit; what comes second finds nothing left to do. */
  #died(worker: Worker, cause: Error): void {
    const text = `the store's thread ended (${cause.message})`;
    const problem = new StoreError('unreachable', text, { cause });
    for (const [id, waiting] of this.#waiting) {
      if (waiting.worker !== worker) continue;
      this.#waiting.delete(id);
      waiting.reject(problem);
    }
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    // While it is being started, whoever starts it is told.
    if (this.#problem !== undefined) return;
    this.#log?.error({ err: cause }, `${text}; it is started again`);
    this.#problem = problem;
    this.#restartLater();
  }

  #restartLater(): void {
    this.#cancelRestart = this.#clock.after(this.#backoff.nextMs(), () => {
      this.start().then(
        () => this.#log?.info('the store’s thread runs again'),
        (error: unknown) => {
          this.#log?.error({ err: error }, 'the store’s thread did not start');
          if (error instanceof StoreError) this.#problem = error;
          if (this.#isWanted) this.#restartLater();
        },
      );
    });
  }
}

/** A worker does not inherit the cache of compiled files; with it, it starts in half the time. */
function withCompileCache(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  // The cache lies in a folder of this Node's version within the one that was asked for.
  return folder === undefined ? env : { ...env, NODE_COMPILE_CACHE: dirname(folder) };
}

function errorOf({ code, message }: { code: StoreErrorCode | undefined; message: string }): Error {
  return new StoreError(code ?? 'refused', code === undefined ? `the store failed: ${message}` : message);
}
