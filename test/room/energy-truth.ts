import { seeded } from '../store/made-readings.ts';

/** What one meter says at one instant, in its own words. */
export interface Said {
  readonly atMs: number;
  readonly watts?: number;
  readonly wattHoursTotal?: number;
}

export interface MadeMeterOptions {
  readonly seed: number;
  /** Between reports; with `jitter` anything from a third of it to twice as long. */
  readonly everyMs: number;
  readonly jitter?: boolean;
  /** Steps of its counter; absent: it has none. */
  readonly countWattHours?: number;
  readonly tellsWatts?: boolean;
  /** Its counter begins anew then. */
  readonly resetsMs?: readonly number[];
  readonly wattsMean: number;
}

/** A load that changes only when the meter looks, so that all it drew can be known, and what the meter says of it. */
export class MadeMeter {
  readonly said: Said[] = [];
  /** Wh drawn up to each report. */
  readonly #drawn: number[] = [];
  readonly #watts: number[] = [];

  constructor(options: MadeMeterOptions, fromMs: number, toMs: number) {
    const random = seeded(options.seed);
    const { everyMs, countWattHours, resetsMs = [] } = options;
    let watts = options.wattsMean;
    let drawn = 0;
    let base = -Math.floor(random() * 90_000) - 50_000;
    for (let atMs = fromMs; atMs < toMs; ) {
      const reset = resetsMs.find((at) => at > (this.said.at(-1)?.atMs ?? atMs) && at <= atMs);
      if (reset !== undefined) base = drawn;
      this.said.push({
        atMs,
        ...(options.tellsWatts === false ? {} : { watts }),
        ...(countWattHours === undefined
          ? {}
          : {
              wattHoursTotal:
                Math.round(Math.floor((drawn - base) / countWattHours + 1e-6) * countWattHours * 1000) / 1000,
            }),
      });
      const forMs = options.jitter
        ? Math.round((everyMs * (1 / 3 + random() * (5 / 3))) / 1000) * 1000
        : everyMs;
      this.#drawn.push(drawn);
      if (random() < 0.2) watts = Math.round(options.wattsMean * (0.4 + 1.4 * random()) * 10) / 10;
      this.#watts.push(this.said.at(-1)!.watts ?? watts);
      drawn += (this.#watts.at(-1)! * forMs) / 3_600_000;
      atMs += forMs;
    }
  }

  /** Wh really drawn in [fromMs, toMs). */
  drawn(fromMs: number, toMs: number): number {
    return this.#drawnAt(toMs) - this.#drawnAt(fromMs);
  }

  #drawnAt(atMs: number): number {
    const next = this.said.findIndex((said) => said.atMs > atMs);
    const i = Math.max(0, (next < 0 ? this.said.length : next) - 1);
    return this.#drawn[i]! + (this.#watts[i]! * Math.max(0, atMs - this.said[i]!.atMs)) / 3_600_000;
  }
}
