import type { RawMessage } from '../model/reading.ts';

/**
 * Where raw messages come from. A source talks to one broker, keeps trying for ever with growing, capped
 * waits, and hands each message over as it came. It never looks into a payload.
 */
export interface Source {
  /** Resolves once trying has begun, not once connected: a broker that is away is not an error. */
  start(handlers: SourceHandlers): Promise<void>;
  /** Listen to these topic filters as well; survives reconnects. */
  subscribe(filters: readonly string[]): void;
  /** Sends a message to the broker (rebirth and keepalive requests). Dropped when not connected. */
  publish(topic: string, payload: string | Uint8Array): void;
  /** Everything up to this sequence number is durable: QoS 1 messages up to it may be acknowledged. */
  acknowledge(sequence: number): void;
  /**
   * What is not acknowledged was lost after all: has it brought again, by ending connections. Answers the number of the
   * last message handed over before that.
   */
  bringAgain(): number;
  status(): SourceStatus;
  stop(): Promise<void>;
}

export interface SourceHandlers {
  /** Called for each message, must return at once: enqueue and go. */
  message(message: RawMessage): void;
  /** Called when the status changed. */
  changed(status: SourceStatus): void;
}

export interface SourceStatus {
  /** Connected, and every filter granted by the broker. */
  readonly ready: boolean;
  readonly state: 'connecting' | 'subscribing' | 'ready' | 'waiting' | 'stopped';
  /** What the admin should know, e.g. "refused: bad user name or password"; absent when all is well. */
  readonly problem?: string | undefined;
  /** Shown to the admin, without credentials. */
  readonly url: string;
  readonly messages: number;
  /** Filters the broker refused. */
  readonly refused: readonly string[];
  /** `$SYS/broker/publish/messages/dropped` as last told by the broker, when it tells. */
  readonly droppedByBroker?: number | undefined;
}
