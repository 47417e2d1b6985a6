import { readingFigures } from '../../model/quantity.ts';
import { type RawPart, type RawSlice, weaveSlice } from '../raw-slice.ts';
import type { RawQuery } from '../store.ts';
import type { BlockTable } from './block-table.ts';
import type { Heads } from './heads.ts';
import { cutPoints, mergePoints, type Points } from './points.ts';
import { type SeriesTable, tierNumber } from './series-table.ts';

export interface RawSliceQuery extends RawQuery {
  /** With more there is no answer. */
  readonly readingsMax: number;
}

/** Raw readings of all outlets, a slice of time at a time, from blocks and heads. */
export class RawSlices {
  readonly #series: SeriesTable;
  readonly #blocks: BlockTable;
  readonly #heads: Heads;

  constructor(series: SeriesTable, blocks: BlockTable, heads: Heads) {
    this.#series = series;
    this.#blocks = blocks;
    this.#heads = heads;
  }

  /** Undefined: there are too many. After an empty slice the next readings follow at once. */
  slice(query: RawSliceQuery): RawSlice | undefined {
    const from = Math.round(query.fromMs * 1000);
    const to = Math.round(query.toMs * 1000);
    const wanted = query.quantities.map((quantity) => readingFigures.indexOf(quantity));
    const parts: RawPart[] = [];
    let count = 0;
    for (const [series, blocks] of this.#blocksBySeries(from, to)) {
      const points = this.#points(series, blocks, wanted, from, to);
      const outlet = points.micros.length > 0 ? this.#series.nameOf(series) : undefined;
      if (outlet === undefined) continue;
      count += points.micros.length;
      if (count > query.readingsMax) return undefined;
      parts.push({ outlet, ...points });
    }
    const nextMs = count === 0 ? this.#nextMicros(to) / 1000 : query.toMs;
    return weaveSlice(parts, from, wanted.length, nextMs);
  }

  /** Series with something in that time, each with its blocks, those written earlier first. */
  #blocksBySeries(from: number, to: number): Map<number, number[]> {
    const bySeries = new Map<number, number[]>();
    for (const { series, id } of this.#blocks.tierWithin(tierNumber('raw'), from, to)) {
      const ids = bySeries.get(series);
      if (ids === undefined) bySeries.set(series, [id]);
      else ids.push(id);
    }
    for (const ids of bySeries.values()) ids.sort((a, b) => a - b);
    for (const head of this.#heads.all())
      if (head.tier === tierNumber('raw') && head.newestMs * 1000 >= from && !bySeries.has(head.series))
        bySeries.set(head.series, []);
    return bySeries;
  }

  #points(
    series: number,
    blocks: readonly number[],
    wanted: readonly number[],
    from: number,
    to: number,
  ): Points {
    const bits = wanted.reduce((all, column) => all | (1 << column), 0);
    const parts: Points[] = [];
    for (const id of blocks) {
      const points = this.#blocks.read(id, bits);
      if (points !== undefined) parts.push(only(wanted, cutPoints(points, from, to)));
    }
    const head = this.#heads.get(series);
    if (head !== undefined && head.newestMs * 1000 >= from)
      parts.push(only(wanted, cutPoints(mergePoints([this.#heads.points(head, bits)]), from, to)));
    return mergePoints(parts.filter((part) => part.micros.length > 0));
  }

  /** Where the first reading after this may be; far away when there is none. */
  #nextMicros(to: number): number {
    let next = this.#blocks.nextAfter(tierNumber('raw'), to) ?? Number.MAX_SAFE_INTEGER;
    for (const head of this.#heads.all()) {
      if (head.tier !== tierNumber('raw') || head.newestMs * 1000 < to) continue;
      for (const at of this.#heads.points(head, 0).micros) if (at >= to && at < next) next = at;
    }
    return next;
  }
}

function only(wanted: readonly number[], { micros, columns }: Points): Points {
  return { micros, columns: wanted.map((column) => columns[column]) };
}
