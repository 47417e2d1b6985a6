import type { IntakeSink } from '../devices/delivery.ts';
import type { DeviceDescription, Family, Publish, RejectReason } from '../devices/family.ts';
import { Intake } from '../devices/intake.ts';
import { type RawMessage, type Reading, splitOutlet } from '../model/reading.ts';

export interface FoundOutlet {
  readonly family: string;
  readonly device: string;
  /** The device's own label. */
  readonly label: string;
  /** `<device>/<label>` */
  readonly outlet: string;
  /** What the device calls it. */
  readonly name: string | undefined;
  readonly watts: number | undefined;
  /** Readings that were news; 0: only a stored one, of unknown age. */
  readonly readings: number;
}

export interface UnreadTopic {
  readonly topic: string;
  readonly reason: RejectReason;
  readonly messages: number;
}

export interface QuietDevice {
  readonly family: string;
  readonly device: string;
  readonly online: boolean | undefined;
}

/** What a broker has let us hear so far. The intake bounds how many devices and outlets there can be. */
export class Discovery {
  /** Called when a message has taught us a further topic. */
  learn: (filter: string) => void = () => {};
  /** Called when a device must be asked before it speaks. */
  ask: Publish = () => {};
  readonly #intake: Intake;
  readonly #outlets = new Map<string, { family: string; watts: number | undefined; readings: number }>();
  readonly #names = new Map<string, string>();
  readonly #unread = new Map<string, { topic: string; reason: RejectReason; messages: number }>();
  #unreadDropped = 0;
  #topic = '';
  #messages = 0;
  readonly #sink: IntakeSink = {
    reading: (reading, family) => this.#noteReading(reading, family),
    availability() {},
    describe: (description) => this.#noteNames(description),
    subscribe: (filter) => this.learn(filter),
    publish: (topic, payload) => this.ask(topic, payload),
    rejected: (_, reason) => this.#noteUnread(reason),
  };

  constructor(families: readonly Family[]) {
    this.#intake = new Intake(families);
  }

  get messages(): number {
    return this.#messages;
  }

  get outletCount(): number {
    return this.#outlets.size;
  }

  /** What the families need to hear. */
  get filters(): readonly string[] {
    return this.#intake.filters;
  }

  accept(message: RawMessage): void {
    this.#messages += 1;
    this.#topic = message.topic;
    this.#intake.accept(message, this.#sink);
  }

  /** To be called every few seconds. */
  tick(nowMs: number): void {
    this.#intake.tick(nowMs, this.#sink);
  }

  /** Sorted by device, and by label as people count. */
  outlets(): FoundOutlet[] {
    const found = [...this.#outlets].map(([outlet, { family, watts, readings }]) => {
      return { family, ...splitOutlet(outlet), outlet, name: this.#names.get(outlet), watts, readings };
    });
    const { compare } = new Intl.Collator('en', { numeric: true });
    return found.sort((one, other) => compare(one.device, other.device) || compare(one.label, other.label));
  }

  /** Devices heard of of which no reading came. */
  quietDevices(): QuietDevice[] {
    return this.#intake
      .devices()
      .filter(({ outlets, family }) => outlets.length === 0 && family !== '?')
      .map(({ device, family, online }) => ({ device, family, online }));
  }

  /** The topics of messages that gave no reading though they should, the most frequent first. */
  unread(): { topics: UnreadTopic[]; more: number } {
    const topics = [...this.#unread.values()].sort((one, other) => other.messages - one.messages);
    return { topics, more: this.#unreadDropped };
  }

  #noteReading(reading: Reading, family: Family): void {
    const known = this.#outlets.get(reading.outlet) ?? { family: family.name, watts: undefined, readings: 0 };
    known.watts = reading.watts ?? known.watts;
    if (!reading.retained) known.readings += 1;
    this.#outlets.set(reading.outlet, known);
  }

  #noteNames({ device, outletNames = {} }: DeviceDescription): void {
    for (const [label, name] of Object.entries(outletNames)) {
      if (this.#names.size < namesMax) this.#names.set(`${device}/${label}`, name);
    }
  }

  #noteUnread(reason: RejectReason): void {
    // The same sample on a second topic is nothing to mend.
    if (reason === 'duplicate') return;
    const key = `${reason} ${this.#topic}`;
    const known = this.#unread.get(key);
    if (known !== undefined) known.messages += 1;
    else if (this.#unread.size < unreadMax)
      this.#unread.set(key, { topic: this.#topic, reason, messages: 1 });
    else this.#unreadDropped += 1;
  }
}

const namesMax = 200_000;
const unreadMax = 5_000;
