import type { RawMessage } from '../model/reading.ts';
import { Delivery, type IntakeSink, type Topic } from './delivery.ts';
import { type DeviceLimits, type DeviceRecord, DeviceTable } from './device-table.ts';
import type { Announced, Family, FamilySession, RejectReason } from './family.ts';
import { TopicMemory } from './topic-memory.ts';

export interface IntakeLimits extends DeviceLimits {
  /** Topics whose reader is remembered. */
  readonly topicsMax: number;
  readonly topicLengthMax: number;
  readonly payloadBytesMax: number;
  /** Topics nobody reads, of which the newest are kept to be shown. */
  readonly unknownTopicsMax: number;
}

export const intakeLimits: IntakeLimits = {
  topicsMax: 500_000,
  topicLengthMax: 512,
  payloadBytesMax: 262_144,
  unknownTopicsMax: 48,
  devicesMax: 100_000,
  outletsPerDeviceMax: 512,
  outletsMax: 200_000,
  nameLengthMax: 192,
};

/** How the intake is doing, for metrics and the status page. */
export interface IntakeTotals {
  readonly messages: number;
  /** Messages and fields dropped; becomes `rackwatt_messages_rejected_total{family,reason}`. */
  readonly rejected: readonly { family: string; reason: RejectReason; count: number }[];
  readonly topics: number;
  /** Topics that fell off the memory of readers. */
  readonly topicsForgotten: number;
}

/**
 * The one road from a raw message to readings: finds who reads the topic, has it read, drops what is too big,
 * broken or known already, and counts all of it for each device. Talks to nobody: the sink is handed in, time
 * comes with the message. One intake holds what was learnt on one broker.
 */
export class Intake {
  readonly #limits: IntakeLimits;
  readonly #families: readonly { family: Family; session: FamilySession }[];
  readonly #devices: DeviceTable;
  readonly #topics: TopicMemory<Topic>;
  readonly #delivery: Delivery;
  readonly #unknownTopics: string[] = [];
  /** What discovery messages have said of topics; up to `topicsMax`. */
  readonly #announced = new Map<string, Announced>();
  #messages = 0;
  /** How often a family has learnt what may make unread topics readable. */
  #lessons = 0;

  constructor(families: readonly Family[], limits: Partial<IntakeLimits> = {}) {
    this.#limits = { ...intakeLimits, ...limits };
    this.#families = families
      .toSorted((one, other) => one.rank - other.rank)
      .map((family) => ({ family, session: family.open() }));
    this.#devices = new DeviceTable(this.#limits);
    this.#topics = new TopicMemory(this.#limits.topicsMax);
    this.#delivery = new Delivery(this.#devices, {
      forget: (topic) => this.#topics.delete(topic),
      forgetUnread: () => {
        this.#lessons += 1;
      },
      announce: (topic, announced) => this.#announce(topic, announced),
      isReadBefore: (topic, family) => this.#isReadBefore(topic, family),
    });
  }

  /** The topic filters all families need from the start. */
  get filters(): string[] {
    return [...new Set(this.#families.flatMap(({ family }) => family.topics))];
  }

  /** Takes one message. Answers undefined when it gave readings, else why it gave none (e.g. `availability`). */
  accept(message: RawMessage, sink: IntakeSink): string | undefined {
    this.#messages += 1;
    const known = this.#topics.get(message.topic);
    const isKnown = known !== undefined && (known.read !== undefined || known.lesson === this.#lessons);
    const topic = isKnown ? known : this.#claim(message.topic);
    const delivery = this.#delivery;
    delivery.begin(message, topic);
    if (topic.read === undefined) delivery.rejectMessage(undefined, reasonUnread(topic, this.#limits));
    else if (message.payload.length === 0) this.#clear(topic);
    else if (message.payload.length > (topic.family?.payloadBytesMax ?? this.#limits.payloadBytesMax))
      delivery.rejectMessage(undefined, 'too-large');
    else this.#read(topic, message);
    return delivery.finish(sink);
  }

  /** To be called every few seconds: families with standing requests (keepalives) send them, say who is silent, and go on with long lists. */
  tick(nowMs: number, sink: Pick<IntakeSink, 'publish' | 'availability' | 'describe'>): void {
    for (const { family, session } of this.#families)
      session.tick?.(nowMs, {
        publish: (topic, payload) => sink.publish?.(topic, payload),
        availability: (device, online) => {
          this.#devices.setOnline(device, online);
          sink.availability(device, online, nowMs, family);
        },
        describe: (description) => this.#delivery.describeBetween(description, family, sink),
      });
  }

  /** One row for each device heard of; messages nobody could read are under the device `?`. */
  devices(): DeviceRecord[] {
    return this.#devices.rows();
  }

  totals(): IntakeTotals {
    return {
      messages: this.#messages,
      rejected: this.#devices.rejected(),
      topics: this.#topics.size,
      topicsForgotten: this.#topics.forgotten,
    };
  }

  /** The newest topics that no family reads, oldest first. */
  unknownTopics(): readonly string[] {
    return [...this.#unknownTopics];
  }

  /** Whether a topic has told of an outlet, and of no other. */
  isOfOneOutlet(name: string): boolean {
    const topic = this.#topics.get(name);
    return topic !== undefined && topic.outlet !== '' && !topic.isOfMany;
  }

  #read(topic: Topic, message: RawMessage): void {
    try {
      topic.read?.(message, this.#delivery);
    } catch {
      this.#delivery.rejectMessage(undefined, 'reader-failed');
    }
  }

  #clear(topic: Topic): void {
    const { session } = this.#families.find(({ family }) => family === topic.family) ?? {};
    session?.cleared?.(topic.topic, this.#delivery);
    this.#delivery.ignore('cleared');
  }

  /** Asks the families in turn who reads a topic, and remembers the answer, also when nobody does. */
  #claim(name: string): Topic {
    if (name.length > this.#limits.topicLengthMax || isNoTopic(name)) return unread(name, this.#lessons);
    const announced = this.#announced.get(name);
    for (const { family, session } of this.#families) {
      const read = session.claim(name, announced);
      if (read !== undefined) return this.#remember({ ...unread(name, this.#lessons), family, read });
    }
    if (!this.#unknownTopics.includes(name)) this.#unknownTopics.push(name);
    if (this.#unknownTopics.length > this.#limits.unknownTopicsMax) this.#unknownTopics.shift();
    return this.#remember(unread(name, this.#lessons));
  }

  #announce(topic: string, announced: Announced | undefined): void {
    if (announced === undefined) this.#announced.delete(topic);
    else if (this.#announced.has(topic) || this.#announced.size < this.#limits.topicsMax)
      this.#announced.set(topic, announced);
    this.#topics.delete(topic);
  }

  #isReadBefore(topic: string, family: Family): boolean {
    for (const other of this.#families) {
      if (other.family === family) return false;
      if (other.session.claim(topic, this.#announced.get(topic)) !== undefined) return true;
    }
    return false;
  }

  #remember(topic: Topic): Topic {
    this.#topics.set(topic.topic, topic);
    return topic;
  }
}

function unread(topic: string, lesson: number): Topic {
  return {
    topic,
    family: undefined,
    read: undefined,
    lesson,
    device: undefined,
    outlet: '',
    slot: -1,
    isOfMany: false,
  };
}

/** No broker lets this through (MQTT 3.1.1, 4.7): families make filters and requests out of the names they see. */
function isNoTopic(name: string): boolean {
  return name === '' || /[+#\0]/.test(name);
}

function reasonUnread(topic: Topic, limits: IntakeLimits): RejectReason {
  return topic.topic.length > limits.topicLengthMax ? 'name-too-long' : 'unknown-topic';
}
