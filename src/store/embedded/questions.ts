import { readingFigures } from '../../model/quantity.ts';
import { plainFigures, type RollUpTier, rollUpFigures } from '../../model/roll-up.ts';
import type { RollUpColumns, RollUpQuery, Series, SeriesQuery } from '../store.ts';
import { rollUpBits } from './batch.ts';
import type { BlockSpan, BlockTable } from './block-table.ts';
import type { ScopeEnergy } from './calls.ts';
import type { Heads } from './heads.ts';
import { cutPoints, mergePoints, type Points } from './points.ts';
import { type SeriesTable, tierNumber } from './series-table.ts';

const wattHoursColumn = 3;

/** Answers what the store is asked, from blocks and heads together. */
export class Questions {
  readonly #series: SeriesTable;
  readonly #blocks: BlockTable;
  readonly #heads: Heads;

  constructor(series: SeriesTable, blocks: BlockTable, heads: Heads) {
    this.#series = series;
    this.#blocks = blocks;
    this.#heads = heads;
  }

  readingSeries(query: SeriesQuery): Series {
    const series = this.#series.find('raw', query.outlet);
    if (series === undefined || !(query.fromMs < query.toMs)) return { atMs: none(), values: none() };
    const column = readingFigures.indexOf(query.quantity);
    const fromMicros = toMicros(query.fromMs);
    const start = this.#lastBefore(series.id, column, fromMicros) ?? fromMicros;
    const points = this.#points(series.id, start, toMicros(query.toMs), column);
    return { atMs: points.micros.map((at) => at / 1000), values: points.columns[0] ?? none() };
  }

  rollUps(query: RollUpQuery): RollUpColumns {
    const series = this.#series.find(query.tier, query.scope);
    const from = toMicros(query.fromMs);
    const to = toMicros(query.toMs);
    const parts: Points[] = [];
    if (series !== undefined && from < to) {
      for (const id of this.#blocks.within(series.id, from, to, rollUpBits))
        pushIfAny(parts, this.#blocks.read(id));
      const head = this.#heads.get(series.id);
      if (head !== undefined) parts.push(this.#heads.points(head));
    }
    const { micros, columns } = cutPoints(mergePoints(parts), from, to);
    const figures = query.tier === 'quarter' ? rollUpFigures : rollUpFigures.slice(0, plainFigures);
    const answer = figures.map((name, c) => [
      name,
      columns[c]?.slice() ?? new Float64Array(micros.length).fill(Number.NaN),
    ]);
    return { fromMs: micros.map((at) => at / 1000), ...Object.fromEntries(answer) } as RollUpColumns;
  }

  knownScopes(): string[] {
    return this.#series.chosen('quarter', () => true).map(({ name }) => name);
  }

  /** Blocks that lie whole in the range and overlap nothing are not opened: their sum stands beside them. */
  energyByScope(tier: RollUpTier, fromMs: number, toMs: number): ScopeEnergy {
    const from = toMicros(fromMs);
    const to = toMicros(toMs);
    const scopes: string[] = [];
    const wattHours: number[] = [];
    if (!(from < to)) return { scopes, wattHours: none() };
    for (const [series, spans] of this.#spansBySeries(tier, from, to)) {
      const sum = this.#sumSpans(spans, from, to);
      const scope = sum === undefined ? undefined : this.#series.nameOf(series);
      if (sum === undefined || scope === undefined) continue;
      scopes.push(scope);
      wattHours.push(sum);
    }
    return { scopes, wattHours: Float64Array.from(wattHours) };
  }

  /** When this quantity was last brought before then. */
  #lastBefore(series: number, column: number, fromMicros: number): number | undefined {
    const head = this.#heads.get(series);
    let last = head && lastPresentBefore(this.#heads.points(head), column, fromMicros);
    const bits = 1 << column;
    for (const block of this.#blocks.endingBackwards(series, Number.MIN_SAFE_INTEGER, fromMicros, bits)) {
      if (last !== undefined && block.toMicros <= last) break;
      const points = this.#blocks.read(block.id, bits);
      const here = points && lastPresentBefore(points, column, fromMicros);
      if (here !== undefined && (last === undefined || here > last)) last = here;
    }
    return last;
  }

  /** The points in [from, to) that have this column: it is the only one of the answer. */
  #points(series: number, from: number, to: number, column: number): Points {
    const bits = 1 << column;
    const parts: Points[] = [];
    for (const id of this.#blocks.within(series, from, to, bits))
      pushIfAny(parts, onlyPresent(this.#blocks.read(id, bits), column, from, to));
    const head = this.#heads.get(series);
    if (head !== undefined) pushIfAny(parts, onlyPresent(this.#heads.points(head), column, from, to));
    return mergePoints(parts);
  }

  #spansBySeries(tier: RollUpTier, from: number, to: number): Map<number, Span[]> {
    const bySeries = new Map<number, Span[]>();
    const put = (series: number, span: Span) => {
      const spans = bySeries.get(series);
      if (spans === undefined) bySeries.set(series, [span]);
      else spans.push(span);
    };
    for (const block of this.#blocks.tierWithin(tierNumber(tier), from, to)) put(block.series, block);
    for (const head of this.#heads.all()) {
      if (head.tier !== tierNumber(tier)) continue;
      const points = mergePoints([this.#heads.points(head)]);
      const first = points.micros[0]!;
      const last = points.micros[points.micros.length - 1]!;
      if (last >= from && first < to) put(head.series, { points, fromMicros: first, toMicros: last });
    }
    return bySeries;
  }

  /** Undefined: nothing of it lies in the range. */
  #sumSpans(spans: Span[], from: number, to: number): number | undefined {
    spans.sort((a, b) => a.fromMicros - b.fromMicros);
    let total: number | undefined;
    for (let i = 0; i < spans.length; ) {
      const group = [spans[i]!];
      let end = spans[i]!.toMicros;
      for (i += 1; i < spans.length && spans[i]!.fromMicros <= end; i += 1) {
        group.push(spans[i]!);
        end = Math.max(end, spans[i]!.toMicros);
      }
      const sum = this.#sumGroup(group, from, to);
      if (sum !== undefined) total = (total ?? 0) + sum;
    }
    return total;
  }

  #sumGroup(group: Span[], from: number, to: number): number | undefined {
    const [only] = group;
    if (group.length === 1 && only?.id !== undefined && only.fromMicros >= from && only.toMicros < to)
      return only.wattHours;
    // Written earlier first: blocks by id, then the head.
    group.sort((a, b) => (a.id ?? Number.POSITIVE_INFINITY) - (b.id ?? Number.POSITIVE_INFINITY));
    const parts: Points[] = [];
    for (const span of group)
      pushIfAny(parts, span.id === undefined ? span.points : this.#blocks.read(span.id));
    const inside = cutPoints(mergePoints(parts), from, to).columns[wattHoursColumn];
    return inside?.some((value) => !Number.isNaN(value))
      ? inside.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value), 0)
      : undefined;
  }
}

/** A block, or the points of a head. */
type Span =
  | BlockSpan
  | {
      readonly id?: undefined;
      readonly points: Points;
      readonly fromMicros: number;
      readonly toMicros: number;
    };

const none = () => new Float64Array(0);

const toMicros = (atMs: number) => Math.round(atMs * 1000);

function pushIfAny(parts: Points[], points: Points | undefined): void {
  if (points !== undefined && points.micros.length > 0) parts.push(points);
}

function onlyPresent(
  points: Points | undefined,
  column: number,
  from: number,
  to: number,
): Points | undefined {
  const values = points?.columns[column];
  if (points === undefined || values === undefined) return undefined;
  const micros = new Float64Array(values.length);
  const present = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    const at = points.micros[i]!;
    if (Number.isNaN(value) || at < from || at >= to) continue;
    micros[count] = at;
    present[count] = value;
    count += 1;
  }
  return { micros: micros.subarray(0, count), columns: [present.subarray(0, count)] };
}

/** Points in any order. */
function lastPresentBefore(points: Points, column: number, beforeMicros: number): number | undefined {
  const values = points.columns[column];
  let last: number | undefined;
  if (values === undefined) return undefined;
  for (let i = 0; i < values.length; i += 1) {
    const at = points.micros[i]!;
    if (at < beforeMicros && !Number.isNaN(values[i]!) && (last === undefined || at > last)) last = at;
  }
  return last;
}
