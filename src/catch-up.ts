import type { PowerTree } from './model/power-tree.ts';
import type { Reading } from './model/reading.ts';
import { Room } from './model/room.ts';
import type { ServerObserver } from './model/server-observer.ts';

const tickMs = 10_000;

/**
 * Readings that come too late to say anything of the present, but later than all that was observed of their load: a
 * broker kept them while the service or the network was away. They go through a room of their own, in which it is always
 * the moment they were measured, so that servers are summed up by the same rules and a start in that time is found, at
 * its true onset. What it is given is not shown anywhere.
 */
export class CatchUp {
  readonly #room: Room;
  #tickedMs = 0;

  constructor(tree: PowerTree, observer: ServerObserver) {
    this.#room = new Room({ tree, rollUp: () => {}, observer });
  }

  take(reading: Reading, expectedIntervalMs: number): void {
    const { atMs } = reading;
    if (atMs - this.#tickedMs >= tickMs) {
      this.#tickedMs = atMs;
      this.#room.tick(atMs);
    }
    this.#room.apply({ ...reading, receivedAtMs: atMs }, expectedIntervalMs);
  }
}
