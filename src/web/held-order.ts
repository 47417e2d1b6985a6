import { type FigureOf, filterRows, type RosterRow, type RowFilter, type Sort, sortRows } from './roster.ts';

/** Rows whose figures change may change places this often, not with every frame. */
export const reorderMs = 5_000;

/** A moment at which rows may change places; the next one is another object. */
export interface OrderTurn {
  /** On any clock that only runs forward. */
  readonly atMs: number;
}

/** The same while it is too early for another, or `held`: somebody is at a row, leave it where it is. */
export function nextTurn(turn: OrderTurn, nowMs: number, held: boolean): OrderTurn {
  return held || nowMs - turn.atMs < reorderMs ? turn : { atMs: nowMs };
}

/** The order of the table's rows: made anew when the question changes, and at each turn. */
export class HeldOrder {
  #rows: readonly RosterRow[] = [];
  #roster: readonly RosterRow[] | undefined;
  #sort: Sort | undefined;
  #filter: RowFilter | undefined;
  #turn: OrderTurn | undefined;

  rows(
    roster: readonly RosterRow[],
    sort: Sort,
    filter: RowFilter,
    figureOf: FigureOf,
    turn: OrderTurn,
  ): readonly RosterRow[] {
    const asked = roster !== this.#roster || sort !== this.#sort || filter !== this.#filter;
    if (asked || turn !== this.#turn) {
      this.#rows = sortRows(filterRows(roster, filter, figureOf), sort, figureOf);
      this.#roster = roster;
      this.#sort = sort;
      this.#filter = filter;
      this.#turn = turn;
    }
    return this.#rows;
  }
}
