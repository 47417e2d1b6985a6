import type { RollUpColumns } from './model/columns.ts';
import { type RollUp, type RollUpTier, tierStepMs } from './model/roll-up.ts';
import type { Store } from './store/store.ts';

export interface FirstBucketsParts {
  readonly store: Store;
  readonly startedMs: number;
  readonly record: (tier: RollUpTier, row: RollUp) => void;
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
  /** By scope: what the earlier run observed of the minute of the start. Its quarter needs it too. */
  readonly #ofStartMinute = new Map<string, RollUpColumns>();
  /** A scope always takes the same, so that its rows keep their order. */
  readonly #lanes: Promise<void>[] = Array.from({ length: lanes }, () => Promise.resolve());
  #waiting = 0;

  constructor(parts: FirstBucketsParts) {
    this.#parts = parts;
    this.#startMinuteMs = Math.floor(parts.startedMs / minuteMs) * minuteMs;
  }

  take(tier: RollUpTier, row: RollUp): void {
    const { startedMs, record } = this.#parts;
    const wasOpen = row.fromMs <= startedMs && startedMs < row.fromMs + tierStepMs[tier];
    if (!wasOpen || this.#waiting >= waitingMax) {
      record(tier, row);
      return;
    }
    this.#waiting += 1;
    const lane = laneOf(row.scope);
    this.#lanes[lane] = this.#lanes[lane]!.then(() => this.#join(tier, row));
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#lanes);
  }

  async #join(tier: RollUpTier, row: RollUp): Promise<void> {
    const { store, record } = this.#parts;
    const { scope, fromMs } = row;
    try {
      if (tier === 'minute') {
        const earlier = await store.rollUps({ tier: 'minute', scope, fromMs, toMs: fromMs + minuteMs });
        this.#ofStartMinute.set(scope, earlier);
        record(tier, joined(row, [earlier]));
      } else {
        // Made again from its minutes: after a crash the quarter itself was never written.
        const earlier = await store.rollUps({ tier: 'minute', scope, fromMs, toMs: this.#startMinuteMs });
        const ofStart = this.#ofStartMinute.get(scope);
        this.#ofStartMinute.delete(scope);
        record(tier, joined(row, ofStart === undefined ? [earlier] : [earlier, ofStart]));
      }
    } catch {
      // The store is away: what this run has observed is better than nothing.
      record(tier, row);
    } finally {
      this.#waiting -= 1;
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
