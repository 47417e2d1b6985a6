import type { PowerEvent } from './model/event.ts';
import type { Store } from './store/store.ts';

/** Starts began at most so long before what is observed again. */
const beforeMs = 3 * 3_600_000;
/** A device's clock may be ahead of ours. */
const aheadMs = 60_000;
const eventsMax = 10_000;

/**
 * What an earlier run has told already, from the store: observed again, the same readings give the same events,
 * with the same ids, and those are not told a second time.
 */
export class ToldEvents {
  /** By id: was it complete? */
  readonly #starts: ReadonlyMap<string, boolean>;
  readonly #idle: ReadonlySet<string>;

  private constructor(starts: ReadonlyMap<string, boolean>, idle: ReadonlySet<string>) {
    this.#starts = starts;
    this.#idle = idle;
  }

  /** Rejects with a StoreError. */
  static async of(store: Store, fromMs: number, toMs: number): Promise<ToldEvents> {
    const range = { fromMs: fromMs - beforeMs, toMs: toMs + aheadMs, limit: eventsMax };
    const [starts, idle] = await Promise.all([store.starts(range), store.idleEvents(range)]);
    return new ToldEvents(
      new Map(starts.map(({ id, complete }) => [id, complete])),
      new Set(idle.map(({ scope, atMs }) => `${atMs} ${scope}`)),
    );
  }

  /** `finally`: nothing can be added. `so-far`: what it says now may be more, but it is no news. */
  has(event: PowerEvent): 'not' | 'so-far' | 'finally' {
    switch (event.kind) {
      case 'start': {
        const complete = this.#starts.get(event.start.id);
        if (complete === undefined || (event.start.complete && !complete)) return 'not';
        return complete ? 'finally' : 'so-far';
      }
      case 'idle':
        return this.#idle.has(`${event.atMs} ${event.scope}`) ? 'finally' : 'not';
      default:
        return 'not';
    }
  }
}
