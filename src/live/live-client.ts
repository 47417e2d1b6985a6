import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../base/clock.ts';
import type { Channel, Frame, Subscriber } from './channel.ts';
import { readClientMessage, type Subscription } from './client-message.ts';
import { Lag } from './lag.ts';
import type { LiveCounts } from './live-counts.ts';
import { closeCodes, type GoodbyeReason, heartbeatMs } from './protocol.ts';
import { SharedMessage } from './wire.ts';

/** More than this waiting in a client's socket, and nothing is added until it has drained. */
export const waitingBytesMax = 1024 * 1024;
/** A client that has not drained after this long is sent away. */
export const drainMsMax = 30_000;
/** After the goodbye, a client has this long to close before its connection is cut. */
export const closeMsMax = 1_000;
/** Pings without a pong. */
const missedPongsMax = 2;
/** Subscriptions within one heartbeat: each costs a snapshot. */
const subscriptionsMax = 100;

export interface LiveClientParts {
  readonly socket: Duplex;
  readonly webSocket: WebSocket;
  readonly clock: Clock;
  readonly counts: LiveCounts;
  /** Finds the channel of a subscription; undefined: no room for another one. */
  channelOf(subscription: Subscription): Channel | undefined;
  gone(client: LiveClient): void;
}

/** One connection: its numbering, its heartbeat, and what it missed while it was too slow. */
export class LiveClient implements Subscriber {
  framesBefore = 0;
  readonly #parts: LiveClientParts;
  readonly #deflate: boolean;
  readonly #stopHeartbeat: () => void;
  #channel: Channel | undefined;
  #seq = 0;
  #missedPongs = 0;
  #subscriptions = 0;
  #lag: Lag | undefined;
  #leaving = false;
  #stopClosing = () => {};

  constructor(parts: LiveClientParts) {
    this.#parts = parts;
    this.#deflate = parts.webSocket.extensions === 'permessage-deflate';
    this.#stopHeartbeat = parts.clock.every(heartbeatMs, () => this.#heartbeat());
    const { webSocket } = parts;
    webSocket.on('message', (data, isBinary) => this.#message(data as Buffer, isBinary));
    webSocket.on('pong', () => {
      this.#missedPongs = 0;
    });
    // A broken frame or connection: `ws` closes with the code RFC 6455 has for it, 'close' follows.
    webSocket.on('error', () => {});
    webSocket.on('close', () => this.#closed());
  }

  get channel(): Channel | undefined {
    return this.#channel;
  }

  /** Waiting for its socket to drain. */
  get lagging(): boolean {
    return this.#lag !== undefined;
  }

  frame(frame: Frame): void {
    if (this.#leaving) return;
    if (this.#isSlow()) this.#lag!.missed(frame.changes);
    else this.#write(frame.message);
  }

  event(message: SharedMessage): void {
    if (this.#leaving) return;
    if (!this.#isSlow()) this.#write(message);
    else if (this.#lag!.events.push(message) !== undefined) this.#parts.counts.eventsDropped += 1;
  }

  /** Says why, closes, and cuts the connection when the client does not close in time. */
  goodbye(reason: GoodbyeReason, detail: string = reason): void {
    if (this.#leaving) return;
    this.#write(new SharedMessage('goodbye', `,"reason":${JSON.stringify(reason)}}`));
    this.#leave(reason);
    const { webSocket, clock } = this.#parts;
    webSocket.close(closeCodes[reason], closeReason(detail));
    this.#stopClosing = clock.after(closeMsMax, () => webSocket.terminate());
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.#leaving) return;
    this.#missedPongs = 0;
    const read = isBinary ? { problem: 'binary message; send JSON text' } : readClientMessage(data);
    if ('problem' in read) {
      this.goodbye('bad-request', read.problem);
    } else if (this.#subscriptions >= subscriptionsMax) {
      this.goodbye('bad-request', `more than ${subscriptionsMax} subscriptions in ${heartbeatMs / 1000} s`);
    } else {
      this.#subscriptions += 1;
      this.#subscribe(read.subscription);
    }
  }

  #subscribe(subscription: Subscription): void {
    const channel = this.#parts.channelOf(subscription);
    if (channel === undefined) {
      this.goodbye('too-many-clients', 'too many different subscriptions; ask for fewer scopes');
      return;
    }
    if (this.#channel !== channel) this.#channel?.leave(this);
    this.#channel = channel;
    channel.join(this);
    if (this.#isSlow()) this.#lag!.restart();
    else this.#write(channel.snapshot());
  }

  #isSlow(): boolean {
    if (this.#lag !== undefined) return true;
    const { socket, clock } = this.#parts;
    if (socket.writableLength <= waitingBytesMax) return false;
    const drained = () => this.#drained();
    socket.once('drain', drained);
    const stopTimer = clock.after(drainMsMax, () =>
      this.goodbye('too-slow', `not drained within ${drainMsMax / 1000} s`),
    );
    this.#lag = new Lag(() => {
      socket.off('drain', drained);
      stopTimer();
    });
    return true;
  }

  /** One message in place of all it missed: the latest values of what changed meanwhile. */
  #drained(): void {
    const lag = this.#lag;
    const channel = this.#channel;
    if (lag === undefined || channel === undefined) return;
    lag.end();
    this.#lag = undefined;
    for (let event = lag.events.shift(); event !== undefined; event = lag.events.shift()) this.#write(event);
    if (lag.needsSnapshot) {
      channel.join(this);
      this.#write(channel.snapshot());
      return;
    }
    const changes = lag.changes();
    if (changes.positions.length === 0) return;
    this.#parts.counts.merged += 1;
    this.#write(channel.messageOf(changes));
  }

  #heartbeat(): void {
    this.#subscriptions = 0;
    if (this.#missedPongs >= missedPongsMax) {
      this.goodbye('silent', `${missedPongsMax} pings without a pong`);
      return;
    }
    this.#missedPongs += 1;
    this.#parts.webSocket.ping();
  }

  #write(message: SharedMessage): void {
    const { webSocket, socket, counts } = this.#parts;
    if (webSocket.readyState !== webSocket.OPEN || !socket.writable) return;
    counts.bytes += message.write(socket, this.#seq, this.#deflate);
    counts.messages += 1;
    this.#seq += 1;
  }

  #leave(reason: keyof LiveCounts['closed']): void {
    this.#leaving = true;
    this.#parts.counts.closed[reason] += 1;
    this.#stopHeartbeat();
    this.#lag?.end();
    this.#lag = undefined;
    this.#channel?.leave(this);
    this.#channel = undefined;
  }

  #closed(): void {
    if (!this.#leaving) this.#leave('left');
    this.#stopClosing();
    this.#parts.gone(this);
  }
}

/** A close frame has room for 123 bytes of reason (RFC 6455 §5.5). */
function closeReason(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= 123) return text;
  // Cutting inside a character leaves a mark of three bytes behind, which is taken off again.
  return `${bytes
    .subarray(0, 120)
    .toString('utf8')
    .replace(/\uFFFD$/, '')}…`;
}
