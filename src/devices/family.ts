import type { Quantity } from '../model/quantity.ts';
import type { RawMessage, Reading } from '../model/reading.ts';

/**
 * A device family: one file under `families/`, one folder of recorded messages under `test/devices/recorded/`,
 * nothing else. Families are pure: what they learn lives in their session, time comes with the message.
 * A message goes from the intake (intake.ts) to exactly one reader; readings go on to the room.
 */
export interface Family {
  /** As shown under `/devices` and in metrics, e.g. `tasmota`. */
  readonly name: string;
  /** MQTT topic filters needed from the start (no `#` at the root); `report.subscribe` adds what is learnt. */
  readonly topics: readonly string[];
  /** Who is asked first when two families could read one topic: smaller first, native before discovery. */
  readonly rank: number;
  /** How often such a device reports when nothing is known yet, in ms. */
  readonly expectedIntervalMs: number;
  /** Where a message of it may be bigger than others, e.g. a list of all devices; its readers bound the rest. */
  readonly payloadBytesMax?: number;
  open(): FamilySession;
}

/** What one family has learnt on one broker. All its tables are bounded. */
export interface FamilySession {
  /**
   * Asked once for each new topic (and again after `report.reconsider`). Answers how to read this topic, or
   * undefined: not ours. The answer is remembered, so that a later message costs one table look-up. `announced`
   * is what a discovery message has said of the topic.
   */
  claim(topic: string, announced?: Announced): TopicReader | undefined;
  /**
   * A topic this session claimed was cleared (empty payload). Readers never see empty payloads: "cleared" is
   * no reading. Only a family that learns from retained messages needs this, to forget what was removed.
   */
  cleared?(topic: string, report: Report): void;
  /**
   * Called every few seconds, for what must be asked again and again (a keepalive), is over (an announced silence),
   * or was too much for one message (a long list of devices).
   */
  tick?(nowMs: number, report: TickReport): void;
}

/** Where a session says what came of the passing of time. Only valid during the call. */
export type TickReport = Pick<Report, 'publish' | 'availability' | 'describe'>;

/** What a discovery message says of a topic, for a family that knows the device better but cannot know its units. */
export interface Announced {
  /** The payload is one bare value. Else it is to be read as announced, by nobody else. */
  readonly isPlain: boolean;
  readonly quantity: Quantity | 'on';
  /** To our unit. */
  readonly scale: number;
  /** The device's own words: untrusted text. */
  readonly deviceName: string | undefined;
  readonly model: string | undefined;
  readonly firmware: string | undefined;
}

/** Sends a message to the broker, QoS 0, not retained; dropped when it is away. Whoever asks keeps it rare. */
export type Publish = (topic: string, payload: string | Uint8Array) => void;

/** Reads one message of its topic. Never throws; what it cannot use it reports with a reason. */
export type TopicReader = (message: RawMessage, report: Report) => void;

/** Where a reader says what it found. Only valid during the call. */
export interface Report {
  reading(reading: Reading): void;
  /** One field of a message was unusable and is dropped, e.g. (`pdu-a`, `watts-out-of-range`). */
  rejectField(device: string, reason: RejectReason): void;
  /** The whole message is unusable. */
  rejectMessage(device: string | undefined, reason: RejectReason): void;
  /** Nothing wrong with it, but no reading in it, e.g. `relay-state-only`, `button-event`. */
  ignore(reason: string): void;
  availability(device: string, online: boolean): void;
  describe(device: DeviceDescription): void;
  /** Also listen to this filter from now on (learnt from a discovery message). */
  subscribe(filter: string): void;
  /** Asks a device for something, e.g. to introduce itself again. To be limited by the family: messages come in floods. */
  publish: Publish;
  /** What we learnt changes who reads this topic, or how: forget the remembered answer. Costs one look-up. */
  reconsider(topic: string): void;
  /** What we learnt may let us read topics that nobody could: ask again for each of them. To be called seldom. */
  reconsiderUnread(): void;
  /** Tells the families what was announced of a topic (undefined: taken back) and has it reconsidered. */
  announce(topic: string, announced: Announced | undefined): void;
  /** Does a family that is asked before this one read the topic? */
  isReadBefore(topic: string): boolean;
  /** Does another family have readings of a device with one of these addresses (hardware-ids.ts)? */
  isKnownByHardware(ids: readonly string[]): boolean;
}

/** What a device says of itself. Names are untrusted text: bounded, never evaluated. */
export interface DeviceDescription {
  readonly device: string;
  readonly name?: string | undefined;
  readonly model?: string | undefined;
  readonly firmware?: string | undefined;
  /** Its MAC or IEEE address, where the device is not called by it: one device is read by one family only. */
  readonly hardware?: string | undefined;
  /** Display names by outlet label. */
  readonly outletNames?: Readonly<Record<string, string>> | undefined;
}

/** Why a message or field was dropped: a closed list, since it becomes a metric label. */
export const rejectReasons = [
  'not-json',
  'too-large',
  'too-deep',
  'wrong-shape',
  'not-a-number',
  'sentinel',
  'watts-out-of-range',
  'volts-out-of-range',
  'amps-out-of-range',
  'volt-amps-out-of-range',
  'power-factor-out-of-range',
  'hertz-out-of-range',
  'energy-out-of-range',
  'name-too-long',
  'too-many-outlets',
  'too-many-devices',
  'duplicate',
  'unknown-topic',
  'unsupported-template',
  /** A figure whose unit nothing tells, e.g. a raw integer out of SNMP: never guessed, to be described in the settings. */
  'unit-unknown',
  /** A reader threw: our mistake, counted instead of stopping the service for one bad message. */
  'reader-failed',
] as const;
export type RejectReason = (typeof rejectReasons)[number];
