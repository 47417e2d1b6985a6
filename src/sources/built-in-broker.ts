import { createHash, timingSafeEqual } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from 'aedes';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { listen } from './broker-listen.ts';
import { guardPacketLength } from './packet-length-guard.ts';
import { messageSum, Receipts } from './receipts.ts';
import { RetainedMessages } from './retained-messages.ts';
import type { Source, SourceHandlers, SourceStatus } from './source.ts';
import { isTopicFilter, TopicFilters } from './topic-filter.ts';

/** What `start` rejects with. */
export { BrokerListenError } from './broker-listen.ts';

export interface BuiltInBrokerOptions {
  readonly host: string;
  /** 0: any free one, see `address()`. */
  readonly port: number;
  /** What a device must give to be let in; without them everybody may publish. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly filters: readonly string[];
  /** Tells a message that comes again. Default: within this process only. */
  readonly receipts?: Receipts | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<BrokerLimits> | undefined;
}

export interface BrokerLimits {
  readonly clientsMax: number;
  readonly packetBytesMax: number;
  readonly subscriptionsPerClientMax: number;
  readonly retainedTopicsMax: number;
  readonly retainedBytesMax: number;
  /** QoS 1 and 2 messages that wait to become durable; who sends more is disconnected and sends them again. */
  readonly unacknowledgedMax: number;
}

/** Something a limit has kept out, and how often. */
export type BrokerRefusal =
  | 'client-limit'
  | 'packet-too-long'
  | 'bad-login'
  /** Broken off, silent for too long, or no MQTT. */
  | 'client-error'
  | 'subscription-limit'
  | 'retained-limit'
  | 'unacknowledged-limit';

/**
 * The broker for rooms that have none (aedes): plugs connect by TCP, we take their messages inside the process.
 * It keeps no sessions: who wants messages that came while it was away needs a broker of their own.
 * A QoS 1 or 2 message is answered (PUBACK, PUBREC) when `acknowledge` says that it is durable.
 */
export class BuiltInBroker implements Source {
  readonly #options: BuiltInBrokerOptions;
  readonly #limits: BrokerLimits;
  readonly #filters = new TopicFilters();
  readonly #retained: RetainedMessages;
  readonly #refusals = new Map<BrokerRefusal, number>();
  readonly #subscriptionsOf = new WeakMap<Client, number>();
  #handlers: SourceHandlers | undefined;
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  #state: SourceStatus['state'] = 'connecting';
  readonly #receipts: Receipts;
  #sequence = 0;
  #durable = 0;
  #unacknowledged: Unacknowledged[] = [];

  constructor(options: BuiltInBrokerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#receipts = options.receipts ?? new Receipts();
    this.#retained = new RetainedMessages(this.#limits.retainedTopicsMax, this.#limits.retainedBytesMax);
    this.#addFilters(options.filters);
  }

  /** Rejects with a BrokerListenError when the address cannot be had: the caller may try port 0 instead. */
  async start(handlers: SourceHandlers): Promise<void> {
    this.#handlers = handlers;
    const aedes = await Aedes.createBroker(this.#aedesOptions());
    this.#aedes = aedes;
    aedes.on('clientError', (client, error) => this.#noteClientError(client, error));
    aedes.on('connectionError', (client, error) => this.#noteClientError(client, error));
    const server = createServer((socket) => this.#welcome(socket));
    this.#server = server;
    server.maxConnections = this.#limits.clientsMax;
    server.on('drop', (from) => this.#refuse('client-limit', { from: from?.remoteAddress }));
    try {
      await listen(server, this.#options.host, this.#options.port);
    } catch (error) {
      aedes.close();
      throw error;
    }
    this.#change('ready');
  }

  /** Where it really listens. Throws before `start`. */
  address(): { host: string; port: number } {
    const address = this.#server?.address() as AddressInfo | string | null | undefined;
    if (address === null || address === undefined || typeof address === 'string')
      throw new Error('not listening');
    return { host: address.address, port: address.port };
  }

  subscribe(filters: readonly string[]): void {
    const fresh = this.#addFilters(filters);
    if (fresh.size === 0) return;
    for (const { topic, payload } of this.#retained.matching(fresh)) this.#handOver(topic, payload, 0, true);
  }

  /** Also comes back to ourselves when we listen to the topic, as with any broker. */
  publish(
    topic: string,
    payload: string | Uint8Array,
    options: { retain?: boolean; qos?: 0 | 1 } = {},
  ): void {
    if (this.#state !== 'ready') return;
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(payload);
    const qos = options.qos ?? 0;
    const retain = (options.retain ?? false) && this.#retained.keep(topic, bytes);
    this.#aedes?.publish({ cmd: 'publish', topic, payload: bytes, qos, retain, dup: false }, () => {});
    if (this.#filters.matches(topic)) this.#handOver(topic, bytes, qos, false);
  }

  acknowledge(sequence: number): void {
    this.#durable = sequence;
    const waiting = this.#unacknowledged;
    let due = 0;
    while (due < waiting.length && (waiting[due]?.sequence ?? 0) <= sequence) due += 1;
    for (const { answer } of waiting.splice(0, due)) answer(null);
  }

  /** Who is refused an answer is disconnected by aedes, and sends again. */
  bringAgain(): number {
    this.#receipts.forgetTaken();
    const waiting = this.#unacknowledged;
    this.#unacknowledged = [];
    for (const { answer } of waiting) answer(new CountedError('could not be kept: to be sent again'));
    return this.#sequence;
  }

  status(): SourceStatus {
    const { host, port } = this.#server?.listening ? this.address() : this.#options;
    return {
      ready: this.#state === 'ready',
      state: this.#state,
      url: `mqtt://${host.includes(':') ? `[${host}]` : host}:${port}`,
      messages: this.#sequence,
      refused: [],
    };
  }

  /** Clients connected now. */
  get clients(): number {
    return this.#aedes?.connectedClients ?? 0;
  }

  /** What limits and rules have kept out, counted. */
  refusals(): Readonly<Partial<Record<BrokerRefusal, number>>> {
    return Object.fromEntries(this.#refusals);
  }

  async stop(): Promise<void> {
    this.#unacknowledged = [];
    const server = this.#server;
    const aedes = this.#aedes;
    this.#server = undefined;
    this.#aedes = undefined;
    this.#change('stopped');
    const closed = server?.listening ? new Promise((resolve) => server.close(resolve)) : undefined;
    if (aedes !== undefined) await new Promise<void>((resolve) => aedes.close(resolve));
    await closed;
  }

  #aedesOptions(): ConstructorParameters<typeof Aedes>[0] {
    return {
      connectTimeout: 10_000,
      // A subscriber that does not read holds up the publishers for so long.
      drainTimeout: 5_000,
      maxInflightInbound: 100,
      preConnect: (_client, packet, done) => {
        // Kept sessions would let the queues of absent clients grow without bound.
        packet.clean = true;
        done(null, true);
      },
      authenticate: (_client, username, password, done) => this.#checkLogin(username, password, done),
      authorizePublish: (_client, packet, done) => this.#receive(packet, done),
      authorizeSubscribe: (client, subscription, done) => {
        done(null, this.#maySubscribe(client, subscription.topic) ? subscription : null);
      },
    };
  }

  #welcome(socket: Socket): void {
    socket.setNoDelay(true);
    // A plug that lost its power leaves no word.
    socket.setKeepAlive(true, 60_000);
    guardPacketLength(socket, this.#limits.packetBytesMax, () =>
      this.#refuse('packet-too-long', { from: socket.remoteAddress }),
    );
    this.#aedes?.handle(socket);
  }

  #checkLogin(
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const wanted = this.#options;
    const open = wanted.username === undefined && wanted.password === undefined;
    if (open || (same(username, wanted.username) && same(password, wanted.password))) {
      done(null, true);
      return;
    }
    this.#refuse('bad-login', { username });
    // 4: bad user name or password (MQTT 3.1.1 §3.2.2.3).
    done(Object.assign(new CountedError('bad user name or password'), { returnCode: 4 }), null);
  }

  /** Every message and every will of a client passes here before the broker answers it or sends it on. */
  #receive(packet: PublishPacket, answer: (error?: Error | null) => void): void {
    if (packet.topic.startsWith('$')) {
      answer(new Error('topics that begin with $ are the broker’s own'));
      return;
    }
    if (packet.retain) this.#keepRetained(packet);
    if (!this.#filters.matches(packet.topic)) {
      answer(null);
      return;
    }
    if (packet.qos > 0 && this.#unacknowledged.length >= this.#limits.unacknowledgedMax) {
      this.#refuse('unacknowledged-limit', {});
      answer(new CountedError('too many messages wait to be stored'));
      return;
    }
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    if (packet.qos === 0) {
      this.#handOver(packet.topic, payload, 0, false);
      answer(null);
      return;
    }
    const sequence = this.#receivePromised(packet, payload);
    if (sequence <= this.#durable) answer(null);
    else this.#unacknowledged.push({ sequence, answer });
  }

  /** A message that is to be answered once it is durable. One that this process has already keeps its number. */
  #receivePromised(packet: PublishPacket, payload: Buffer): number {
    const messageId = (packet as { messageId?: number }).messageId ?? 0;
    const sum = messageSum(packet.topic, payload);
    const before = packet.dup ? this.#receipts.find(messageId, sum) : undefined;
    if (before !== undefined && before.sequence > 0) return before.sequence;
    const receivedAtMs = before?.receivedAtMs ?? this.#receipts.momentOf(this.#options.clock.nowMs());
    this.#receipts.note(messageId, sum, receivedAtMs, this.#sequence + 1);
    return this.#handOver(packet.topic, payload, packet.qos, false, receivedAtMs);
  }

  #keepRetained(packet: PublishPacket): void {
    // A copy of its own: the payload is a piece of a far larger block that came from the socket.
    const own = Buffer.allocUnsafeSlow(packet.payload.length);
    own.set(Buffer.from(packet.payload));
    packet.payload = own;
    if (this.#retained.keep(packet.topic, own)) return;
    packet.retain = false;
    this.#refuse('retained-limit', { topic: packet.topic });
  }

  #handOver(
    topic: string,
    payload: Uint8Array,
    qos: 0 | 1 | 2,
    retained: boolean,
    receivedAtMs = this.#options.clock.nowMs(),
  ): number {
    this.#sequence += 1;
    this.#handlers?.message({ topic, payload, receivedAtMs, retained, qos, sequence: this.#sequence });
    return this.#sequence;
  }

  #maySubscribe(client: Client, filter: string): boolean {
    const before = this.#subscriptionsOf.get(client) ?? 0;
    if (isTopicFilter(filter) && before < this.#limits.subscriptionsPerClientMax) {
      this.#subscriptionsOf.set(client, before + 1);
      return true;
    }
    this.#refuse('subscription-limit', { client: client.id });
    return false;
  }

  /** Answers those that were new. */
  #addFilters(filters: readonly string[]): TopicFilters {
    const fresh = new TopicFilters();
    for (const filter of filters) {
      if (this.#filters.has(filter) || !isTopicFilter(filter) || this.#filters.size >= filtersMax) continue;
      this.#filters.add(filter);
      fresh.add(filter);
    }
    return fresh;
  }

  #noteClientError(client: Client, error: Error): void {
    if (error instanceof CountedError) return;
    this.#refuse('client-error', { client: client.id, error: error.message });
  }

  /** Logged at the 1st, 10th, 100th … time, so that a mad client cannot fill the log. */
  #refuse(what: BrokerRefusal, details: object): void {
    const count = (this.#refusals.get(what) ?? 0) + 1;
    this.#refusals.set(what, count);
    if (Number.isInteger(Math.log10(count))) {
      this.#options.log.warn({ ...details, count }, `built-in broker: ${what}`);
    }
  }

  #change(state: SourceStatus['state']): void {
    this.#state = state;
    this.#handlers?.changed(this.status());
  }
}

/** An error we gave aedes ourselves, counted under its own name. */
class CountedError extends Error {}

interface Unacknowledged {
  readonly sequence: number;
  readonly answer: (error?: Error | null) => void;
}

const defaultLimits: BrokerLimits = {
  clientsMax: 10_000,
  packetBytesMax: 2 * 1024 * 1024,
  subscriptionsPerClientMax: 200,
  retainedTopicsMax: 20_000,
  retainedBytesMax: 64 * 1024 * 1024,
  unacknowledgedMax: 100_000,
};

const filtersMax = 10_000;

/** Compares in a time that does not tell how much was right. */
function same(given: string | Buffer | undefined, wanted: string | undefined): boolean {
  const digest = (text: string | Buffer) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(wanted ?? ''));
}
