import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { gzip } from 'node:zlib';
import type { ImportAnswer } from '../api/shapes.ts';
import { importFolder, makeStore, type PartsOptions } from '../app-parts.ts';
import type { Clock } from '../base/clock.ts';
import {
  headerLine,
  readingColumns,
  readingLine,
  rollUpColumns,
  rollUpLine,
} from '../exchange/export-rows.ts';
import type { ImportedRow } from '../exchange/import-rows.ts';
import type { ImportJob } from '../import-job.ts';
import { openJob } from '../importing.ts';
import { tierStepMs } from '../model/roll-up.ts';
import { problemOf, type RunningService } from './running-service.ts';

export type TakenRow = Exclude<ImportedRow, { kind: 'left-out' }>;
export type ImportResult = Omit<ImportAnswer, 'form' | 'leftOut' | 'job'>;

/** Where imported rows go: the running service, or the store itself. */
export interface ImportTarget {
  readonly name: string;
  take(row: TakenRow): Promise<void>;
  /** Resolves when roll-ups and energy are made; tells now and then how far that has come. */
  finish(progress: (result: ImportResult) => void): Promise<ImportResult>;
  close(): Promise<void>;
}

/** Straight into the store, which nobody else has open. Rejects with a StoreError. */
export async function storeTarget(options: PartsOptions): Promise<ImportTarget> {
  const { settings, clock, log } = options;
  const kept = await makeStore(options);
  const { store } = kept;
  let job: ImportJob;
  try {
    await store.open();
    job = await openJob({
      store,
      folder: importFolder(options),
      tree: settings.room,
      clock,
      log,
      rawMs: settings.store.retention.rawMs,
      untilMs: () => Math.floor(clock.nowMs() / tierStepMs.quarter + 1) * tierStepMs.quarter,
    });
  } catch (error) {
    await kept.close();
    throw error;
  }
  return {
    name: settings.store.kind === 'influx' ? 'InfluxDB' : 'the embedded store',
    take: (row) => job.take(row),
    async finish(progress) {
      const stop = clock.every(500, () => progress({ state: 'making', ...job.progress }));
      try {
        await job.finish();
      } finally {
        stop();
      }
      return { state: 'done', ...job.progress };
    },
    async close() {
      await job.close();
      await kept.close();
    },
  };
}

const partRows = 40_000;
const pollMs = 500;
/** A busy service is asked again for so long. */
const busyTriesMax = 5;
const packed = promisify(gzip);

/** Through the API of the service that runs. */
export class ServiceTarget implements ImportTarget {
  readonly name: string;
  readonly #service: RunningService;
  readonly #clock: Clock;
  readonly #job: string = randomUUID();
  readonly #parts = {
    readings: new Part(headerLine(readingColumns)),
    rollUps: new Part(headerLine(rollUpColumns)),
    statistics: new Part(headerLine(['statistic_id', 'unit', 'start', 'mean', 'min', 'max'])),
  };
  #sent = 0;

  constructor(service: RunningService, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
    this.name = `the service at ${service.url}`;
  }

  async take(row: TakenRow): Promise<void> {
    const { readings, rollUps, statistics } = this.#parts;
    if (row.kind === 'readings')
      for (const { atMs, outlet, values } of row.readings) readings.add(readingLine(atMs, outlet, values));
    else if (row.isWhole)
      for (const own of row.rows)
        rollUps.add(rollUpLine(row.tier, own.scope, own.fromMs, (figure) => own[figure]));
    else {
      const { scope, fromMs, wattsMean, wattsMin, wattsMax } = row.rows[0]!;
      const outlet = scope.slice(scope.indexOf(':') + 1);
      const name = /[",]/.test(outlet) ? `"${outlet.replaceAll('"', '""')}"` : outlet;
      statistics.add(`${name},W,${fromMs},${wattsMean},${wattsMin},${wattsMax}\r\n`);
    }
    for (const part of Object.values(this.#parts)) if (part.rows >= partRows) await this.#send(part);
  }

  async finish(progress: (result: ImportResult) => void): Promise<ImportResult> {
    for (const part of Object.values(this.#parts)) if (part.rows > 0) await this.#send(part);
    // Also without anything, so that it is the service that says so.
    await this.#post(this.#parts.readings.take(), true);
    for (;;) {
      const answer = await this.#service.ask(`${this.#service.url}/api/v1/import`, {
        headers: this.#service.headers,
      });
      if (!answer.ok) throw new Error(await problemOf(answer));
      const status = (await answer.json()) as ImportAnswer;
      if (status.job !== this.#job)
        throw new Error('the service was started anew meanwhile: import the file again');
      if (status.state === 'done') return status;
      if (status.state === 'failed') throw new Error(`${status.problem}: import the file again`);
      progress(status);
      await this.#pause(pollMs);
    }
  }

  async close(): Promise<void> {}

  /** Timers keep no process alive; an open channel does. */
  async #pause(ms: number): Promise<void> {
    const { port1 } = new MessageChannel();
    port1.on('message', () => {});
    await new Promise<void>((resolve) => this.#clock.after(ms, resolve));
    port1.close();
  }

  async #send(part: Part): Promise<void> {
    await this.#post(part.take(), false);
  }

  async #post(text: string, isLast: boolean): Promise<void> {
    const query = new URLSearchParams({ job: this.#job, last: String(isLast) });
    const body = await packed(text, { level: 1 });
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#service.ask(`${this.#service.url}/api/v1/import?${query}`, {
        method: 'POST',
        body,
        headers: { ...this.#service.headers, 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' },
      });
      if (answer.ok) {
        await answer.arrayBuffer();
        this.#sent += 1;
        return;
      }
      const problem = await problemOf(answer);
      // Before the first part somebody else's import may be under way; what was sent may be sent again.
      const isPassing = answer.status === 503 || (answer.status === 409 && this.#sent === 0);
      if (!isPassing || tries >= busyTriesMax) throw new Error(problem);
      await this.#pause(tries * 1_000);
    }
  }
}

class Part {
  readonly #header: string;
  #lines: string[] = [];

  constructor(header: string) {
    this.#header = header;
  }

  get rows(): number {
    return this.#lines.length;
  }

  add(line: string): void {
    this.#lines.push(line);
  }

  take(): string {
    const text = this.#header + this.#lines.join('');
    this.#lines = [];
    return text;
  }
}
