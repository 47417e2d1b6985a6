import type { Server } from 'node:net';

/** Rejects with a BrokerListenError. */
export async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new BrokerListenError(error.code ?? error.message, host, port, error)),
    );
    server.listen({ host, port }, resolve);
  });
  server.removeAllListeners('error');
  // Running out of file descriptors ends an accept, not the broker.
  server.on('error', () => {});
}

/** The built-in broker cannot listen where it was told to. */
export class BrokerListenError extends Error {
  /** `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, … */
  readonly code: string;
  readonly host: string;
  readonly port: number;

  constructor(code: string, host: string, port: number, cause: unknown) {
    super(listenProblem(code, host, port), { cause });
    this.name = 'BrokerListenError';
    this.code = code;
    this.host = host;
    this.port = port;
  }
}

function listenProblem(code: string, host: string, port: number): string {
  const at = `the built-in broker cannot listen on ${host}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return (
        `${at}: another program already does. If that is your MQTT broker, use it: set mqtt.url ` +
        `(RACKWATT_MQTT_URL=mqtt://${host}:${port}). Otherwise choose another broker.port (RACKWATT_BROKER_PORT)`
      );
    case 'EACCES':
      return `${at}: not allowed (ports below 1024 need rights); choose another broker.port (RACKWATT_BROKER_PORT)`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${at}: this machine has no such address; set broker.host (RACKWATT_BROKER_HOST) to one of its own, or 0.0.0.0`;
    default:
      return `${at}: ${code}`;
  }
}
