import type { DatabaseSync } from 'node:sqlite';
import { StoreError, type StoreHealth, type WriteOutcome } from '../store.ts';
import { type Batch, readBatch } from './batch.ts';
import { countOlder, forEachRow, isLongRuns } from './batch-rows.ts';
import { BlockTable } from './block-table.ts';
import type { OpenOptions, StoreRetention } from './calls.ts';
import { EnergyQuestions } from './energy-questions.ts';
import { isEventBatch, readEventBatch } from './event-batch.ts';
import { EventTables } from './event-tables.ts';
import { Heads } from './heads.ts';
import { Journal } from './journal.ts';
import { Packing, sealedPointsMin } from './packing.ts';
import { Questions } from './questions.ts';
import { RawSlices } from './raw-slices.ts';
import { roundRollUps } from './roll-up-columns.ts';
import { type SeriesRef, SeriesTable, tierNumber } from './series-table.ts';
import { asStoreError } from './sqlite-error.ts';
import { openStoreFile } from './store-file.ts';

/** Rows of the journal, as it is played back one by one. */
const journalRowsMax = 50_000;
/** Above this multiple of the journal's limit a write waits until room is made. */
const journalOverdraft = 2;
/** Rows of the journal are let go when so many, or this part of its bytes, are of no use any more. */
const journalRowsSpare = 1000;
const journalSpareShare = 1 / 16;
/** Full heads packed within the transaction of a write, which saves them a sync of their own. */
const headsPerWrite = 4;
/** Full heads that wait for the next write; more are packed in the background. */
const fullHeadsWaiting = 16;
/** What one background step may do, so that no write or question waits long for it. */
const headsPerStep = 512;
const pointsPerStep = 16_384;
const blocksPrunedPerStep = 128;

/**
 * The store itself, in the worker. A write goes into the journal (one row, one commit: then it is durable) and
 * into the heads in memory; heads that are full become packed blocks; the journal lets go of what is in blocks.
 * A start plays the journal back. Questions are answered from blocks and heads.
 */
export class Engine {
  readonly questions: Questions;
  readonly events: EventTables;
  readonly energy: EnergyQuestions;
  readonly raw: RawSlices;
  readonly #file: string;
  readonly #db: DatabaseSync;
  readonly #retention: StoreRetention;
  readonly #journalBytesMax: number;
  readonly #report: (problem: string) => void;
  readonly #series: SeriesTable;
  readonly #blocks: BlockTable;
  readonly #heads = new Heads();
  readonly #journal: Journal;
  readonly #packing: Packing;
  /** Number of the newest write. */
  #sequence = 0;
  /** Age limits still to be enforced, by tier number. */
  readonly #prune = new Map<number, number>();
  /** The last background step failed; wait for the next write or prune instead of trying at once. */
  #isStalled = false;

  /** Throws a StoreError. */
  constructor(options: OpenOptions, report: (problem: string) => void) {
    this.#file = options.file;
    this.#retention = options.retention;
    this.#journalBytesMax = options.journalBytesMax;
    this.#report = report;
    this.#db = openStoreFile(options.file, options.fileBytesMax);
    try {
      this.#series = new SeriesTable(this.#db);
      this.#blocks = new BlockTable(this.#db, (problem) => report(`${options.file}: ${problem}`));
      this.#journal = new Journal(this.#db);
      this.#packing = new Packing(this.#heads, this.#blocks);
      this.events = new EventTables(this.#db);
      this.questions = new Questions(this.#series, this.#blocks, this.#heads);
      this.energy = new EnergyQuestions(this.#series, this.#blocks, this.#heads);
      this.raw = new RawSlices(this.#series, this.#blocks, this.#heads);
      this.#playBack(options.nowMs);
    } catch (error) {
      this.#db.close();
      throw asStoreError(error, options.file);
    }
  }

  health(): StoreHealth {
    const row = this.#db.prepare('SELECT sqlite_version() AS version').get();
    return { version: `SQLite ${row?.version}` };
  }

  write(bytes: ArrayBuffer, nowMs: number): WriteOutcome {
    this.#isStalled = false;
    if (isEventBatch(bytes)) return this.#writeEvents(bytes);
    const batch = readWrite(bytes);
    this.#makeRoom();
    const oldestMs = this.#oldestMs(batch, nowMs);
    const refused = countOlder(batch, oldestMs);
    if (refused < batch.count) {
      if (isLongRuns(batch, sealedPointsMin)) this.#writeBlocks(batch, oldestMs);
      else this.#writeJournal(batch, bytes, oldestMs);
    }
    return { refused: refused === 0 ? {} : { 'too-old': refused } };
  }

  /** What is older than kept goes, in the steps that follow. The 15-minute tier is kept for ever. */
  prune(nowMs: number): void {
    this.#isStalled = false;
    this.#prune.set(tierNumber('raw'), (nowMs - this.#retention.rawMs) * 1000);
    this.#prune.set(tierNumber('minute'), (nowMs - this.#retention.minuteMs) * 1000);
  }

  get hasWork(): boolean {
    if (this.#isStalled) return false;
    return (
      this.#packing.fullCount > fullHeadsWaiting ||
      this.#isJournalOver(1) ||
      this.#hasSpareJournal() ||
      this.#prune.size > 0
    );
  }

  /** A little of what has to be done in the background. */
  step(): void {
    try {
      this.#step();
    } catch (error) {
      this.#isStalled = true;
      this.#report(
        `${this.#file}: background work is waiting: ${(asStoreError(error, this.#file) as Error).message}`,
      );
    }
  }

  /** Nothing needs saving: all that was acknowledged is in the file. Moves the log into it, so that it is one file. */
  close(): void {
    this.#db.close();
  }

  /** Few, and in no blocks: they go straight into their tables. */
  #writeEvents(bytes: ArrayBuffer): WriteOutcome {
    const rows = understood(() => readEventBatch(bytes));
    this.#transaction(() => this.events.write(rows));
    return { refused: {} };
  }

  #writeJournal(batch: Batch, bytes: ArrayBuffer, oldestMs: number): void {
    const sequence = this.#sequence + 1;
    const names = this.#transaction(() => {
      const series = this.#seriesOf(batch, oldestMs);
      this.#journal.insert(sequence, new Uint8Array(bytes));
      // The heads do not hold the present write yet: they go through the one before.
      this.#packing.packFull(headsPerWrite, this.#sequence);
      return series;
    });
    this.#sequence = sequence;
    this.#journal.note(sequence, bytes.byteLength, this.#heads.end);
    this.#absorb(batch, oldestMs, sequence, names, noneSealed);
  }

  /** Enough points for blocks of their own, as an import brings them: no need to write them twice. */
  #writeBlocks(batch: Batch, oldestMs: number): void {
    const sequence = this.#sequence + 1;
    this.#transaction(() => {
      const series = this.#seriesOf(batch, oldestMs);
      const rows = new Heads();
      forEachRow(batch, oldestMs, (name, mask, from) => {
        rows.append(series[name]!, mask, batch.slots, from, sequence);
      });
      for (const added of rows.all()) {
        const head = this.#heads.get(added.series);
        const points = rows.points(added);
        if (head === undefined)
          this.#packing.packPoints({ id: added.series, tier: added.tier }, [points], sequence);
        else this.#packing.packHead(head, sequence, [points]);
      }
    });
    this.#sequence = sequence;
  }

  #seriesOf(batch: Batch, oldestMs: number): SeriesRef[] {
    const series: SeriesRef[] = new Array(batch.names.length);
    forEachRow(batch, oldestMs, (name) => {
      series[name] ??= this.#series.ensure(batch.tier, batch.names[name]!);
    });
    return series;
  }

  /** Points a block already has (`sealed`: up to which write, by series) are left out. */
  #absorb(
    batch: Batch,
    oldestMs: number,
    sequence: number,
    series: readonly SeriesRef[],
    sealed: ReadonlyMap<number, number>,
  ): void {
    forEachRow(batch, oldestMs, (name, mask, from) => {
      const one = series[name]!;
      if (sealed.size > 0 && (sealed.get(one.id) ?? 0) >= sequence) return;
      this.#packing.grew(this.#heads.append(one, mask, batch.slots, from, sequence));
    });
  }

  #playBack(nowMs: number): void {
    const since = this.#journal.oldest() ?? Number.MAX_SAFE_INTEGER;
    const { bySeries, newest } = this.#blocks.throughSince(since);
    this.#sequence = newest;
    this.#transaction(() => {
      for (const { sequence, body } of this.#journal.playBack()) {
        this.#sequence = Math.max(this.#sequence, sequence);
        try {
          const batch = readWrite(body);
          const oldestMs = this.#oldestMs(batch, nowMs);
          this.#journal.note(sequence, body.byteLength, this.#heads.end);
          this.#absorb(batch, oldestMs, sequence, this.#seriesOf(batch, oldestMs), bySeries);
        } catch (error) {
          this.#report(
            `${this.#file}: write ${sequence} is damaged and left out: ${(error as Error).message}`,
          );
        }
      }
    });
  }

  #step(): void {
    let removed: number | undefined;
    let prunedTier: number | undefined;
    this.#transaction(() => {
      if (this.#packing.fullCount > 0) this.#packing.packFull(fullHeadsWaiting, this.#sequence);
      else if (this.#isJournalOver(1) && !this.#hasSpareJournal())
        this.#packing.packOldest(headsPerStep, pointsPerStep, this.#sequence);
      else if (this.#hasSpareJournal()) removed = this.#journal.removeBefore(this.#floor());
      else prunedTier = this.#pruneSome();
    });
    if (removed !== undefined) this.#heads.release(this.#journal.forget(removed) ?? this.#heads.end);
    if (prunedTier !== undefined) {
      this.#packing.dropBefore(prunedTier, this.#prune.get(prunedTier)! / 1000);
      this.#prune.delete(prunedTier);
    }
  }

  /** Answers the tier that is done. */
  #pruneSome(): number | undefined {
    const [next] = this.#prune;
    if (next === undefined) return undefined;
    const [tier, beforeMicros] = next;
    const owners = this.#blocks.prune(tier, beforeMicros, blocksPrunedPerStep);
    for (const series of new Set(owners))
      if (!this.#blocks.hasAny(series) && this.#heads.get(series) === undefined) this.#series.remove(series);
    return owners.length < blocksPrunedPerStep ? tier : undefined;
  }

  /** Rare: the background did not keep up. Throws when it cannot, because the disk is full. */
  #makeRoom(): void {
    while (this.#isJournalOver(journalOverdraft)) this.#step();
  }

  #isJournalOver(times: number): boolean {
    return this.#journal.bytes > times * this.#journalBytesMax || this.#journal.rows > times * journalRowsMax;
  }

  /** The first write that may hold points which are in no block. */
  #floor(): number {
    return this.#heads.oldest()?.firstSequence ?? this.#sequence + 1;
  }

  #hasSpareJournal(): boolean {
    const { bytes, rows } = this.#journal.before(this.#floor());
    return rows >= journalRowsSpare || bytes >= this.#journalBytesMax * journalSpareShare;
  }

  #oldestMs(batch: Batch, nowMs: number): number {
    if (batch.tier === 'quarter') return 0;
    return nowMs - (batch.tier === 'raw' ? this.#retention.rawMs : this.#retention.minuteMs);
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      this.#series.committed();
      this.#packing.committed();
      return result;
    } catch (error) {
      // Some errors, a full disk among them, have already ended the transaction.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#series.rolledBack();
      this.#packing.rolledBack();
      throw error;
    }
  }
}

const noneSealed: ReadonlyMap<number, number> = new Map();

function readWrite(bytes: ArrayBuffer): Batch {
  const batch = understood(() => readBatch(bytes));
  if (batch.tier !== 'raw') roundRollUps(batch.slots);
  return batch;
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new StoreError('refused', `a write was not understood: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
