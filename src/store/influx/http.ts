import http from 'node:http';
import https from 'node:https';
import { StoreError } from '../store.ts';

export interface HttpAnswer {
  readonly status: number;
  /** At most 64 KiB of it. */
  readonly text: string;
}

export interface HttpOptions {
  /** May carry user and password; those given apart win. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Silence longer than this is an error. */
  readonly timeoutMs: number;
}

const answerTextMax = 65_536;

/** Posts to InfluxDB over a few kept-alive connections. Knows the credentials and never shows them. */
export class InfluxHttp {
  /** Where InfluxDB is, without user or password: fit for messages. */
  readonly shownUrl: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: 'http' | 'https';
  /** What stands before `/write`, without a slash at its end; empty unless there is a proxy. */
  readonly path: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly #agent: http.Agent;
  readonly #timeoutMs: number;

  constructor(options: HttpOptions) {
    const url = new URL(options.url);
    this.protocol = url.protocol === 'https:' ? 'https' : 'http';
    this.host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    this.port = Number(url.port) || (this.protocol === 'https' ? 443 : 80);
    this.path = url.pathname.replace(/\/+$/, '');
    this.shownUrl = `${url.protocol}//${url.host}${this.path}`;
    this.username = options.username ?? (decodeURIComponent(url.username) || undefined);
    this.password = options.password ?? (decodeURIComponent(url.password) || undefined);
    this.#agent = this.newAgent();
    this.#timeoutMs = options.timeoutMs;
  }

  /** Rejects with a StoreError `unreachable` when there is no whole answer. */
  async post(path: string, body: Uint8Array): Promise<HttpAnswer> {
    try {
      return await this.#once(path, body).catch((error: unknown) => {
        // The server closed an idle connection just as it was taken up again; writing twice does no harm.
        if (error instanceof ClosedWhileIdle) return this.#once(path, body);
        throw error;
      });
    } catch (error) {
      throw unreachable(this.shownUrl, error);
    }
  }

  /** Keeps a few connections of its own open. */
  newAgent(): http.Agent {
    return new (this.protocol === 'https' ? https : http).Agent({ keepAlive: true, maxSockets: 4 });
  }

  close(): void {
    this.#agent.destroy();
  }

  #once(path: string, body: Uint8Array): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const request = (this.protocol === 'https' ? https : http).request(
        {
          method: 'POST',
          hostname: this.host,
          port: this.port,
          path: this.path + path,
          agent: this.#agent,
          timeout: this.#timeoutMs,
          headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.byteLength },
          ...(this.username === undefined ? {} : { auth: `${this.username}:${this.password ?? ''}` }),
        },
        (response) => readAnswer(response).then(resolve, reject),
      );
      request.on('timeout', () => request.destroy(new Error(`silent for ${this.#timeoutMs} ms`)));
      request.on('error', (error: NodeJS.ErrnoException) => {
        const closed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
        reject(closed && request.reusedSocket ? new ClosedWhileIdle(error.message) : error);
      });
      request.end(body);
    });
  }
}

/** A kept-alive connection turned out to be closed. */
class ClosedWhileIdle extends Error {}

async function readAnswer(response: http.IncomingMessage): Promise<HttpAnswer> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) if (text.length < answerTextMax) text += chunk;
  return { status: response.statusCode ?? 0, text: text.slice(0, answerTextMax) };
}

export function unreachable(shownUrl: string, cause: unknown): StoreError {
  return new StoreError(
    'unreachable',
    `InfluxDB does not answer at ${shownUrl} (${reasonOf(cause)}): see that it runs, and that store.influx.url is right`,
  );
}

/** Node's own words; a refusal on several addresses comes as an AggregateError without a message. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(', ');
  return cause instanceof Error ? cause.message : String(cause);
}
