import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Alert } from '../../model/alert.ts';
import type { IdleEvent, PowerEvent } from '../../model/event.ts';
import type { IdleVerdict } from '../../model/idle.ts';
import type { RollUpChange, RollUpTier } from '../../model/roll-up.ts';
import type { StartRecord } from '../../model/start.ts';
import { asksForSomething, limitOf, rowsOfEvents, scopeChoice } from '../event-question.ts';
import {
  alertOfRow,
  type EventRow,
  type EventTable,
  idleEventOfRow,
  idleSnapshotOfRow,
  idleVerdictRow,
  startOfRow,
} from '../event-rows.ts';
import { type AskSlice, replayRaw, shortestStepMs } from '../raw-replay.ts';
import {
  type EnergyColumns,
  type EnergyQuery,
  type EventQuery,
  type IdleSnapshot,
  type RawQuery,
  type ReadingBatch,
  type RollUpColumns,
  type RollUpQuery,
  type Series,
  type SeriesQuery,
  type Store,
  StoreError,
  type StoreHealth,
  type StoreWrite,
  type TakeRaw,
  type WriteOutcome,
} from '../store.ts';
import { BatchMaker } from './batch-maker.ts';
import type { StoreRetention } from './calls.ts';
import { unpackEnergy } from './energy-questions.ts';
import { encodeEventRows } from './event-batch.ts';
import { asStoreError } from './sqlite-error.ts';
import { WorkerLine } from './worker-line.ts';

export const storeFileName = 'rackwatt.sqlite';

/** Raw readings that cross over from the worker at once; it is busy with them for about a tenth of a second. */
const sliceReadings = 100_000;
/** How often what is too old is looked for. */
const pruneIntervalMs = 10 * 60_000;
/** What the journal may hold: bounds memory, and the time a start takes (about 550,000 readings of five). */
const journalBytesMaxDefault = 32 * 2 ** 20;
/** Writes on their way to the worker, in bytes; more are refused as `busy`. */
const writeBytesMax = 256 * 2 ** 20;

export interface EmbeddedStoreOptions {
  /** The folder; made when missing. The store is one file in it, `rackwatt.sqlite`. */
  readonly path: string;
  /** Older raw readings and minutes are refused, and deleted in the background. */
  readonly retention: StoreRetention;
  readonly clock?: Clock;
  /** By which readings are too old. Default: `clock`. */
  readonly age?: Pick<Clock, 'nowMs'> | undefined;
  readonly log?: Log;
  readonly journalBytesMax?: number;
  /** The file never grows beyond; writes are refused as `full` instead. */
  readonly fileBytesMax?: number;
  /** A damaged file is renamed, loudly, and a new one is begun. Otherwise `open` refuses it. */
  readonly setsAside?: boolean;
}

/**
 * Keeps everything in one SQLite file, packed to a few bytes a reading (engine.ts), in a thread of its own, so
 * that neither a write nor a question ever holds up the road. Here, on the main thread, readings are only laid
 * out as bytes.
 */
export class EmbeddedStore implements Store {
  readonly kind = 'embedded';
  /** The file it keeps everything in. */
  readonly file: string;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #age: Pick<Clock, 'nowMs'>;
  readonly #batches = new BatchMaker();
  readonly #line: WorkerLine;
  readonly #setAside: string[] = [];
  #writeBytes = 0;
  #isPruning = false;
  #stopPruning: (() => void) | undefined;

  constructor(options: EmbeddedStoreOptions) {
    this.#path = options.path;
    this.file = join(options.path, storeFileName);
    this.#clock = options.clock ?? systemClock;
    this.#age = options.age ?? this.#clock;
    this.#line = new WorkerLine({
      clock: this.#clock,
      log: options.log,
      openOptions: () => ({
        file: this.file,
        nowMs: this.#age.nowMs(),
        retention: options.retention,
        journalBytesMax: options.journalBytesMax ?? journalBytesMaxDefault,
        fileBytesMax: options.fileBytesMax,
        setsAside: options.setsAside ?? false,
      }),
      setAside: (file) => this.#setAside.push(file),
    });
  }

  async open(): Promise<void> {
    try {
      await mkdir(this.#path, { recursive: true });
    } catch (error) {
      throw asStoreError(error, this.file);
    }
    await this.#line.start();
    this.#stopPruning?.();
    this.#prune();
    this.#stopPruning = this.#clock.every(pruneIntervalMs, () => this.#prune());
  }

  /** Damaged files, as they are called now, that this process has set aside. */
  get setAside(): readonly string[] {
    return this.#setAside;
  }

  readingBatch(): ReadingBatch {
    return this.#batches.readingBatch();
  }

  encodeRollUps(tier: RollUpTier, rows: readonly RollUpChange[]): StoreWrite {
    return this.#batches.encodeRollUps(tier, rows);
  }

  encodeEvents(events: readonly PowerEvent[]): StoreWrite {
    return encodeEventRows(rowsOfEvents(events));
  }

  encodeIdle(rows: readonly IdleVerdict[], atMs: number): StoreWrite {
    return encodeEventRows({ idle_row: rows.map((row) => idleVerdictRow(row, atMs)) });
  }

  /** The bytes stay the caller's: the worker gets a copy, which costs less than 10 ns a reading. */
  async write(write: StoreWrite): Promise<WriteOutcome> {
    const { length } = write.bytes;
    if (this.#writeBytes > 0 && this.#writeBytes + length > writeBytesMax)
      throw new StoreError('busy', `the store has ${this.#writeBytes} bytes of writes waiting`);
    const copy = new Uint8Array(write.bytes).buffer;
    this.#writeBytes += length;
    try {
      return await this.#line.ask('write', { bytes: copy, nowMs: this.#age.nowMs() }, [copy]);
    } finally {
      this.#writeBytes -= length;
    }
  }

  series(query: SeriesQuery): Promise<Series> {
    return this.#line.ask('series', query);
  }

  rollUps(query: RollUpQuery): Promise<RollUpColumns> {
    return this.#line.ask('rollUps', query);
  }

  async knownScopes(): Promise<string[]> {
    return [...(await this.#line.ask('knownScopes', undefined))];
  }

  async energyByScope(tier: RollUpTier, fromMs: number, toMs: number): Promise<Map<string, number>> {
    const { scopes, wattHours } = await this.#line.ask('energyByScope', { tier, fromMs, toMs });
    return new Map(scopes.map((scope, i) => [scope, wattHours[i]!]));
  }

  async energyRows({ tier, scopes, fromMs, toMs, grid }: EnergyQuery): Promise<Map<string, EnergyColumns>> {
    const choice = scopeChoice(scopes);
    return unpackEnergy(await this.#line.ask('energyRows', { tier, choice, fromMs, toMs, grid }));
  }

  async rawReadings(query: RawQuery, take: TakeRaw): Promise<void> {
    const ask: AskSlice = (fromMs, toMs, stepMs) => {
      const readingsMax = stepMs > shortestStepMs ? 4 * sliceReadings : Number.MAX_SAFE_INTEGER;
      return this.#line.ask('rawSlice', { quantities: query.quantities, fromMs, toMs, readingsMax });
    };
    await replayRaw(ask, query, sliceReadings, take);
  }

  async starts(query: EventQuery): Promise<StartRecord[]> {
    return (await this.#events('start', query)).flatMap((row) => startOfRow(row) ?? []);
  }

  async start(id: string): Promise<StartRecord | undefined> {
    const row = await this.#line.ask('start', { id });
    return row && startOfRow(row);
  }

  async lastStarts(fromMs: number, toMs: number): Promise<Map<string, StartRecord>> {
    const starts = (await this.#line.ask('lastStarts', { fromMs, toMs })).flatMap(
      (row) => startOfRow(row) ?? [],
    );
    return new Map(starts.map((start) => [start.scope, start]));
  }

  async idleEvents(query: EventQuery): Promise<IdleEvent[]> {
    return (await this.#events('idle_event', query)).flatMap((row) => idleEventOfRow(row) ?? []);
  }

  async idleRows(query: EventQuery): Promise<IdleSnapshot[]> {
    return (await this.#events('idle_row', query)).flatMap((row) => idleSnapshotOfRow(row) ?? []);
  }

  async alerts(query: EventQuery): Promise<Alert[]> {
    return (await this.#events('alert', query)).flatMap((row) => alertOfRow(row) ?? []);
  }

  ping(): Promise<StoreHealth> {
    return this.#line.ask('ping', undefined);
  }

  async close(): Promise<void> {
    this.#stopPruning?.();
    await this.#line.stop();
  }

  /** The thread it lives in, to be measured; undefined while it does not run. */
  get worker(): Worker | undefined {
    return this.#line.worker;
  }

  async #events(table: EventTable, query: EventQuery): Promise<EventRow[]> {
    if (!asksForSomething(query)) return [];
    const { fromMs, toMs } = query;
    const scopes = scopeChoice(query.scopes);
    return await this.#line.ask('events', { table, scopes, fromMs, toMs, limit: limitOf(query) });
  }

  /** Its failure is no news: whatever is wrong shows at the next write. */
  #prune(): void {
    if (this.#isPruning) return;
    this.#isPruning = true;
    this.#line
      .ask('prune', { nowMs: this.#age.nowMs() })
      .catch(() => {})
      .finally(() => {
        this.#isPruning = false;
      });
  }
}
