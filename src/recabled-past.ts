import {
  type Cabling,
  cablingOf,
  cablingSince,
  type Recabling,
  recablingBetween,
} from './analysis/cabling.ts';
import { ledgerStepMs } from './analysis/ledger-row.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { OneStep } from './base/one-step.ts';
import type { PowerTree } from './model/power-tree.ts';
import type { RollUpChange, RollUpTier } from './model/roll-up.ts';
import { scopeId } from './model/scope.ts';
import { remakeSums, sumPieceEnd } from './past-remake.ts';
import type { Store } from './store/store.ts';

export interface RecabledPastParts {
  /** With the inputs of all times. */
  readonly tree: PowerTree;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly startedMs: number;
  /** Raw readings are kept so long, ms. */
  readonly rawMs: number;
  readonly expectedIntervalMs: (outlet: string) => number;
  readonly isStoreIdle: () => boolean;
  /** The checkpoint is to be saved soon. */
  readonly save: () => void;
}

interface Saved {
  readonly version: number;
  readonly cabling: Cabling;
  readonly waiting: Recabling | undefined;
}

/** To be raised when a field comes to mean something else. */
const version = 1;
const dayMs = 86_400_000;
/** Between two looks of the road, for so long at most. */
const stepMsMax = 250;
const retryMs = 30_000;
const stopMsMax = 1_000;
/** Rows of the quarter of the start are written by then. */
const writtenMs = 60_000;
const rowsPerWrite = 5_000;
const tellEveryMs = 10_000;

/**
 * Sums rest on who was plugged in where. When the settings come to say otherwise of a past time (`from` and `to` of
 * an input), the sums of the servers, racks, breakers and feeds that it touches are made again from their outlets' rows,
 * day by day in the background. What they rest on, and how far it has come, is kept in the checkpoint.
 */
export class RecabledPast {
  readonly #parts: RecabledPastParts;
  readonly #now: Cabling;
  readonly #steps: OneStep;
  #cabling: Cabling;
  #waiting: Recabling | undefined;
  #waitingScopes: ReadonlySet<string> = new Set();
  #isFirstKnown = false;
  #toldMs = 0;

  constructor(parts: RecabledPastParts) {
    this.#parts = parts;
    this.#now = cablingOf(parts.tree);
    this.#steps = new OneStep({
      clock: parts.clock,
      retryMs,
      stopMsMax,
      failed: (error) =>
        parts.log.warn({ err: error }, 'sums of the past could not be made again; tried again'),
    });
    this.#cabling = this.#now;
    // A checkpoint, where there is one, takes the place of this.
    this.#take(undefined, undefined);
  }

  /** Of the checkpoint file. */
  readonly section = 'cabling';

  saved(): Uint8Array {
    const saved: Saved = { version, cabling: this.#cabling, waiting: this.#waiting };
    return Buffer.from(JSON.stringify(saved));
  }

  /** Before the first tick. Throws on what `saved` did not write. */
  load(bytes: Uint8Array): void {
    const saved = JSON.parse(Buffer.from(bytes).toString('utf8')) as Saved;
    if (saved.version !== version) throw new Error(`saved by another version (${saved.version})`);
    this.#take(saved.cabling, saved.waiting);
  }

  /** Called about every second. */
  tick(nowMs: number): void {
    if (this.#waiting === undefined || !this.#steps.isDue(nowMs) || !this.#parts.isStoreIdle()) return;
    this.#steps.take(nowMs, () => this.#step(nowMs));
  }

  /** Do sums of this scope within [fromMs, toMs) still say what the settings said before? */
  isWaiting(scope: string, fromMs: number, toMs: number): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.fromMs >= toMs || waiting.toMs <= fromMs) return false;
    return this.#waitingScopes.has(scope);
  }

  /** Waits a little for the day under way; the next start goes on from there. */
  stop(): Promise<void> {
    return this.#steps.stop();
  }

  #take(before: Cabling | undefined, waiting: Recabling | undefined): void {
    const { startedMs } = this.#parts;
    const untilMs = (Math.floor(startedMs / ledgerStepMs) + 1) * ledgerStepMs;
    this.#waiting = joined(waiting, recablingBetween(before, this.#now, untilMs));
    this.#waitingScopes = new Set(this.#waiting?.scopes);
    this.#cabling = cablingSince(before, this.#now, startedMs);
  }

  async #step(nowMs: number): Promise<void> {
    const { clock, log, save } = this.#parts;
    if (!this.#isFirstKnown) await this.#findFirst(nowMs);
    this.#isFirstKnown = true;
    while (this.#waiting !== undefined && !this.#steps.isStopped) {
      const { fromMs, toMs } = this.#waiting;
      if (fromMs >= toMs) {
        log.info('sums of the past have been made again: history follows the servers');
        this.#waiting = undefined;
        save();
        return;
      }
      const endMs = sumPieceEnd(this.#parts.tree, fromMs, Math.min(toMs, this.#writtenUntil(nowMs)));
      if (endMs <= fromMs) return;
      await this.#make(this.#waiting, endMs, nowMs);
      this.#waiting = { ...this.#waiting, fromMs: endMs };
      this.#tell(endMs, toMs);
      if (clock.nowMs() - nowMs >= stepMsMax) return;
    }
  }

  /** There is nothing to be made before the first row of an outlet that moved. */
  async #findFirst(nowMs: number): Promise<void> {
    const waiting = this.#waiting!;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const outlet of waiting.outlets) {
      const { fromMs } = await this.#parts.store.rollUps({
        tier: 'quarter',
        scope: scopeId('outlet', outlet),
        fromMs: Math.max(0, waiting.fromMs),
        toMs: Math.min(waiting.toMs, nowMs),
        joinMs: dayMs,
      });
      firstMs = Math.min(firstMs, fromMs[0] ?? Number.POSITIVE_INFINITY);
    }
    const beginMs = Math.floor(Math.min(firstMs, waiting.toMs) / dayMs) * dayMs;
    const fromMs = Math.max(Math.floor(waiting.fromMs / ledgerStepMs) * ledgerStepMs, beginMs);
    this.#waiting = { ...waiting, fromMs: Number.isFinite(firstMs) ? fromMs : waiting.toMs };
    if (Number.isFinite(firstMs))
      this.#parts.log.info(
        { from: new Date(fromMs).toISOString(), to: new Date(waiting.toMs).toISOString() },
        `the settings say otherwise than before who was plugged in where in the past: sums of ${waiting.scopes.length} servers, racks, breakers and feeds are made again`,
      );
  }

  async #make({ fromMs, scopes, outlets }: Recabling, toMs: number, nowMs: number): Promise<void> {
    const { tree, store, rawMs, expectedIntervalMs } = this.#parts;
    await remakeSums({
      tree,
      store,
      scopes: new Set(scopes),
      outlets: new Set(outlets),
      fromMs,
      toMs,
      rawFromMs: nowMs - rawMs,
      expectedIntervalMs,
      write: (tier, rows) => this.#write(tier, rows),
    });
  }

  #writtenUntil(nowMs: number): number {
    return Math.floor((nowMs - writtenMs) / ledgerStepMs) * ledgerStepMs;
  }

  #tell(doneMs: number, toMs: number): void {
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs - this.#toldMs < tellEveryMs) return;
    this.#toldMs = nowMs;
    this.#parts.log.info(
      { until: new Date(doneMs).toISOString(), of: new Date(toMs).toISOString() },
      'sums of the past are being made again',
    );
  }

  async #write(tier: RollUpTier, rows: readonly RollUpChange[]): Promise<void> {
    const { store } = this.#parts;
    for (let from = 0; from < rows.length; from += rowsPerWrite)
      await store.write(store.encodeRollUps(tier, rows.slice(from, from + rowsPerWrite)));
  }
}

/** Both: making more again than is needed does no harm. */
function joined(a: Recabling | undefined, b: Recabling | undefined): Recabling | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    fromMs: Math.min(a.fromMs, b.fromMs),
    toMs: Math.max(a.toMs, b.toMs),
    outlets: [...new Set([...a.outlets, ...b.outlets])],
    scopes: [...new Set([...a.scopes, ...b.scopes])],
  };
}
