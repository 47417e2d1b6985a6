import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BlockWriter, columnBits, readBlock } from './block.ts';
import type { Points } from './points.ts';
import { foldMean, unfoldMean } from './roll-up-columns.ts';
import { type SeriesRef, tierNumber } from './series-table.ts';

const rawTier = tierNumber('raw');
const meanBit = 1;
const wattHoursColumn = 3;
const allColumns = 0xffff;

export interface BlockSpan {
  readonly id: number;
  readonly series: number;
  readonly fromMicros: number;
  /** Of its last point. */
  readonly toMicros: number;
  readonly wattHours: number;
}

export interface OpenBlock {
  readonly id: number;
  readonly count: number;
}

/** The table of blocks. Of one series, blocks with greater ids were written later. */
export class BlockTable {
  readonly #writer = new BlockWriter();
  readonly #report: (problem: string) => void;
  readonly #insert: StatementSync;
  readonly #opens: StatementSync;
  readonly #close: StatementSync;
  readonly #remove: StatementSync;
  readonly #body: StatementSync;
  readonly #before: StatementSync;
  readonly #within: StatementSync;
  readonly #versionsWithin: StatementSync;
  readonly #tierWithin: StatementSync;
  readonly #next: StatementSync;
  readonly #newest: StatementSync;
  readonly #prune: StatementSync;
  readonly #any: StatementSync;

  constructor(db: DatabaseSync, report: (problem: string) => void) {
    this.#report = report;
    this.#insert = db.prepare(
      `INSERT INTO block (series, tier, open, from_micros, to_micros, points, columns, through, watt_hours, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#opens = db.prepare('SELECT id, points FROM block WHERE series = ? AND open = 1 ORDER BY id');
    this.#close = db.prepare('UPDATE block SET open = 0 WHERE id = ?');
    this.#remove = db.prepare('DELETE FROM block WHERE id = ?');
    this.#body = db.prepare('SELECT tier, body FROM block WHERE id = ?');
    this.#before = db.prepare(
      `SELECT id, to_micros FROM block INDEXED BY block_by_series
       WHERE series = ? AND to_micros >= ? AND from_micros < ? AND columns & ? <> 0 ORDER BY to_micros DESC`,
    );
    this.#within = db.prepare(
      `SELECT id FROM block INDEXED BY block_by_series
       WHERE series = ? AND to_micros >= ? AND from_micros < ? AND columns & ? <> 0 ORDER BY id`,
    );
    this.#versionsWithin = db.prepare(
      `SELECT id, through FROM block INDEXED BY block_by_series
       WHERE series = ? AND to_micros >= ? AND from_micros < ? AND columns & ? <> 0 ORDER BY id`,
    );
    this.#tierWithin = db.prepare(
      `SELECT id, series, from_micros, to_micros, watt_hours FROM block INDEXED BY block_by_age
       WHERE tier = ? AND to_micros >= ? AND from_micros < ?`,
    );
    this.#next = db.prepare(
      'SELECT min(max(from_micros, ?1)) AS next FROM block INDEXED BY block_by_age WHERE tier = ?2 AND to_micros >= ?1',
    );
    this.#newest = db.prepare('SELECT series, through FROM block ORDER BY id DESC');
    this.#prune = db.prepare(
      `DELETE FROM block WHERE id IN (SELECT id FROM block WHERE tier = ? AND to_micros < ? LIMIT ?) RETURNING series`,
    );
    this.#any = db.prepare('SELECT 1 FROM block WHERE series = ? LIMIT 1');
  }

  /** Sorted points, at least one. `through`: together with earlier blocks this holds the series up to this write. */
  add(series: SeriesRef, points: Points, through: number, isOpen: boolean): void {
    const isRaw = series.tier === rawTier;
    const { micros, columns } = points;
    const body = this.#writer.encode(isRaw ? points : foldMean(points));
    this.#insert.run(
      series.id,
      series.tier,
      isOpen ? 1 : 0,
      micros[0]!,
      micros[micros.length - 1]!,
      micros.length,
      columnBits(columns),
      through,
      isRaw ? null : sum(columns[wattHoursColumn] ?? []),
      body,
    );
  }

  /** Oldest first. */
  opens(series: number): OpenBlock[] {
    return this.#opens.all(series).map((row) => ({ id: row.id as number, count: row.points as number }));
  }

  /** Will not be packed together with others any more. */
  close(id: number): void {
    this.#close.run(id);
  }

  remove(id: number): void {
    this.#remove.run(id);
  }

  /** Only the wanted columns; of roll-ups all of them when the mean is among them. Undefined when damaged; that is reported. */
  read(id: number, wantedBits = allColumns): Points | undefined {
    const row = this.#body.get(id);
    if (row === undefined) return undefined;
    try {
      const isPlain = row.tier === rawTier || (wantedBits & meanBit) === 0;
      const points = readBlock(row.body as Uint8Array, isPlain ? wantedBits : allColumns);
      return isPlain ? points : unfoldMean(points);
    } catch (error) {
      this.#report(`block ${id} is damaged and left out: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Blocks with one of these columns that may have a point before `toMicros`, the latest end first. */
  *endingBackwards(
    series: number,
    fromMicros: number,
    toMicros: number,
    bits: number,
  ): Generator<{ id: number; toMicros: number }> {
    for (const row of this.#before.iterate(series, fromMicros, toMicros, bits))
      yield { id: row.id as number, toMicros: row.to_micros as number };
  }

  /** Blocks with one of these columns that overlap [fromMicros, toMicros), in the order they were written. */
  within(series: number, fromMicros: number, toMicros: number, bits: number): number[] {
    return this.#within.all(series, fromMicros, toMicros, bits).map((row) => row.id as number);
  }

  /** The same; an id that was given anew after its block was removed comes with a later `through`. */
  versionsWithin(
    series: number,
    fromMicros: number,
    toMicros: number,
    bits: number,
  ): { id: number; through: number }[] {
    const rows = this.#versionsWithin.all(series, fromMicros, toMicros, bits);
    return rows as unknown as { id: number; through: number }[];
  }

  tierWithin(tier: number, fromMicros: number, toMicros: number): BlockSpan[] {
    return this.#tierWithin.all(tier, fromMicros, toMicros).map((row) => ({
      id: row.id as number,
      series: row.series as number,
      fromMicros: row.from_micros as number,
      toMicros: row.to_micros as number,
      wattHours: row.watt_hours as number,
    }));
  }

  /** From when on the tier's blocks may have a point that is not before this. */
  nextAfter(tier: number, micros: number): number | undefined {
    return (this.#next.get(micros, tier)?.next ?? undefined) as number | undefined;
  }

  /** For each series, the newest write (from `since` on) its blocks hold; and the newest of all. */
  throughSince(since: number): { bySeries: Map<number, number>; newest: number } {
    const bySeries = new Map<number, number>();
    let newest = 0;
    // Greater ids never have an older `through`, so the first older one ends the search.
    for (const row of this.#newest.iterate()) {
      const through = row.through as number;
      newest ||= through;
      if (through < since) break;
      const series = row.series as number;
      if (!bySeries.has(series)) bySeries.set(series, through);
    }
    return { bySeries, newest };
  }

  /** Deletes up to so many blocks of the tier that end before this. Answers whose they were. */
  prune(tier: number, beforeMicros: number, blocksMax: number): number[] {
    return this.#prune.all(tier, beforeMicros, blocksMax).map((row) => row.series as number);
  }

  hasAny(series: number): boolean {
    return this.#any.get(series) !== undefined;
  }
}

/** Rows that say nothing of their energy have none to add. */
function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) if (!Number.isNaN(value)) total += value;
  return total;
}
