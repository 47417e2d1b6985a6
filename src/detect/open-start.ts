import { told, toldWidth } from '../model/server-observer.ts';
import type { InrushEstimate, StartRecord, StartTrace } from '../model/start.ts';
import { rounded } from './rounded.ts';
import type { RiseSoFar } from './standby.ts';
import { type SavedSurge, Surge } from './surge.ts';
import { Trace } from './trace.ts';

/** By then the boot is over and the level is that of an idle or working system. */
const bootMs = 180_000;
export const settledByMs = 900_000;
/** What is known is told again before all is. */
export const tellAgainMs = 300_000;
const settledBinMs = 30_000;
const settledShare = 0.06;
const settledWattsMin = 3;

/** An open start as JSON. */
export interface SavedStart {
  readonly scope: string;
  readonly atMs: number;
  readonly fromWatts: number;
  readonly detectedAtMs: number;
  readonly voltsBefore: number | null;
  readonly voltsMin: number | null;
  readonly endMs: number;
  readonly toldAgain: boolean;
  readonly surge: SavedSurge;
  readonly concurrent: readonly string[];
  readonly trace: {
    readonly atMs: readonly number[];
    readonly watts: readonly number[];
    readonly volts: readonly (number | null)[];
    /** Of a load with several inputs: which spoke, its watts and its volts. */
    readonly input?: readonly number[];
    readonly inputWatts?: readonly number[];
    readonly inputVolts?: readonly (number | null)[];
  };
}

interface RecordOptions {
  readonly nowMs: number;
  readonly id: string;
  readonly outlets: readonly string[];
  /** Since then it seems to be off, though that is not certain yet; 0: it does not. */
  readonly lowSinceMs: number;
  /** So long the last reading stands for what is drawn. */
  readonly holdMs: number;
  /** Supplies that got mains with it; absent: all of them, if there was none before. */
  readonly supplies?: number;
  /** Distance of readings; absent: as the trace shows. */
  readonly sampleMs?: number;
}

/** A start under way, or a rise that may become one: keeps its trace and sums it up. */
export class OpenStart implements RiseSoFar {
  readonly scope: string;
  readonly atMs: number;
  readonly fromWatts: number;
  readonly trace: Trace;
  detectedAtMs = 0;
  voltsBefore = Number.NaN;
  voltsMin = Number.NaN;
  /** It went off again. */
  endMs = 0;
  toldAgain = false;
  /** So much later than measured its readings come: from a queue, or by a clock that is behind. */
  lagMs = 0;
  readonly concurrent = new Set<string>();
  #surge: Surge;

  constructor(scope: string, atMs: number, fromWatts: number, usualGapMs: number, inputs: number) {
    this.trace = new Trace(inputs);
    this.scope = scope;
    this.atMs = atMs;
    this.fromWatts = fromWatts;
    this.#surge = new Surge(atMs, usualGapMs);
  }

  get peakWatts(): number {
    return this.#surge.peakWatts;
  }

  /** Until then the largest reading is looked for. */
  get surgeUntilMs(): number {
    return this.#surge.untilMs;
  }

  set surgeUntilMs(atMs: number) {
    this.#surge.untilMs = atMs;
  }

  /** A reading before the onset. */
  before(row: Float64Array): void {
    this.trace.add(row, 0);
  }

  saved(): SavedStart {
    return {
      scope: this.scope,
      atMs: this.atMs,
      fromWatts: this.fromWatts,
      detectedAtMs: this.detectedAtMs,
      voltsBefore: knownOrNull(this.voltsBefore),
      voltsMin: knownOrNull(this.voltsMin),
      endMs: this.endMs,
      toldAgain: this.toldAgain,
      surge: this.#surge.saved(),
      concurrent: [...this.concurrent],
      trace: {
        atMs: this.trace.atMs,
        watts: this.trace.watts,
        volts: this.trace.volts.map(knownOrNull),
        ...(this.trace.own === undefined
          ? {}
          : {
              input: this.trace.own.input,
              inputWatts: this.trace.own.watts,
              inputVolts: this.trace.own.volts.map(knownOrNull),
            }),
      },
    };
  }

  static restored(saved: SavedStart): OpenStart {
    const { atMs, watts, volts, input, inputWatts, inputVolts } = saved.trace;
    const inputs = input === undefined ? 1 : 2;
    const start = new OpenStart(saved.scope, saved.atMs, saved.fromWatts, 0, inputs);
    start.#surge = Surge.restored(saved.atMs, saved.surge);
    start.detectedAtMs = saved.detectedAtMs;
    start.voltsBefore = saved.voltsBefore ?? Number.NaN;
    start.voltsMin = saved.voltsMin ?? Number.NaN;
    start.endMs = saved.endMs;
    start.toldAgain = saved.toldAgain;
    for (const other of saved.concurrent) start.concurrent.add(other);
    const row = new Float64Array(toldWidth);
    for (let i = 0; i < atMs.length; i += 1) {
      row[told.atMs] = atMs[i]!;
      row[told.watts] = watts[i]!;
      row[told.volts] = volts[i] ?? Number.NaN;
      row[told.input] = input?.[i] ?? 0;
      row[told.inputWatts] = inputWatts?.[i] ?? Number.NaN;
      row[told.inputVolts] = inputVolts?.[i] ?? Number.NaN;
      start.trace.add(row, saved.surge.untilMs);
    }
    return start;
  }

  certain(nowMs: number): void {
    this.detectedAtMs = nowMs;
    this.#surge.accept();
  }

  isBooting(nowMs: number): boolean {
    return nowMs - this.atMs < bootMs;
  }

  /** A reading in the order of time, columns of `told`. */
  take(row: Float64Array): void {
    const atMs = row[told.atMs]!;
    this.#surge.lookForLate(atMs, Math.abs(row[told.watts]!));
    this.late(row);
    const last = this.trace.atMs[this.trace.length - 1];
    if (last === undefined || atMs >= last) this.trace.add(row, this.#surge.untilMs);
  }

  /** A reading that came out of order counts for the peak, not for the course. */
  late(row: Float64Array): void {
    const atMs = row[told.atMs]!;
    const volts = row[told.volts]!;
    if (atMs < this.atMs) return;
    this.#surge.take(atMs, Math.abs(row[told.watts]!));
    if (atMs > this.#surge.untilMs) return;
    if (volts < this.voltsMin || Number.isNaN(this.voltsMin)) this.voltsMin = volts;
  }

  quantileOf(share: number, spanMs: number): number {
    const nowMs = this.trace.atMs[this.trace.length - 1]!;
    return this.trace.quantile(share, Math.max(this.atMs, nowMs - spanMs), nowMs + 1);
  }

  isOver(nowMs: number): boolean {
    return this.endMs > 0 || nowMs - this.atMs >= settledByMs;
  }

  /** Once, when most is known though not all. */
  isTimeToTell(nowMs: number): boolean {
    if (this.toldAgain || nowMs - this.atMs < tellAgainMs) return false;
    this.toldAgain = true;
    return true;
  }

  record(options: RecordOptions): StartRecord {
    const { nowMs, id, outlets, lowSinceMs, holdMs } = options;
    const sampleMs = options.sampleMs ?? this.sampleMsOf(outlets.length);
    const endMs = this.endMs || lowSinceMs;
    const heldUntilMs = this.trace.atMs[this.trace.length - 1]! + holdMs;
    const untilMs = endMs > 0 ? endMs : Math.min(nowMs, heldUntilMs, this.atMs + settledByMs);
    const settledWatts = this.#settledWatts(untilMs, endMs > 0);
    const settleMs = Number.isNaN(settledWatts)
      ? Number.NaN
      : this.#settleMs(settledWatts, untilMs, sampleMs);
    const energyUntilMs = Number.isNaN(settleMs) ? untilMs : this.atMs + settleMs;
    const supplies = options.supplies ?? (this.fromWatts < unpoweredWattsMax ? outlets.length : 0);
    const estimate = inrushEstimate(supplies);
    return {
      id,
      scope: this.scope,
      outlets,
      atMs: Math.floor(this.atMs),
      detectedAtMs: Math.floor(this.detectedAtMs),
      fromWatts: rounded(this.fromWatts),
      peakWatts: rounded(this.peakWatts),
      peakAtMs: Math.floor(this.#surge.peakAtMs),
      peakIs: 'lower-bound',
      sampleMs,
      ...(Number.isNaN(settledWatts) ? {} : { settledWatts: rounded(settledWatts) }),
      ...(Number.isNaN(settleMs) ? {} : { settleMs }),
      ...(energyUntilMs > this.atMs
        ? { wattHours: rounded(this.trace.wattHours(this.atMs, energyUntilMs)) }
        : {}),
      ...(Number.isNaN(this.voltsBefore) ? {} : { voltsBefore: rounded(this.voltsBefore) }),
      ...(Number.isNaN(this.voltsMin) ? {} : { voltsMin: rounded(this.voltsMin) }),
      concurrent: [...this.concurrent],
      ...(estimate === undefined ? {} : { inrushEstimate: estimate }),
      complete: this.isOver(nowMs),
      trace: this.#traceColumns(),
    };
  }

  /** After the boot; of a run too short for that, its second half. */
  #settledWatts(untilMs: number, ended: boolean): number {
    const runMs = untilMs - this.atMs;
    const fromMs = runMs >= 2 * bootMs ? this.atMs + bootMs : this.atMs + runMs / 2;
    // A run that is still going on may be anywhere in its boot.
    if (!ended && runMs < tellAgainMs) return Number.NaN;
    return this.trace.quantile(0.5, fromMs, untilMs);
  }

  /** The first time from which it stays around the settled level for a while. */
  #settleMs(settledWatts: number, untilMs: number, sampleMs: number): number {
    const binMs = Math.max(settledBinMs, 2 * sampleMs);
    const near = (fromMs: number) => {
      const watts = Math.abs(this.trace.mean(fromMs, Math.min(fromMs + binMs, untilMs)));
      return Math.abs(watts - settledWatts) <= Math.max(settledShare * settledWatts, settledWattsMin);
    };
    for (const atMs of this.trace.atMs) {
      if (atMs < this.atMs) continue;
      if (atMs + binMs > untilMs) break;
      if (near(atMs) && (atMs + 2 * binMs > untilMs || near(atMs + binMs)))
        return Math.floor(atMs - this.atMs);
    }
    return Number.NaN;
  }

  /** The usual distance of readings of the same input in the surge. */
  sampleMsOf(inputs: number): number {
    const gapsMs: number[] = [];
    const { atMs } = this.trace;
    const step = Math.max(1, Math.min(inputs, atMs.length - 1));
    for (let i = step; i < atMs.length && atMs[i - step]! <= this.#surge.untilMs; i += 1) {
      const gapMs = atMs[i]! - atMs[i - step]!;
      if (gapMs > 0) gapsMs.push(gapMs);
    }
    gapsMs.sort((a, b) => a - b);
    return Math.round(gapsMs[gapsMs.length >> 1] ?? 0);
  }

  #traceColumns(): StartTrace {
    const { atMs, watts, volts } = this.trace;
    return {
      atMs: atMs.map(Math.floor),
      watts: watts.map(rounded),
      ...(volts.every(Number.isNaN)
        ? {}
        : { volts: volts.map((value) => (Number.isNaN(value) ? null : rounded(value))) }),
    };
  }
}

/** Below this the supplies had no mains: a server in standby keeps them charged. */
export const unpoweredWattsMax = 3;
/** Crest of the charging current of a supply of which nothing is known (power-domain §3). */
const inrushAmpsPerSupply = 35;

function inrushEstimate(supplies: number): InrushEstimate | undefined {
  if (supplies === 0) return undefined;
  return {
    ampsPeak: inrushAmpsPerSupply * supplies,
    supplies,
    rule: `${inrushAmpsPerSupply} A crest for each supply that gets mains, for some 5 ms; not measured`,
  };
}

function knownOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
