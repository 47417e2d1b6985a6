import type { RawMessage } from '../../src/model/reading.ts';
import { largeMessages } from '../devices/large-messages.ts';
import { type Chance, mutated } from '../devices/mutated-message.ts';
import { recordedFolders, recordedMessages } from '../devices/recorded-messages.ts';

/** A message as it is let loose on the intake. */
export interface FuzzMessage {
  readonly raw: RawMessage;
  /** Whose message it was before it was changed; `large`: one of the long ones. */
  readonly origin: string;
  readonly isChanged: boolean;
}

/** Passes between two that bring the long messages too. */
const passesPerLarge = 25;
const passMs = 5_000;

/**
 * All recorded sessions over and over, in another order each time, nearly every message changed; some come twice,
 * some late. Never ends.
 */
export function* fuzzMessages(chance: Chance): Generator<FuzzMessage, never> {
  const sessions = recordedFolders().map((folder) => ({
    origin: folder.split('/')[0] as string,
    messages: recordedMessages(folder),
  }));
  const large = { origin: 'large', messages: largeMessages() };
  const pool = [...sessions.flatMap(({ messages }) => messages), ...large.messages.slice(0, 40)];
  for (let pass = 0; ; pass++) {
    const withLarge = pass % passesPerLarge === passesPerLarge - 1;
    for (const { origin, messages } of shuffled(withLarge ? [...sessions, large] : sessions, chance))
      yield* changedSession(origin, messages, pass * passMs, pool, chance);
  }
}

function* changedSession(
  origin: string,
  messages: readonly RawMessage[],
  afterMs: number,
  pool: readonly RawMessage[],
  chance: Chance,
): Generator<FuzzMessage> {
  const late: FuzzMessage[] = [];
  for (const [index, recorded] of messages.entries()) {
    // Long ones stand in their places, the recorded ones at their times.
    const receivedAtMs = recorded.receivedAtMs + afterMs + (origin === 'large' ? index : 0);
    const moved = { ...recorded, receivedAtMs };
    // One in eight stays as it is, so that births and announcements are followed by what they announce.
    const raw = chance.below(8) === 0 ? moved : mutated(moved, pool, chance);
    const made = { raw, origin, isChanged: raw !== moved };
    if (chance.below(32) === 0) late.push(made);
    else yield made;
    if (chance.below(32) === 0) yield made;
    if (late.length > 0 && chance.below(8) === 0) yield late.shift() as FuzzMessage;
  }
  yield* late;
}

function shuffled<Thing>(list: readonly Thing[], chance: Chance): Thing[] {
  const left = [...list];
  return list.map(() => left.splice(chance.below(left.length), 1)[0] as Thing);
}
