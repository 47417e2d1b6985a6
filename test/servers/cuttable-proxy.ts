import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server on 127.0.0.1, and does to their connections what a bad network does. */
export interface CuttableProxy {
  readonly port: number;
  /** Resets all connections. */
  cut(): void;
  /** Nothing passes any more, in either direction; connections stay, new ones are taken up. */
  halt(): void;
  /** Resets all connections, and every new one, until `goOn`. */
  refuse(): void;
  /** Ends `halt` and `refuse`. */
  goOn(): void;
  close(): void;
}

/** Is told of the bytes of one connection as they pass. */
export interface Listener {
  up(bytes: Buffer): void;
  down(bytes: Buffer): void;
}

/** `listen` is asked for each new connection. */
export async function startProxy(targetPort: number, listen?: () => Listener): Promise<CuttableProxy> {
  const pairs = new Set<readonly [near: Socket, far: Socket]>();
  let state: 'open' | 'halted' | 'refusing' = 'open';
  const server = createServer((near) => {
    if (state === 'refusing') {
      near.on('error', () => {});
      near.resetAndDestroy();
      return;
    }
    const far = connect(targetPort, '127.0.0.1');
    const pair = [near, far] as const;
    const listener = listen?.();
    pairs.add(pair);
    forward(near, far, listener && ((bytes) => listener.up(bytes)));
    forward(far, near, listener && ((bytes) => listener.down(bytes)));
    if (state === 'halted') for (const socket of pair) socket.pause();
    for (const socket of pair) socket.on('close', () => pairs.delete(pair));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = () => [...pairs].flat();
  const cut = () => {
    for (const socket of sockets()) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    halt() {
      state = 'halted';
      for (const socket of sockets()) socket.pause();
    },
    refuse() {
      state = 'refusing';
      cut();
    },
    goOn() {
      state = 'open';
      for (const socket of sockets()) socket.resume();
    },
    close() {
      cut();
      server.close();
    },
  };
}

/** By hand instead of `pipe`, which would go on by itself after a pause. */
function forward(from: Socket, to: Socket, heard: ((bytes: Buffer) => void) | undefined): void {
  from.on('data', (bytes: Buffer) => {
    heard?.(bytes);
    to.write(bytes);
  });
  from.on('end', () => to.end());
  from.on('error', () => {});
  from.on('close', () => to.destroy());
}
