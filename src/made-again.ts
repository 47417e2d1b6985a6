import { ledgerStepMs } from './analysis/ledger-row.ts';
import { treeAt } from './analysis/tree-at.ts';
import type { Clock } from './base/clock.ts';
import { remakeBuckets } from './bucket-remake.ts';
import { type EnergyMark, EnergyMarks } from './energy-marks.ts';
import { leftUntold, remakeOutlet } from './energy-remake.ts';
import { type CabledRoom, scopesOf, sumCabled } from './energy-sums.ts';
import { LateBuckets } from './late-buckets.ts';
import type { PowerTree } from './model/power-tree.ts';
import type { RollUpChange, RollUpTier } from './model/roll-up.ts';
import { scopeId } from './model/scope.ts';
import type { PastRooms } from './past-rooms.ts';
import { type SavedEnergy, unnotedQuarters } from './saved-energy.ts';
import type { Store } from './store/store.ts';
import { Unsummed } from './unsummed.ts';

export interface MadeAgainParts {
  readonly tree: PowerTree;
  readonly store: Store;
  readonly rooms: PastRooms;
  readonly clock: Clock;
  readonly startedMs: number;
  /** Raw readings are kept so long, ms. */
  readonly rawMs: number;
  /** What an outlet's device family usually does, ms. */
  readonly expectedIntervalMs: (outlet: string) => number;
  readonly write: (tier: RollUpTier, rows: readonly RollUpChange[]) => Promise<void>;
  readonly isStopped: () => boolean;
}

/** Its watts were told some seconds after its end. */
const closedMs = 10_000;
/** Outlets booked again in one go; between two of them a second passes. */
const outletsPerStep = 64;
/** And for no longer than that. */
const stepMsMax = 250;
/** A run that was killed within this has saved nothing of what it was to make again: the one after it has to. */
const unsavedMs = 120_000;
/** So long after it came a reading is in the store, as long as that is there. */
const durableMs = 10_000;
/** Quarters summed up at once. */
const quartersPerSum = 16;

/**
 * What is booked again from raw readings: stretches of outlets where something was not plain, the sums they count in,
 * and minutes and peaks of quarters that got late readings. What waits is kept over a restart. Steps may be
 * taken twice: whatever is written is the whole truth of its rows.
 */
export class MadeAgain {
  readonly #parts: MadeAgainParts;
  readonly #marks = new EnergyMarks();
  readonly #late = new LateBuckets();
  readonly #unsummed = new Unsummed();
  /** Outlets of which it is to be looked for what an earlier run left untold, each once. */
  readonly #resumed = new Set<string>();
  readonly #toResume: string[] = [];
  /** Taken out, and not written yet. */
  #underWay: Pick<SavedEnergy, 'marks' | 'late' | 'unsummed'> = nothingUnderWay;
  #quartersRemade = 0;

  constructor(parts: MadeAgainParts) {
    this.#parts = parts;
  }

  get counts(): { readonly waiting: number; readonly quartersRemade: number; readonly notRemade: number } {
    const { marks, late, unsummed } = this.#underWay;
    const underWay = marks.length + late.length + unsummed.quarters.length;
    return {
      waiting: this.#marks.count + this.#late.waiting + this.#toResume.length + underWay,
      quartersRemade: this.#quartersRemade,
      notRemade: this.#late.given,
    };
  }

  mark(outlet: string, fromMs: number, toMs: number, nowMs: number): void {
    this.#marks.add(outlet, fromMs, toMs, nowMs);
  }

  /** A late reading came. Says whether that is news of its quarter. */
  late(outlet: string, atMs: number, nowMs: number): boolean {
    this.#marks.add(outlet, atMs, atMs, nowMs);
    return this.#late.add(outlet, floorQuarter(atMs), nowMs);
  }

  /** Something of the quarter is to be booked again. */
  touches(outlet: string, quarterMs: number): boolean {
    return this.#marks.touches(outlet, quarterMs, quarterMs + ledgerStepMs);
  }

  /** What an earlier run left untold of this outlet is to be looked for. */
  resume(outlet: string): void {
    if (this.#resumed.has(outlet)) return;
    this.#resumed.add(outlet);
    this.#toResume.push(outlet);
  }

  // ── over a restart ───────────────────────────────────────────────────────────────────────────────────

  saved(): Pick<SavedEnergy, 'marks' | 'late' | 'unsummed'> {
    const { marks, late, unsummed } = this.#underWay;
    const { outlets, quarters } = this.#unsummed.all();
    return {
      marks: [...this.#marks.all(), ...marks],
      late: [...this.#late.all(), ...late],
      unsummed: {
        outlets: [...outlets, ...unsummed.outlets],
        quarters: [...quarters, ...unsummed.quarters],
      },
    };
  }

  /** Answers how many quarters of outlets may have got late readings that a kill left unnoted. */
  load(saved: SavedEnergy): number {
    const { startedMs } = this.#parts;
    for (const { outlet, fromMs, toMs } of saved.marks) this.#marks.add(outlet, fromMs, toMs, startedMs);
    for (const [quarterMs, outlets] of saved.late)
      for (const outlet of outlets) this.#late.add(outlet, quarterMs, startedMs);
    this.#sumAgain(saved.unsummed);
    for (const [outlet] of saved.outlets) this.resume(outlet);
    const unnoted = unnotedQuarters(saved, startedMs);
    for (const quarterMs of unnoted)
      for (const [outlet] of saved.outlets) this.#late.add(outlet, quarterMs, startedMs);
    return unnoted.length * saved.outlets.length;
  }

  // ── steps ────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The next step of each kind. Of stretches that end before `settledMs` the quarters before `untilMs` are made; later
   * ones are still told by others. Rejects with a StoreError.
   */
  async step(nowMs: number, settledMs: number, untilMs: number): Promise<void> {
    await this.#resumeSome();
    await this.#remakeMarked(nowMs, settledMs, untilMs);
    await this.#remakeLate(nowMs);
  }

  /** What an earlier run of the service left untold, and the time between: from its last readings on. */
  async #resumeSome(): Promise<void> {
    const { store, startedMs, isStopped } = this.#parts;
    for (let n = 0; n < outletsPerStep && !isStopped(); n += 1) {
      const outlet = this.#toResume[0];
      if (outlet === undefined) return;
      const left = await leftUntold(store, outlet, startedMs);
      this.#toResume.shift();
      const nowMs = this.#parts.clock.nowMs();
      const untoldMs = left?.fromMs ?? startedMs;
      const endMs = floorQuarter(startedMs) + ledgerStepMs;
      this.#marks.add(outlet, untoldMs, endMs - 1, nowMs);
      // Sums that an earlier run did not get round to; of the quarter of the start they lack who came later.
      for (let at = floorQuarter(untoldMs); at < endMs; at += ledgerStepMs) this.#unsummed.add(outlet, at);
      // Minutes that a run ended or began within: it may not have told its part, or not joined it with the other's.
      if (left === undefined) continue;
      for (const quarterMs of new Set([left.lastMs - unsavedMs, left.lastMs, startedMs].map(floorQuarter)))
        this.#late.add(outlet, quarterMs, nowMs);
    }
  }

  async #remakeMarked(nowMs: number, settledMs: number, untilMs: number): Promise<void> {
    const { clock, write, isStopped } = this.#parts;
    const marks = this.#marks.take(settledMs, nowMs - durableMs, outletsPerStep);
    this.#underWay = { ...nothingUnderWay, marks };
    let done = 0;
    try {
      const rows: RollUpChange[] = [];
      for (const mark of marks) {
        if (isStopped() || clock.nowMs() - nowMs > stepMsMax) break;
        rows.push(...(await this.#remadeRows(mark, nowMs, untilMs)));
        done += 1;
      }
      await write('quarter', rows);
      this.#quartersRemade += rows.length;
      for (const row of rows) this.#unsummed.add(outletOf(row.scope), row.fromMs);
    } catch (error) {
      done = 0;
      throw error;
    } finally {
      this.#underWay = nothingUnderWay;
      for (const { outlet, fromMs, toMs, markedMs } of marks.slice(done))
        this.#marks.add(outlet, fromMs, toMs, markedMs);
    }
    // A start marks every outlet: their sums are made once, when all are done.
    if (marks.length < outletsPerStep && done === marks.length) await this.#sum(settledMs, nowMs);
  }

  async #remadeRows(mark: EnergyMark, nowMs: number, untilMs: number): Promise<RollUpChange[]> {
    const { store, rawMs, expectedIntervalMs } = this.#parts;
    // What is older than raw readings are kept stays as it was.
    const fromMs = Math.max(mark.fromMs, nowMs - rawMs + ledgerStepMs);
    if (fromMs > mark.toMs) return [];
    return remakeOutlet({
      store,
      outlet: mark.outlet,
      mark: { ...mark, fromMs },
      expectedIntervalMs: expectedIntervalMs(mark.outlet),
      nowMs,
      untilMs,
    });
  }

  /** Wider scopes of the outlets whose rows were made again, added up from the rows of all outlets. */
  async #sum(settledMs: number, nowMs: number): Promise<void> {
    const { rooms } = this.#parts;
    const due = this.#unsummed.take(settledMs);
    this.#underWay = { ...nothingUnderWay, unsummed: due };
    const { outlets, quarters } = due;
    let done = 0;
    try {
      while (done < quarters.length) {
        const fromMs = quarters[done]!;
        const [first, ...others] = rooms.within(fromMs, nowMs);
        const isAlike = (at: number) => {
          const [room, ...more] = rooms.within(at, nowMs);
          return more.length === 0 && room!.room === first!.room;
        };
        const some =
          others.length > 0
            ? [fromMs]
            : quarters
                .slice(done, done + quartersPerSum)
                .filter((at) => at < fromMs + quartersPerSum * ledgerStepMs && isAlike(at));
        await this.#sumQuarters(outlets, new Set(some), [first!, ...others]);
        done += some.length;
      }
    } catch (error) {
      this.#sumAgain({ outlets, quarters: quarters.slice(done) });
      throw error;
    } finally {
      this.#underWay = nothingUnderWay;
    }
  }

  async #sumQuarters(
    outlets: readonly string[],
    quarters: ReadonlySet<number>,
    cabled: readonly CabledRoom[],
  ): Promise<void> {
    const { store, write } = this.#parts;
    const fromMs = Math.min(...quarters);
    const stored = await store.energyRows({
      tier: 'quarter',
      scopes: [`${scopeId('outlet', '')}*`],
      fromMs,
      toMs: Math.max(...quarters) + ledgerStepMs,
    });
    const scopes = new Set(
      cabled.flatMap(({ room }) => outlets.flatMap((outlet) => scopesOf(outlet, room, stored))),
    );
    await write('quarter', sumCabled(stored, quarters, scopes, cabled));
  }

  #sumAgain({ outlets, quarters }: SavedEnergy['unsummed']): void {
    const [first] = quarters;
    if (first === undefined) return;
    for (const outlet of outlets) this.#unsummed.add(outlet, first);
    for (const quarterMs of quarters) this.#unsummed.add(outlets[0] ?? '', quarterMs);
  }

  // ── minutes and peaks of late readings ───────────────────────────────────────────────────────────────

  async #remakeLate(nowMs: number): Promise<void> {
    const { tree, store, rooms, rawMs, expectedIntervalMs, write } = this.#parts;
    const due = this.#late.take(nowMs - ledgerStepMs - closedMs, nowMs - durableMs);
    if (due === undefined || due.quarterMs < nowMs - rawMs + 2 * ledgerStepMs) return;
    const { quarterMs, outlets } = due;
    this.#underWay = { ...nothingUnderWay, late: [[quarterMs, outlets]] };
    const room = rooms.at(quarterMs, nowMs);
    try {
      const made = await remakeBuckets({
        tree: treeAt(tree, quarterMs),
        store,
        fromMs: quarterMs,
        toMs: quarterMs + ledgerStepMs,
        scopes: new Set(
          outlets.flatMap((outlet) => [scopeId('outlet', outlet), ...scopesOf(outlet, room, new Map())]),
        ),
        expectedIntervalMs,
      });
      if (made === undefined) this.#late.giveUp(outlets.length);
      else for (const tier of ['minute', 'quarter'] as const) await write(tier, made[tier]);
    } catch (error) {
      for (const outlet of outlets) this.#late.add(outlet, quarterMs, nowMs);
      throw error;
    } finally {
      this.#underWay = nothingUnderWay;
    }
  }
}

const nothingUnderWay: Pick<SavedEnergy, 'marks' | 'late' | 'unsummed'> = {
  marks: [],
  late: [],
  unsummed: { outlets: [], quarters: [] },
};

function outletOf(scope: string): string {
  return scope.slice(scopeId('outlet', '').length);
}

function floorQuarter(atMs: number): number {
  return Math.floor(atMs / ledgerStepMs) * ledgerStepMs;
}
