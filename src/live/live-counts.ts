import type { GoodbyeReason } from './protocol.ts';

/** What all clients together did, for `/metrics`. */
export interface LiveCounts {
  messages: number;
  bytes: number;
  /** Frames made, once for all clients of a channel. */
  frames: number;
  /** Frames made for one slow client, in place of those it could not take. */
  merged: number;
  eventsDropped: number;
  /** Connections ended, by goodbye reason; `left`: by the client. */
  closed: Record<GoodbyeReason | 'left', number>;
}

export function noCounts(): LiveCounts {
  const closed = {
    left: 0,
    shutdown: 0,
    'too-slow': 0,
    silent: 0,
    'not-allowed': 0,
    'bad-request': 0,
    'too-many-clients': 0,
  };
  return { messages: 0, bytes: 0, frames: 0, merged: 0, eventsDropped: 0, closed };
}
