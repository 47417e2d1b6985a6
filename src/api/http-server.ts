import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { isLoopback } from '../base/loopback.ts';
import { type CertificateFiles, followCertificate, readCertificate } from './certificate.ts';
import { close } from './listen.ts';
import { rawProblem } from './problem.ts';

export interface HttpParts {
  readonly http: { readonly tls: CertificateFiles | undefined; readonly trustProxy: readonly string[] };
  /** For tests: times that are shorter. */
  readonly patience?: ServerOptions | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** 10,000 live clients, and room for everybody else. */
const connectionsMax = 12_000;
/** One address of the network cannot take them all; a proxy that is trusted speaks for many. */
export const connectionsPerAddressMax = 500;

/** Whoever sends or takes too slowly makes room for others. */
const usualPatience: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  // Longer than proxies keep a connection they do not use (nginx: 60 s): whoever asks is the one who ends it, so
  // that no question meets a connection that is just being closed.
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
};
const handshakeMsMax = 10_000;
/** Of a connection on which nothing moves; the live stream has a heartbeat of its own. */
const idleMsMax = 75_000;

/** A server for HTTP, or HTTPS where there is a certificate, that is not listening yet. Throws a CertificateError. */
export function makeServer(
  { http: { tls, trustProxy }, patience = {}, clock, log }: HttpParts,
  listener: RequestListener,
): { server: Server; close(): Promise<void> } {
  const options: ServerOptions = {
    ...usualPatience,
    ...patience,
    // Another protocol on offer (h2c) is no reason not to answer in this one.
    shouldUpgradeCallback: ({ headers }): boolean =>
      headers.upgrade?.toLowerCase() === 'websocket' && server.listenerCount('upgrade') > 0,
  };
  let stopFollowing = () => {};
  const secure = (files: CertificateFiles) => {
    const server = createTlsServer(
      { ...options, ...readCertificate(files), minVersion: 'TLSv1.2', handshakeTimeout: handshakeMsMax },
      listener,
    );
    stopFollowing = followCertificate(server, files, { clock, log });
    return server;
  };
  const server: Server = tls === undefined ? createServer(options, listener) : secure(tls);
  server.maxConnections = connectionsMax;
  server.timeout = idleMsMax;
  server.on('clientError', answerBrokenRequest);
  const sockets = new Set<Socket>();
  limitPerAddress(server, sockets, new Set(trustProxy));
  return {
    server,
    async close() {
      stopFollowing();
      if (server.listening) await close(server, sockets, clock);
    },
  };
}

function limitPerAddress(server: Server, sockets: Set<Socket>, trusted: ReadonlySet<string>): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (counts.get(address) ?? 0) + 1;
    if (count > connectionsPerAddressMax && !isLoopback(address) && !trusted.has(address)) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    counts.set(address, count);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (counts.get(address) ?? 1) - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
  });
}

/** What is not even HTTP never reaches a route. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  // After the first bytes of an answer there is no place for another.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) socket.destroy();
  else if (error.code === 'HPE_HEADER_OVERFLOW')
    socket.end(rawProblem('headers-too-large', '16 KiB at most.'));
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') socket.end(rawProblem('request-timeout', 'Ask again.'));
  else socket.end(rawProblem('bad-request', 'This is not HTTP/1.1.'));
}
