import type { EnergyColumns } from '../../model/columns.ts';
import type { RollUpTier } from '../../model/roll-up.ts';
import { sumBetween } from '../energy-sums.ts';
import { choosesScope, type ScopeChoice } from '../event-question.ts';
import type { BlockTable } from './block-table.ts';
import type { Calls, PackedEnergy } from './calls.ts';
import type { Heads } from './heads.ts';
import { cutPoints, mergePoints, type Points } from './points.ts';
import { type SeriesTable, tierNumber } from './series-table.ts';

const wattHoursColumn = 3;
const observedColumn = 4;
const energyBits = (1 << wattHoursColumn) | (1 << observedColumn);

/** Energy of many scopes in one go: of each block only the two columns it takes are unpacked. */
export class EnergyQuestions {
  readonly #series: SeriesTable;
  readonly #blocks: BlockTable;
  readonly #heads: Heads;

  constructor(series: SeriesTable, blocks: BlockTable, heads: Heads) {
    this.#series = series;
    this.#blocks = blocks;
    this.#heads = heads;
  }

  rows({ tier, choice, fromMs, toMs }: Calls['energyRows']['ask']): PackedEnergy {
    return packRows([...this.#rowsByScope(tier, choice, fromMs, toMs)]);
  }

  sums({ tier, choice, edgesMs }: Calls['energySums']['ask']): PackedEnergy {
    const [fromMs, toMs] = [edgesMs[0] ?? 0, edgesMs.at(-1) ?? 0];
    const sums: [string, EnergyColumns][] = [];
    for (const [scope, rows] of this.#rowsByScope(tier, choice, fromMs, toMs))
      sums.push([scope, { fromMs: none, ...sumBetween(rows, edgesMs) }]);
    return packRows(sums);
  }

  *#rowsByScope(
    tier: RollUpTier,
    choice: ScopeChoice | undefined,
    fromMs: number,
    toMs: number,
  ): Generator<[string, EnergyColumns]> {
    if (!(fromMs < toMs)) return;
    const from = Math.round(fromMs * 1000);
    const to = Math.round(toMs * 1000);
    for (const { id, name } of this.#series.chosen(tier, (scope) => choosesScope(choice, scope))) {
      const { micros, columns } = this.#points(id, from, to);
      const wattHours = columns[wattHoursColumn];
      const observedMs = columns[observedColumn];
      if (wattHours === undefined || observedMs === undefined || micros.length === 0) continue;
      yield [name, { fromMs: micros.map((at) => at / 1000), wattHours, observedMs }];
    }
  }

  #points(series: number, from: number, to: number): Points {
    const parts: Points[] = [];
    for (const id of this.#blocks.within(series, from, to, energyBits)) {
      const points = this.#blocks.read(id, energyBits);
      if (points !== undefined) parts.push(points);
    }
    const head = this.#heads.get(series);
    if (head !== undefined) parts.push(this.#heads.points(head));
    return cutPoints(mergePoints(parts), from, to);
  }
}

const none = new Float64Array(0);

function packRows(rows: readonly (readonly [string, EnergyColumns])[]): PackedEnergy {
  const counts = Uint32Array.from(rows, ([, { wattHours }]) => wattHours.length);
  const join = (column: keyof EnergyColumns) => {
    const joined = new Float64Array(rows.reduce((sum, [, columns]) => sum + columns[column].length, 0));
    let at = 0;
    for (const [, columns] of rows) {
      joined.set(columns[column], at);
      at += columns[column].length;
    }
    return joined;
  };
  return {
    scopes: rows.map(([scope]) => scope),
    counts,
    fromMs: join('fromMs'),
    wattHours: join('wattHours'),
    observedMs: join('observedMs'),
  };
}

/** What `packRows` packed, by scope. */
export function unpackRows(packed: PackedEnergy): Map<string, EnergyColumns> {
  let at = 0;
  return new Map(
    packed.scopes.map((scope, i) => {
      const from = at;
      at += packed.counts[i]!;
      return [
        scope,
        {
          fromMs: packed.fromMs.subarray(from, at),
          wattHours: packed.wattHours.subarray(from, at),
          observedMs: packed.observedMs.subarray(from, at),
        },
      ];
    }),
  );
}
