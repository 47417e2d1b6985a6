import * as at from './load-state.ts';
import { rounded } from './rounded.ts';

/** What is known of the supply behind a breaker (or, where none is named, behind a device). */
export interface Impedance {
  readonly scope: string;
  /** Of the source as seen from the outlets: volts lost for each ampere. */
  readonly ohms: number;
  /** Clean load steps it rests on. */
  readonly steps: number;
  /** 0…1, from their number and how far they agree. */
  readonly confidence: number;
  /** Rise of current at the usual start. */
  readonly ampsPerStart?: number;
}

const stepAmpsMin = 1;
const stepsKept = 31;
const stepsMin = 5;
/** Steps of others on the same circuit within this spoil one. */
const apartMs = 3_000;
/** Slower meters do not show voltage and current of the same moment before and after. */
const gapMsMax = 15_000;
const ohmsMax = 5;
const voltsFollowMs = 30_000;

interface PendingStep {
  readonly load: number;
  readonly atMs: number;
  readonly volts: number;
  readonly amps: number;
}

/** Learns the source impedance of one circuit: the median of ΔV/ΔI over clean steps (power-domain §5). */
export class Circuit {
  readonly scope: string;
  readonly #ohms: number[] = [];
  readonly #startAmps: number[] = [];
  #pending: PendingStep | undefined;
  #lastStepMs = 0;

  constructor(scope: string) {
    this.scope = scope;
  }

  /** A reading of a load on this circuit, with what it read before; called only when both tell volts and amps. */
  take(load: number, s: Float64Array, volts: number, amps: number): void {
    const atMs = s[at.lastMs]!;
    const pending = this.#pending;
    if (pending !== undefined && pending.load === load && atMs > pending.atMs) {
      this.#pending = undefined;
      this.#finish(pending, atMs, volts, amps);
    }
    const stepAmps = amps - s[at.lastAmps]!;
    if (Math.abs(stepAmps) < stepAmpsMin) return;
    const spoilt = atMs - this.#lastStepMs < apartMs;
    this.#lastStepMs = atMs;
    this.#pending =
      spoilt || s[at.gapMs]! > gapMsMax
        ? undefined
        : { load, atMs, volts: s[at.lastVolts]!, amps: s[at.lastAmps]! };
  }

  started(amps: number): void {
    if (amps > 0) keep(this.#startAmps, amps);
  }

  /** The reading after the step: the first one may have been taken in the middle of it. */
  #finish(step: PendingStep, atMs: number, volts: number, amps: number): void {
    if (atMs - step.atMs > gapMsMax) return;
    const stepAmps = amps - step.amps;
    if (Math.abs(stepAmps) < stepAmpsMin) return;
    const ohms = (step.volts - volts) / stepAmps;
    if (Math.abs(ohms) <= ohmsMax) keep(this.#ohms, ohms);
  }

  /** Undefined until enough steps were seen. */
  impedance(): Impedance | undefined {
    if (this.#ohms.length < stepsMin) return undefined;
    const ohms = median(this.#ohms);
    if (!(ohms > 0)) return undefined;
    const spread = median(this.#ohms.map((one) => Math.abs(one - ohms))) / ohms;
    const amps = this.#startAmps.length > 0 ? { ampsPerStart: rounded(median(this.#startAmps)) } : {};
    return {
      scope: this.scope,
      ohms: rounded(ohms),
      steps: this.#ohms.length,
      confidence: rounded((1 - Math.exp(-this.#ohms.length / 10)) * Math.max(0, 1 - spread)),
      ...amps,
    };
  }

  save(): CircuitState {
    return { scope: this.scope, ohms: this.#ohms, startAmps: this.#startAmps };
  }

  load(state: CircuitState): void {
    this.#ohms.splice(0, this.#ohms.length, ...state.ohms.slice(-stepsKept));
    this.#startAmps.splice(0, this.#startAmps.length, ...state.startAmps.slice(-stepsKept));
  }
}

export interface CircuitState {
  readonly scope: string;
  readonly ohms: readonly number[];
  readonly startAmps: readonly number[];
}

/** What the volts are when nothing happens. */
export function followVolts(s: Float64Array, volts: number, amps: number): void {
  const gapMs = s[at.gapMs]!;
  if (Number.isNaN(volts)) return;
  if (s[at.voltsUsual] === 0) s[at.voltsUsual] = volts;
  else if (gapMs > 0) s[at.voltsUsual]! += ((volts - s[at.voltsUsual]!) * gapMs) / (gapMs + voltsFollowMs);
  s[at.lastVolts] = volts;
  s[at.lastAmps] = amps;
}

function keep(values: number[], value: number): void {
  values.push(value);
  if (values.length > stepsKept) values.shift();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
