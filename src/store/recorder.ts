import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { PowerEvent } from '../model/event.ts';
import type { IdleVerdict } from '../model/idle.ts';
import type { Reading } from '../model/reading.ts';
import type { RollUpChange, RollUpTier } from '../model/roll-up.ts';
import type { Backlog } from './backlog.ts';
import { Collecting } from './collecting.ts';
import { OpenBatch } from './open-batch.ts';
import type { RefusedFiles, RefusedFilesStatus } from './refused-files.ts';
import { Replay, refusedWhole } from './replay.ts';
import { Spill } from './spill.ts';
import { type Store, StoreError, type WriteOutcome } from './store.ts';
import { StoreWatch } from './store-watch.ts';
import { type Batch, Undurable } from './undurable.ts';

export interface RecorderOptions {
  readonly store: Store;
  readonly backlog: Backlog;
  /** Where what the store refuses is kept; undefined: it is only counted. */
  readonly refusedFiles?: RefusedFiles | undefined;
  readonly clock: Clock;
  readonly log?: Log | undefined;
  /** Everything handed in with messages up to this number is durable. Numbers only grow. */
  readonly durable: (sequence: number) => void;
  /**
   * Readings were lost from memory, whose messages were therefore not acknowledged, and there is room again: they are to
   * be brought again. Answers the number of the last message that came before. Default: they are not.
   */
  readonly bringAgain?: (() => number) | undefined;
  /** What must be on disk before anything handed in so far may be; undefined: nothing. */
  readonly beforeWrite?: (() => Promise<void> | undefined) | undefined;
  readonly limits?: Partial<RecorderLimits> | undefined;
}

export interface RecorderLimits {
  /** Readings, roll-ups or idle rows in one write. */
  readonly batchMax: number;
  /** A batch is not held back for longer, except while all writes are under way. */
  readonly collectMs: number;
  readonly writesInFlightMax: number;
  /** Held in memory; beyond it the oldest go to the backlog, and at twice as many they are lost. */
  readonly memoryReadingsMax: number;
  /** What is not durable by then is put into the backlog too, so that acknowledgements go on. */
  readonly patienceMs: number;
  readonly retryFirstMs: number;
  readonly retryCapMs: number;
}

export interface RecorderStatus {
  /** The store is open and took what it was given last. */
  readonly storeOk: boolean;
  /** What is wrong with the store or the backlog and what to do about it, for a person. */
  readonly problem?: string;
  /** Readings, roll-ups, events and idle rows handed in and not durable yet. */
  readonly queuedReadings: number;
  /** Writes the store has not answered. */
  readonly inFlight: number;
  readonly backlog: {
    readonly readings: number;
    readonly bytes: number;
    readonly oldestAtMs?: number;
    /** Why the disk takes nothing more, for a person. */
    readonly problem?: string;
    /** Readings that fell off: it was full, or they had waited for too long. */
    readonly dropped: number;
    /** Damaged places found in its files. */
    readonly damaged: number;
    /** Parts kept beside as files: damaged, or never taken by the store. */
    readonly setAside: number;
  };
  /** Damaged files of the store, as they are called now, set aside since the start. */
  readonly setAside: readonly string[];
  /** Readings, roll-ups and events the store took, replayed ones included. */
  readonly written: number;
  /** Refused by the store for good, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** What of that is kept as files. */
  readonly refusedFiles: RefusedFilesStatus;
  /** Lost, because memory or backlog was full. */
  readonly dropped: number;
}

const defaultLimits: RecorderLimits = {
  batchMax: 5000,
  collectMs: 20,
  writesInFlightMax: 2,
  memoryReadingsMax: 500_000,
  patienceMs: 1000,
  retryFirstMs: 250,
  retryCapMs: 30_000,
};

const patienceCheckMs = 250;
const replayWriteBytes = 524_288;

/**
 * The one road from readings to durable. Batches go straight to the store; while it is away, or slow beyond
 * patience, they go to the backlog on disk, which is brought to the store when it is back, beside live traffic.
 * The store is opened here, so that the service can start without it.
 */
export class Recorder {
  readonly #store: Store;
  readonly #backlog: Backlog;
  readonly #refusedFiles: RefusedFiles | undefined;
  readonly #clock: Clock;
  readonly #log: Log | undefined;
  readonly #limits: RecorderLimits;
  readonly #beforeWrite: () => Promise<void> | undefined;
  readonly #bringAgain: (() => number) | undefined;
  readonly #watch: StoreWatch;
  readonly #replay: Replay;
  readonly #spill: Spill;
  readonly #undurable: Undurable;
  readonly #open: OpenBatch;
  readonly #collecting: Collecting;
  #turnAsked = false;
  #liveWrites = 0;
  #liveInFlight = 0;
  #cancelPatience: (() => void) | undefined;
  #stopping: (() => void) | undefined;
  #stopped = false;
  #written = 0;
  #dropped = 0;
  readonly #refused: Record<string, number> = {};

  constructor(options: RecorderOptions) {
    const { store, backlog, clock, log } = options;
    this.#store = store;
    this.#backlog = backlog;
    this.#refusedFiles = options.refusedFiles;
    this.#clock = clock;
    this.#log = log;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#bringAgain = options.bringAgain;
    this.#beforeWrite = options.beforeWrite ?? (() => undefined);
    const { retryFirstMs, retryCapMs, batchMax, collectMs } = this.#limits;
    this.#undurable = new Undurable(options.durable);
    this.#open = new OpenBatch(store, batchMax);
    this.#collecting = new Collecting(clock, collectMs, () => this.#pump());
    this.#watch = new StoreWatch({
      store,
      clock,
      log,
      retryFirstMs,
      retryCapMs,
      changed: () => this.#pump(),
      idle: () => backlog.empty && this.#undurable.empty,
    });
    this.#spill = new Spill({
      backlog,
      undurable: this.#undurable,
      watch: this.#watch,
      beforeWrite: this.#beforeWrite,
      clock,
      log,
      limits: this.#limits,
      changed: () => this.#pump(),
    });
    this.#replay = new Replay({
      store,
      backlog,
      clock,
      log,
      writeBytes: replayWriteBytes,
      took: (write, outcome) => {
        this.#spill.worked();
        return this.#count(write.count, outcome);
      },
      failed: (error) => this.#replayFailed(error),
      liveWrites: () => this.#liveWrites,
    });
  }

  /** Begins to open the store; resolves after the first attempt, whether it went well or not. */
  async start(): Promise<void> {
    this.#cancelPatience = this.#clock.every(patienceCheckMs, () => this.#pump());
    await this.#watch.start();
  }

  /** Asks the store whether it is there; one that is not counts as away from now on. Rejects with a StoreError. */
  async feelStore(): Promise<void> {
    await this.#store.ping().catch((error: unknown) => {
      this.#watch.failed(error);
      throw error;
    });
  }

  get status(): RecorderStatus {
    const { readings, bytes, oldestAtMs, droppedReadings, damagedPlaces, setAside } = this.#backlog.status;
    const problem = this.#watch.problem ?? this.#spill.problem;
    return {
      storeOk: this.#watch.state === 'up' && this.#watch.problem === undefined,
      ...(problem === undefined ? {} : { problem }),
      queuedReadings: this.#undurable.readings + this.#open.count,
      inFlight: this.#inFlight,
      backlog: {
        readings,
        bytes,
        ...(oldestAtMs === undefined ? {} : { oldestAtMs }),
        ...(this.#spill.problem === undefined ? {} : { problem: this.#spill.problem }),
        dropped: droppedReadings,
        damaged: damagedPlaces,
        setAside,
      },
      setAside: this.#store.setAside ?? [],
      written: this.#written,
      refused: { ...this.#refused },
      refusedFiles: this.#refusedFiles?.status ?? { bytes: 0, notKept: 0 },
      dropped: this.#dropped + droppedReadings,
    };
  }

  /** Takes a reading; retained ones are no news and are left out. */
  record(reading: Reading): void {
    if (this.#stopped) {
      this.#dropped += 1;
      return;
    }
    this.#open.add(reading);
    if (this.#open.full) this.#seal();
    this.#askTurn();
  }

  /** Takes finished roll-ups; the rows must not be changed afterwards. */
  recordRollUps(tier: RollUpTier, rows: readonly RollUpChange[]): void {
    if (!this.#takes(rows.length)) return;
    this.#open.addRollUps(tier, rows);
    this.#took();
  }

  /**
   * Takes starts, idle events and alerts, others are left out; none of them may be changed afterwards. They reach the store in
   * the order they come, so that of a start the completed record takes the place of the announced one.
   */
  recordEvents(events: readonly PowerEvent[]): void {
    const stored = events.filter((event) => event.kind !== 'device');
    if (!this.#takes(stored.length)) return;
    this.#open.addEvents(stored);
    this.#took();
  }

  /** Takes how every baseline stands at this moment; the rows must not be changed afterwards. */
  recordIdle(rows: readonly IdleVerdict[], atMs: number): void {
    if (!this.#takes(rows.length)) return;
    this.#open.addIdle(rows, atMs);
    this.#took();
  }

  /** Everything handed in so far came from messages up to this number. */
  mark(sequence: number): void {
    if (this.#open.count > 0) this.#open.sequence = sequence;
    else this.#undurable.mark(sequence);
  }

  /**
   * Makes everything handed in durable, in the store or else in the backlog, and resolves at the latest after
   * `withinMs` with the number of readings for which that did not succeed. Store and backlog stay open.
   */
  async stop(withinMs: number): Promise<number> {
    if (this.#stopped) return this.#undurable.readings + this.#open.count;
    this.#watch.stop();
    const finished = new Promise<void>((resolve) => {
      this.#stopping = resolve;
    });
    const cancels = [
      this.#clock.after(withinMs / 2, () => {
        this.#spill.all = true;
        this.#pump();
      }),
      this.#clock.after(withinMs, () => this.#stopping?.()),
    ];
    this.#pump();
    await finished;
    for (const cancel of cancels) cancel();
    this.#cancelPatience?.();
    this.#collecting.stop();
    this.#stopped = true;
    return this.#undurable.readings + this.#open.count;
  }

  /** After the end nothing is taken any more, but counted. */
  #takes(count: number): boolean {
    if (this.#stopped) this.#dropped += count;
    return !this.#stopped;
  }

  #took(): void {
    if (this.#open.full) this.#seal();
    this.#askTurn();
  }

  get #inFlight(): number {
    return this.#liveInFlight + (this.#replay.running ? 1 : 0);
  }

  /**
   * Looks again once all that this turn of the event loop brings has been handed in. A turn, not a time: nothing
   * is waited for, so there is nothing for a clock to measure.
   */
  #askTurn(): void {
    if (this.#turnAsked || this.#collecting.isWaiting) return;
    this.#turnAsked = true;
    setImmediate(() => {
      this.#turnAsked = false;
      this.#pump();
    });
  }

  /** Whatever can move on, moves on. Called whenever something has changed. */
  #pump(): void {
    if (this.#stopped) return;
    if (this.#openIsDue()) this.#seal();
    if (this.#watch.state === 'up') this.#sendWhatFits();
    this.#spill.step();
    this.#askAgain();
    if (this.#open.count > 0) this.#collecting.goOn();
    else if (this.#undurable.empty) this.#stopping?.();
  }

  /**
   * Nothing under way: at once, since a broker may hold back until we acknowledge. Otherwise, and when readings
   * come in crowds, after collecting for a while: each write costs the same, however little is in it.
   */
  #openIsDue(): boolean {
    if (this.#open.count === 0) return false;
    if (this.#stopping !== undefined || this.#collecting.sinceMs <= this.#spill.impatientMs) return true;
    switch (this.#watch.state) {
      case 'up':
        return (
          this.#slotFree &&
          ((this.#liveInFlight === 0 && !this.#collecting.busy) || this.#collecting.isLongEnough)
        );
      case 'away':
        return !this.#spill.running;
      case 'opening':
        return false;
    }
  }

  get #slotFree(): boolean {
    return this.#inFlight < this.#limits.writesInFlightMax;
  }

  #seal(): void {
    const { count } = this.#open;
    for (const batch of this.#open.seal(this.#collecting.sinceMs)) this.#undurable.add(batch);
    this.#collecting.begin(count);
    this.#dropWhatIsTooMuch();
  }

  #sendWhatFits(): void {
    const replays = this.#stopping === undefined;
    if (replays && this.#replay.starved) this.#replayStep();
    while (this.#slotFree) {
      const batch = this.#undurable.nextToWrite(!this.#spill.keepsOrder);
      if (batch === undefined) break;
      void this.#send(batch);
    }
    if (replays && this.#replay.due) this.#replayStep();
  }

  #replayStep(): void {
    if (this.#slotFree) void this.#replay.step(() => this.#pump()).then(() => this.#pump());
  }

  async #send(batch: Batch): Promise<void> {
    batch.writing = true;
    batch.sentAtMs = this.#clock.nowMs();
    this.#liveInFlight += 1;
    const before = this.#beforeWrite();
    if (before !== undefined) await before;
    try {
      await this.#count(batch.count, await this.#store.write(batch.write));
      this.#liveWrites += 1;
      this.#undurable.finish(batch);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'refused') await this.#giveUpOn(batch, error);
      else this.#watch.failed(error);
    }
    batch.writing = false;
    this.#liveInFlight -= 1;
    this.#pump();
  }

  async #giveUpOn(batch: Batch, error: StoreError): Promise<void> {
    this.#log?.error({ readings: batch.count, problem: error.message }, 'the store refuses a batch for good');
    await this.#count(batch.count, refusedWhole(batch.write, error));
    this.#undurable.finish(batch);
  }

  /** Resolves when what was refused is kept: until then its messages are not acknowledged. */
  async #count(points: number, outcome: WriteOutcome): Promise<void> {
    this.#watch.worked();
    let refused = 0;
    for (const [reason, count] of Object.entries(outcome.refused)) {
      this.#refused[reason] = (this.#refused[reason] ?? 0) + count;
      refused += count;
    }
    this.#written += Math.max(0, points - refused);
    for (const one of outcome.kept ?? []) await this.#refusedFiles?.keep(one);
  }

  #replayFailed(error: unknown): void {
    if (!(error instanceof StoreError)) this.#spill.noteProblem(error);
    else if (error.code === 'busy') this.#watch.note(error);
    else this.#watch.failed(error);
  }

  /** Store or backlog would take what was lost, and its messages were never acknowledged. */
  #askAgain(): void {
    if (!this.#undurable.lacksSome || this.#bringAgain === undefined) return;
    if (this.#spill.problem !== undefined || this.#undurable.held > this.#limits.memoryReadingsMax / 4)
      return;
    this.#log?.warn('there is room again: the broker is asked for what was not acknowledged');
    this.#undurable.comesAgainAfter(this.#bringAgain());
  }

  /**
   * The last resort, when neither store nor backlog takes anything: the oldest readings are lost, and counted. Their
   * messages are not acknowledged, so that at QoS 1 the broker keeps them, and at its own limit sends no more.
   */
  #dropWhatIsTooMuch(): void {
    const max = this.#limits.memoryReadingsMax * (this.#spill.problem === undefined ? 2 : 1);
    while (this.#undurable.held > max) {
      const batch = this.#undurable.oldestWaiting();
      if (batch === undefined) return;
      this.#dropped += batch.count;
      this.#log?.error(
        { readings: batch.count, dropped: this.#dropped },
        'memory is full: readings are lost, unless the broker still has them (QoS 1)',
      );
      this.#undurable.giveUp(batch);
    }
  }
}
