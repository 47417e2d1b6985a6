import type { Alert, Notice } from '../../model/alert.ts';

/** One incident on its way to people, as it stands when it is sent. */
export interface Told {
  /** The newest of what was said of it since it was last told. */
  readonly notice: Notice;
  /** Fired and over before anybody was told. */
  readonly passed: boolean;
  /** Where it was told first, as that channel knows it. */
  readonly thread?: Thread | undefined;
}

/** What a channel needs to let what follows land beside what was told first. */
export interface Thread {
  readonly id: string;
  readonly subject: string;
}

/** What came of a message that was taken. */
export interface Receipt {
  readonly thread?: Thread | undefined;
  /** It did not reach everybody it was for; sent again, it would reach the others twice. */
  readonly problem?: string | undefined;
}

/** What is told at once: one incident, or a digest of several, the gravest first. */
export interface Message {
  readonly about: 'alert' | 'digest' | 'test';
  readonly told: readonly Told[];
  /** So many more than are named. */
  readonly left: number;
  /** Of all, named or not. */
  readonly counts: { readonly firing: number; readonly resolved: number };
  /** Why it is a digest. */
  readonly because?: 'many' | 'quiet-hours' | undefined;
  readonly atMs: number;
}

/** A way to reach somebody. It knows how to say a message and nothing of queues, waits and hours. */
export interface Channel {
  readonly kind: string;
  /** Where to, without secrets. */
  readonly target: string;
  /**
   * `people` are told at a pace: gathered, limited, silent in quiet hours, in digests when there is much. `machines`
   * get the last word on every incident as soon as possible.
   */
  readonly reader: 'people' | 'machines';
  /** Incidents that one message can hold. */
  readonly toldMax: number;
  /** Resolves once the other side has taken it. Rejects with a DeliveryError. */
  send(message: Message, signal: AbortSignal): Promise<Receipt>;
  /** For those who forget what is not said again: all that stands, every so often. */
  readonly repeat?: Repeat | undefined;
  /** For a channel with a connection of its own: what stood when an earlier process ended. */
  /** Of one that publishes figures: scopes beyond its limit. */
  figuresLeftOut?(): number;
  start?(standing: readonly Alert[]): void;
  stop?(): Promise<void>;
}

export interface Repeat {
  readonly everyMs: number;
  /** Also when nothing stands, so that what stood before is taken back. */
  readonly evenIfNothing?: boolean;
  send(standing: readonly Told[], atMs: number, signal: AbortSignal): Promise<void>;
}

/** Why a message was not taken, in words an admin can act on, without secrets. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /** The other side has looked at this very message and will not have it, however often it is sent. */
  readonly refusesMessage: boolean;
  /** The other side asks for this much patience. */
  readonly waitMs: number | undefined;
  constructor(message: string, about: { refusesMessage?: boolean; waitMs?: number | undefined } = {}) {
    super(message);
    this.refusesMessage = about.refusesMessage ?? false;
    this.waitMs = about.waitMs;
  }
}

/** What messages say of where they come from. */
export interface Place {
  /** Of the room. */
  readonly room: string;
  /** IANA zone of the times in texts. */
  readonly timezone: string;
  /** Of the live page, without a slash at its end. */
  readonly pageUrl: string;
}
