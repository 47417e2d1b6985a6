import type { IntakeSink } from '../devices/delivery.ts';
import type { DeviceDescription, Family, Publish, RejectReason } from '../devices/family.ts';
import { Intake } from '../devices/intake.ts';
import { type Quantity, quantities } from '../model/quantity.ts';
import { type RawMessage, type Reading, splitOutlet } from '../model/reading.ts';
import { type UnreadTopic, UnreadTopics } from './unread-topics.ts';

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
  /** What it has told, in the order of the columns. */
  readonly tells: readonly (Quantity | 'on')[];
  /** Readings that were news; 0: only a stored one, of unknown age. */
  readonly readings: number;
}

export interface FoundDevice {
  readonly family: string;
  readonly device: string;
  /** What it calls itself. */
  readonly name: string | undefined;
  /** As it told itself. */
  readonly online: boolean | undefined;
}

/** What one outlet has told so far. */
interface Heard {
  readonly family: string;
  watts: number | undefined;
  /** A bit for each quantity, and one for the relay. */
  told: number;
  readings: number;
}

/** What a broker has let us hear so far. The intake bounds how many devices and outlets there can be. */
export class Discovery {
  /** Called when a message has taught us a further topic. */
  learn: (filter: string) => void = () => {};
  /** Called when a device must be asked before it speaks. */
  ask: Publish = () => {};
  readonly #intake: Intake;
  readonly #outlets = new Map<string, Heard>();
  readonly #names = new Map<string, string>();
  readonly #unread = new UnreadTopics();
  #message: RawMessage | undefined;
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
    this.#message = message;
    this.#intake.accept(message, this.#sink);
  }

  /** To be called every few seconds. */
  tick(nowMs: number): void {
    this.#intake.tick(nowMs, this.#sink);
  }

  /** Sorted by device, and by label as people count; what a device says as a whole comes last. */
  outlets(): FoundOutlet[] {
    const found = [...this.#outlets].map(([outlet, { family, watts, told, readings }]) => {
      const name = this.#names.get(outlet);
      return { family, ...splitOutlet(outlet), outlet, name, watts, tells: toldNames(told), readings };
    });
    const { compare } = new Intl.Collator('en', { numeric: true });
    return found.sort((one, other) => compare(one.device, other.device) || compare(one.label, other.label));
  }

  /** All that were heard of, also those of which no reading came. */
  devices(): FoundDevice[] {
    return this.#intake
      .devices()
      .filter(({ family }) => family !== '?')
      .map(({ device, family, name, online }) => ({ device, family, name, online }));
  }

  /** The topics of messages that gave less than they might have, and how many more messages of that kind there were. */
  unread(): { topics: UnreadTopic[]; more: number } {
    return { topics: this.#unread.list(), more: this.#unread.more };
  }

  #noteReading(reading: Reading, family: Family): void {
    const known = this.#outlets.get(reading.outlet) ?? {
      family: family.name,
      watts: undefined,
      told: 0,
      readings: 0,
    };
    known.watts = reading.watts ?? known.watts;
    quantities.forEach((quantity, bit) => {
      if (reading[quantity] !== undefined) known.told |= 1 << bit;
    });
    if (reading.on !== undefined) known.told |= relayBit;
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
    if (reason !== 'duplicate' && this.#message !== undefined) this.#unread.note(this.#message, reason);
  }
}

const namesMax = 200_000;
const relayBit = 1 << quantities.length;

function toldNames(told: number): (Quantity | 'on')[] {
  const measured: (Quantity | 'on')[] = quantities.filter((_, bit) => (told & (1 << bit)) !== 0);
  return (told & relayBit) === 0 ? measured : [...measured, 'on'];
}
