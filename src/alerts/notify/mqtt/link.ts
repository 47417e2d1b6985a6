import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { Backoff } from '../../../base/backoff.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { DeliveryError } from '../channel.ts';

/** The way to a broker, as whoever knows brokers has worked it out. */
export interface BrokerWay {
  readonly options: IClientOptions;
  /** Without user and password. */
  readonly url: string;
  /** Why it did not work, for people. */
  explain(error: unknown): string;
}

export interface LinkOptions {
  readonly way: BrokerWay;
  readonly clientId: string;
  readonly statusTopic: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Connected, or again: the broker may have forgotten everything. */
  connected(): void;
  /** A message of a topic subscribed to. */
  message?(topic: string, payload: Uint8Array, retained: boolean): void;
}

const firstWaitMs = 2_000;
const waitMsMax = 60_000;
const leaveMsMax = 1_000;
const connectMsMax = 8_000;
/** What waits to be written is not added to beyond this. */
const unsentBytesMax = 1_048_576;

/** A connection of our own, so that the broker tells everybody when we are gone: a last will belongs to a connection. */
export class BrokerLink {
  readonly #options: LinkOptions;
  readonly #backoff = new Backoff(firstWaitMs, waitMsMax);
  #client: MqttClient | undefined;
  #problem: string | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  /** Whether the broker takes what it is sent as fast as it comes. */
  get isDrained(): boolean {
    return this.connected && (this.#client?.stream.writableLength ?? 0) < unsentBytesMax;
  }

  start(): void {
    const { way, clientId, statusTopic } = this.#options;
    const client = connect({
      ...way.options,
      clientId,
      clean: true,
      keepalive: 30,
      connectTimeout: 15_000,
      reconnectPeriod: firstWaitMs,
      queueQoSZero: false,
      will: { topic: statusTopic, payload: Buffer.from('offline'), qos: 1, retain: true },
    });
    this.#client = client;
    client.on('connect', () => {
      this.#backoff.succeeded();
      this.#problem = undefined;
      client.publish(statusTopic, 'online', { qos: 1, retain: true });
      this.#options.connected();
    });
    client.on('close', () => {
      client.options.reconnectPeriod = this.#backoff.nextMs();
    });
    client.on('error', (error) => this.#note(way.explain(error)));
    client.on('message', (topic, payload, packet) => this.#options.message?.(topic, payload, packet.retain));
  }

  subscribe(filters: readonly string[]): void {
    // Refused, it costs us the tidying up only.
    this.#client?.subscribe([...filters], { qos: 0 }, () => undefined);
  }

  /** Retained, and gone when the broker is away: the next one comes soon. */
  put(topic: string, payload: string): void {
    if (this.connected) this.#client?.publish(topic, payload, { qos: 0, retain: true });
  }

  /** Resolves once the broker has it. Rejects with a DeliveryError. */
  async deliver(topic: string, payload: string, retain: boolean, signal: AbortSignal): Promise<void> {
    const client = this.#client;
    if (!client?.connected) throw this.#away();
    await new Promise<void>((resolve, reject) => {
      const abort = () => reject(new DeliveryError(`${this.#options.way.url}: the broker does not confirm`));
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener('abort', abort, { once: true });
      client.publish(topic, payload, { qos: 1, retain }, (error) => {
        signal.removeEventListener('abort', abort);
        if (error) reject(new DeliveryError(this.#options.way.explain(error)));
        else resolve();
      });
    });
  }

  /** Resolves once connected. Rejects with a DeliveryError when it fails, or does not come to be within seconds. */
  async whenConnected(signal: AbortSignal): Promise<void> {
    const client = this.#client;
    if (client === undefined || client.connected) return;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(connectMsMax)]);
    let connected = () => {};
    let late = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        connected = resolve;
        late = () => reject(this.#away());
        client.once('connect', connected);
        client.once('error', late);
        limit.addEventListener('abort', late, { once: true });
      });
    } finally {
      client.off('connect', connected);
      client.off('error', late);
      limit.removeEventListener('abort', late);
    }
  }

  #away(): DeliveryError {
    return new DeliveryError(this.#problem ?? `${this.#options.way.url}: the broker does not answer`);
  }

  /** Says that we are gone, and goes. */
  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    const { clock, statusTopic } = this.#options;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(leaveMsMax, () => client.end(true, {}, () => resolve()));
      const end = (force: boolean) =>
        client.end(force, {}, () => {
          cancel();
          resolve();
        });
      if (!client.connected) end(true);
      else client.publish(statusTopic, 'offline', { qos: 1, retain: true }, () => end(false));
    });
  }

  #note(problem: string): void {
    if (problem !== this.#problem)
      this.#options.log.debug({ url: this.#options.way.url }, `notifier: ${problem}`);
    this.#problem = problem;
  }
}
