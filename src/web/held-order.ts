import { type FigureOf, filterRows, type RosterRow, type RowFilter, type Sort, sortRows } from './roster.ts';

/** Rows whose figures change may change places this often, not with every frame. */
export const reorderMs = 5_000;

/** The order of the table's rows: made anew when the question changes, else now and then, and never under the pointer. */
export class HeldOrder {
  #rows: readonly RosterRow[] = [];
  #roster: readonly RosterRow[] | undefined;
  #sort: Sort | undefined;
  #filter: RowFilter | undefined;
  #madeAtMs = 0;

  /** `held`: somebody is pointing at a row; leave it where it is. */
  rows(
    roster: readonly RosterRow[],
    sort: Sort,
    filter: RowFilter,
    figureOf: FigureOf,
    nowMs: number,
    held: boolean,
  ): readonly RosterRow[] {
    const asked = roster !== this.#roster || sort !== this.#sort || filter !== this.#filter;
    if (asked || (!held && nowMs - this.#madeAtMs >= reorderMs)) {
      this.#rows = sortRows(filterRows(roster, filter, figureOf), sort, figureOf);
      this.#roster = roster;
      this.#sort = sort;
      this.#filter = filter;
      this.#madeAtMs = nowMs;
    }
    return this.#rows;
  }
}
