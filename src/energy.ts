import { EnergyTrail, type TrailQuarter } from './analysis/energy-trail.ts';
import { ledgerStepMs } from './analysis/ledger-row.ts';
import { treeAt } from './analysis/tree-at.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { remakeBuckets } from './bucket-remake.ts';
import { type EnergyMark, EnergyMarks } from './energy-marks.ts';
import { remakeOutlet, untoldFromMs } from './energy-remake.ts';
import { energyRow, scopesOf, sumScopes } from './energy-sums.ts';
import { LateBuckets } from './late-buckets.ts';
import type { EnergyObserver } from './model/energy-observer.ts';
import type { PowerTree } from './model/power-tree.ts';
import type { RollUpChange, RollUpTier } from './model/roll-up.ts';
import type { Room } from './model/room.ts';
import { scopeId } from './model/scope.ts';
import { PastRooms } from './past-rooms.ts';
import type { Store } from './store/store.ts';

export interface EnergyParts {
  readonly tree: PowerTree;
  readonly store: Store;
  readonly room: () => Room;
  readonly clock: Clock;
  readonly log: Log;
  readonly startedMs: number;
  /** Raw readings are kept so long, ms. */
  readonly rawMs: number;
  /** The store is there, and nothing waits to be brought to it: what is read from it is all there is. */
  readonly isStoreIdle: () => boolean;
}

export interface EnergyCounts {
  /** Readings of a time that had passed. */
  readonly lateReadings: number;
  /** Stretches of outlets that wait to be booked again. */
  readonly waiting: number;
  /** Quarters of outlets booked again. */
  readonly quartersRemade: number;
  /** Late readings whose minutes stay as they were: too many readings, or too many waiting. */
  readonly notRemade: number;
}

/** A quarter is told when every counter has had the time to tick in the next hour. */
const settleMs = 75 * 60_000;
/** Later than this the trail does not remember a quarter. */
const rememberedMs = 105 * 60_000;
/** Its watts were told some seconds after its end. */
const closedMs = 10_000;
const rowsPerWrite = 5_000;
/** Outlets booked again in one go; between two of them a second passes. */
const outletsPerStep = 64;
/** So long after it came a reading is in the store, as long as that is there. */
const durableMs = 10_000;
const retryMs = 30_000;
const stopMsMax = 1_000;
/** And for no longer than that. */
const stepMsMax = 250;
/** Quarters summed up at once. */
const quartersPerSum = 16;

/**
 * Books the energy of every outlet and of all that is fed through it, in quarters of an hour: in the stream by the
 * trail (analysis/energy-trail.ts), and again from raw readings by the ledger where something was not plain: a gap,
 * a reset, a restart, a late reading. Quarters are first what their watts came to; after 75 minutes, when
 * counters have told, they become what was booked, with its parts. One step at a time, none while the store is
 * away; whatever is written is the whole truth of its rows, so that a step may be taken twice.
 */
export class Energy {
  readonly #parts: EnergyParts;
  readonly #trail: EnergyTrail;
  readonly #marks = new EnergyMarks();
  readonly #late = new LateBuckets();
  readonly #rooms: PastRooms;
  readonly #unsummed = new Unsummed();
  /** Of outlets heard since the start: what an earlier run left untold is to be looked for. */
  readonly #resumed: number[] = [];
  readonly #known: boolean[] = [];
  readonly #intervalsMs: number[] = [];
  #nextMs: number;
  #work: Promise<void> | undefined;
  #nowMs: number;
  #waitUntilMs = 0;
  #lateReadings = 0;
  /** Room and trail may both say so of one reading. */
  #lastLate = { outlet: -1, atMs: 0 };
  #quartersRemade = 0;
  #stopped = false;

  constructor(parts: EnergyParts) {
    this.#parts = parts;
    this.#nowMs = parts.startedMs;
    this.#nextMs = floorQuarter(parts.startedMs) + ledgerStepMs;
    this.#rooms = new PastRooms(parts.tree, parts.room);
    this.#trail = new EnergyTrail({
      doubt: (outlet, fromMs, toMs) => this.#mark(outlet, fromMs, toMs),
      late: (outlet, atMs) => this.#isLate(outlet, atMs),
    });
  }

  /** For the room. */
  readonly observer: EnergyObserver = {
    read: (outlet, atMs, watts, wattHoursTotal, expectedIntervalMs) => {
      if (this.#known[outlet] !== true) this.#meet(outlet, expectedIntervalMs);
      this.#trail.take(outlet, atMs, watts, wattHoursTotal, expectedIntervalMs);
    },
    late: (outlet, atMs) => this.#isLate(outlet, atMs),
    quarter: (outlet, { fromMs, wattHours, observedMs }) =>
      this.#trail.plain(outlet, fromMs, wattHours, observedMs),
  };

  /** Quarters of an outlet before this are told, or nobody will: who brings readings of them has to make them again. */
  toldUntilMs(outlet: string): number {
    const number = this.#parts.room().outletNumber(outlet);
    return this.#known[number] === true ? this.#nextMs : floorQuarter(this.#nowMs) + ledgerStepMs;
  }

  /** A reading of a quarter that is not told yet came by another road. */
  late(outlet: string, atMs: number): void {
    const number = this.#parts.room().outletNumber(outlet);
    if (number >= 0 && this.#known[number] === true) this.#isLate(number, atMs);
  }

  get counts(): EnergyCounts {
    return {
      lateReadings: this.#lateReadings,
      waiting: this.#marks.count + this.#resumed.length,
      quartersRemade: this.#quartersRemade,
      notRemade: this.#late.given,
    };
  }

  /** Called about every second: takes the next step, if the one before is done. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#stopped || this.#work !== undefined || nowMs < this.#waitUntilMs) return;
    if (!this.#parts.isStoreIdle()) return;
    this.#work = this.#step(nowMs)
      .catch((error: unknown) => {
        this.#waitUntilMs = nowMs + retryMs;
        if (!this.#stopped) this.#parts.log.warn({ err: error }, 'energy could not be booked; tried again');
      })
      .finally(() => {
        this.#work = undefined;
      });
  }

  /** Waits a little for the step under way. What is untold then the next start books from raw readings. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const work = this.#work;
    if (work === undefined) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(stopMsMax, resolve);
      void work.then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #step(nowMs: number): Promise<void> {
    while (!this.#stopped && nowMs >= this.#nextMs + ledgerStepMs + settleMs) await this.#tell(nowMs);
    await this.#resume();
    await this.#remakeMarked(nowMs);
    await this.#remakeLate(nowMs);
  }

  // ── quarters in the stream ───────────────────────────────────────────────────────────────────────────

  /** Tells the next quarter; only when all of it is written does it go on to the one after. */
  async #tell(nowMs: number): Promise<void> {
    const quarterMs = this.#nextMs;
    if (nowMs > quarterMs + ledgerStepMs + rememberedMs) {
      // The store was away for long, or the machine slept: the readings are there all the same.
      const untilMs = floorQuarter(nowMs - settleMs);
      for (let outlet = 0; outlet < this.#known.length; outlet += 1)
        if (this.#known[outlet] === true) this.#mark(outlet, quarterMs, untilMs - 1);
      this.#nextMs = untilMs;
      return;
    }
    await this.#write('quarter', this.#rowsOf(quarterMs, nowMs));
    this.#nextMs = quarterMs + ledgerStepMs;
  }

  /** Outlets with counters, and all scopes in which one of them counts. */
  #rowsOf(quarterMs: number, nowMs: number): RollUpChange[] {
    const live = this.#parts.room();
    const room = this.#rooms.at(quarterMs, nowMs);
    const rows: RollUpChange[] = [];
    const scopes = room.scopeCount;
    const counter = new Float64Array(scopes);
    const integrated = new Float64Array(scopes);
    const observed = new Float64Array(scopes);
    const isCounted = new Uint8Array(scopes);
    for (let outlet = 0; outlet < this.#known.length; outlet += 1) {
      const told = this.#settled(outlet, quarterMs);
      if (told === undefined) continue;
      const number = room === live ? outlet : room.outletNumber(live.outletAt(outlet));
      const [own, ...wider] = room.scopesOf(number);
      if (told.counted) rows.push(energyRow(room.scopeAt(own!), quarterMs, { ...noSpread, ...told }));
      for (const scope of wider) {
        counter[scope]! += told.counterWattHours;
        integrated[scope]! += told.integratedWattHours;
        observed[scope]! += told.observedMs;
        if (told.counted) isCounted[scope] = 1;
      }
    }
    for (let scope = 0; scope < scopes; scope += 1) {
      if (isCounted[scope] === 0) continue;
      const energy = {
        ...noSpread,
        counterWattHours: counter[scope]!,
        integratedWattHours: integrated[scope]!,
        observedMs: observed[scope]!,
      };
      rows.push(energyRow(room.scopeAt(scope), quarterMs, energy, room.expectedIn(scope)));
    }
    return rows;
  }

  #settled(outlet: number, quarterMs: number): TrailQuarter | undefined {
    const told = this.#trail.settle(outlet, quarterMs);
    const isDoubtful = this.#marks.touches(outlet, quarterMs, quarterMs + ledgerStepMs);
    return isDoubtful ? this.#trail.plainOf(outlet, quarterMs) : told;
  }

  // ── booked again ─────────────────────────────────────────────────────────────────────────────────────

  #meet(outlet: number, expectedIntervalMs: number): void {
    while (this.#known.length <= outlet) {
      this.#known.push(false);
      this.#intervalsMs.push(expectedIntervalMs);
    }
    this.#known[outlet] = true;
    this.#intervalsMs[outlet] = expectedIntervalMs;
    this.#resumed.push(outlet);
  }

  #mark(outlet: number, fromMs: number, toMs: number): void {
    this.#marks.add(outlet, fromMs, toMs, this.#nowMs);
  }

  #isLate(outlet: number, atMs: number): void {
    if (outlet === this.#lastLate.outlet && atMs === this.#lastLate.atMs) return;
    this.#lastLate = { outlet, atMs };
    this.#lateReadings += 1;
    this.#mark(outlet, atMs, atMs);
    this.#late.add(outlet, floorQuarter(atMs), this.#nowMs);
  }

  /** What an earlier run of the service left untold, and the time between: from its last readings on. */
  async #resume(): Promise<void> {
    const { store, startedMs, room } = this.#parts;
    for (let n = 0; n < outletsPerStep && !this.#stopped; n += 1) {
      const outlet = this.#resumed[0];
      if (outlet === undefined) return;
      const untoldMs = await untoldFromMs(store, room().outletAt(outlet), startedMs);
      this.#resumed.shift();
      const endMs = floorQuarter(startedMs) + ledgerStepMs;
      this.#mark(outlet, untoldMs ?? startedMs, endMs - 1);
      // Sums that an earlier run did not get round to; of the quarter of the start they lack who came later.
      const scope = scopeId('outlet', room().outletAt(outlet));
      for (let at = floorQuarter(untoldMs ?? startedMs); at < endMs; at += ledgerStepMs)
        this.#unsummed.add(scope, at);
    }
  }

  async #remakeMarked(nowMs: number): Promise<void> {
    const toldMs = Math.min(this.#nextMs, nowMs - settleMs);
    const marks = this.#marks.take(toldMs, nowMs - durableMs, outletsPerStep);
    let done = 0;
    try {
      const rows: RollUpChange[] = [];
      for (const mark of marks) {
        if (this.#stopped || this.#parts.clock.nowMs() - nowMs > stepMsMax) break;
        rows.push(...(await this.#remadeRows(mark, nowMs)));
        done += 1;
      }
      await this.#write('quarter', rows);
      this.#quartersRemade += rows.length;
      for (const row of rows) this.#unsummed.add(row.scope, row.fromMs);
    } catch (error) {
      done = 0;
      throw error;
    } finally {
      for (const { outlet, fromMs, toMs, markedMs } of marks.slice(done))
        this.#marks.add(outlet, fromMs, toMs, markedMs);
    }
    // A start marks every outlet: their sums are made once, when all are done.
    if (marks.length < outletsPerStep && done === marks.length) await this.#sum(toldMs, nowMs);
  }

  async #remadeRows(mark: EnergyMark, nowMs: number): Promise<RollUpChange[]> {
    const { store, room, rawMs } = this.#parts;
    // What is older than raw readings are kept stays as it was.
    const fromMs = Math.max(mark.fromMs, nowMs - rawMs + ledgerStepMs);
    if (fromMs > mark.toMs) return [];
    return remakeOutlet({
      store,
      outlet: room().outletAt(mark.outlet),
      mark: { ...mark, fromMs },
      expectedIntervalMs: this.#intervalsMs[mark.outlet]!,
      nowMs,
      untilMs: this.#nextMs,
    });
  }

  /** Wider scopes of the outlets whose rows were made again, added up from the rows of all outlets. */
  async #sum(toldMs: number, nowMs: number): Promise<void> {
    const { store } = this.#parts;
    const { scopes: changed, quarters } = this.#unsummed.take(toldMs);
    const outlets = changed.map((scope) => scope.slice(scopeId('outlet', '').length));
    for (let i = 0; i < quarters.length; ) {
      const fromMs = quarters[i]!;
      const room = this.#rooms.at(fromMs, nowMs);
      const some = new Set<number>();
      while (
        i < quarters.length &&
        quarters[i]! < fromMs + quartersPerSum * ledgerStepMs &&
        this.#rooms.at(quarters[i]!, nowMs) === room
      )
        some.add(quarters[i++]!);
      try {
        const stored = await store.energyRows({
          tier: 'quarter',
          scopes: [`${scopeId('outlet', '')}*`],
          fromMs,
          toMs: Math.max(...some) + ledgerStepMs,
        });
        const scopes = new Set(outlets.flatMap((outlet) => scopesOf(outlet, room, stored)));
        await this.#write('quarter', sumScopes(stored, some, scopes, room));
      } catch (error) {
        for (const scope of changed)
          for (const quarter of [...some, ...quarters.slice(i)]) this.#unsummed.add(scope, quarter);
        throw error;
      }
    }
  }

  // ── minutes and peaks of late readings ───────────────────────────────────────────────────────────────

  async #remakeLate(nowMs: number): Promise<void> {
    const { tree, store, rawMs } = this.#parts;
    const room = this.#parts.room();
    const due = this.#late.take(nowMs - ledgerStepMs - closedMs, nowMs - durableMs);
    if (due === undefined || due.quarterMs < nowMs - rawMs + 2 * ledgerStepMs) return;
    try {
      const made = await remakeBuckets({
        tree: treeAt(tree, due.quarterMs),
        store,
        fromMs: due.quarterMs,
        toMs: due.quarterMs + ledgerStepMs,
        scopes: new Set(
          due.outlets.flatMap((outlet) => room.scopesOf(outlet).map((scope) => room.scopeAt(scope))),
        ),
        expectedIntervalMs: (outlet) => this.#intervalsMs[room.outletNumber(outlet)] ?? 60_000,
      });
      if (made === undefined) this.#late.giveUp(due.outlets.length);
      else for (const tier of ['minute', 'quarter'] as const) await this.#write(tier, made[tier]);
    } catch (error) {
      for (const outlet of due.outlets) this.#late.add(outlet, due.quarterMs, nowMs);
      throw error;
    }
  }

  async #write(tier: RollUpTier, rows: readonly RollUpChange[]): Promise<void> {
    const { store } = this.#parts;
    for (let from = 0; from < rows.length; from += rowsPerWrite)
      await store.write(store.encodeRollUps(tier, rows.slice(from, from + rowsPerWrite)));
  }
}

/** Outlets and quarters of which one or the other was made again: no more than there are of both. */
class Unsummed {
  #scopes = new Set<string>();
  #quarters = new Set<number>();

  add(scope: string, quarterMs: number): void {
    this.#scopes.add(scope);
    this.#quarters.add(quarterMs);
  }

  /** Those quarters that ended by `untilMs`, in the order of time. */
  take(untilMs: number): { readonly scopes: string[]; readonly quarters: number[] } {
    const quarters = [...this.#quarters].filter((at) => at + ledgerStepMs <= untilMs).sort((a, b) => a - b);
    const scopes = [...this.#scopes];
    for (const quarterMs of quarters) this.#quarters.delete(quarterMs);
    if (this.#quarters.size === 0) this.#scopes = new Set();
    return { scopes, quarters };
  }
}

const noSpread = { spreadWattHours: 0, spreadMs: 0 };

function floorQuarter(atMs: number): number {
  return Math.floor(atMs / ledgerStepMs) * ledgerStepMs;
}
