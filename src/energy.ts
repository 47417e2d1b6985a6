import { EnergyTrail } from './analysis/energy-trail.ts';
import { ledgerStepMs } from './analysis/ledger-row.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { OneStep } from './base/one-step.ts';
import { MadeAgain } from './made-again.ts';
import type { EnergyObserver } from './model/energy-observer.ts';
import type { PowerTree } from './model/power-tree.ts';
import type { RollUpChange, RollUpTier } from './model/roll-up.ts';
import type { Room } from './model/room.ts';
import { PastRooms } from './past-rooms.ts';
import { readSavedEnergy, writeSavedEnergy } from './saved-energy.ts';
import type { Store } from './store/store.ts';
import { toldRows } from './told-quarters.ts';

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
  /** What waits changed: the checkpoint is to be saved soon. */
  readonly save: () => void;
}

export interface EnergyCounts {
  /** Readings of a time that had passed. */
  readonly lateReadings: number;
  /** Stretches of outlets that wait to be booked again, and quarters of outlets whose minutes wait; and what is under way. */
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
const rowsPerWrite = 5_000;
const retryMs = 30_000;
const stopMsMax = 1_000;
/** Late readings have the checkpoint saved so often at most. */
const saveEveryMs = 15_000;
/** What the family of an outlet does that was not heard since the start is not known. */
const intervalMsDefault = 60_000;

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
  readonly #again: MadeAgain;
  readonly #steps: OneStep;
  readonly #rooms: PastRooms;
  /** Of outlets by number: heard since the start. */
  readonly #known: boolean[] = [];
  /** By outlet; also of those that an earlier run heard. */
  readonly #intervalsMs = new Map<string, number>();
  #nextMs: number;
  #nowMs: number;
  #lateReadings = 0;
  /** Room and trail may both say so of one reading. */
  #lastLate = { outlet: -1, atMs: 0 };
  #savedMs = 0;
  #isUnsaved = false;

  constructor(parts: EnergyParts) {
    this.#parts = parts;
    this.#nowMs = parts.startedMs;
    this.#nextMs = floorQuarter(parts.startedMs) + ledgerStepMs;
    this.#rooms = new PastRooms(parts.tree, parts.room, parts.startedMs);
    this.#steps = new OneStep({
      clock: parts.clock,
      retryMs,
      stopMsMax,
      failed: (error) => parts.log.warn({ err: error }, 'energy could not be booked; tried again'),
    });
    this.#again = new MadeAgain({
      ...parts,
      rooms: this.#rooms,
      expectedIntervalMs: (outlet) => this.expectedIntervalMs(outlet),
      write: (tier, rows) => this.#write(tier, rows),
      isStopped: () => this.#steps.isStopped,
    });
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

  /** What its device family usually does, ms. */
  expectedIntervalMs(outlet: string): number {
    return this.#intervalsMs.get(outlet) ?? intervalMsDefault;
  }

  get counts(): EnergyCounts {
    return {
      lateReadings: this.#lateReadings,
      ...this.#again.counts,
    };
  }

  /** Called about every second: takes the next step, if the one before is done. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#isUnsaved && nowMs - this.#savedMs >= saveEveryMs) this.#parts.save();
    if (!this.#steps.isDue(nowMs) || !this.#parts.isStoreIdle()) return;
    this.#steps.take(nowMs, () => this.#step(nowMs));
  }

  /** Waits a little for the step under way. What is untold then the next start books from raw readings. */
  stop(): Promise<void> {
    return this.#steps.stop();
  }

  async #step(nowMs: number): Promise<void> {
    while (!this.#steps.isStopped && nowMs >= this.#nextMs + ledgerStepMs + settleMs) await this.#tell(nowMs);
    await this.#again.step(nowMs, Math.min(this.#nextMs, nowMs - settleMs), this.#nextMs);
  }

  // ── the checkpoint ───────────────────────────────────────────────────────────────────────────────────

  /** What waits to be booked again. */
  saved(nowMs: number): Uint8Array {
    this.#savedMs = nowMs;
    this.#isUnsaved = false;
    const room = this.#parts.room();
    const heard = this.#known.flatMap((isKnown, number) => (isKnown ? [number] : []));
    return writeSavedEnergy({
      savedMs: nowMs,
      ended: this.#steps.isStopped,
      outlets: heard.map((number) => {
        const outlet = room.outletAt(number);
        return [outlet, this.#intervalsMs.get(outlet) ?? intervalMsDefault, room.tellsWatts(number)];
      }),
      ...this.#again.saved(),
    });
  }

  /** Before the first reading. Throws on what `saved` did not write. */
  load(bytes: Uint8Array): void {
    const saved = readSavedEnergy(bytes);
    for (const [outlet, intervalMs, tellsWatts] of saved.outlets) {
      this.#intervalsMs.set(outlet, intervalMs);
      if (tellsWatts === true) this.#rooms.knewBefore(outlet);
    }
    const unnoted = this.#again.load(saved);
    if (unnoted > 0)
      this.#parts.log.info(
        { quarters: unnoted },
        'the run before did not end in order: minutes of its last hour are made again; readings of an earlier time that came in its last seconds may be missing from theirs',
      );
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

  #rowsOf(quarterMs: number, nowMs: number): RollUpChange[] {
    return toldRows({
      quarterMs,
      live: this.#parts.room(),
      cabled: this.#rooms.within(quarterMs, nowMs),
      trail: this.#trail,
      isKnown: this.#known,
      isDoubtful: (outlet) => this.#again.touches(outlet, quarterMs),
    });
  }

  #meet(number: number, expectedIntervalMs: number): void {
    while (this.#known.length <= number) this.#known.push(false);
    this.#known[number] = true;
    const outlet = this.#parts.room().outletAt(number);
    this.#intervalsMs.set(outlet, expectedIntervalMs);
    this.#again.resume(outlet);
  }

  #mark(outlet: number, fromMs: number, toMs: number): void {
    this.#again.mark(this.#parts.room().outletAt(outlet), fromMs, toMs, this.#nowMs);
  }

  #isLate(outlet: number, atMs: number): void {
    if (outlet === this.#lastLate.outlet && atMs === this.#lastLate.atMs) return;
    this.#lastLate = { outlet, atMs };
    this.#lateReadings += 1;
    if (this.#again.late(this.#parts.room().outletAt(outlet), atMs, this.#nowMs)) this.#isUnsaved = true;
  }

  async #write(tier: RollUpTier, rows: readonly RollUpChange[]): Promise<void> {
    const { store } = this.#parts;
    for (let from = 0; from < rows.length; from += rowsPerWrite)
      await store.write(store.encodeRollUps(tier, rows.slice(from, from + rowsPerWrite)));
  }
}

function floorQuarter(atMs: number): number {
  return Math.floor(atMs / ledgerStepMs) * ledgerStepMs;
}
