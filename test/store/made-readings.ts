import { emptyReading, type Reading } from '../../src/model/reading.ts';
import type { RollUp } from '../../src/model/roll-up.ts';

export function reading(outlet: string, atMs: number, values: Partial<Reading>): Reading {
  return { ...emptyReading(outlet.slice(0, outlet.lastIndexOf('/')), outlet, message(atMs)), ...values };
}

export function rollUp(
  scope: string,
  fromMs: number,
  stepMs: number,
  wattsMean: number,
  wattsMin: number,
  wattsMax: number,
): RollUp {
  return {
    scope,
    fromMs,
    wattsMean,
    wattsMin,
    wattsMax,
    wattHours: (wattsMean * stepMs) / 3_600_000,
    observedMs: stepMs,
  };
}

/**
 * A room as meters tell it: outlets that report together every so often, each with one decimal of W, V and Wh,
 * three of A, two of power factor. The same for the same seed.
 */
export class MadeRoom {
  readonly #random: () => number;
  readonly #outlets: { name: string; watts: number; volts: number; wattHours: number }[];
  readonly #stepMs: number;
  #atMs: number;
  #next = 0;

  constructor(outlets: number, startMs: number, stepMs: number, seed = 1) {
    this.#random = seeded(seed);
    this.#atMs = startMs;
    this.#stepMs = stepMs;
    this.#outlets = Array.from({ length: outlets }, (_, i) => ({
      name: `pdu-${i >> 3}/${(i % 8) + 1}`,
      watts: 60 + 400 * this.#random(),
      volts: 230,
      wattHours: 1e6 * this.#random(),
    }));
  }

  get atMs(): number {
    return this.#atMs;
  }

  next(): Reading {
    const outlet = this.#outlets[this.#next]!;
    const random = this.#random;
    outlet.watts = Math.max(
      5,
      outlet.watts + 4 * (random() - 0.5) + (random() < 0.01 ? 40 * (random() - 0.5) : 0),
    );
    outlet.volts += 0.4 * (random() - 0.5) + (230 - outlet.volts) / 50;
    outlet.wattHours += (outlet.watts * this.#stepMs) / 3_600_000;
    const made: Reading = {
      ...reading(outlet.name, this.#atMs, {}),
      watts: round(outlet.watts, 10),
      volts: round(outlet.volts, 10),
      amps: round(outlet.watts / outlet.volts / 0.95, 1000),
      powerFactor: round(0.94 + 0.02 * random(), 100),
      wattHoursTotal: round(outlet.wattHours, 10),
    };
    this.#next += 1;
    if (this.#next === this.#outlets.length) {
      this.#next = 0;
      this.#atMs += this.#stepMs;
    }
    return made;
  }
}

/** The same numbers between 0 and 1 for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function message(receivedAtMs: number) {
  return {
    topic: '',
    payload: new Uint8Array(),
    receivedAtMs,
    retained: false,
    qos: 0,
    sequence: 0,
  } as const;
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}
