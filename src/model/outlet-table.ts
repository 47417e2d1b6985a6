import { quantities } from './quantity.ts';
import { type Reading, splitOutlet, totalLabel } from './reading.ts';
import { Rows } from './rows.ts';
import { summedCount } from './scope-sums.ts';

export const quantityCount = quantities.length;
/** What a relay that is off makes 0. */
const drawColumns = (['watts', 'voltAmps', 'amps'] as const).map((name) => quantities.indexOf(name));

/** What is known of one outlet besides its figures. */
export interface OutletRecord {
  readonly outlet: string;
  readonly device: string;
  readonly isTotal: boolean;
  /** Its `outlet:…` scope. */
  readonly scope: number;
  /** Scopes its draw counts in, its own first. */
  ancestors: readonly number[];
  /** The server it is an input of; −1 when it counts in none. */
  server: number;
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
      server: -1,
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

  /** Takes what a reading brought, as measured at `atMs`. */
  takeReading(outlet: number, reading: Reading, atMs: number): void {
    // The order is that of `quantities`; spelt out because a computed key costs ten times as much here.
    if (reading.watts !== undefined) this.take(outlet, 0, reading.watts, atMs);
    if (reading.volts !== undefined) this.take(outlet, 1, reading.volts, atMs);
    if (reading.amps !== undefined) this.take(outlet, 2, reading.amps, atMs);
    if (reading.voltAmps !== undefined) this.take(outlet, 3, reading.voltAmps, atMs);
    if (reading.voltAmpsReactive !== undefined) this.take(outlet, 4, reading.voltAmpsReactive, atMs);
    if (reading.powerFactor !== undefined) this.take(outlet, 5, reading.powerFactor, atMs);
    if (reading.hertz !== undefined) this.take(outlet, 6, reading.hertz, atMs);
    if (reading.wattHoursTotal !== undefined) this.take(outlet, 7, reading.wattHoursTotal, atMs);
    if (reading.wattHoursReturnedTotal !== undefined)
      this.take(outlet, 8, reading.wattHoursReturnedTotal, atMs);
    if (reading.on === undefined) return;
    const record = this.records[outlet]!;
    record.on = reading.on;
    // An open relay draws nothing; meters that report on change often tell only that it opened.
    if (!reading.on && reading.watts === undefined && record.metered) {
      for (const column of drawColumns) {
        if (!Number.isNaN(this.value(outlet, column))) this.take(outlet, column, 0, atMs);
      }
    }
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
