import type { RawMessage, Reading } from '../model/reading.ts';
import { Device, type DeviceTable } from './device-table.ts';
import type { Announced, DeviceDescription, Family, RejectReason, Report, TopicReader } from './family.ts';
import { OutletTrails } from './outlet-trails.ts';

/** Where readings and news of devices go on to. Called before `Intake.accept` returns. */
export interface IntakeSink {
  reading(reading: Reading, family: Family): void;
  availability(device: string, online: boolean, atMs: number, family: Family): void;
  describe(description: DeviceDescription, family: Family): void;
  /** Listen to this topic filter too. */
  subscribe(filter: string): void;
  /** Send this to the broker: a request of a family to a device. Absent: nothing is asked for. */
  publish?(topic: string, payload: string | Uint8Array): void;
  /** A message or field was dropped; `device` is absent when none could be named. Counted already. */
  rejected?(device: string | undefined, reason: RejectReason): void;
}

/** What is remembered of one topic. */
export interface Topic {
  readonly topic: string;
  readonly family: Family | undefined;
  readonly read: TopicReader | undefined;
  /** How much the families had learnt when this was decided: of use where nobody reads it. */
  readonly lesson: number;
  /** The device it was about last time. */
  device: Device | undefined;
  /** The outlet it was about last time, and its slot: most topics have one only. */
  outlet: string;
  slot: number;
  /** It has told of more than one outlet. */
  isOfMany: boolean;
}

/** What the intake has decided about topics: drops it for one topic or for all that nobody reads, or tells. */
export interface Decisions {
  forget(topic: string): void;
  forgetUnread(): void;
  announce(topic: string, announced: Announced | undefined): void;
  isReadBefore(topic: string, family: Family): boolean;
}

/** One message on its way from a reader to the sink; the same object serves one message after another. */
export class Delivery implements Report {
  readonly #devices: DeviceTable;
  readonly #decisions: Decisions;
  readonly #trails = new OutletTrails();
  /** Those of this message, `#count` of them. Never shortened: an emptied array would be allotted anew each time. */
  readonly #readings: (Reading | undefined)[] = [];
  #count = 0;
  /** Rare things, for after the reader: a failing sink must not look like a failing reader. */
  readonly #later: ((sink: IntakeSink) => void)[] = [];
  #message!: RawMessage;
  #topic!: Topic;
  #device: Device | undefined = undefined;
  #rejected: RejectReason | undefined = undefined;
  #ignored: string | undefined = undefined;

  constructor(devices: DeviceTable, decisions: Decisions) {
    this.#devices = devices;
    this.#decisions = decisions;
  }

  begin(message: RawMessage, topic: Topic): void {
    this.#message = message;
    this.#topic = topic;
    this.#device = topic.device;
    this.#rejected = undefined;
    this.#ignored = undefined;
    this.#count = 0;
  }

  /** Hands on what was found. Answers undefined when there were readings, else why there were none. */
  finish(sink: IntakeSink): string | undefined {
    const readings = this.#readings;
    const count = this.#count;
    const family = this.#topic.family as Family;
    if (this.#topic.device !== this.#device) this.#topic.device = this.#device;
    this.#devices.heard(this.#device, this.#message.receivedAtMs, this.#message.retained);
    for (let index = 0; index < count; index++) {
      sink.reading(readings[index] as Reading, family);
      readings[index] = undefined;
    }
    if (this.#later.length > 0) for (const tell of this.#later.splice(0)) tell(sink);
    return count > 0 ? undefined : (this.#rejected ?? this.#ignored ?? 'no-reading');
  }

  reading(reading: Reading): void {
    if (isEmpty(reading)) return;
    const device = this.#deviceOf(reading.device);
    if (device === undefined) return;
    const slot = this.#slotOf(reading.outlet, device);
    if (slot < 0) return;
    // A retained reading is no news: it is shown, and leaves no trail.
    if (!reading.retained) {
      const verdict = this.#trails.admit(slot, reading, this.#topic.topic);
      if (verdict !== 'news') this.#reject(device, 'duplicate');
      if (verdict === 'known') return;
    }
    this.#readings[this.#count++] = reading;
  }

  rejectField(device: string, reason: RejectReason): void {
    const known = this.#deviceOf(device);
    if (known !== undefined) this.#reject(known, reason);
  }

  rejectMessage(device: string | undefined, reason: RejectReason): void {
    if (device !== undefined) this.rejectField(device, reason);
    else this.#reject(this.#topic.device, reason);
  }

  ignore(reason: string): void {
    this.#ignored ??= reason;
  }

  availability(device: string, online: boolean): void {
    const known = this.#deviceOf(device);
    if (known === undefined) return;
    known.online = online;
    this.ignore('availability');
    const { receivedAtMs } = this.#message;
    const family = this.#topic.family as Family;
    this.#later.push((sink) => sink.availability(device, online, receivedAtMs, family));
  }

  describe(description: DeviceDescription): void {
    const known = this.#deviceOf(description.device);
    if (known === undefined) return;
    const clipped = clip(description);
    this.#devices.describe(known, { ...clipped, hardware: description.hardware });
    this.ignore('description');
    const family = this.#topic.family as Family;
    this.#later.push((sink) => sink.describe(clipped, family));
  }

  /** The same between messages. */
  describeBetween(description: DeviceDescription, family: Family, sink: Pick<IntakeSink, 'describe'>): void {
    const known = this.#devices.admit(description.device, family.name);
    if (!(known instanceof Device)) {
      this.#devices.reject(undefined, family.name, known);
      return;
    }
    const clipped = clip(description);
    this.#devices.describe(known, { ...clipped, hardware: description.hardware });
    sink.describe(clipped, family);
  }

  subscribe(filter: string): void {
    this.#later.push((sink) => sink.subscribe(filter));
  }

  publish(topic: string, payload: string | Uint8Array): void {
    this.#later.push((sink) => sink.publish?.(topic, payload));
  }

  reconsider(topic: string): void {
    this.#decisions.forget(topic);
  }

  reconsiderUnread(): void {
    this.#decisions.forgetUnread();
  }

  announce(topic: string, announced: Announced | undefined): void {
    this.#decisions.announce(topic, announced);
  }

  isReadBefore(topic: string): boolean {
    return this.#decisions.isReadBefore(topic, this.#topic.family as Family);
  }

  isKnownByHardware(ids: readonly string[]): boolean {
    return this.#devices.isKnownByHardware(ids, (this.#topic.family as Family).name);
  }

  /** The record of a device; undefined: there is no room for it, which has been counted. */
  #deviceOf(name: string): Device | undefined {
    if (this.#device !== undefined && this.#device.device === name) return this.#device;
    const admitted = this.#devices.admit(name, (this.#topic.family as Family).name);
    if (admitted instanceof Device) {
      this.#device = admitted;
      return admitted;
    }
    this.#device = undefined;
    this.#reject(undefined, admitted);
    return undefined;
  }

  #slotOf(outlet: string, device: Device): number {
    const topic = this.#topic;
    if (topic.outlet === outlet) return topic.slot;
    const slot = this.#devices.slotOf(outlet, device);
    if (typeof slot !== 'number') {
      this.#reject(device, slot);
      return -1;
    }
    if (topic.outlet !== '') topic.isOfMany = true;
    topic.outlet = outlet;
    topic.slot = slot;
    return slot;
  }

  #reject(device: Device | undefined, reason: RejectReason): void {
    this.#devices.reject(device, this.#topic.family?.name ?? '?', reason);
    this.#rejected ??= reason;
    const name = device?.device;
    this.#later.push((sink) => sink.rejected?.(name, reason));
  }
}

function isEmpty(reading: Reading): boolean {
  return (
    reading.watts === undefined &&
    reading.volts === undefined &&
    reading.amps === undefined &&
    reading.on === undefined &&
    reading.wattHoursTotal === undefined &&
    reading.voltAmps === undefined &&
    reading.voltAmpsReactive === undefined &&
    reading.powerFactor === undefined &&
    reading.hertz === undefined &&
    reading.wattHoursReturnedTotal === undefined
  );
}

const textLengthMax = 100;
const outletNamesMax = 256;

/** Names are untrusted text: bounded here, escaped where they are shown. */
function clip(description: DeviceDescription): DeviceDescription {
  const names = Object.entries(description.outletNames ?? {}).slice(0, outletNamesMax);
  return {
    device: description.device,
    name: description.name?.slice(0, textLengthMax),
    model: description.model?.slice(0, textLengthMax),
    firmware: description.firmware?.slice(0, textLengthMax),
    outletNames: Object.fromEntries(
      names.map(([label, name]) => [label.slice(0, textLengthMax), name.slice(0, textLengthMax)]),
    ),
  };
}
