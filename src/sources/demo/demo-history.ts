import { type RollUp, type RollUpTier, tierStepMs } from '../../model/roll-up.ts';
import { inCycle } from './cycle.ts';
import { type FaultTimes, type HistoryScope, historyScopes } from './history-scopes.ts';
import type { MachineDraw } from './machine-draw.ts';
import type { SimulatedRoom } from './simulated-room.ts';

export interface HistoryChunk {
  readonly tier: RollUpTier;
  /** Ordered by time, then scope. */
  readonly rows: readonly RollUp[];
}

const dayMs = 86_400_000;
const minuteMs = tierStepMs.minute;
const quarterMs = tierStepMs.quarter;
const wattMsPerWattHour = 3_600_000;
/** Samples of a minute, and of one in which the draw jumps. */
const coarse = 6;
const fine = 60;

/** How far a room looks back when it is first started. */
export const demoPastDays = 30;

/**
 * What a room filled up to `nowMs` looks back on: a supply that died 19 days ago, a plug silent for six; sooner where
 * its past is shorter.
 */
export function plantedFaults(nowMs: number, pastDays = demoPastDays): FaultTimes {
  const ago = (days: number) => nowMs - days * (pastDays / demoPastDays) * dayMs;
  return {
    supplyDiedAtMs: Math.floor(ago(18.7) / quarterMs) * quarterMs,
    plugSilentFromMs: Math.floor(ago(6.4) / quarterMs) * quarterMs,
  };
}

/**
 * The roll-ups the simulated room would have left behind, for every scope: all buckets that lie wholly in
 * [fromMs, toMs), quarter by quarter, a few ms of work for each `next()`. When a past is made in several calls
 * (the newest days first, say) all of them must be given the same `faults`.
 */
export function* demoHistory(
  room: SimulatedRoom,
  fromMs: number,
  toMs: number,
  faults: FaultTimes = plantedFaults(toMs),
): Generator<HistoryChunk, void> {
  const maker = new HistoryMaker(room, faults);
  const firstMs = Math.ceil(fromMs / minuteMs) * minuteMs;
  const endMs = Math.floor(toMs / minuteMs) * minuteMs;
  let nowMs = firstMs;
  while (nowMs < endMs) {
    const quarterFromMs = Math.floor(nowMs / quarterMs) * quarterMs;
    const untilMs = Math.min(endMs, quarterFromMs + quarterMs);
    maker.begin(nowMs);
    const rows: RollUp[] = [];
    for (; nowMs < untilMs; nowMs += minuteMs) maker.minute(nowMs, rows);
    yield { tier: 'minute', rows };
    const whole = quarterFromMs >= firstMs && nowMs === quarterFromMs + quarterMs;
    if (whole) yield { tier: 'quarter', rows: maker.quarter(quarterFromMs) };
  }
}

class HistoryMaker {
  readonly #room: SimulatedRoom;
  readonly #machines: readonly MachineDraw[];
  readonly #coarse: Float64Array;
  readonly #fine: Float64Array;
  /** By machine: is this minute sampled finely? */
  readonly #jumps: Uint8Array;
  #anyJumps = false;
  readonly #slots = new Float64Array(fine);
  readonly #faults: FaultTimes;
  #scopes: readonly HistoryScope[] = [];
  #scopesState = '';
  /** By scope, of the quarter so far: sum of means, lowest, highest. */
  #quarters = new Float64Array(0);

  constructor(room: SimulatedRoom, faults: FaultTimes) {
    this.#room = room;
    this.#faults = faults;
    this.#machines = [...room.machines.values()];
    this.#coarse = new Float64Array(this.#machines.length * coarse);
    this.#fine = new Float64Array(this.#machines.length * fine);
    this.#jumps = new Uint8Array(this.#machines.length);
  }

  /** A quarter begins, or the whole in the midst of one. Faults come on the quarter. */
  begin(atMs: number): void {
    const { supplyDiedAtMs, plugSilentFromMs } = this.#faults;
    const state = `${atMs >= supplyDiedAtMs} ${atMs >= plugSilentFromMs}`;
    if (state !== this.#scopesState) {
      this.#scopes = historyScopes(this.#room, this.#faults, atMs);
      this.#scopesState = state;
      this.#quarters = new Float64Array(this.#scopes.length * 3);
    }
    for (let i = 0; i < this.#quarters.length; i += 3) {
      this.#quarters[i] = 0;
      this.#quarters[i + 1] = Number.POSITIVE_INFINITY;
      this.#quarters[i + 2] = Number.NEGATIVE_INFINITY;
    }
  }

  minute(fromMs: number, rows: RollUp[]): void {
    this.#sample(inCycle(this.#room.calendar.localMs(fromMs)));
    this.#scopes.forEach((scope, i) => {
      const slots = this.#sum(scope);
      let sum = 0;
      let lowest = Number.POSITIVE_INFINITY;
      let highest = Number.NEGATIVE_INFINITY;
      for (let slot = 0; slot < slots; slot += 1) {
        const watts = this.#slots[slot]!;
        sum += watts;
        if (watts < lowest) lowest = watts;
        if (watts > highest) highest = watts;
      }
      const mean = sum / slots;
      const quarter = i * 3;
      this.#quarters[quarter]! += mean;
      if (lowest < this.#quarters[quarter + 1]!) this.#quarters[quarter + 1] = lowest;
      if (highest > this.#quarters[quarter + 2]!) this.#quarters[quarter + 2] = highest;
      rows.push(rollUp(scope.scope, fromMs, minuteMs, mean, lowest, highest));
    });
  }

  /** Of the fifteen minutes since `begin`. */
  quarter(fromMs: number): RollUp[] {
    return this.#scopes.map(({ scope }, i) => {
      const mean = this.#quarters[i * 3]! / (quarterMs / minuteMs);
      const [lowest, highest] = [this.#quarters[i * 3 + 1]!, this.#quarters[i * 3 + 2]!];
      return rollUp(scope, fromMs, quarterMs, mean, lowest, highest);
    });
  }

  #sample(inMs: number): void {
    this.#anyJumps = false;
    for (let m = 0; m < this.#machines.length; m += 1) {
      const machine = this.#machines[m]!;
      const jumps = machine.jumpsIn(inMs, inMs + minuteMs);
      this.#jumps[m] = jumps ? 1 : 0;
      this.#anyJumps ||= jumps;
      const [samples, count] = jumps ? [this.#fine, fine] : [this.#coarse, coarse];
      const stepMs = minuteMs / count;
      for (let slot = 0; slot < count; slot += 1) {
        samples[m * count + slot] = machine.wattsInCycle(inMs + slot * stepMs);
      }
    }
  }

  /** Fills the slots with the scope's sum and answers how many there are. */
  #sum(scope: HistoryScope): number {
    const { machines, shares, plusWatts } = scope;
    const finely = this.#anyJumps && machines.some((machine) => this.#jumps[machine] === 1);
    const count = finely ? fine : coarse;
    this.#slots.fill(plusWatts, 0, count);
    for (let k = 0; k < machines.length; k += 1) {
      const machine = machines[k]!;
      if (this.#jumps[machine] === 1) this.#add(this.#fine, machine * fine, fine, shares[k]!, 1);
      else this.#add(this.#coarse, machine * coarse, coarse, shares[k]!, count / coarse);
    }
    return count;
  }

  /** Adds a share of a machine's samples, each of them to `each` slots. */
  #add(samples: Float64Array, from: number, count: number, share: number, each: number): void {
    const slots = this.#slots;
    let slot = 0;
    for (let i = from; i < from + count; i += 1) {
      const watts = share * samples[i]!;
      for (const end = slot + each; slot < end; slot += 1) slots[slot]! += watts;
    }
  }
}

function rollUp(
  scope: string,
  fromMs: number,
  observedMs: number,
  mean: number,
  lowest: number,
  highest: number,
): RollUp {
  const wattsMean = Math.round(mean * 100) / 100;
  return {
    scope,
    fromMs,
    wattsMean,
    wattsMin: Math.round(lowest * 100) / 100,
    wattsMax: Math.round(highest * 100) / 100,
    wattHours: (wattsMean * observedMs) / wattMsPerWattHour,
    observedMs,
  };
}
