import { nextRecabling, treeAt } from './analysis/tree-at.ts';
import type { PowerTree } from './model/power-tree.ts';
import { emptyReading, splitOutlet } from './model/reading.ts';
import { Room } from './model/room.ts';

/** Cablings remembered; beyond, the one made first is made again when it is asked for. */
const pastMax = 4;

/**
 * The room as it was cabled at a time, to tell who counted where: history follows a server when it is plugged in
 * elsewhere. Of a quarter of an hour within which that happened, its begin decides.
 */
export class PastRooms {
  readonly #tree: PowerTree;
  readonly #room: () => Room;
  /** By when each ended. */
  readonly #past = new Map<number, { readonly room: Room; readonly outlets: number }>();

  /** `tree` with the inputs of all times; `room` is the live one. */
  constructor(tree: PowerTree, room: () => Room) {
    this.#tree = tree;
    this.#room = room;
  }

  /** The live room where nothing has been plugged in elsewhere since. */
  at(atMs: number, nowMs: number): Room {
    const endedMs = nextRecabling(this.#tree, atMs);
    if (endedMs > nowMs) return this.#room();
    const known = this.#past.get(endedMs);
    if (known !== undefined && known.outlets === this.#room().outletCount) return known.room;
    const room = this.#make(atMs);
    this.#past.delete(endedMs);
    this.#past.set(endedMs, { room, outlets: this.#room().outletCount });
    for (const oldest of this.#past.keys()) {
      if (this.#past.size <= pastMax) break;
      this.#past.delete(oldest);
    }
    return room;
  }

  /** With the outlets of today: which of them tell watts decides who counts. */
  #make(atMs: number): Room {
    const live = this.#room();
    const numbers = new Map(
      Array.from({ length: live.outletCount }, (_, number) => [live.outletAt(number), number]),
    );
    const tellsWatts = (outlet: string) => live.tellsWatts(numbers.get(outlet)!);
    return roomOfOutlets(treeAt(this.#tree, atMs), numbers.keys(), tellsWatts, atMs);
  }
}

/** A room in which these outlets have been heard, to ask who counts where. */
export function roomOfOutlets(
  tree: PowerTree,
  outlets: Iterable<string>,
  tellsWatts: (outlet: string) => boolean,
  atMs: number,
): Room {
  const room = new Room({ tree, rollUp: () => {} });
  for (const id of outlets) {
    const message = {
      topic: '',
      payload: new Uint8Array(),
      receivedAtMs: atMs,
      retained: false,
      qos: 0 as const,
      sequence: 0,
    };
    const reading = emptyReading(splitOutlet(id).device, id, message);
    if (tellsWatts(id)) reading.watts = 0;
    room.apply(reading, 60_000);
  }
  return room;
}
