import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type BrokerAccess, clientOptions, shownUrl } from './broker-access.ts';
import { explainBrokerProblem, explainDisconnect, refusalProblem, twinProblem } from './broker-problems.ts';
import { gatherReads } from './gather-reads.ts';
import { HeldAcks, withholdAcks } from './held-acks.ts';
import { messageSum, Receipts } from './receipts.ts';
import { trustSignsOfLife } from './signs-of-life.ts';
import type { Source, SourceHandlers, SourceStatus } from './source.ts';
import { Subscriptions } from './subscriptions.ts';
import { type Ending, stableMs, TwinWatch } from './twin-watch.ts';

export interface MqttSourceOptions extends BrokerAccess {
  /** The broker knows us by it and keeps our session under it; one instance only may use it. */
  readonly clientId: string;
  readonly filters: readonly string[];
  /** Whether the broker keeps our session (subscriptions, QoS 1 messages) while we are away. Default true. */
  readonly keepSession?: boolean | undefined;
  /** What to subscribe with. Default 1. */
  readonly qos?: 0 | 1 | undefined;
  /** A broker that has said nothing for so long is asked whether it is there. Default 30. */
  readonly keepAliveSeconds?: number | undefined;
  /** Tells a message that comes again. Default: within this process only. */
  readonly receipts?: Receipts | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The admin's MQTT broker. One mqtt.js client lives as long as one connection; coming back is done here, so
 * that the waits grow and a second instance with our client id is given way to.
 * A QoS 1 message is acknowledged when `acknowledge` says that it is durable, not before.
 */
export class MqttSource implements Source {
  readonly #options: MqttSourceOptions;
  readonly #backoff = new Backoff(1_000, waitCapMs);
  readonly #twins = new TwinWatch();
  readonly #subscriptions: Subscriptions;
  readonly #url: string;
  #handlers: SourceHandlers | undefined;
  #client: MqttClient | undefined;
  #held: HeldAcks | undefined;
  #cancelRetry: (() => void) | undefined;
  #state: SourceStatus['state'] = 'connecting';
  #problem: string | undefined;
  readonly #receipts: Receipts;
  #sequence = 0;
  /** Number of the message being handled: an older one when it was taken before. */
  #handling = 0;
  #durable = 0;
  #isAckAsked = false;
  #droppedByBroker: number | undefined;

  constructor(options: MqttSourceOptions) {
    this.#options = options;
    this.#url = shownUrl(options);
    this.#receipts = options.receipts ?? new Receipts();
    this.#subscriptions = new Subscriptions(options.qos ?? 1, options.clock, options.log, () =>
      this.#settled(),
    );
    this.#subscriptions.want(options.filters);
  }

  async start(handlers: SourceHandlers): Promise<void> {
    this.#handlers = handlers;
    this.#connect();
  }

  subscribe(filters: readonly string[]): void {
    if (!this.#subscriptions.want(filters)) return;
    if (this.#state === 'ready') this.#change('subscribing', this.#problem);
    this.#subscriptions.askMissing();
  }

  publish(topic: string, payload: string | Uint8Array): void {
    if (!this.#client?.connected) return;
    this.#client.publish(topic, typeof payload === 'string' ? payload : Buffer.from(payload), { qos: 0 });
  }

  acknowledge(sequence: number): void {
    this.#durable = sequence;
    const packets = this.#held?.release(sequence);
    if (packets !== undefined && this.#client?.connected) this.#client.stream.write(packets);
  }

  bringAgain(): number {
    this.#receipts.forgetTaken();
    this.#client?.stream.destroy(Object.assign(new Error('to be brought again'), { code: 'EAGAIN' }));
    return this.#sequence;
  }

  status(): SourceStatus {
    const refused = this.#subscriptions.refused();
    return {
      ready: this.#state === 'ready' && refused.length === 0,
      state: this.#state,
      problem: this.#problem ?? refusalProblem(refused) ?? this.#standingTwinProblem(),
      url: this.#url,
      messages: this.#sequence,
      refused,
      droppedByBroker: this.#droppedByBroker,
    };
  }

  async stop(): Promise<void> {
    this.#cancelRetry?.();
    const client = this.#client;
    this.#client = undefined;
    this.#held = undefined;
    this.#subscriptions.disconnected();
    this.#change('stopped', undefined);
    if (client !== undefined) await endClient(client, this.#options.clock);
  }

  #connect(): void {
    this.#change('connecting', this.#problem);
    const connection: Connection = {
      openedAtMs: undefined,
      messagesBefore: this.#sequence,
      error: undefined,
      disconnectReason: undefined,
    };
    let client: MqttClient;
    try {
      client = connect(this.#clientOptions());
    } catch (error) {
      connection.error = error;
      this.#lost(connection);
      return;
    }
    this.#client = client;
    this.#held = new HeldAcks();
    withholdAcks(client, this.#held, () => this.#handling);
    gatherReads(client.stream);
    trustSignsOfLife(client, this.#options.clock);
    client.on('message', (topic, payload, packet) => this.#take(topic, payload, packet));
    client.on('connect', () => this.#opened(client, connection));
    client.on('disconnect', (packet) => {
      connection.disconnectReason = packet.reasonCode;
    });
    client.on('error', (error) => {
      connection.error ??= error;
    });
    client.on('close', () => {
      if (client === this.#client) this.#lost(connection);
    });
  }

  #clientOptions(): IClientOptions {
    const keepSession = this.#options.keepSession ?? true;
    const properties =
      this.#options.protocol === '5'
        ? {
            maximumPacketSize: packetBytesMax,
            ...(keepSession ? { sessionExpiryInterval: sessionExpirySeconds } : {}),
          }
        : undefined;
    return {
      ...clientOptions(this.#options),
      clientId: this.#options.clientId,
      clean: !keepSession,
      keepalive: this.#options.keepAliveSeconds ?? 30,
      connectTimeout: 15_000,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      ...(properties === undefined ? {} : { properties }),
    };
  }

  #opened(client: MqttClient, connection: Connection): void {
    if (client !== this.#client) return;
    connection.openedAtMs = this.#options.clock.nowMs();
    this.#twins.opened(connection.openedAtMs);
    this.#change('subscribing', undefined);
    this.#subscriptions.connected(client);
  }

  #settled(): void {
    const refused = this.#subscriptions.refused();
    this.#options.log.info({ url: this.#url, refused: refused.length }, 'broker: subscribed');
    this.#change('ready', undefined);
  }

  /** The hot path: nothing but one object for each message. */
  #take(topic: string, payload: Buffer, packet: IPublishPacket): void {
    if (topic === Subscriptions.droppedTopic) {
      this.#noteDropped(payload);
      return;
    }
    const nowMs = this.#options.clock.nowMs();
    const receivedAtMs =
      packet.qos === 0 || packet.retain ? nowMs : this.#receive(topic, payload, packet, nowMs);
    if (receivedAtMs === undefined) return;
    this.#sequence += 1;
    this.#handling = this.#sequence;
    this.#handlers?.message({
      topic,
      payload,
      receivedAtMs,
      retained: packet.retain,
      qos: packet.qos,
      sequence: this.#sequence,
    });
  }

  /** When a QoS 1 message was received, the first time; undefined: this process has it already. */
  #receive(topic: string, payload: Buffer, packet: IPublishPacket, nowMs: number): number | undefined {
    const messageId = packet.messageId ?? 0;
    const sum = messageSum(topic, payload);
    const before = packet.dup ? this.#receipts.find(messageId, sum) : undefined;
    if (before !== undefined && before.sequence > 0) {
      this.#handling = before.sequence;
      this.#askAck();
      return undefined;
    }
    const receivedAtMs = before?.receivedAtMs ?? this.#receipts.momentOf(nowMs);
    this.#receipts.note(messageId, sum, receivedAtMs, this.#sequence + 1);
    return receivedAtMs;
  }

  /** What came again may be durable already, and then nobody else would have it acknowledged. */
  #askAck(): void {
    if (this.#isAckAsked) return;
    this.#isAckAsked = true;
    setImmediate(() => {
      this.#isAckAsked = false;
      this.acknowledge(this.#durable);
    });
  }

  #noteDropped(payload: Buffer): void {
    const dropped = Number(payload.toString('latin1'));
    if (!Number.isSafeInteger(dropped) || dropped === this.#droppedByBroker) return;
    if (dropped > (this.#droppedByBroker ?? dropped)) {
      this.#options.log.warn(
        { dropped },
        'broker: it has dropped messages; raise max_queued_messages in its settings',
      );
    }
    this.#droppedByBroker = dropped;
    this.#handlers?.changed(this.status());
  }

  /** An attempt failed, or a connection came to its end. */
  #lost(connection: Connection): void {
    const { clock, log, clientId } = this.#options;
    this.#client = undefined;
    this.#held = undefined;
    this.#subscriptions.disconnected();
    const nowMs = clock.nowMs();
    const giveWay = this.#judge(connection, nowMs);
    const waitMs = giveWay ? twinWaitMs(connection) : this.#backoff.nextMs(waitCapOf(connection));
    const minutes = Math.ceil(waitMs / 60_000);
    const problem = giveWay
      ? twinProblem(clientId, `this one gives way and tries again in ${minutes} minutes`)
      : this.#explain(connection);
    if (problem !== this.#problem) log.warn({ url: this.#url, clientId, waitMs }, `broker: ${problem}`);
    this.#change('waiting', problem);
    this.#cancelRetry = clock.after(waitMs, () => this.#connect());
  }

  #judge(connection: Connection, nowMs: number): boolean {
    if (connection.openedAtMs === undefined) {
      this.#twins.failed();
      return false;
    }
    // One that brought something was no vain attempt, however soon it was cut: the next wait is short again.
    const wasOfUse = this.#sequence > connection.messagesBefore;
    if (wasOfUse || nowMs - connection.openedAtMs >= stableMs) this.#backoff.succeeded();
    return this.#twins.closed(nowMs, this.#endingOf(connection));
  }

  #endingOf({ disconnectReason, error }: Connection): Ending {
    if (disconnectReason === 142) return 'taken-over';
    // A reset is the network's doing, and a broker that closes before it has answered our subscriptions does not
    // like them. (mosquitto 2.0.11 gives no reason in MQTT 5 either.)
    const silent = error === undefined && this.#state === 'ready';
    return silent ? 'closed-by-broker' : 'other';
  }

  #explain(connection: Connection): string {
    const { disconnectReason, openedAtMs, error } = connection;
    if (disconnectReason !== undefined) return explainDisconnect(disconnectReason);
    if (openedAtMs !== undefined && (error === undefined || wasReset(error)))
      return `${this.#url}: the broker closed the connection`;
    return explainBrokerProblem(error, this.#options, this.#options.clientId);
  }

  /** Shown by the instance that holds out, while all is well otherwise. */
  #standingTwinProblem(): string | undefined {
    const suspected = this.#state !== 'stopped' && this.#twins.suspects(this.#options.clock.nowMs());
    return suspected ? twinProblem(this.#options.clientId, 'it has taken over our session') : undefined;
  }

  #change(state: SourceStatus['state'], problem: string | undefined): void {
    this.#state = state;
    this.#problem = problem;
    this.#handlers?.changed(this.status());
  }
}

/** What is remembered of one attempt to connect. */
interface Connection {
  openedAtMs: number | undefined;
  /** Messages taken over all connections before this one. */
  readonly messagesBefore: number;
  error: unknown;
  disconnectReason: number | undefined;
}

const waitCapMs = 30_000;
/** A broker that lets us in is there: what is wrong passes soon, and readings wait there meanwhile. */
const acceptedWaitCapMs = 5_000;
/** Asked of a MQTT 5 broker; a broker never sends more to us then. 3.1.1 has no such word. */
const packetBytesMax = 16 * 1024 * 1024;
/** How long a MQTT 5 broker keeps our session when we are away; in 3.1.1 it decides by itself. */
const sessionExpirySeconds = 7 * 24 * 3600;

/** Five minutes when the broker has named a twin, two when it is our guess; spread, so that two do not meet again. */
function twinWaitMs(connection: Connection): number {
  const wholeMs = connection.disconnectReason === undefined ? 120_000 : 300_000;
  return Math.round(wholeMs * (0.8 + 0.2 * Math.random()));
}

function waitCapOf({ openedAtMs }: Connection): number {
  return openedAtMs === undefined ? waitCapMs : acceptedWaitCapMs;
}

function wasReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

const goodbyeMsMax = 500;

/** Says goodbye to the broker, but does not wait for ever for it to listen. */
async function endClient(client: MqttClient, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = clock.after(goodbyeMsMax, () => {
      client.stream.destroy();
      resolve();
    });
    client.end(!client.connected, {}, () => {
      cancel();
      resolve();
    });
  });
}
