import { type IdleRules, idleVerdicts, type YearPrices } from './analysis/idle-limit.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { CatchUp } from './catch-up.ts';
import { Watch } from './detect/watch.ts';
import { LeftOverStarts } from './left-over-starts.ts';
import type { PowerEvent } from './model/event.ts';
import type { IdleVerdict } from './model/idle.ts';
import { startOfNextLocalDay } from './model/local-day.ts';
import type { PowerTree } from './model/power-tree.ts';
import type { Reading } from './model/reading.ts';
import type { ServerObserver } from './model/server-observer.ts';
import type { StartRecord } from './model/start.ts';
import { StartNames } from './start-names.ts';
import type { CheckpointFile } from './store/checkpoint.ts';
import type { Store } from './store/store.ts';
import { ToldEvents } from './told-events.ts';
import { WatchGate } from './watch-gate.ts';
import { replayReadings } from './watch-replay.ts';

export interface DetectionParts {
  readonly tree: PowerTree;
  readonly rules: IdleRules;
  readonly prices?: YearPrices;
  readonly store: Store;
  readonly checkpoint: Pick<CheckpointFile, 'read' | 'write'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly startedMs: number;
  /** Where events go to be kept. */
  readonly record: (event: PowerEvent) => void;
  readonly recordIdle: (rows: readonly IdleVerdict[], atMs: number) => void;
  /** Where events go to be told at once. */
  readonly tell: (event: PowerEvent) => void;
  /** A simulated room's past: observed where there is no checkpoint, and nothing of it is told. */
  readonly madeUpPast?: ((observer: ServerObserver) => Promise<void>) | undefined;
  /** What others keep in the same file. */
  readonly alsoSaved?: readonly AlsoSaved[] | undefined;
  /** What the room shows of this scope changed. */
  readonly changed: (roomScope: number) => void;
}

/** Somebody else's part of the checkpoint. */
export interface AlsoSaved {
  readonly section: string;
  saved(nowMs: number): Uint8Array;
  /** Throws on what `saved` did not write. */
  load(bytes: Uint8Array): void;
}

const checkpointEveryMs = 60_000;
/** What others ask to have saved soon waits so long at most. */
const saveSoonMs = 5_000;
/** A store that is away for longer is not waited for: then what was read since the checkpoint is not observed. */
const pastWaitMsMax = 30_000;
/** What was measured before the checkpoint may have come after it: a broker kept it, or the network was slow. */
const overlapMs = 120_000;
/** How far back readings are observed again: since the checkpoint, but no further than this, … */
const replayMsMax = 3_600_000;
/** … and without a checkpoint. */
const replayMsDefault = 600_000;
const hourMs = 3_600_000;
/** Of the checkpoint file. */
const section = 'watch';
/** Starts told last, kept with their traces until the store has surely made them durable. */
const recentMax = 64;

/**
 * The watch and what it takes to keep it going: it takes up where the last run left off, is ticked, saved, asked
 * for its baselines every hour and at midnight, and its events are handed on. Readings that come before the past has
 * been observed wait at the gate.
 */
export class Detection {
  readonly #parts: DetectionParts;
  readonly #watch: Watch;
  readonly #gate: WatchGate;
  readonly #leftOver: LeftOverStarts;
  readonly #names = new StartNames();
  /** Made when something comes late: hardly ever. */
  #catchUp: CatchUp | undefined;
  #told: ToldEvents | undefined;
  #loaded: Promise<void> = Promise.resolve();
  #savedMs: number;
  #saveSoon = false;
  #checkpointMs: number | undefined;
  #saving: Promise<void> | undefined;
  #nextIdleMs: number;
  #pastBegun = false;
  #givenUp = false;
  #makingUp = false;
  /** By id, the oldest first. */
  readonly #recent = new Map<string, StartRecord>();
  #saveProblem: string | undefined;

  constructor(parts: DetectionParts) {
    this.#parts = parts;
    this.#savedMs = parts.startedMs;
    this.#nextIdleMs = nextIdleMs(parts.startedMs, parts.tree.timezone);
    const { tree, changed } = parts;
    this.#watch = new Watch({
      tree,
      event: (event) => this.#event(event),
      changed: (number) => this.#gate.changed(number),
    });
    this.#leftOver = new LeftOverStarts(parts);
    this.#gate = new WatchGate({ watch: this.#watch, changed });
  }

  /** For the room. */
  get observer(): ServerObserver {
    return this.#gate.live;
  }

  /** Takes what the room found too late for the present. */
  late(reading: Reading, expectedIntervalMs: number): void {
    this.#catchUp ??= new CatchUp(this.#parts.tree, this.#gate.late());
    this.#catchUp.take(reading, expectedIntervalMs);
  }

  /** Starts under way, and those told last: newer than what the store says of them. */
  starts(): StartRecord[] {
    const starts = new Map(this.#recent);
    for (const start of this.#openStarts()) starts.set(start.id, start);
    return [...starts.values()];
  }

  /** Rises that were not followed, since too many were under way. */
  get startsDropped(): number {
    return this.#watch.startsDropped;
  }

  /** What is known of the supplies. */
  impedances(): ReturnType<Watch['impedances']> {
    return this.#watch.impedances();
  }

  /** Supplies that too few clean steps were seen of, with how many. */
  unlearntSupplies(): ReturnType<Watch['unlearntSupplies']> {
    return this.#watch.unlearntSupplies();
  }

  /** Every baseline held against its limit, the most urgent first. */
  idle(): IdleVerdict[] {
    const { tree, rules, prices } = this.#parts;
    return idleVerdicts(this.#watch.idle(), tree, rules, prices);
  }

  /** Takes up the checkpoint. Never rejects: without one everything is learnt anew. */
  start(): Promise<void> {
    this.#loaded = this.#load();
    return this.#loaded;
  }

  /**
   * Observes what the store has since the checkpoint, then what is read live; closes starts that nobody watches any
   * more. To be called when the store is there, and again after it has rejected: the store went away meanwhile.
   */
  async takeUpPast(): Promise<void> {
    await this.#loaded;
    const { log } = this.#parts;
    if (!this.#gate.isOpen) await this.#observePast();
    try {
      await this.#leftOver.find(() => this.#openStarts());
    } catch (error) {
      log.warn(
        { err: error },
        'starts left incomplete by earlier runs could not be closed; the next run tries',
      );
    }
  }

  get #againFromMs(): number {
    return this.#checkpointMs === undefined ? 0 : this.#checkpointMs - overlapMs;
  }

  async #observePast(): Promise<void> {
    const { tree, store, startedMs, clock, log } = this.#parts;
    const oldestMs = startedMs - (this.#checkpointMs === undefined ? replayMsDefault : replayMsMax);
    const fromMs = Math.max(oldestMs, this.#againFromMs);
    try {
      await this.#beginPast(oldestMs);
      this.#told = await ToldEvents.of(store, fromMs, startedMs);
      for (const start of this.#watch.openStarts()) this.#nameAsTold(start, 0);
      const { readings, cut } = await replayReadings({
        tree,
        store,
        fromMs,
        toMs: startedMs,
        observer: this.#gate.past(this.#checkpointMs),
        tick: (atMs) => {
          this.#gate.letThrough(atMs);
          this.#watch.tick(atMs);
        },
        stopped: () => this.#gate.isOpen,
      });
      log.debug({ readings, fromMs }, 'readings since the last checkpoint have been observed again');
      if (cut)
        log.warn({ readings, fromMs }, 'not all readings since the last checkpoint were observed again');
      this.#open(!cut);
    } catch (error) {
      if (!this.#gate.isOpen && clock.nowMs() - startedMs < pastWaitMsMax) throw error;
      log.warn({ err: error }, 'readings since the last checkpoint could not be observed again');
      this.#open(false);
    }
  }

  /** What comes before it, however often the store is asked for it. */
  async #beginPast(oldestMs: number): Promise<void> {
    if (this.#pastBegun) return;
    this.#pastBegun = true;
    if (this.#checkpointMs !== undefined && this.#checkpointMs < oldestMs) this.#watch.missed();
    await this.#observeMadeUpPast();
  }

  async #observeMadeUpPast(): Promise<void> {
    const { madeUpPast } = this.#parts;
    if (madeUpPast === undefined || this.#checkpointMs !== undefined) return;
    this.#makingUp = true;
    try {
      await madeUpPast(this.#gate.past());
    } finally {
      // Unless it was given up, and the present is observed already.
      if (this.#makingUp) this.#watch.missed();
      this.#makingUp = false;
    }
  }

  /** The room is cabled otherwise from now on; to be called before the room does it. */
  recable(tree: PowerTree): void {
    this.#watch.recable(tree);
  }

  /** Called about every second. */
  tick(nowMs: number): void {
    if (!this.#gate.isOpen) {
      if (nowMs - this.#parts.startedMs >= pastWaitMsMax) this.#giveUpPast();
      return;
    }
    this.#watch.tick(nowMs);
    this.#leftOver.step();
    if (nowMs >= this.#nextIdleMs) {
      const known = this.idle().filter(({ idleWatts }) => idleWatts !== undefined);
      this.#parts.recordIdle(known, this.#nextIdleMs);
      this.#nextIdleMs = nextIdleMs(nowMs, this.#parts.tree.timezone);
    }
    if (nowMs - this.#savedMs >= (this.#saveSoon ? saveSoonMs : checkpointEveryMs)) void this.#save(nowMs);
  }

  /** What others keep in the checkpoint changed: it does not wait for the minute. */
  saveSoon(): void {
    this.#saveSoon = true;
  }

  /** Saves what is known; nothing may be observed any more. */
  async stop(nowMs: number): Promise<void> {
    // Before the past was taken up the last checkpoint still holds, and what came since is in the store.
    if (!this.#gate.isOpen) return;
    await this.#saving;
    await this.#save(nowMs);
  }

  async #load(): Promise<void> {
    const { checkpoint, log } = this.#parts;
    try {
      const saved = await checkpoint.read();
      if (saved === undefined) return;
      const chunks = await allOf(saved.chunks(section));
      const others: [AlsoSaved, Uint8Array[]][] = [];
      for (const also of this.#parts.alsoSaved ?? [])
        others.push([also, await allOf(saved.chunks(also.section))]);
      await saved.close();
      for (const [also, bytes] of others) this.#loadOther(also, bytes);
      if (chunks.length === 0) return;
      this.#watch.load(Buffer.concat(chunks));
      this.#checkpointMs = saved.savedAtMs;
    } catch (error) {
      log.warn({ err: error }, 'the checkpoint cannot be read: idle levels are learnt anew');
    }
  }

  #loadOther(also: AlsoSaved, chunks: readonly Uint8Array[]): void {
    if (chunks.length === 0) return;
    try {
      also.load(Buffer.concat(chunks));
    } catch (error) {
      this.#parts.log.warn({ err: error }, `what the checkpoint says of ${also.section} cannot be read`);
    }
  }

  #giveUpPast(): void {
    if (this.#givenUp) return;
    this.#givenUp = true;
    this.#parts.log.warn(
      'the store was not ready in time: what was read since the last checkpoint is not observed again',
    );
    void this.#loaded.then(() => this.#open(false));
  }

  #open(isPastWhole: boolean): void {
    if (!isPastWhole && !this.#gate.isOpen) this.#watch.missed();
    this.#makingUp = false;
    this.#gate.open();
    this.#told = undefined;
  }

  /** One at a time; a slow disk makes checkpoints rarer. */
  #save(nowMs: number): Promise<void> {
    if (this.#saving !== undefined) return this.#saving;
    this.#savedMs = nowMs;
    this.#saveSoon = false;
    this.#saving = this.#write(nowMs).finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #write(nowMs: number): Promise<void> {
    let problem: string | undefined;
    try {
      // Copied at once: the state goes on changing while the disk writes.
      const chunks = [Buffer.concat([...this.#watch.save(nowMs)])];
      const others = (this.#parts.alsoSaved ?? []).map((also) => ({
        name: also.section,
        chunks: [also.saved(nowMs)],
      }));
      await this.#parts.checkpoint.write([{ name: section, chunks }, ...others], nowMs);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.#saveProblem)
        this.#parts.log.warn({ problem }, 'no checkpoint could be saved; tried again every minute');
    }
    this.#saveProblem = problem;
  }

  #openStarts(): StartRecord[] {
    return this.#watch.openStarts().map((start) => this.#names.of(start));
  }

  #nameAsTold(start: StartRecord, sinceMs: number): void {
    const told = this.#told?.startLike(start, { sinceMs, endedBeforeMs: this.#checkpointMs });
    if (told !== undefined) this.#names.same(start, told);
  }

  #event(found: PowerEvent): void {
    if (this.#makingUp) return;
    if (found.kind === 'start' && !this.#gate.isOpen) this.#nameAsTold(found.start, this.#againFromMs);
    const event = this.#names.ofEvent(found);
    if (event.kind === 'start') {
      this.#keep(event.start);
      this.#leftOver.told(event.start);
    }
    const told = this.#gate.isOpen ? 'not' : (this.#told?.has(event) ?? 'not');
    if (told !== 'finally') this.#parts.record(event);
    if (told === 'not') this.#parts.tell(event);
  }

  #keep(start: StartRecord): void {
    this.#recent.delete(start.id);
    this.#recent.set(start.id, start);
    if (this.#recent.size <= recentMax) return;
    for (const id of this.#recent.keys()) {
      this.#recent.delete(id);
      return;
    }
  }
}

/** The next full hour or local midnight, whichever comes first. */
function nextIdleMs(nowMs: number, timezone: string): number {
  const hour = (Math.floor(nowMs / hourMs) + 1) * hourMs;
  return Math.min(hour, startOfNextLocalDay(nowMs, timezone));
}

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
