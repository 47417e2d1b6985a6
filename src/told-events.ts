import type { PowerEvent } from './model/event.ts';
import type { StartRecord } from './model/start.ts';
import type { Store } from './store/store.ts';

/** Starts began at most so long before what is observed again. */
const beforeMs = 3 * 3_600_000;
/** A device's clock may be ahead of ours. */
const aheadMs = 60_000;
const eventsMax = 10_000;
/**
 * So far apart may two runs date one start: the one that met its first readings late, or not at all, dates it later than
 * one that reads all of them from the store. Longer is a hole, after which nobody tells a start.
 */
const sameStartMs = 300_000;

/**
 * What an earlier run has told already, from the store: observed again, the same readings give the same events,
 * with the same ids, and those are not told a second time.
 */
export class ToldEvents {
  /** By id. */
  readonly #starts: ReadonlyMap<string, StartRecord>;
  readonly #idle: ReadonlySet<string>;
  /** By the id of the start found. */
  readonly #likes = new Map<string, StartRecord | undefined>();

  private constructor(starts: ReadonlyMap<string, StartRecord>, idle: ReadonlySet<string>) {
    this.#starts = starts;
    this.#idle = idle;
  }

  /** Rejects with a StoreError. */
  static async of(store: Store, fromMs: number, toMs: number): Promise<ToldEvents> {
    const range = { fromMs: fromMs - beforeMs, toMs: toMs + aheadMs, limit: eventsMax };
    const [starts, idle] = await Promise.all([store.starts(range), store.idleEvents(range)]);
    return new ToldEvents(
      new Map(starts.map((start) => [start.id, start])),
      new Set(idle.map(({ scope, atMs }) => `${atMs} ${scope}`)),
    );
  }

  /**
   * The start that was told already, perhaps with another onset; each is the like of one start only. One that began
   * before `sinceMs`, or was over before `endedBeforeMs`, is not meant: what was observed until then is not observed again.
   */
  startLike(
    { id, scope, atMs }: StartRecord,
    { sinceMs = 0, endedBeforeMs = 0 }: { sinceMs?: number; endedBeforeMs?: number | undefined } = {},
  ): StartRecord | undefined {
    if (this.#likes.has(id)) return this.#likes.get(id);
    const taken = new Set(this.#likes.values());
    const apartMs = (one: StartRecord) => Math.abs(one.atMs - atMs);
    const like =
      this.#starts.get(id) ??
      [...this.#starts.values()]
        .filter((one) => one.scope === scope && one.atMs >= sinceMs && apartMs(one) <= sameStartMs)
        .filter((one) => !(one.complete && one.atMs + (one.settleMs ?? 0) < endedBeforeMs))
        .filter((one) => !taken.has(one))
        .sort((a, b) => apartMs(a) - apartMs(b))[0];
    this.#likes.set(id, like);
    return like;
  }

  /** `finally`: nothing can be added. `so-far`: what it says now may be more, but it is no news. */
  has(event: PowerEvent): 'not' | 'so-far' | 'finally' {
    switch (event.kind) {
      case 'start': {
        const complete = this.#starts.get(event.start.id)?.complete;
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
