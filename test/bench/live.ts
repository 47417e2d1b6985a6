import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../src/base/clock.ts';
import { makeLog } from '../../src/base/log.ts';
import { LiveHub } from '../../src/live/live-hub.ts';
import { livePath } from '../../src/live/protocol.ts';
import { MadeRoom } from '../live/made-room.ts';
import type { BenchRow } from './run.ts';

/** One way of sending the same frames to the same clients, measured in this process, the server. */
export interface FanOutRow {
  readonly how: string;
  readonly clients: number;
  readonly frameBytes: number;
  readonly messagesPerSecond: number;
  /** On the line, a message. */
  readonly lineBytes: number;
  /** CPU of the server, user and system, a message. */
  readonly cpuMicros: number;
  readonly cpuPercentOfCore: number;
  readonly rssMb: number;
}

export interface FanOutOptions {
  readonly clients?: number;
  readonly seconds?: number;
}

/**
 * Fan-out: so many clients of one channel, one frame of 16 KB a second. Beside it the bare reference: `ws.send` of
 * a buffer that was encoded once, compressed by nobody.
 */
export async function measureFanOut({
  clients = 1000,
  seconds = 8,
}: FanOutOptions = {}): Promise<FanOutRow[]> {
  const reference = await measure('ws.send of one buffer', referenceServer(), 'plain', clients, seconds);
  const plain = await measure('rackwatt, no compression', hubServer(), 'plain', clients, seconds);
  const deflated = await measure('rackwatt, compressed once', hubServer(), 'deflate', clients, seconds);
  return [reference, plain, deflated];
}

/** The same as a table. */
export async function liveBench(): Promise<BenchRow[]> {
  const rows = await measureFanOut();
  return rows.map((row) => ({
    what: row.how,
    clients: row.clients,
    frameBytes: row.frameBytes,
    lineBytes: Math.round(row.lineBytes),
    messagesPerSecond: Math.round(row.messagesPerSecond),
    cpuMicrosPerMessage: Math.round(row.cpuMicros * 10) / 10,
    cpuPercentOfCore: Math.round(row.cpuPercentOfCore * 10) / 10,
    rssMb: Math.round(row.rssMb),
  }));
}

interface Contender {
  readonly server: Server;
  frameBytes(): number;
  stop(): Promise<void>;
}

const servers = 206;
const intervalMs = 1000;

function hubServer(): Contender {
  const room = new MadeRoom();
  changeAll(room);
  const server = createServer();
  const hub = new LiveHub({
    room,
    clock: systemClock,
    log: makeLog('silent'),
    admit: () => ({ hold: () => () => {} }),
  });
  hub.attach(server);
  const changes = setInterval(() => changeAll(room), intervalMs / 4);
  return {
    server,
    frameBytes: () => frameOf(room).length,
    async stop() {
      clearInterval(changes);
      await hub.stop();
    },
  };
}

function referenceServer(): Contender {
  const room = new MadeRoom();
  changeAll(room);
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => socket.send('{}'));
  const ticks = setInterval(() => {
    changeAll(room);
    const frame = frameOf(room);
    for (const socket of sockets.clients) socket.send(frame, { binary: false });
  }, intervalMs);
  return {
    server,
    frameBytes: () => frameOf(room).length,
    async stop() {
      clearInterval(ticks);
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

function changeAll(room: MadeRoom): void {
  for (let i = 0; i < servers; i++) {
    const watts = Math.round(Math.random() * 4000) / 10;
    const volts = 229 + Math.round(Math.random() * 20) / 10;
    const amps = Math.round((watts / volts) * 1000) / 1000;
    const figure = {
      watts,
      amps,
      volts,
      state: 'active',
      stale: false,
      basis: 'measured',
      atMs: systemClock.nowMs(),
    } as const;
    room.set(`server:hv-${String(i).padStart(3, '0')}`, figure);
  }
}

/** What a frame of this room says when all its servers changed. */
function frameOf(room: MadeRoom): Buffer {
  const figures = Object.fromEntries(
    Object.entries(room.figures()).map(([scope, { watts, amps, volts, atMs }]) => [
      scope,
      { watts, amps, volts, atMs },
    ]),
  );
  return Buffer.from(JSON.stringify({ type: 'frame', seq: 1, atMs: systemClock.nowMs(), figures }));
}

async function measure(
  how: string,
  contender: Contender,
  compression: 'plain' | 'deflate',
  clients: number,
  seconds: number,
): Promise<FanOutRow> {
  const { server } = contender;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const crowd = new Crowd((server.address() as AddressInfo).port, clients, compression);
  await crowd.ready;
  await sleep(intervalMs);
  const before = { cpu: process.cpuUsage(), atMs: performance.now(), ...(await crowd.counted()) };
  await sleep(seconds * 1000);
  const after = { cpu: process.cpuUsage(before.cpu), atMs: performance.now(), ...(await crowd.counted()) };
  const rssMb = process.memoryUsage.rss() / 1e6;
  const frameBytes = contender.frameBytes();
  await crowd.leave();
  await contender.stop();
  server.close();
  server.closeAllConnections();
  const messages = after.messages - before.messages;
  const elapsedMs = after.atMs - before.atMs;
  const cpuMicros = after.cpu.user + after.cpu.system;
  return {
    how,
    clients,
    frameBytes,
    messagesPerSecond: messages / (elapsedMs / 1000),
    lineBytes: (after.bytes - before.bytes) / messages,
    cpuMicros: cpuMicros / messages,
    cpuPercentOfCore: cpuMicros / 10 / elapsedMs,
    rssMb,
  };
}

/** The clients, in a process of their own. */
class Crowd {
  readonly ready: Promise<void>;
  readonly #process: ChildProcess;
  readonly #lines: Interface;

  constructor(port: number, clients: number, compression: 'plain' | 'deflate') {
    const script = new URL('./live-clients.ts', import.meta.url).pathname;
    this.#process = spawn(process.execPath, [script, `${port}`, livePath, `${clients}`, compression], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#process.stdout! });
    this.ready = this.#nextLine().then(() => {});
  }

  async counted(): Promise<{ messages: number; bytes: number }> {
    const line = this.#nextLine();
    this.#process.stdin!.write('\n');
    return JSON.parse(await line);
  }

  async leave(): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.stdin!.end();
    await exit;
  }

  async #nextLine(): Promise<string> {
    const exited = once(this.#process, 'exit', { signal: AbortSignal.timeout(60_000) }).then(([code]) => {
      throw new Error(`the clients ended with ${code}`);
    });
    const [line] = await Promise.race([once(this.#lines, 'line'), exited]);
    return line as string;
  }
}
