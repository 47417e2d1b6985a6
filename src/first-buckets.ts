import type { Clock } from './base/clock.ts';
import type { RollUpColumns } from './model/columns.ts';
import { type RollUp, type RollUpTier, tierStepMs } from './model/roll-up.ts';
import type { Store } from './store/store.ts';

export interface FirstBucketsParts {
  readonly store: Store;
  readonly startedMs: number;
  readonly record: (tier: RollUpTier, row: RollUp) => void;
  readonly clock: Pick<Clock, 'after'>;
}

/** A row that waits for its earlier part. */
interface Waiting {
  readonly tier: RollUpTier;
  readonly row: RollUp;
}

/** So many rows wait for their earlier part at most; beyond, they are written as they are. */
const waitingMax = 20_000;
const minuteMs = tierStepMs.minute;
/** Questions to the store at once: at a stop there is one for each scope, and little time. */
const lanes = 8;

/**
 * The buckets that were open when the service started hold what an earlier run observed in them. Their rows are
 * joined with that before they are written, instead of taking its place. All later buckets pass straight on.
 */
export class FirstBuckets {
  readonly #parts: FirstBucketsParts;
  readonly #startMinuteMs: number;
  /** By scope of which the earlier run observed something of the minute of the start: what. Its quarter needs it too. */
  readonly #ofStartMinute = new Map<string, RollUpColumns>();
  /** A scope always takes the same, so that its rows keep their order. */
  readonly #lanes: Promise<void>[] = Array.from({ length: lanes }, () => Promise.resolve());
  readonly #waiting = new Set<Waiting>();

  constructor(parts: FirstBucketsParts) {
    this.#parts = parts;
    this.#startMinuteMs = Math.floor(parts.startedMs / minuteMs) * minuteMs;
  }

  take(tier: RollUpTier, row: RollUp): void {
    const { startedMs, record } = this.#parts;
    const wasOpen = row.fromMs <= startedMs && startedMs < row.fromMs + tierStepMs[tier];
    if (!wasOpen || this.#waiting.size >= waitingMax) {
      record(tier, row);
      return;
    }
    const one = { tier, row };
    this.#waiting.add(one);
    const lane = laneOf(row.scope);
    this.#lanes[lane] = this.#lanes[lane]!.then(() => this.#join(one));
  }

  /** Resolves when nothing waits any more; what waits for longer than `withinMs` is written as it is. */
  async settled(withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(withinMs, resolve);
      void Promise.all(this.#lanes).then(() => {
        cancel();
        resolve();
      });
    });
    for (const one of this.#waiting) this.#record(one, one.row);
  }

  #record(one: Waiting, row: RollUp): void {
    if (this.#waiting.delete(one)) this.#parts.record(one.tier, row);
  }

  async #join(one: Waiting): Promise<void> {
    const { store } = this.#parts;
    const { scope, fromMs } = one.row;
    if (!this.#waiting.has(one)) return;
    try {
      if (one.tier === 'minute') {
        const earlier = await store.rollUps({ tier: 'minute', scope, fromMs, toMs: fromMs + minuteMs });
        if (earlier.fromMs.length > 0) this.#ofStartMinute.set(scope, earlier);
        this.#record(one, joined(one.row, [earlier]));
      } else {
        // Made again from its minutes: after a crash the quarter itself was never written.
        const earlier = await store.rollUps({ tier: 'minute', scope, fromMs, toMs: this.#startMinuteMs });
        const ofStart = this.#ofStartMinute.get(scope);
        this.#ofStartMinute.delete(scope);
        this.#record(one, joined(one.row, ofStart === undefined ? [earlier] : [earlier, ofStart]));
      }
    } catch {
      // The store is away: what this run has observed is better than nothing, until it is made again (made-again.ts).
      this.#record(one, one.row);
    }
  }
}

function joined(row: RollUp, parts: readonly RollUpColumns[]): RollUp {
  let { wattsMin, wattsMax, wattHours, observedMs } = row;
  let wattMs = row.wattsMean * observedMs;
  for (const part of parts) {
    for (let i = 0; i < part.fromMs.length; i += 1) {
      wattsMin = Math.min(wattsMin, part.wattsMin[i]!);
      wattsMax = Math.max(wattsMax, part.wattsMax[i]!);
      wattHours += part.wattHours[i]!;
      observedMs += part.observedMs[i]!;
      wattMs += part.wattsMean[i]! * part.observedMs[i]!;
    }
  }
  return {
    ...row,
    wattsMin,
    wattsMax,
    wattHours,
    observedMs,
    wattsMean: wattMs / observedMs,
  };
}

function laneOf(scope: string): number {
  let sum = 0;
  for (let i = 0; i < scope.length; i += 1) sum = (sum * 31 + scope.charCodeAt(i)) | 0;
  return (sum >>> 0) % lanes;
}
