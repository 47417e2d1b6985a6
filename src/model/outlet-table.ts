import { grownCapacity, grownFloats } from './grow.ts';
import { quantities } from './quantity.ts';
import { splitOutlet, totalLabel } from './reading.ts';
import { summedCount } from './scope-sums.ts';

export const quantityCount = quantities.length;

/** What is known of one outlet besides its figures. */
export interface OutletRecord {
  readonly outlet: string;
  readonly device: string;
  readonly isTotal: boolean;
  /** Its `outlet:…` scope. */
  readonly scope: number;
  /** Scopes its draw counts in, its own first. */
  ancestors: readonly number[];
  /** A reading that was not retained has been seen. */
  everFresh: boolean;
  /** It has ever told watts. */
  metered: boolean;
  /** Its sums expect it: claimed by a server, or heard fresh. Without it they are partial. */
  counted: boolean;
  fresh: boolean;
  on: boolean | undefined;
  lastAtMs: number;
  lastReceivedMs: number;
}

/** The latest known values of every outlet, each quantity with its own time, in packed columns. */
export class OutletTable {
  readonly records: OutletRecord[] = [];
  readonly #numbers = new Map<string, number>();
  #values = new Float64Array(0);
  #times = new Float64Array(0);
  /** What each outlet has in the sums, in millionths; NaN: nothing. */
  #shares = new Float64Array(0);

  /** −1 when unknown. */
  find(outlet: string): number {
    return this.#numbers.get(outlet) ?? -1;
  }

  open(outlet: string, scope: number): number {
    const number = this.records.length;
    const { device, label } = splitOutlet(outlet);
    this.records.push({
      outlet,
      device,
      isTotal: label === totalLabel,
      scope,
      ancestors: [scope],
      everFresh: false,
      metered: false,
      counted: false,
      fresh: false,
      on: undefined,
      lastAtMs: 0,
      lastReceivedMs: 0,
    });
    this.#numbers.set(outlet, number);
    const cells = (number + 1) * quantityCount;
    if (cells > this.#values.length) {
      const capacity = grownCapacity(this.#values.length, cells);
      this.#values = grownFloats(this.#values, capacity, Number.NaN) as Float64Array<ArrayBuffer>;
      this.#times = grownFloats(this.#times, capacity, 0) as Float64Array<ArrayBuffer>;
    }
    const shares = (number + 1) * summedCount;
    if (shares > this.#shares.length) {
      this.#shares = grownFloats(
        this.#shares,
        grownCapacity(this.#shares.length, shares),
        Number.NaN,
      ) as Float64Array<ArrayBuffer>;
    }
    return number;
  }

  /** Takes a value unless a newer one is known; says whether it was taken. */
  take(outlet: number, quantity: number, value: number, atMs: number): boolean {
    const at = outlet * quantityCount + quantity;
    if (atMs < this.#times[at]!) return false;
    this.#values[at] = value;
    this.#times[at] = atMs;
    return true;
  }

  /** NaN when never told. */
  value(outlet: number, quantity: number): number {
    return this.#values[outlet * quantityCount + quantity]!;
  }

  share(outlet: number, summedQuantity: number): number {
    return this.#shares[outlet * summedCount + summedQuantity]!;
  }

  setShare(outlet: number, summedQuantity: number, millionths: number): void {
    this.#shares[outlet * summedCount + summedQuantity] = millionths;
  }
}
