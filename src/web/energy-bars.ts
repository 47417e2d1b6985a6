import type { EnergyAnswer, EnergyRow, EnergyTotalRow } from '../api/shapes.ts';
import type { Measure } from './energy-asked.ts';

/** One bar: what is known of one hour, day, week, month or year. */
export interface Bar {
  readonly fromMs: number;
  readonly toMs: number;
  /** Absent: it has not begun. */
  readonly row?: EnergyRow;
  /** Height, in the unit of the measure; absent: not known. */
  readonly value?: number;
  /** From the bottom up: each part, then the rest. Zero where nothing is known of a part. */
  readonly pieces: readonly number[];
  /** The same bar of the time before. */
  readonly before?: number;
  readonly isUnderWay: boolean;
  /** Known for a part of its time only, as far as that has passed; the newest minutes come late, and do not count. */
  readonly isPartly: boolean;
}

/** The quantity a measure shows: Wh, money or g. Absent: not known. */
export function measured(
  row: Pick<EnergyRow, 'wattHours' | 'cost' | 'grams'>,
  measure: Measure,
): number | undefined {
  const field = ({ energy: 'wattHours', cost: 'cost', carbon: 'grams' } as const)[measure];
  return row[field] ?? undefined;
}

export interface BarParts {
  readonly edges: readonly number[];
  readonly whole: EnergyAnswer;
  /** Bars of the parts that are shown by themselves. */
  readonly parts?: EnergyAnswer | undefined;
  readonly scopes: readonly string[];
  readonly before?: EnergyAnswer | undefined;
  readonly measure: Measure;
  readonly nowMs: number;
}

/** The bars from the first edge to the last; those that lie ahead are empty. */
export function makeBars({ edges, whole, parts, scopes, before, measure, nowMs }: BarParts): Bar[] {
  const byScope = new Map(scopes.map((scope) => [scope, new Map<number, EnergyRow>()]));
  for (const row of parts?.rows ?? []) byScope.get(row.scope)?.set(row.fromMs, row);
  return edges.slice(0, -1).map((fromMs, i) => {
    const toMs = edges[i + 1]!;
    const row = whole.rows.find((one) => one.fromMs >= fromMs && one.fromMs < toMs);
    const value = row && measured(row, measure);
    const known = scopes.map((scope) => {
      const part = row && byScope.get(scope)?.get(row.fromMs);
      return Math.max(0, (part && measured(part, measure)) ?? 0);
    });
    const rest = Math.max(0, (value ?? 0) - known.reduce((sum, piece) => sum + piece, 0));
    const isUnderWay = row !== undefined && nowMs < toMs;
    const past = before?.rows[i] && measured(before.rows[i], measure);
    return {
      fromMs,
      toMs,
      pieces: value === undefined ? [] : [...known, rest],
      isUnderWay,
      isPartly: value !== undefined && row!.coverage < (isUnderWay ? 0.9 : 0.995),
      ...(row && { row }),
      ...(value !== undefined && { value }),
      ...(past !== undefined && { before: past }),
    };
  });
}

/** So many parts are drawn by themselves; as many as there are colours. */
export const partsMax = 8;

/** A part of the room with its total, the most first. */
export interface Ranked {
  readonly row: EnergyTotalRow;
  readonly value?: number;
  /** Of the whole, 0…1. */
  readonly share?: number;
}

/** What is known comes first, the most on top; what is not known last, in order of names. */
export function rankParts(
  totals: readonly EnergyTotalRow[],
  whole: EnergyTotalRow | undefined,
  measure: Measure,
): Ranked[] {
  const all = whole && measured(whole, measure);
  return totals
    .map((row) => {
      const value = measured(row, measure);
      return {
        row,
        ...(value !== undefined && { value }),
        ...(value !== undefined && all && { share: value / all }),
      };
    })
    .sort((a, b) => (b.value ?? -1) - (a.value ?? -1) || a.row.scope.localeCompare(b.row.scope));
}

/** Where the lines of the scale lie: 0, then whole steps of 1, 2 or 5 × 10ⁿ up to beyond `highest`. */
export function scaleTicks(highest: number, linesMax = 6): number[] {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / linesMax;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => highest / one <= linesMax)!;
  const count = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

/** The highest that has to fit on the scale. */
export function highestOf(bars: readonly Bar[]): number {
  return Math.max(
    0,
    ...bars.map(({ value = 0, before = 0, pieces }) =>
      Math.max(
        value,
        before,
        pieces.reduce((sum, piece) => sum + piece, 0),
      ),
    ),
  );
}
