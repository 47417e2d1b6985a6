/** How a connection that the broker had accepted came to its end. */
export type Ending = 'taken-over' | 'closed-by-broker' | 'other';

/** A connection that lasted this long was no skirmish. */
export const stableMs = 60_000;
/** The very first connection of a newcomer is ended sooner: the other comes back within a second or so. */
const firstStableMs = 3_000;

/**
 * Recognises a second instance with the same client id. A broker ends the older of two such connections (MQTT
 * 3.1.1 §3.1.4, MQTT 5 reason 142), so that two instances that both come back at once throw each other out for ever.
 * Whose first connection did not last is the newcomer and gives way; the other holds out much longer.
 * In MQTT 3.1.1 the broker gives no reason: connections that it accepts at once and closes soon after, several
 * times in a row, are taken for the same.
 */
export class TwinWatch {
  #openedAtMs: number | undefined;
  #standing = false;
  #first = true;
  #takeovers = 0;
  #lastTakeoverAtMs = Number.NEGATIVE_INFINITY;

  opened(nowMs: number): void {
    this.#openedAtMs = nowMs;
  }

  /** An attempt that failed is no sign of a twin: it would have let us in. */
  failed(): void {
    this.#takeovers = 0;
  }

  /** Answers whether we should give way now: stay away for long. */
  closed(nowMs: number, ending: Ending): boolean {
    const lastedMs = nowMs - (this.#openedAtMs ?? nowMs);
    this.#openedAtMs = undefined;
    if (lastedMs >= (this.#first ? firstStableMs : stableMs)) this.#standing = true;
    if (lastedMs >= stableMs) this.#takeovers = 0;
    this.#first = false;
    if (ending === 'other') return false;
    if (ending === 'closed-by-broker' && lastedMs >= stableMs) return false;
    this.#takeovers += 1;
    if (ending === 'taken-over' || this.#takeovers >= suspectTakeovers) this.#lastTakeoverAtMs = nowMs;
    return this.#takeovers >= this.#patience(ending);
  }

  /** A twin was seen within the last ten minutes. */
  suspects(nowMs: number): boolean {
    return nowMs - this.#lastTakeoverAtMs < rememberedMs;
  }

  #patience(ending: Ending): number {
    if (this.#standing) return standingTakeovers;
    return ending === 'taken-over' ? sureTakeovers : unsureTakeovers;
  }
}

const sureTakeovers = 2;
const unsureTakeovers = 3;
const suspectTakeovers = 2;
const standingTakeovers = 10;
const rememberedMs = 600_000;
