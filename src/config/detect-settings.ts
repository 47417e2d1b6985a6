import { z } from 'zod';
import { note } from './setting-note.ts';

/** When idle draw counts as high. How starts are found has no settings: it is learnt, machine by machine. */
export const detect = z.strictObject({
  idleLimitWatts: note(z.number().positive().max(1_000_000).prefault(300), {
    sentence:
      'Idle draw above which a server counts as high, W, where nothing nearer says: neither its own idleLimitWatts, nor its hardware, nor machines like it, nor its own busy level.',
    expected: 'a number of watts above 0',
    example: '150',
  }),
  peerFactor: note(z.number().min(1).max(100).prefault(1.5), {
    sentence:
      'Idle draw counts as high above so many times the median of the machines in the room with the same hardware (five others at least).',
    expected: 'a number, 1 or more',
    example: '1.3',
  }),
  idleLimitShare: note(z.number().positive().max(1).prefault(0.4), {
    sentence:
      "Idle draw counts as high above this share of the server's own busy draw, once that was seen over days.",
    expected: 'a number above 0, at most 1',
    example: '0.5',
  }),
});
