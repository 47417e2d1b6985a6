import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type ClientOptions, WebSocket } from 'ws';
import { makeLog } from '../../src/base/log.ts';
import { LiveHub } from '../../src/live/live-hub.ts';
import {
  type FigureChange,
  livePath,
  type ServerMessage,
  type Subscribe,
  subprotocol,
} from '../../src/live/protocol.ts';
import { HandClock } from '../base/hand-clock.ts';
import { until } from '../base/until.ts';
import { MadeRoom } from './made-room.ts';

/** A hub on a real HTTP server of loopback, with a room and a clock in the test's hands. */
export class LiveService {
  readonly room = new MadeRoom();
  readonly clock = new HandClock();
  readonly hub: LiveHub;
  readonly server: Server = createServer();
  /** The server's ends of all connections. */
  readonly sockets = new Set<Socket>();
  readonly #clients: LiveReader[] = [];
  port = 0;

  constructor(options: { clientsMax?: number } = {}) {
    this.hub = new LiveHub({
      room: this.room,
      clock: this.clock,
      log: makeLog('silent'),
      admit: () => ({ hold: () => () => {} }),
      ...options,
    });
  }

  async start(): Promise<this> {
    this.hub.attach(this.server);
    this.server.on('connection', (socket) => this.sockets.add(socket));
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}${livePath}`;
  }

  async connect(options: ClientOptions = {}, protocols: string[] = [subprotocol]): Promise<LiveReader> {
    const reader = new LiveReader(new WebSocket(this.url, protocols, options));
    this.#clients.push(reader);
    await reader.opened;
    return reader;
  }

  async subscribed(subscribe: Partial<Subscribe>, options: ClientOptions = {}): Promise<LiveReader> {
    const reader = await this.connect(options);
    await reader.subscribe(subscribe);
    return reader;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.socket.terminate();
    for (const socket of this.sockets) socket.destroy();
    await this.hub.stop();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A stock `ws` client that keeps what it is told and puts the figures together as a page would. */
export class LiveReader {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly texts: string[] = [];
  readonly opened: Promise<void>;
  closed: { code: number; reason: string } | undefined;
  figures: Record<string, Record<string, unknown>> = {};
  connection: Socket | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.opened = new Promise((resolve, reject) => {
      socket.on('open', resolve);
      socket.on('error', reject);
    });
    socket.on('upgrade', (response) => {
      this.connection = response.socket;
    });
    socket.on('message', (data) => this.#take(String(data)));
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
  }

  get last(): ServerMessage {
    return this.messages.at(-1)!;
  }

  frames(): Extract<ServerMessage, { type: 'frame' }>[] {
    return this.messages.filter((message) => message.type === 'frame');
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Resolves with the snapshot. */
  async subscribe(subscribe: Partial<Subscribe>): Promise<ServerMessage> {
    const before = this.messages.length;
    this.send({ type: 'subscribe', scopes: ['*'], ...subscribe });
    await until(() => this.messages.slice(before).some(({ type }) => type === 'snapshot'), 'a snapshot');
    return this.last;
  }

  async next(): Promise<ServerMessage> {
    const before = this.messages.length;
    await until(() => this.messages.length > before, `message ${before}`);
    return this.messages[before]!;
  }

  /** What was sent before it, in either direction, has arrived when it resolves. */
  async roundTrip(): Promise<void> {
    let answered = false;
    this.socket.once('pong', () => {
      answered = true;
    });
    this.socket.ping();
    await until(() => answered, 'a pong');
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await until(() => this.closed !== undefined, 'close');
    return this.closed!;
  }

  #take(text: string): void {
    const message = JSON.parse(text) as ServerMessage;
    this.texts.push(text);
    this.messages.push(message);
    if (message.type === 'snapshot') this.figures = JSON.parse(text).figures;
    if (message.type === 'frame') applyFrame(this.figures, message.figures);
  }
}

/** What docs/live-protocol.md tells a client to do with a frame. */
export function applyFrame(
  figures: Record<string, Record<string, unknown>>,
  changes: Readonly<Record<string, FigureChange>>,
): void {
  for (const [scope, change] of Object.entries(changes)) {
    figures[scope] ??= {};
    for (const [key, value] of Object.entries(change)) {
      if (value === null) delete figures[scope][key];
      else figures[scope][key] = value;
    }
  }
}
