import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TakenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Undefined: it was no JSON. */
  readonly body: never;
}

/** A real HTTP server that keeps what it is sent and answers as it is told to. */
export interface HookServer {
  readonly url: string;
  readonly port: number;
  readonly taken: readonly TakenRequest[];
  /** From now on; by default 204. */
  answer(how: (response: ServerResponse, request: TakenRequest) => void): void;
  stop(): Promise<void>;
}

export async function startHookServer(): Promise<HookServer> {
  const taken: TakenRequest[] = [];
  let answer = (response: ServerResponse, _request: TakenRequest): void => void response.writeHead(204).end();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, headers, text, body: parsed(text) };
      taken.push(one);
      answer(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    taken,
    answer(how) {
      answer = how;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function parsed(text: string): never {
  try {
    return JSON.parse(text) as never;
  } catch {
    return undefined as never;
  }
}
