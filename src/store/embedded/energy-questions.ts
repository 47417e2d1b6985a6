import type { EnergyColumns } from '../../model/columns.ts';
import { energyFigures, type RollUpTier, rollUpFigures } from '../../model/roll-up.ts';
import { choosesScope, type ScopeChoice } from '../event-question.ts';
import type { BlockTable } from './block-table.ts';
import type { EnergyRowsQuery, PackedEnergy } from './calls.ts';
import type { Heads } from './heads.ts';
import { cutPoints, mergePoints, type Points } from './points.ts';
import type { SeriesTable } from './series-table.ts';
import { sumPoints } from './sum-points.ts';

const columnNumbers = energyFigures.map((figure) => rollUpFigures.indexOf(figure));
/** Wh and observed time: every row has them. */
const plainEnergyFigures = 2;
const energyBits = columnNumbers.reduce((bits, column) => bits | (1 << column), 0);

/** Points remembered; beyond, what was not asked for longest is forgotten (some 30 bytes each). */
const pointsMax = 1_500_000;

/**
 * Energy of many scopes in one go: of each block only the columns it takes are unpacked, and remembered, since the
 * same month is asked for again and again and unpacking is most of the work.
 */
export class EnergyQuestions {
  readonly #series: SeriesTable;
  readonly #blocks: BlockTable;
  readonly #heads: Heads;
  /** By block, the one not asked for longest first. */
  readonly #unpacked = new Map<number, { through: number; points: Points }>();
  #unpackedPoints = 0;

  constructor(series: SeriesTable, blocks: BlockTable, heads: Heads) {
    this.#series = series;
    this.#blocks = blocks;
    this.#heads = heads;
  }

  rows({ tier, choice, fromMs, toMs, grid }: EnergyRowsQuery): PackedEnergy {
    const scopes: string[] = [];
    const parts: Points[] = [];
    if (fromMs < toMs)
      for (const { id, name } of this.#chosen(tier, choice)) {
        const found = this.#parts(id, Math.round(fromMs * 1000), Math.round(toMs * 1000));
        const points =
          grid === undefined ? mergePoints(found) : sumPoints(found, grid, fromMs, columnNumbers);
        if (points.micros.length === 0) continue;
        scopes.push(name);
        parts.push(points);
      }
    return pack(scopes, parts);
  }

  #chosen(tier: RollUpTier, choice: ScopeChoice | undefined): { id: number; name: string }[] {
    if (choice !== undefined && choice.beginnings.length === 0)
      return choice.names.flatMap((name) => {
        const series = this.#series.find(tier, name);
        return series === undefined ? [] : { id: series.id, name };
      });
    return this.#series.chosen(tier, (name) => choosesScope(choice, name));
  }

  /** What lies in [from, to), in order of time and without overlap. */
  #parts(series: number, from: number, to: number): Points[] {
    const parts: Points[] = [];
    for (const { id, through } of this.#blocks.versionsWithin(series, from, to, energyBits)) {
      const points = this.#unpack(id, through);
      if (points !== undefined) parts.push(points);
    }
    const head = this.#heads.get(series);
    if (head !== undefined) parts.push(mergePoints([this.#heads.points(head)]));
    // Mostly one block begins where another ends: then nothing needs to be copied.
    const apart = isInOrder(parts) ? parts : [mergePoints(parts)];
    return apart.map((points) => cutPoints(points, from, to)).filter(({ micros }) => micros.length > 0);
  }

  #unpack(id: number, through: number): Points | undefined {
    const known = this.#unpacked.get(id);
    if (known !== undefined) this.#forget(id);
    const points = known?.through === through ? known.points : this.#blocks.read(id, energyBits);
    if (points === undefined) return undefined;
    this.#unpacked.set(id, { through, points });
    this.#unpackedPoints += points.micros.length;
    for (const oldest of this.#unpacked.keys()) {
      if (this.#unpackedPoints <= pointsMax) break;
      this.#forget(oldest);
    }
    return points;
  }

  #forget(id: number): void {
    this.#unpackedPoints -= this.#unpacked.get(id)?.points.micros.length ?? 0;
    this.#unpacked.delete(id);
  }
}

function isInOrder(parts: readonly Points[]): boolean {
  return parts.every(({ micros }, i) => {
    const before = parts[i - 1]?.micros;
    return before === undefined || before.length === 0 || micros.length === 0 || before.at(-1)! < micros[0]!;
  });
}

function pack(scopes: readonly string[], parts: readonly Points[]): PackedEnergy {
  const total = parts.reduce((sum, { micros }) => sum + micros.length, 0);
  const fromMs = new Float64Array(total);
  const columns = columnNumbers.map((column, i) => {
    const isBooked = i < plainEnergyFigures || parts.some((part) => part.columns[column] !== undefined);
    return new Float64Array(isBooked ? total : 0).fill(Number.NaN);
  });
  let at = 0;
  for (const { micros, columns: own } of parts) {
    for (let i = 0; i < micros.length; i += 1) fromMs[at + i] = micros[i]! / 1000;
    for (const [i, column] of columnNumbers.entries()) {
      const values = own[column];
      if (values !== undefined) columns[i]!.set(values, at);
    }
    at += micros.length;
  }
  return { scopes, counts: Uint32Array.from(parts, ({ micros }) => micros.length), fromMs, columns };
}

/** What crossed over packed, by scope. */
export function unpackEnergy({ scopes, counts, fromMs, columns }: PackedEnergy): Map<string, EnergyColumns> {
  let at = 0;
  return new Map(
    scopes.map((scope, i) => {
      const from = at;
      at += counts[i]!;
      const figures = energyFigures.flatMap((figure, c) => {
        const column = columns[c]!;
        return c >= plainEnergyFigures && column.length === 0
          ? []
          : [[figure, column.subarray(from, at)] as const];
      });
      return [scope, { fromMs: fromMs.subarray(from, at), ...Object.fromEntries(figures) } as EnergyColumns];
    }),
  );
}
