import { channel } from 'node:diagnostics_channel';
import type { Agent, ClientRequest } from 'node:http';
import { InfluxDB } from 'influx';
import { StoreError } from '../store.ts';
import { errorOf, errorText, notInflux, type Place } from './answers.ts';
import { type InfluxHttp, unreachable } from './http.ts';

/** One series of an answer: rows of values under their columns. */
export interface AnswerSeries {
  readonly columns: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly values: readonly (readonly (number | string | boolean | null)[])[];
}

export interface Question {
  readonly statement: string;
  /** The retention policy measurements are looked up in. */
  readonly policy?: string;
  /** Statements that change something must not be sent by GET. */
  readonly changes?: boolean;
}

/** Puts InfluxQL questions through the `influx` package; times come back in microseconds. */
export class InfluxAsker {
  readonly #client: InfluxDB;
  /** Apart from that of the writes, so that slow questions never stand in their way. */
  readonly #agent: Agent;
  readonly #place: Place;
  readonly #timeoutMs: number;

  constructor(http: InfluxHttp, place: Place, timeoutMs: number) {
    this.#place = place;
    this.#agent = http.newAgent();
    this.#timeoutMs = timeoutMs;
    // Without a user name of its own the package would send root:root.
    this.#client = new InfluxDB({
      database: place.database,
      username: http.username ?? '',
      password: http.password ?? '',
      hosts: [
        {
          host: http.host.includes(':') ? `[${http.host}]` : http.host,
          port: http.port,
          protocol: http.protocol,
          path: http.path,
          options: { agent: this.#agent },
        },
      ],
      // Retrying, and waiting between, is the recorder's business; the package would blacklist its only host.
      pool: { maxRetries: 0, requestTimeout: timeoutMs, backoff: noBackoff },
    });
  }

  /** The series of a single statement. Rejects with a StoreError, also for errors inside an answer of 200. */
  async ask(question: Question): Promise<readonly AnswerSeries[]> {
    const raw = await wholeAnswer(() =>
      this.#client.queryRaw(question.statement, {
        precision: 'u',
        ...(question.policy === undefined ? {} : { retentionPolicy: question.policy }),
        ...(question.changes === true ? { method: 'POST' as const } : {}),
      }),
    ).catch((error: unknown) => {
      throw this.#errorOf(error);
    });
    return this.#seriesOf(raw);
  }

  /** What the server says of itself; undefined when `/ping` is not let through to it. */
  async version(): Promise<string | undefined> {
    const [answer] = await this.#client.ping(this.#timeoutMs);
    return answer?.version?.replace(/^v/, '');
  }

  close(): void {
    this.#agent.destroy();
  }

  #seriesOf(raw: unknown): readonly AnswerSeries[] {
    const answer = raw as { error?: string; results?: { error?: string; series?: AnswerSeries[] }[] };
    const result = answer?.results?.[0];
    const error = answer?.error ?? result?.error;
    if (error !== undefined) throw this.#statementError(error);
    if (result === undefined) throw notInflux(this.#place.shownUrl);
    return result.series ?? [];
  }

  #statementError(text: string): StoreError {
    if (/database not found|retention policy not found|no dbrp mapping/i.test(text))
      return new StoreError('missing', `InfluxDB at ${this.#place.shownUrl}: ${errorText(text)}`);
    if (/timeout|limit exceeded|max-concurrent/i.test(text))
      return new StoreError('busy', `InfluxDB at ${this.#place.shownUrl}: ${errorText(text)}`);
    return new StoreError('refused', `InfluxDB at ${this.#place.shownUrl}: ${errorText(text)}`);
  }

  /** The package has three kinds of error: with the response, by status line only (5xx), and Node's own. */
  #errorOf(error: unknown): StoreError {
    const { res, message } = error as { res?: { statusCode?: number }; message?: string };
    if (res?.statusCode !== undefined) return errorOf(res.statusCode, answerIn(message ?? ''), this.#place);
    if (error instanceof BrokenOff) return unreachable(this.#place.shownUrl, error);
    if (error instanceof SyntaxError) return notInflux(this.#place.shownUrl);
    if (
      (error as NodeJS.ErrnoException).code === undefined &&
      message !== 'Request timed out' &&
      !(error instanceof AggregateError)
    )
      return new StoreError(
        'busy',
        `InfluxDB at ${this.#place.shownUrl} answers: ${errorText(message ?? '')}`,
      );
    return unreachable(this.#place.shownUrl, error);
  }
}

class BrokenOff extends Error {}

/** Node tells it of each request, at once. */
const requestCreated = channel('http.client.request.created');

/**
 * The package waits for ever when the connection ends within an answer, so its request is watched: after its end either
 * the answer is whole or there will be none. Rejects with what the package rejects with, or BrokenOff.
 */
function wholeAnswer<T>(ask: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const watch = (message: unknown) => {
      const { request } = message as { request: ClientRequest };
      // A whole answer is handed over before.
      request.once('close', () => setImmediate(() => reject(new BrokenOff('its answer broke off'))));
    };
    requestCreated.subscribe(watch);
    try {
      ask().then(resolve, reject);
    } finally {
      requestCreated.unsubscribe(watch);
    }
  });
}

const noBackoff = {
  getDelay: () => 0,
  next: () => noBackoff,
  reset: () => noBackoff,
};

/** `A 400 Bad Request error occurred: {"error":"…"}` → the error. */
function answerIn(message: string): string {
  return message.replace(/^A \d+ .*? error occurred: /, '');
}
