import { firstAtOrAfter } from '../../model/columns.ts';
import { energyFigures } from '../../model/roll-up.ts';
import type { EnergyColumns } from '../store.ts';

export type EnergyByScope = Map<string, EnergyColumns>;

/** Pieces in order of time as one; a part that only some have is NaN in the others. */
export function joinPieces(pieces: readonly EnergyByScope[]): EnergyByScope {
  const byScope = new Map<string, EnergyColumns[]>();
  for (const piece of pieces)
    for (const [scope, rows] of piece) {
      const known = byScope.get(scope);
      if (known === undefined) byScope.set(scope, [rows]);
      else known.push(rows);
    }
  return new Map([...byScope].map(([scope, rows]) => [scope, joinRows(rows)]));
}

/** The rows that start in [fromMs, toMs); scopes without any are left out. */
export function cutPiece(piece: EnergyByScope, fromMs: number, toMs: number): EnergyByScope {
  const cut: EnergyByScope = new Map();
  for (const [scope, rows] of piece) {
    const from = firstAtOrAfter(rows.fromMs, fromMs);
    const to = firstAtOrAfter(rows.fromMs, toMs);
    if (from < to)
      cut.set(
        scope,
        mapColumns(rows, (column) => column.slice(from, to)),
      );
  }
  return cut;
}

export function countRows(piece: EnergyByScope): number {
  let count = 0;
  for (const { fromMs } of piece.values()) count += fromMs.length;
  return count;
}

function joinRows(pieces: readonly EnergyColumns[]): EnergyColumns {
  if (pieces.length === 1) return pieces[0]!;
  let count = 0;
  for (const { fromMs } of pieces) count += fromMs.length;
  return mapColumns(Object.assign({}, ...pieces) as EnergyColumns, (_, name) => {
    const joined = new Float64Array(count);
    let at = 0;
    for (const piece of pieces) {
      const column = piece[name];
      if (column === undefined) joined.fill(Number.NaN, at, at + piece.fromMs.length);
      else joined.set(column, at);
      at += piece.fromMs.length;
    }
    return joined;
  });
}

const names = ['fromMs', ...energyFigures] as const;

function mapColumns(
  rows: EnergyColumns,
  map: (column: Float64Array, name: (typeof names)[number]) => Float64Array,
): EnergyColumns {
  const mapped: Partial<Record<(typeof names)[number], Float64Array>> = {};
  for (const name of names) {
    const column = rows[name];
    if (column !== undefined) mapped[name] = map(column, name);
  }
  return mapped as EnergyColumns;
}
