import type { RoomView } from '../model/room-view.ts';
import type { RoomAnswer } from './shapes.ts';

/** What the room is called, for answers. */
export interface RoomNames {
  readonly name: string;
  /** IANA zone of its days. */
  readonly timezone: string;
  /** A simulated room. */
  readonly demo: boolean;
}

/** `GET /room`: every scope as it is now. */
export function roomAnswer(room: RoomView, { name, timezone, demo }: RoomNames, atMs: number): RoomAnswer {
  const figures: RoomAnswer['figures'] = {};
  for (let i = 0; i < room.scopeCount; i++) figures[room.scopeAt(i)] = room.figureAt(i);
  return { atMs, name, timezone, demo, figures };
}
