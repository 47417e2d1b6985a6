import { told } from '../model/server-observer.ts';

/** Points of a start's trace; beyond, those after the surge are thinned. */
const pointsMax = 2_048;

/** Which input spoke with each point, and what it drew and told by itself. */
export interface InputTrace {
  readonly input: number[];
  readonly watts: number[];
  readonly volts: number[];
}

/** The course of one start, reading by reading. Times in order; volts NaN where not told. */
export class Trace {
  readonly atMs: number[] = [];
  readonly watts: number[] = [];
  readonly volts: number[] = [];
  /** Only of a load with several inputs. */
  readonly own: InputTrace | undefined;

  constructor(inputs: number) {
    this.own = inputs > 1 ? { input: [], watts: [], volts: [] } : undefined;
  }

  get length(): number {
    return this.atMs.length;
  }

  /** Columns of `told`; `keepUntilMs`: everything before stays at full resolution. */
  add(row: Float64Array, keepUntilMs: number): void {
    if (this.length >= pointsMax) this.#thin(keepUntilMs);
    this.atMs.push(row[told.atMs]!);
    this.watts.push(row[told.watts]!);
    this.volts.push(row[told.volts]!);
    this.own?.input.push(row[told.input]!);
    this.own?.watts.push(row[told.inputWatts]!);
    this.own?.volts.push(row[told.inputVolts]!);
  }

  /**
   * The draw below which `share` of [fromMs, toMs) lies, time-weighted, each reading holding until the next; what
   * is counted backwards counts as drawn. NaN when empty.
   */
  quantile(share: number, fromMs: number, toMs: number): number {
    const held: { watts: number; ms: number }[] = [];
    let wholeMs = 0;
    for (let i = 0; i < this.length; i += 1) {
      const ms = Math.min(this.atMs[i + 1] ?? toMs, toMs) - Math.max(this.atMs[i]!, fromMs);
      if (ms <= 0) continue;
      held.push({ watts: Math.abs(this.watts[i]!), ms });
      wholeMs += ms;
    }
    held.sort((a, b) => a.watts - b.watts);
    let ms = 0;
    for (const part of held) {
      ms += part.ms;
      if (ms >= share * wholeMs) return part.watts;
    }
    return Number.NaN;
  }

  /** Time-weighted mean of [fromMs, toMs); NaN when empty. */
  mean(fromMs: number, toMs: number): number {
    const wattMs = this.#wattMs(fromMs, toMs);
    const fromIndex = this.atMs[0] ?? toMs;
    return wattMs / (toMs - Math.max(fromMs, fromIndex));
  }

  wattHours(fromMs: number, toMs: number): number {
    return this.#wattMs(fromMs, toMs) / 3_600_000;
  }

  #wattMs(fromMs: number, toMs: number): number {
    let sum = 0;
    for (let i = 0; i < this.length; i += 1) {
      const ms = Math.min(this.atMs[i + 1] ?? toMs, toMs) - Math.max(this.atMs[i]!, fromMs);
      if (ms > 0) sum += Math.abs(this.watts[i]!) * ms;
    }
    return sum;
  }

  /** Drops every second point after `keepUntilMs`, of everything when that is not enough. */
  #thin(keepUntilMs: number): void {
    const first = this.atMs.findIndex((atMs) => atMs > keepUntilMs);
    const from = first < 0 || first > pointsMax / 2 ? 1 : first;
    const { own } = this;
    const columns = [
      this.atMs,
      this.watts,
      this.volts,
      ...(own === undefined ? [] : [own.input, own.watts, own.volts]),
    ];
    const length = this.length;
    for (const column of columns) {
      let to = from;
      for (let i = from; i < length; i += 2) {
        column[to] = column[i]!;
        to += 1;
      }
      column.length = to;
    }
  }
}
