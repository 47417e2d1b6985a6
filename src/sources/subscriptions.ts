import type { ISubscriptionGrant, MqttClient, Packet } from 'mqtt';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { isTopicFilter, TopicFilters } from './topic-filter.ts';

/**
 * The filters we want, and how the broker of the present connection answered. All are asked for on every
 * connection, kept session or not: a broker that has them answers the same, and only its answer is proof.
 */
export class Subscriptions {
  /** Where mosquitto tells how many messages it has dropped since it started; others just have no such topic. */
  static readonly droppedTopic = '$SYS/broker/publish/messages/dropped';

  readonly #qos: 0 | 1;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #settled: () => void;
  readonly #wanted = new Set<string>();
  readonly #unusable = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #refused = new Set<string>();
  /**
   * Wanted and not refused. A broker may deliver a message once for each filter that takes it, so what a wider
   * one of these brings is not asked for.
   */
  #granting = new TopicFilters();
  #client: MqttClient | undefined;
  #toldRefused = '';
  #unanswered = 0;
  #cancelDeadline: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #droppedTopicPending = false;
  #droppedTopicCloses = 0;

  /** @param settled called whenever the last open question has been answered */
  constructor(qos: 0 | 1, clock: Clock, log: Log, settled: () => void) {
    this.#qos = qos;
    this.#clock = clock;
    this.#log = log;
    this.#settled = settled;
  }

  /** Answers whether anything was new. */
  want(filters: readonly string[]): boolean {
    let grown = false;
    for (const filter of filters) {
      if (this.#wanted.has(filter) || this.#unusable.has(filter)) continue;
      if (this.#wanted.size + this.#unusable.size >= filtersMax) {
        this.#log.warn({ filter, filtersMax }, 'broker: too many topic filters, this one is left out');
        return grown;
      }
      const usable = isTopicFilter(filter);
      (usable ? this.#wanted : this.#unusable).add(filter);
      if (usable) this.#granting.add(filter);
      if (!usable) this.#log.warn({ filter }, 'broker: not a topic filter, left out');
      grown ||= usable;
    }
    return grown;
  }

  /** What the broker would not grant, and what is no filter at all. */
  refused(): string[] {
    return [...this.#unusable, ...this.#refused];
  }

  connected(client: MqttClient): void {
    this.#client = client;
    this.askMissing();
    if (this.#unanswered === 0) this.#settle();
    this.#askForDropped(client);
    this.#cancelRetry = this.#clock.every(retryRefusedMs, () => this.#retryRefused());
  }

  disconnected(): void {
    // Some brokers close the connection when a client asks for a topic it may not read. If that happens
    // over the dropped counter, do without it.
    if (this.#droppedTopicPending) this.#droppedTopicCloses += 1;
    this.#droppedTopicPending = false;
    this.#client = undefined;
    this.#unanswered = 0;
    this.#asked.clear();
    this.#refused.clear();
    this.#cancelDeadline?.();
    this.#cancelRetry?.();
  }

  /** Asks for what has not been asked for on this connection. */
  askMissing(): void {
    const client = this.#client;
    if (client === undefined) return;
    const missing = [...this.#wanted].filter(
      (filter) => !this.#asked.has(filter) && !this.#granting.covers(filter),
    );
    for (let i = 0; i < missing.length; i += batchFilters)
      this.#ask(client, missing.slice(i, i + batchFilters));
  }

  #ask(client: MqttClient, filters: string[]): void {
    for (const filter of filters) this.#asked.add(filter);
    this.#unanswered += 1;
    this.#watchForAnswer(client);
    client.subscribe(filters, { qos: this.#qos }, (error, _granted, packet) => {
      if (client !== this.#client) return;
      this.#note(filters, error, packet);
      this.#unanswered -= 1;
      if (this.#unanswered === 0) this.#settle();
    });
  }

  #note(filters: readonly string[], error: Error | null, packet: Packet | undefined): void {
    const granted = grantedIn(packet);
    filters.forEach((filter, i) => {
      const refused = granted === undefined ? error !== null : (granted[i] ?? refusedFrom) >= refusedFrom;
      if (refused) this.#refused.add(filter);
      else this.#refused.delete(filter);
    });
  }

  #settle(): void {
    this.#cancelDeadline?.();
    this.#askForCovered();
    if (this.#unanswered > 0) return;
    const refused = this.refused().join(' ');
    if (refused !== '' && refused !== this.#toldRefused) {
      this.#log.warn({ filters: this.refused() }, 'broker: it refused these subscriptions');
    }
    this.#toldRefused = refused;
    this.#settled();
  }

  /** What a refused filter would have brought is asked for by itself. */
  #askForCovered(): void {
    if (![...this.#refused].some((filter) => this.#granting.has(filter))) return;
    this.#granting = new TopicFilters();
    for (const filter of this.#wanted) if (!this.#refused.has(filter)) this.#granting.add(filter);
    this.askMissing();
  }

  /** mqtt.js waits for a SUBACK for ever. */
  #watchForAnswer(client: MqttClient): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = this.#clock.after(answerMs, () => {
      client.stream.destroy(Object.assign(new Error('no answer to the subscription'), { code: 'ENOSUBACK' }));
    });
  }

  /** The admin may have mended the broker's access list meanwhile. */
  #retryRefused(): void {
    if (this.#refused.size === 0 || this.#unanswered > 0) return;
    for (const filter of this.#refused) this.#asked.delete(filter);
    this.askMissing();
  }

  #askForDropped(client: MqttClient): void {
    if (this.#droppedTopicCloses >= 2) return;
    this.#droppedTopicPending = true;
    client.subscribe(Subscriptions.droppedTopic, { qos: 0 }, () => {
      if (client === this.#client) this.#droppedTopicPending = false;
    });
  }
}

/** Some brokers take only a few filters in one packet. */
const batchFilters = 50;
const filtersMax = 10_000;
const refusedFrom = 128;
const answerMs = 20_000;
const retryRefusedMs = 60_000;

function grantedIn(packet: Packet | undefined): readonly (number | ISubscriptionGrant['qos'])[] | undefined {
  if (packet?.cmd !== 'suback') return undefined;
  return packet.granted as readonly number[];
}
