import { quantities } from './quantity.ts';
import { splitOutlet, totalLabel } from './reading.ts';
import { Rows } from './rows.ts';
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
  /** Claimed, and not heard since the start: until then its sums would pass for the whole. */
  awaited: boolean;
  fresh: boolean;
  on: boolean | undefined;
  lastAtMs: number;
  lastReceivedMs: number;
}

/** The latest known values of every outlet, each quantity with its own time, in packed columns. */
export class OutletTable {
  readonly records: OutletRecord[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #values = new Rows(quantityCount, Number.NaN);
  readonly #times = new Rows(quantityCount, 0);
  /** What each outlet has in the sums, in millionths; NaN: nothing. */
  readonly #shares = new Rows(summedCount, Number.NaN);

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
      awaited: false,
      fresh: false,
      on: undefined,
      lastAtMs: 0,
      lastReceivedMs: 0,
    });
    this.#numbers.set(outlet, number);
    this.#values.open(number);
    this.#times.open(number);
    this.#shares.open(number);
    return number;
  }

  /** Takes a value unless a newer one is known; says whether it was taken. */
  take(outlet: number, quantity: number, value: number, atMs: number): boolean {
    const at = this.#times.at(outlet) + quantity;
    const times = this.#times.chunk(outlet);
    if (atMs < times[at]!) return false;
    times[at] = atMs;
    this.#values.chunk(outlet)[at] = value;
    return true;
  }

  /** NaN when never told. */
  value(outlet: number, quantity: number): number {
    return this.#values.chunk(outlet)[this.#values.at(outlet) + quantity]!;
  }

  share(outlet: number, summedQuantity: number): number {
    return this.#shares.chunk(outlet)[this.#shares.at(outlet) + summedQuantity]!;
  }

  setShare(outlet: number, summedQuantity: number, millionths: number): void {
    this.#shares.chunk(outlet)[this.#shares.at(outlet) + summedQuantity] = millionths;
  }
}
