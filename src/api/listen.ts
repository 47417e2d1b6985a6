import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';

/** Why the service cannot be reached at the address it was given, and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const stopMsMax = 2_000;
/** How often connections that have become idle are looked for while stopping. */
const stopCheckMs = 50;

/** Resolves with the address to open in a browser; rejects with a ListenError. */
export async function listen(
  server: Server,
  { host, port }: { host: string; port: number },
  protocol: 'http' | 'https',
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      reject(listenError(error, `${protocol}://${inUrl(host)}:${port}`, port));
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
  const { port: taken } = server.address() as AddressInfo;
  return `${protocol}://${inUrl(host)}:${taken}`;
}

function listenError(error: NodeJS.ErrnoException, url: string, port: number): ListenError {
  const where = `Cannot listen on ${url}:`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new ListenError(
        `${where} another program listens there. Stop it, or give rackwatt another port: http.port in the settings, or RACKWATT_HTTP_PORT=${port + 1}.`,
        { cause: error },
      );
    case 'EACCES':
      return new ListenError(
        `${where} this user may not take port ${port}. Give rackwatt one above 1023: http.port, or RACKWATT_HTTP_PORT=8080.`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ListenError(
        `${where} this machine has no such address. Set http.host (RACKWATT_HTTP_HOST) to one it has: 127.0.0.1 for this machine alone, 0.0.0.0 for all.`,
        { cause: error },
      );
    default:
      return new ListenError(`${where} ${error.message}. It is set by http.host and http.port.`, {
        cause: error,
      });
  }
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Takes no more, lets running requests end, cuts what is left after two seconds. */
export async function close(server: Server, sockets: ReadonlySet<Socket>, clock: Clock): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const stopChecking = clock.every(stopCheckMs, () => server.closeIdleConnections());
  const stopWaiting = clock.after(stopMsMax, () => {
    for (const socket of sockets) socket.destroy();
  });
  await closed;
  stopChecking();
  stopWaiting();
}
