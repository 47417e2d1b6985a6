import type { Log } from './base/log.ts';
import { Ring } from './base/ring.ts';
import type { IntakeSink } from './devices/delivery.ts';
import { shapeOf } from './devices/message-shape.ts';
import type { RawMessage } from './model/reading.ts';

export interface RoadParts {
  readonly intake: {
    accept(message: RawMessage, sink: IntakeSink): unknown;
    isOfOneOutlet(topic: string): boolean;
  };
  readonly sink: IntakeSink;
  /** Everything that came with messages up to this number has been handed on. */
  readonly handedOn: (sequence: number) => void;
  readonly log?: Log | undefined;
}

/** Messages let go of unread since the start, all of QoS 0. */
export interface RoadDropped {
  /** A newer message of the same topic, which waited too, said the same things with newer figures. */
  readonly repeats: number;
  /** Found no room. */
  readonly newest: number;
}

const ringMax = 65_536;
/** Longer than what meters send. Such messages have so many bytes among them, so that they crowd out nobody else. */
const largeBytes = 4_096;
const largeBytesMax = 64 * 1024 * 1024;
/** Messages taken off the ring before other work gets a turn: a few ms at the most. */
const sliceMax = 512;
/** Repeats are looked for until the ring is no fuller than this. */
const roomyMax = ringMax * 0.75;
/** A look takes some 10 ms: where it brought less, the next one waits until more have come. */
const worthwhileMin = ringMax / 16;
const restMessages = ringMax / 8;
/** The log is told of it no more often. */
const tellEveryMs = 60_000;

/**
 * The stretch between the socket and the intake. The source's call returns at once; the messages are worked off
 * in slices. When they come faster than that for long, what is worth least goes first, and is counted: of each meter
 * every second of the messages that a newer one replaces, and where that makes no room the newest. All that at QoS 0;
 * QoS 1 messages have been promised, and make the socket wait.
 */
export class Road {
  readonly #parts: RoadParts;
  readonly #ring = new Ring<RawMessage>(ringMax);
  /** Of the large ones that wait. */
  #bytes = 0;
  #running = false;
  #repeats = 0;
  #newest = 0;
  /** Messages that are to come before repeats are looked for again. */
  #rest = 0;
  #toldDropped = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: RoadParts) {
    this.#parts = parts;
  }

  get dropped(): RoadDropped {
    return { repeats: this.#repeats, newest: this.#newest };
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#ring.length;
  }

  take(message: RawMessage): void {
    if (!this.#hasRoom(message) && !this.#makeRoom(message)) return;
    this.#ring.push(message);
    if (message.payload.length > largeBytes) this.#bytes += message.payload.length;
    if (this.#running) return;
    this.#running = true;
    setImmediate(this.#run);
  }

  /** To be called every second or so: tells the log when messages were let go of. */
  tick(nowMs: number): void {
    const dropped = this.#repeats + this.#newest;
    if (dropped === this.#toldDropped || Math.abs(nowMs - this.#toldAtMs) < tellEveryMs) return;
    this.#toldDropped = dropped;
    this.#toldAtMs = nowMs;
    this.#parts.log?.warn(
      { repeats: this.#repeats, newest: this.#newest },
      'more messages come than can be worked off: some of QoS 0 were let go of; let meters publish less often',
    );
  }

  /** Works off everything that waits: only before the end. */
  finish(): void {
    while (this.#ring.length > 0) this.#slice();
  }

  #hasRoom({ payload }: RawMessage): boolean {
    return this.#ring.length < ringMax && (payload.length <= largeBytes || this.#bytes < largeBytesMax);
  }

  /** False: there is none for this message. */
  #makeRoom(message: RawMessage): boolean {
    if (this.#rest > 0) this.#rest -= 1;
    else if (this.#ring.length === ringMax && !this.#shedRepeats()) this.#rest = restMessages;
    while (!this.#hasRoom(message)) {
      if (message.qos === 0) {
        this.#newest += 1;
        return false;
      }
      this.#slice();
    }
    return true;
  }

  /** Answers whether that was worth it. Every second one at a time, so that what is left is spread over the time. */
  #shedRepeats(): boolean {
    while (this.#ring.length > roomyMax) {
      const gone = this.#thin();
      this.#repeats += gone;
      if (gone < worthwhileMin) return false;
    }
    return true;
  }

  /** Answers how many of those that a newer one replaces are gone. */
  #thin(): number {
    const { intake } = this.#parts;
    const isNewerKept = new Map<string, boolean>();
    return this.#ring.sift((message) => {
      if (message.qos !== 0 || message.retained || message.payload.length > largeBytes) return true;
      const shape = shapeOf(message.payload, intake.isOfOneOutlet(message.topic));
      if (shape === undefined) return true;
      const key = `${shape} ${message.topic}`;
      const keeps = isNewerKept.get(key) !== true;
      isNewerKept.set(key, keeps);
      return keeps;
    });
  }

  readonly #run = (): void => {
    this.#slice();
    if (this.#ring.length > 0) setImmediate(this.#run);
    else this.#running = false;
  };

  #slice(): void {
    const { intake, sink, handedOn } = this.#parts;
    let sequence = -1;
    for (let n = 0; n < sliceMax; n += 1) {
      const message = this.#ring.shift();
      if (message === undefined) break;
      if (message.payload.length > largeBytes) this.#bytes -= message.payload.length;
      intake.accept(message, sink);
      sequence = message.sequence;
    }
    if (sequence >= 0) handedOn(sequence);
  }
}
