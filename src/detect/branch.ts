import { told } from '../model/server-observer.ts';
import { type Circuit, stepAmpsMin } from './circuit.ts';

// Columns of what is known of a branch; 0 is "not yet".
const lastMs = 0;
const ampsMs = 1;
const volts = 2;
const voltsMs = 3;
const sumAmps = 4;
/** The level it is at, or was at before it moved. */
const levelAmps = 5;
const levelVolts = 6;
/** When it was last seen there, and when it was seen to have left it. */
const levelMs = 7;
const leftMs = 8;
const beforeAmps = 9;
/** Readings in a row that agree, and their sums. */
const run = 10;
const runAmps = 11;
const runVolts = 12;
/** Then one for the amps of each input; NaN until told. */
const inputAmps = 13;

/** Columns of a branch with so many inputs. */
export function branchColumns(inputs: number): number {
  return inputAmps + inputs;
}

/** Slower meters do not show voltage and current of the same moment before and after. */
const gapMsMax = 15_000;
const moveMsMax = 30_000;
/** Meters that tell volts and amps one after the other have both been heard by then. */
const settleMsMin = 900;
/** Less than this is no change of level; it spoils others' steps from here on. */
const moveAmpsMin = stepAmpsMin / 2;
const agreeAmps = 0.15;
const agreeShare = 0.1;
const levelFollowsMs = 8_000;
const ampsMax = 1_000;
const voltsMin = 50;

/**
 * What one load takes from one circuit: the sum of its inputs there. Follows volts and amps input by input, told
 * together or each by itself, finds the steps between levels, and tells the circuits (breaker and feed) of them.
 */
export class Branch {
  readonly circuits: readonly Circuit[];
  /** Places of its inputs among the load's outlets. */
  readonly inputs: readonly number[];
  readonly #s: Float64Array;
  #moving = false;

  /** `row`: `branchColumns` zeros. */
  constructor(circuits: readonly Circuit[], inputs: readonly number[], row: Float64Array) {
    this.circuits = circuits;
    this.inputs = inputs;
    this.#s = row.fill(Number.NaN, inputAmps);
  }

  /** What it draws; NaN as long as one of its inputs has told none. */
  get amps(): number {
    return this.#s[sumAmps]!;
  }

  /** What one reading of an input brought, NaN for what it did not bring. */
  take(row: Float64Array): void {
    const s = this.#s;
    const atMs = row[told.atMs]!;
    if (!(atMs >= s[lastMs]!)) return;
    s[lastMs] = atMs;
    if (row[told.inputVolts]! >= voltsMin) {
      s[volts] = row[told.inputVolts]!;
      s[voltsMs] = atMs;
    }
    if (!(Math.abs(row[told.inputAmps]!) <= ampsMax)) return;
    s[inputAmps + this.inputs.indexOf(row[told.input]!)] = Math.abs(row[told.inputAmps]!);
    let sum = 0;
    for (let i = inputAmps; i < s.length; i += 1) sum += s[i]!;
    s[sumAmps] = sum;
    if (Number.isNaN(sum)) return;
    const sinceMs = atMs - s[ampsMs]!;
    if (s[ampsMs] === 0 || sinceMs > gapMsMax) this.#restAnew();
    else if (this.#moving) this.#follow();
    else this.#rest();
    s[beforeAmps] = sum;
    s[ampsMs] = atMs;
  }

  /** Nothing more will be told of it. */
  close(): void {
    for (const circuit of this.circuits) circuit.gone(this);
  }

  #restAnew(): void {
    const s = this.#s;
    if (this.#moving) this.close();
    this.#moving = false;
    s[levelAmps] = s[sumAmps]!;
    s[levelVolts] = 0;
    s[levelMs] = s[lastMs]!;
  }

  #rest(): void {
    const s = this.#s;
    const sinceMs = s[lastMs]! - s[ampsMs]!;
    const away = Math.abs(s[sumAmps]! - s[levelAmps]!);
    if (away >= moveAmpsMin && s[levelVolts] !== 0) {
      this.#leave();
      return;
    }
    const share = away >= moveAmpsMin ? 1 : sinceMs / (sinceMs + levelFollowsMs);
    s[levelAmps]! += (s[sumAmps]! - s[levelAmps]!) * share;
    // Only now: volts that came just before amps that had stepped belong to the other level.
    if (s[levelVolts] === 0) s[levelVolts] = s[lastMs]! - s[voltsMs]! <= gapMsMax ? s[volts]! : 0;
    else if (s[voltsMs]! >= s[ampsMs]!) s[levelVolts]! += (s[volts]! - s[levelVolts]!) * share;
    s[levelMs] = s[lastMs]!;
  }

  #leave(): void {
    const s = this.#s;
    this.#moving = true;
    s[leftMs] = s[lastMs]!;
    this.#runAnew();
    for (const circuit of this.circuits) circuit.moves(this, s[levelMs]!);
  }

  #runAnew(): void {
    const s = this.#s;
    s[run] = 0;
    s[runAmps] = 0;
    s[runVolts] = 0;
  }

  /** Between two levels: is it at one again? */
  #follow(): void {
    const s = this.#s;
    const sum = s[sumAmps]!;
    const band = Math.max(agreeAmps, agreeShare * Math.abs(sum - s[levelAmps]!));
    const agrees = Math.abs(sum - s[beforeAmps]!) <= band;
    // The reading that was the first to show the step may be of its middle, and the volts told so far are from before.
    if (!agrees || s[voltsMs]! <= s[leftMs]!) this.#runAnew();
    else {
      s[run]! += 1;
      s[runAmps]! += sum;
      s[runVolts]! += s[volts]!;
    }
    const isThere = s[run]! >= this.inputs.length && s[lastMs]! - s[leftMs]! >= settleMsMin;
    if (isThere) this.#arrive(s[runAmps]! / s[run]!, s[runVolts]! / s[run]!);
    else if (s[lastMs]! - s[levelMs]! > moveMsMax) this.#arrive(sum, 0);
  }

  /** `arrivedVolts` 0: they are not known, and nothing is to be learnt from this step. */
  #arrive(amps: number, arrivedVolts: number): void {
    const s = this.#s;
    const step = {
      fromMs: s[levelMs]!,
      toMs: s[lastMs]!,
      voltsLost: s[levelVolts]! - arrivedVolts,
      ampsMore: arrivedVolts === 0 ? 0 : amps - s[levelAmps]!,
    };
    this.#moving = false;
    for (const circuit of this.circuits) circuit.moved(this, step);
    s[levelAmps] = amps;
    s[levelVolts] = arrivedVolts;
    s[levelMs] = s[lastMs]!;
  }
}
