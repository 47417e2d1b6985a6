import { Ring } from '../base/ring.ts';
import type { Changes } from './watched-figures.ts';
import type { SharedMessage } from './wire.ts';

/** Events kept for a client that is not draining; beyond, the oldest are lost, and counted. */
export const waitingEventsMax = 100;

/** What a slow client missed; at most one mask for each scope of its channel, and a ring of events. */
export class Lag {
  readonly events = new Ring<SharedMessage>(waitingEventsMax);
  readonly end: () => void;
  needsSnapshot = false;
  #masks = new Uint16Array(0);

  constructor(end: () => void) {
    this.end = end;
  }

  missed({ positions, masks }: Changes): void {
    if (this.needsSnapshot) return;
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i]!;
      if (position >= this.#masks.length) this.#grow(position + 1);
      this.#masks[position]! |= masks[i]!;
    }
  }

  /** It subscribed anew: a snapshot will say everything. */
  restart(): void {
    this.needsSnapshot = true;
    this.#masks = new Uint16Array(0);
  }

  changes(): Changes {
    const positions: number[] = [];
    const masks: number[] = [];
    this.#masks.forEach((mask, position) => {
      if (mask === 0) return;
      positions.push(position);
      masks.push(mask);
    });
    return { positions, masks };
  }

  #grow(count: number): void {
    const masks = new Uint16Array(Math.max(count, this.#masks.length * 2));
    masks.set(this.#masks);
    this.#masks = masks;
  }
}
