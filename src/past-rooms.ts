import { ledgerStepMs } from './analysis/ledger-row.ts';
import { cabledTimes, nextRecabling, treeAt } from './analysis/tree-at.ts';
import type { CabledRoom } from './energy-sums.ts';
import type { PowerTree } from './model/power-tree.ts';
import { emptyReading, splitOutlet } from './model/reading.ts';
import { Room } from './model/room.ts';

/** Cablings remembered; beyond, the one made first is made again when it is asked for. */
const pastMax = 4;

/**
 * The room as it was cabled at a time, to tell who counted where: history follows a server when it is plugged in
 * elsewhere.
 */
export class PastRooms {
  readonly #tree: PowerTree;
  readonly #room: () => Room;
  readonly #startedMs: number;
  /** By when each ended. */
  readonly #past = new Map<number, { readonly room: Room; readonly version: number }>();
  /** Outlets that told watts in the run before, and not yet in this one. */
  readonly #before = new Set<string>();
  #lookedAtVersion = -1;

  /** `tree` with the inputs of all times; `room` is the live one, which has been there since `startedMs`. */
  constructor(tree: PowerTree, room: () => Room, startedMs: number) {
    this.#tree = tree;
    this.#room = room;
    this.#startedMs = startedMs;
  }

  /** This one told watts in the run before: until it does so again only the past knows of it. */
  knewBefore(outlet: string): void {
    this.#before.add(outlet);
    this.#lookedAtVersion = -1;
  }

  /** The live room where nothing has been plugged in elsewhere since, and all that counted then is known to it. */
  at(atMs: number, nowMs: number): Room {
    const live = this.#room();
    const endedMs = nextRecabling(this.#tree, atMs);
    if (endedMs > nowMs && (atMs >= this.#startedMs || !this.#isWaiting(live))) return live;
    const version = live.placesVersion;
    const known = this.#past.get(endedMs);
    if (known?.version === version) return known.room;
    const room = this.#make(atMs, live);
    this.#past.delete(endedMs);
    this.#past.set(endedMs, { room, version });
    for (const oldest of this.#past.keys()) {
      if (this.#past.size <= pastMax) break;
      this.#past.delete(oldest);
    }
    return room;
  }

  /** The rooms of one quarter of an hour: more than one where something was plugged in elsewhere within it. */
  within(quarterMs: number, nowMs: number): CabledRoom[] {
    return cabledTimes(this.#tree, quarterMs, quarterMs + ledgerStepMs).map(({ fromMs, share }) => ({
      room: this.at(fromMs, nowMs),
      share,
    }));
  }

  /** For outlets of the run before. */
  #isWaiting(live: Room): boolean {
    if (this.#lookedAtVersion !== live.placesVersion)
      for (const outlet of this.#before) if (tellsWatts(live, outlet)) this.#before.delete(outlet);
    this.#lookedAtVersion = live.placesVersion;
    return this.#before.size > 0;
  }

  /** With the outlets of today and of the run before: which of them tell watts decides who counts. */
  #make(atMs: number, live: Room): Room {
    const known = Array.from({ length: live.outletCount }, (_, number) => live.outletAt(number));
    return roomOfOutlets(
      treeAt(this.#tree, atMs),
      new Set([...known, ...this.#before]),
      (outlet) => this.#before.has(outlet) || tellsWatts(live, outlet),
      atMs,
    );
  }
}

/** Has it told watts in this room? */
function tellsWatts(room: Room, outlet: string): boolean {
  const number = room.outletNumber(outlet);
  return number >= 0 && room.tellsWatts(number);
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
