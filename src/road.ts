import { Ring } from './base/ring.ts';
import type { IntakeSink } from './devices/delivery.ts';
import type { RawMessage } from './model/reading.ts';

export interface RoadParts {
  readonly intake: { accept(message: RawMessage, sink: IntakeSink): unknown };
  readonly sink: IntakeSink;
  /** Everything that came with messages up to this number has been handed on. */
  readonly handedOn: (sequence: number) => void;
}

const ringMax = 65_536;
/** Messages taken off the ring before other work gets a turn: a few ms at the most. */
const sliceMax = 512;

/**
 * The stretch between the socket and the intake. The source's call returns at once; the messages are worked off
 * in slices. When they come faster than that for long, QoS 0 messages are dropped and counted, and QoS 1
 * messages make the socket wait: they have been promised.
 */
export class Road {
  readonly #parts: RoadParts;
  readonly #ring = new Ring<RawMessage>(ringMax);
  #running = false;
  #dropped = 0;

  constructor(parts: RoadParts) {
    this.#parts = parts;
  }

  /** Messages that found the ring full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#ring.length;
  }

  take(message: RawMessage): void {
    if (this.#ring.length === ringMax) {
      if (message.qos === 0) {
        this.#dropped += 1;
        return;
      }
      this.#slice();
    }
    this.#ring.push(message);
    if (this.#running) return;
    this.#running = true;
    setImmediate(this.#run);
  }

  /** Works off everything that waits: only before the end. */
  finish(): void {
    while (this.#ring.length > 0) this.#slice();
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
      intake.accept(message, sink);
      sequence = message.sequence;
    }
    if (sequence >= 0) handedOn(sequence);
  }
}
