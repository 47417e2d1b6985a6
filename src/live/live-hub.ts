import type { IncomingMessage, Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { PowerEvent } from '../model/event.ts';
import type { RoomView } from '../model/room-view.ts';
import { Channel } from './channel.ts';
import { messageBytesMax, type Subscription } from './client-message.ts';
import { closeMsMax, LiveClient } from './live-client.ts';
import { type LiveCounts, noCounts } from './live-counts.ts';
import { clientsMax, livePath, subprotocol } from './protocol.ts';
import { ScopeKeys } from './watched-figures.ts';
import { acceptableOffer, SharedMessage } from './wire.ts';

export interface LiveHubParts {
  readonly room: RoomView;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: the protocol's. */
  readonly clientsMax?: number;
  /** Who may listen. */
  admit(request: IncomingMessage): LiveAdmission;
}

/** A connection that may be opened, as long as nobody takes that back; or a whole HTTP response that refuses it. */
export type LiveAdmission =
  | { readonly refusal: string }
  | {
      /** `end` is called when it may not be open any more; the answer takes that back. */
      hold(end: () => void): () => void;
    };

/** What the stream is doing and did, as plain numbers. */
export interface LiveStatus extends Readonly<LiveCounts> {
  readonly clients: number;
  /** Clients that do not drain just now. */
  readonly lagging: number;
  readonly channels: number;
}

/** Connections above `clientsMax` that are still being told so; beyond, the handshake is refused. */
const refusedMax = 1_000;
/** Over all channels: about 100 bytes each. */
const watchedScopesMax = 2_000_000;

/** `closeTimeout` is missing in the types of ws 8. */
const handshakeOptions: ServerOptions & { closeTimeout: number } = {
  noServer: true,
  clientTracking: false,
  // Twice what is read, so that a message somewhat too long is answered with words.
  maxPayload: 2 * messageBytesMax,
  maxFragments: 1024,
  maxBufferedChunks: 4096,
  // Whoever says that it leaves, or sends what is no frame, has as long to close as one that was told to.
  closeTimeout: closeMsMax,
  perMessageDeflate: { zlibInflateOptions: { chunkSize: 1024 } },
  handleProtocols: () => subprotocol,
};

/**
 * The live stream (docs/live-protocol.md): figures from the room, events from the road, out to every client. The
 * last stop of a reading. It knows no one but the room, and nothing waits for it.
 */
export class LiveHub {
  readonly #parts: LiveHubParts;
  readonly #clientsMax: number;
  readonly #keys: ScopeKeys;
  readonly #clients = new Set<LiveClient>();
  readonly #channels = new Map<string, Channel>();
  readonly #counts = noCounts();
  readonly #handshakes = new WebSocketServer(handshakeOptions);
  #stopping = false;
  #allGone = () => {};

  constructor(parts: LiveHubParts) {
    this.#parts = parts;
    this.#clientsMax = parts.clientsMax ?? clientsMax;
    this.#keys = new ScopeKeys(parts.room);
  }

  /** Takes every upgrade of this server; there is no other WebSocket address. */
  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /**
   * Tells all clients that watch the event's scope, at once; of alerts also those that watch the room, whatever part of
   * it an alert is about. A start's trace is left to those who ask for it.
   */
  event(event: PowerEvent): void {
    const message = new SharedMessage('event', `,"event":${JSON.stringify(withoutTrace(event))}}`);
    const scopes = event.kind === 'alert' ? [event.scope, 'room'] : [event.scope];
    for (const channel of this.#channels.values()) channel.event(scopes, message);
  }

  status(): LiveStatus {
    let lagging = 0;
    for (const client of this.#clients) if (client.lagging) lagging += 1;
    return {
      ...this.#counts,
      closed: { ...this.#counts.closed },
      clients: this.#clients.size,
      lagging,
      channels: this.#channels.size,
    };
  }

  /** Says goodbye to all; resolves when every connection is closed, a second later at the latest. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const allGone = new Promise<void>((resolve) => {
      this.#allGone = resolve;
    });
    for (const client of this.#clients) client.goodbye('shutdown', 'the service is stopping');
    if (this.#clients.size > 0) await allGone;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      end(socket, refusalText(refusal.status, refusal.detail));
      return;
    }
    const admission = this.#parts.admit(request);
    if ('refusal' in admission) {
      end(socket, admission.refusal);
      return;
    }
    const extensions = request.headers['sec-websocket-extensions'];
    const offer = extensions === undefined ? undefined : acceptableOffer(extensions);
    if (offer === undefined) delete request.headers['sec-websocket-extensions'];
    else request.headers['sec-websocket-extensions'] = offer;
    this.#handshakes.handleUpgrade(request, socket, head, (webSocket) =>
      this.#welcome(webSocket, socket, admission.hold),
    );
  }

  #refusalOf(request: IncomingMessage): { status: number; detail: string } | undefined {
    const path = request.url?.split('?', 1)[0];
    if (path !== livePath) return { status: 404, detail: `The live stream is at ${livePath}.` };
    if (this.#stopping) return { status: 503, detail: 'The service is stopping.' };
    if (this.#clients.size >= this.#clientsMax + refusedMax)
      return { status: 503, detail: 'Too many clients.' };
    const protocols = request.headers['sec-websocket-protocol'];
    const offered = protocols?.split(',').map((protocol) => protocol.trim());
    if (offered === undefined || offered.includes(subprotocol)) return undefined;
    return { status: 400, detail: `The only subprotocol spoken here is ${subprotocol}.` };
  }

  #welcome(webSocket: WebSocket, socket: Duplex, hold: (end: () => void) => () => void): void {
    const client: LiveClient = new LiveClient({
      webSocket,
      socket,
      clock: this.#parts.clock,
      counts: this.#counts,
      channelOf: (subscription) => this.#channelOf(subscription),
      gone: (gone) => {
        release();
        this.#gone(gone);
      },
    });
    const release = hold(() =>
      client.goodbye('not-allowed', 'signed out, or the token is not valid any more'),
    );
    const full = this.#clients.size >= this.#clientsMax;
    this.#clients.add(client);
    if (!full) return;
    this.#parts.log.warn({ clientsMax: this.#clientsMax }, 'live client sent away: there are too many');
    client.goodbye('too-many-clients', `there are already ${this.#clientsMax} clients`);
  }

  #gone(client: LiveClient): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#allGone();
  }

  #channelOf(subscription: Subscription): Channel | undefined {
    const key = JSON.stringify(subscription);
    const existing = this.#channels.get(key);
    if (existing !== undefined) return existing;
    const channel = new Channel({
      subscription,
      room: this.#parts.room,
      keys: this.#keys,
      clock: this.#parts.clock,
      counts: this.#counts,
      empty: () => this.#close(key),
    });
    this.#channels.set(key, channel);
    if (this.#watchedScopes() <= watchedScopesMax) return channel;
    this.#close(key);
    this.#parts.log.warn({ watchedScopesMax }, 'live subscription refused: too many different ones');
    return undefined;
  }

  #close(key: string): void {
    this.#channels.get(key)?.close();
    this.#channels.delete(key);
  }

  #watchedScopes(): number {
    let scopes = 0;
    for (const channel of this.#channels.values()) scopes += channel.size;
    return scopes;
  }
}

/** A trace may be thousands of points, and is in `GET /starts/:id`. */
function withoutTrace(event: PowerEvent): PowerEvent {
  if (event.kind !== 'start') return event;
  const { trace: _, ...start } = event.start;
  return { ...event, start };
}

/** An upgrade that cannot be is answered as RFC 9457, in words. */
function refusalText(status: number, detail: string): string {
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail });
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

function end(socket: Duplex, text: string): void {
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(text);
}
