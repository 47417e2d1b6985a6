import { rounded } from './rounded.ts';

/** What is known of the supply behind a breaker, a feed or (where no breaker is named) a device. */
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

/** A change of load that is over: what the volts lost, and what the amps gained. */
export interface LoadStep {
  readonly fromMs: number;
  readonly toMs: number;
  readonly voltsLost: number;
  /** At least `stepAmpsMin` either way, else it is none to learn from. */
  readonly ampsMore: number;
}

export const stepAmpsMin = 1;
const stepsKept = 63;
const startsKept = 31;
const stepsMin = 5;
const ohmsMax = 5;
/** Slow meters tell a step of the same moment so much later. */
const waitMs = 20_000;
const waitingMax = 64;
/** Meters that tell whole volts cannot do better than this. */
const coarseVolts = 1;
const madToSigma = 1.48;
const straySigmas = 3;

interface WaitingStep extends LoadStep {
  readonly branch: object;
  clean: boolean;
}

/**
 * The source impedance of one circuit, from ΔV ⁄ ΔI over clean steps (power-domain §5). A step is clean when nobody
 * else on the circuit stepped between the readings before and after it, which is known only when the
 * slowest meter had its turn.
 */
export class Circuit {
  readonly scope: string;
  readonly #volts: number[] = [];
  readonly #amps: number[] = [];
  readonly #startAmps: number[] = [];
  /** Who is between two levels: was it alone? */
  readonly #moving = new Map<object, boolean>();
  #waiting: WaitingStep[] = [];

  constructor(scope: string) {
    this.scope = scope;
  }

  /** This branch has left its level, at some moment after `fromMs`. */
  moves(branch: object, fromMs: number): void {
    let alone = true;
    for (const other of this.#moving.keys()) {
      if (other === branch) continue;
      this.#moving.set(other, false);
      alone = false;
    }
    for (const step of this.#waiting) {
      if (step.branch === branch || step.toMs < fromMs) continue;
      step.clean = false;
      alone = false;
    }
    this.#moving.set(branch, alone);
  }

  /** It is at a level again. */
  moved(branch: object, step: LoadStep): void {
    const clean = this.#moving.get(branch) === true && Math.abs(step.ampsMore) >= stepAmpsMin;
    this.#moving.delete(branch);
    if (this.#waiting.length >= waitingMax) this.#waiting.shift();
    this.#waiting.push({ ...step, branch, clean });
    this.settle(step.toMs);
  }

  /** It is not watched any more. */
  gone(branch: object): void {
    this.#moving.delete(branch);
  }

  /** Takes up the steps beside which nobody can be told to have stepped any more. */
  settle(nowMs: number): void {
    if (this.#waiting.length === 0 || nowMs - this.#waiting[0]!.toMs < waitMs) return;
    this.#waiting = this.#waiting.filter((step) => {
      if (nowMs - step.toMs < waitMs) return true;
      if (step.clean) this.#learn(step);
      return false;
    });
  }

  started(amps: number): void {
    if (amps > 0) keep(this.#startAmps, amps, startsKept);
  }

  #learn({ voltsLost, ampsMore }: LoadStep): void {
    if (Math.abs(voltsLost) > ohmsMax * Math.abs(ampsMore)) return;
    keep(this.#volts, voltsLost * Math.sign(ampsMore), stepsKept);
    keep(this.#amps, Math.abs(ampsMore), stepsKept);
  }

  /** Clean steps that are known. */
  get steps(): number {
    return this.#volts.length;
  }

  /** Undefined until enough steps were seen. */
  impedance(): Impedance | undefined {
    if (this.#volts.length < stepsMin) return undefined;
    const each = this.#volts.map((volts, i) => volts / this.#amps[i]!);
    const middle = median(each);
    const spread = madToSigma * median(each.map((one) => Math.abs(one - middle)));
    // The median says what a stray is. Of the others volts and amps are added up, since of whole volts the median
    // would be one of the few quotients there are.
    let volts = 0;
    let amps = 0;
    for (const [i, one] of each.entries()) {
      if (Math.abs(one - middle) > straySigmas * spread + coarseVolts / this.#amps[i]!) continue;
      volts += this.#volts[i]!;
      amps += this.#amps[i]!;
    }
    const ohms = volts / amps;
    if (!(ohms > 0)) return undefined;
    const error = deviation(this.#volts, this.#amps, ohms) / Math.sqrt(each.length) / ohms;
    const starts = this.#startAmps.length > 0 ? { ampsPerStart: rounded(median(this.#startAmps)) } : {};
    return {
      scope: this.scope,
      ohms: rounded(ohms),
      steps: each.length,
      confidence: rounded((1 - Math.exp(-each.length / 10)) * Math.max(0, 1 - 2 * error)),
      ...starts,
    };
  }

  save(): CircuitState {
    return {
      scope: this.scope,
      stepVolts: this.#volts,
      stepAmps: this.#amps,
      startAmps: this.#startAmps,
    };
  }

  load({ stepVolts = [], stepAmps = [], startAmps }: CircuitState): void {
    this.#volts.splice(0, this.#volts.length, ...stepVolts.slice(-stepsKept));
    this.#amps.splice(0, this.#amps.length, ...stepAmps.slice(-stepsKept));
    this.#startAmps.splice(0, this.#startAmps.length, ...startAmps.slice(-startsKept));
  }
}

export interface CircuitState {
  readonly scope: string;
  /** Absent in checkpoints of builds that kept quotients: learnt anew. */
  readonly stepVolts?: readonly number[];
  readonly stepAmps?: readonly number[];
  readonly startAmps: readonly number[];
}

/** Ohms by which single steps are off, as the amps weigh them. */
function deviation(volts: readonly number[], amps: readonly number[], ohms: number): number {
  let squares = 0;
  let weight = 0;
  for (const [i, ampere] of amps.entries()) {
    squares += (volts[i]! - ohms * ampere) ** 2;
    weight += ampere ** 2;
  }
  return Math.sqrt(squares / weight);
}

function keep(values: number[], value: number, most: number): void {
  values.push(value);
  if (values.length > most) values.shift();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
