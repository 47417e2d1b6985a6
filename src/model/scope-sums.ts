import { Rows } from './rows.ts';

/** The quantities that are added up over a scope's outlets; volts and hertz for their mean. */
export const summed = ['watts', 'voltAmps', 'amps', 'volts', 'hertz'] as const;
export type Summed = (typeof summed)[number];
export const summedCount = summed.length;

/** Sums are kept in millionths, as whole numbers: adding and taking away for years leaves no rounding error. */
const perUnit = 1_000_000;

// Columns of one scope: a sum and a count for each summed quantity.
const width = summedCount * 2;

/** A whole number of millionths, exact up to 9 GW. */
export function toMillionths(value: number): number {
  return Math.round(value * perUnit);
}

/** Running sums of every scope over the outlets that are fresh. */
export class ScopeSums {
  readonly #rows = new Rows(width, 0);

  open(scope: number): void {
    this.#rows.open(scope);
  }

  /** Adds (or takes away) millionths; `contributors` is +1 when an outlet joins the sum, −1 when it leaves. */
  add(scope: number, quantity: number, millionths: number, contributors: number): void {
    const rows = this.#rows.chunk(scope);
    const at = this.#rows.at(scope) + quantity * 2;
    rows[at]! += millionths;
    rows[at + 1]! += contributors;
  }

  /** How many outlets are in the sum. */
  count(scope: number, quantity: number): number {
    return this.#rows.chunk(scope)[this.#rows.at(scope) + quantity * 2 + 1]!;
  }

  /** The sum in the quantity's unit; NaN when nothing is in it. */
  sum(scope: number, quantity: number): number {
    const rows = this.#rows.chunk(scope);
    const at = this.#rows.at(scope) + quantity * 2;
    return rows[at + 1] === 0 ? Number.NaN : rows[at]! / perUnit;
  }
}
