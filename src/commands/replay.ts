import { randomUUID } from 'node:crypto';
import { connect, type MqttClient } from 'mqtt';
import type { Clock } from '../base/clock.ts';
import { type BrokerAccess, clientOptions } from '../sources/broker-access.ts';
import { explainBrokerProblem } from '../sources/broker-problems.ts';
import { isTopicFilter } from '../sources/topic-filter.ts';
import { ArgumentError } from './argument-error.ts';
import { Progress, type ProgressOutput } from './progress.ts';
import { type ReplayFamily, replayPayload, replayTopic } from './replay-message.ts';
import { leftOut, readTrace, type TraceRow } from './trace-file.ts';

export interface ReplayOptions extends BrokerAccess {
  /** Played one after the other, without a pause in between. */
  readonly files: readonly string[];
  readonly as: ReplayFamily;
  /** The device's name in its topics. */
  readonly topic: string;
  /** How many times faster than the trace; 0: as fast as the broker acknowledges. */
  readonly speed: number;
  readonly qos: 0 | 1;
}

export interface ReplayIo {
  readonly stderr: ProgressOutput;
  readonly clock: Clock;
  /** Ends it early; what was sent stands. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * `rackwatt replay`: publishes recorded traces as device messages, every row. Answers whether all of them were
 * published and, at QoS 1, acknowledged. Rejects when a file is no trace or the broker cannot be reached.
 */
export async function replay(options: ReplayOptions, io: ReplayIo): Promise<boolean> {
  const name = deviceName(options.topic);
  const traces = await readTraces(options.files, io.stderr);
  const client = await connectOnce(options);
  const sending = new Sending({ ...options, topic: name }, io, client);
  try {
    return await sending.run(traces);
  } finally {
    const leave = io.signal?.aborted === true || !client.connected;
    await new Promise((resolve) => client.end(leave, {}, resolve));
  }
}

/** Messages on their way: sent, not yet acknowledged (QoS 0: not yet taken by the socket). */
const windowMessages = 1_000;

/** One replay, from its first row to its last. */
class Sending {
  readonly #options: ReplayOptions;
  readonly #io: ReplayIo;
  readonly #client: MqttClient;
  readonly #topic: string;
  #sent = 0;
  #acknowledged = 0;
  #failed = 0;
  #sentAtMs = 0;
  /** How much of the traces' own time is over. */
  #playedMs = 0;
  #playedAtMs = 0;
  #wake: () => void = () => {};

  constructor(options: ReplayOptions, io: ReplayIo, client: MqttClient) {
    this.#options = options;
    this.#io = io;
    this.#client = client;
    this.#topic = replayTopic(options.as, options.topic);
  }

  async run(traces: readonly (readonly TraceRow[])[]): Promise<boolean> {
    const { stderr, clock, signal } = this.#io;
    const total = traces.reduce((sum, rows) => sum + rows.length, 0);
    const lengthMs = traces.reduce((sum, rows) => sum + spanMs(rows), 0);
    const progress = new Progress(stderr, clock, (elapsedMs) =>
      this.#progressText(total, lengthMs, elapsedMs),
    );
    const wake = () => this.#wake();
    signal?.addEventListener('abort', wake);
    try {
      for (const rows of traces) await this.#play(rows);
      await this.#waitUntil(() => this.#outstanding === 0);
    } finally {
      signal?.removeEventListener('abort', wake);
      progress.stop();
    }
    stderr.write(`${this.#closingText(total)}\n`);
    return this.#sent === total && this.#failed === 0 && this.#outstanding === 0;
  }

  async #play(rows: readonly TraceRow[]): Promise<void> {
    const { speed } = this.#options;
    const { clock, signal } = this.#io;
    let dueMs = clock.nowMs();
    let traceMs = rows[0]?.atMs ?? 0;
    for (const row of rows) {
      // Rows out of order are sent at once: their moment has passed.
      const traceStepMs = Math.max(0, row.atMs - traceMs);
      const stepMs = speed > 0 ? traceStepMs / speed : 0;
      traceMs += traceStepMs;
      dueMs += stepMs;
      // Never longer than the row's own step, whatever the machine's clock is set to meanwhile.
      const waitMs = Math.min(dueMs - clock.nowMs(), stepMs);
      if (waitMs >= 1) await this.#sleep(waitMs);
      if (this.#outstanding >= windowMessages)
        await this.#waitUntil(() => this.#outstanding < windowMessages);
      if (signal?.aborted) return;
      this.#playedMs += traceStepMs;
      this.#playedAtMs = clock.nowMs();
      this.#send(row);
    }
  }

  #send(row: TraceRow): void {
    const { as, topic, qos } = this.#options;
    // Two rows of one ms differ by a microsecond.
    this.#sentAtMs = Math.max(this.#io.clock.nowMs(), this.#sentAtMs + 0.001);
    const payload = replayPayload(as, topic, row, this.#sentAtMs);
    this.#sent += 1;
    this.#client.publish(this.#topic, payload, { qos }, (error) => {
      if (error) this.#failed += 1;
      else this.#acknowledged += 1;
      this.#wake();
    });
  }

  get #outstanding(): number {
    return this.#sent - this.#acknowledged - this.#failed;
  }

  /** Until the condition holds, or it is all to end. Looked at whenever something was acknowledged. */
  async #waitUntil(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#io.signal?.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #sleep(forMs: number): Promise<void> {
    const { clock, signal } = this.#io;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(forMs, () => {
        signal?.removeEventListener('abort', end);
        resolve();
      });
      const end = () => {
        cancel();
        resolve();
      };
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  #progressText(total: number, lengthMs: number, elapsedMs: number): string {
    const leftMs =
      this.#options.speed > 0
        ? this.#pacedMs(lengthMs)
        : (elapsedMs / Math.max(1, this.#sent)) * (total - this.#sent);
    const percent = ((100 * this.#sent) / total).toFixed(1);
    const away = this.#client.connected ? '' : '; the broker is away, waiting for it';
    return `${count(this.#sent)} of ${count(total)} rows, ${percent} %, ${duration(leftMs)} left${away}`;
  }

  /** What is left of the traces at their pace, less what has passed since the last row. */
  #pacedMs(lengthMs: number): number {
    const sinceMs = this.#sent === 0 ? 0 : this.#io.clock.nowMs() - this.#playedAtMs;
    return Math.max(0, (lengthMs - this.#playedMs) / this.#options.speed - sinceMs);
  }

  #closingText(total: number): string {
    const published = `published ${count(this.#sent)} of ${count(total)} rows`;
    if (this.#options.qos === 0) return `${published} at QoS 0, which nobody acknowledges`;
    if (this.#failed === 0 && this.#outstanding === 0) return `${published}; all acknowledged`;
    return `${published}; ${count(this.#acknowledged)} acknowledged, ${count(this.#sent - this.#acknowledged)} not`;
  }
}

/** Throws when it cannot stand in a topic. */
function deviceName(topic: string): string {
  const name = topic.replace(/^\/+|\/+$/g, '');
  if (!isTopicFilter(name) || /[+#]|^\$/.test(name)) {
    throw new ArgumentError(
      `"${topic}" cannot be a device's name in a topic: no +, # or control characters, no $ first`,
    );
  }
  return name;
}

async function readTraces(
  files: readonly string[],
  stderr: ProgressOutput,
): Promise<(readonly TraceRow[])[]> {
  const traces: (readonly TraceRow[])[] = [];
  for (const file of files) {
    const trace = await readTrace(file);
    const note = leftOut(file, trace);
    if (note !== undefined) stderr.write(note);
    traces.push(trace.rows);
  }
  return traces;
}

/** The first connection has to succeed; later ones are made again by mqtt.js, which then sends again what was open. */
async function connectOnce(options: ReplayOptions): Promise<MqttClient> {
  const clientId = `rackwatt-replay-${randomUUID().slice(0, 8)}`;
  const client = connect({
    ...clientOptions(options),
    clientId,
    clean: true,
    reconnectPeriod: 1_000,
    connectTimeout: 15_000,
  });
  let problem: unknown;
  client.on('error', (error) => {
    problem ??= error;
  });
  await new Promise<void>((resolve, reject) => {
    const refused = () => {
      client.end(true);
      reject(new Error(explainBrokerProblem(problem, options, clientId)));
    };
    client.once('close', refused);
    client.once('connect', () => {
      client.off('close', refused);
      resolve();
    });
  });
  return client;
}

function spanMs(rows: readonly TraceRow[]): number {
  let latest = rows[0]?.atMs ?? 0;
  for (const { atMs } of rows) latest = Math.max(latest, atMs);
  return latest - (rows[0]?.atMs ?? 0);
}

function count(value: number): string {
  return value.toLocaleString('en');
}

/** `1 h 5 min`, `3 min 20 s`, `12 s` */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}
