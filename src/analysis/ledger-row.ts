/** Energy is booked by quarters of an hour (UTC): every local hour and day of today's zones is made of whole ones. */
export const ledgerStepMs = 900_000;

/**
 * What one outlet drew within one quarter of an hour, and how that is known. A quarter of which nothing is known
 * has no row; time that is neither observed nor spread is unknown, not 0.
 */
export interface LedgerRow {
  /** Start of the quarter, epoch ms. */
  readonly fromMs: number;
  /** Wh that the meter's own counter proves. */
  readonly counterWattHours: number;
  /** Wh from the watts, where there is no counter. */
  readonly integratedWattHours: number;
  /** Wh that a counter proves for a time without readings, spread flat over it. */
  readonly spreadWattHours: number;
  /** Time within the quarter for which readings tell the draw, in ms. */
  readonly observedMs: number;
  /** Time for which only the sum over the gap is known, in ms. */
  readonly spreadMs: number;
  /** Of `counterWattHours`, what was also integrated from watts … */
  readonly checkCounterWattHours: number;
  /** … and what that came to: the two ought to agree. */
  readonly checkIntegralWattHours: number;
}

export type LedgerAmounts = { -readonly [K in Exclude<keyof LedgerRow, 'fromMs'>]: number };

/** Rows being made, by the start of the quarter. */
export class LedgerBook {
  readonly #rows = new Map<number, LedgerAmounts>();

  /** The amounts of a quarter, to add to. */
  quarter(fromMs: number): LedgerAmounts {
    let row = this.#rows.get(fromMs);
    if (row === undefined) {
      row = {
        counterWattHours: 0,
        integratedWattHours: 0,
        spreadWattHours: 0,
        observedMs: 0,
        spreadMs: 0,
        checkCounterWattHours: 0,
        checkIntegralWattHours: 0,
      };
      this.#rows.set(fromMs, row);
    }
    return row;
  }

  /** Adds all that is in another book. */
  add(other: LedgerBook): void {
    for (const [fromMs, amounts] of other.#rows) {
      const row = this.quarter(fromMs);
      for (const key of Object.keys(amounts) as (keyof LedgerAmounts)[]) row[key] += amounts[key];
    }
  }

  /** Forgets the quarters that ended by `atMs`. */
  dropUntil(atMs: number): void {
    for (const fromMs of this.#rows.keys()) if (fromMs + ledgerStepMs <= atMs) this.#rows.delete(fromMs);
  }

  /** Oldest first. */
  rows(): LedgerRow[] {
    return [...this.#rows].sort(([a], [b]) => a - b).map(([fromMs, amounts]) => ({ fromMs, ...amounts }));
  }
}

/** All that is booked in a row, Wh. */
export function wattHoursOf(row: LedgerRow): number {
  return row.counterWattHours + row.integratedWattHours + row.spreadWattHours;
}
