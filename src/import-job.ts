import { rm } from 'node:fs/promises';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { ImportedReading, ImportedRow } from './exchange/import-rows.ts';
import { ImportedOutlets } from './imported-outlets.ts';
import type { PowerTree } from './model/power-tree.ts';
import { quantities } from './model/quantity.ts';
import { emptyReading, type Reading, splitOutlet } from './model/reading.ts';
import { type RollUpChange, type RollUpTier, tierStepMs } from './model/roll-up.ts';
import { joinPast, type PastRemake, remakePast, sumPast } from './past-remake.ts';
import type { EmbeddedStore } from './store/embedded/embedded-store.ts';
import type { ReadingBatch, Store } from './store/store.ts';

export interface ImportParts {
  readonly store: Store;
  /** Holds what is imported until roll-ups are made of it; empty, keeps readings of any age. */
  readonly staging: EmbeddedStore;
  /** Where the staging store lies; removed at the end. */
  readonly stagingFolder: string;
  /** With the inputs of all times. */
  readonly tree: PowerTree;
  readonly clock: Clock;
  readonly log: Log;
  /** Raw readings are kept so long, ms. */
  readonly rawMs: number;
  /** Quarters of an outlet from here on are made by the running service, or are not over. */
  readonly untilMs: (outlet: string) => number;
  /** Told of readings of such quarters. */
  readonly late?: (outlet: string, atMs: number) => void;
}

/** What has become of it so far. */
export interface ImportProgress {
  /** Readings taken, each moment of an outlet as often as it came. */
  readonly readings: number;
  /** Of them those older than raw readings are kept: they are in the roll-ups alone. */
  readonly tooOld: number;
  /** Roll-ups that came as such. */
  readonly rollUps: number;
  /** Days of outlets whose roll-ups are made, and how many there are. */
  readonly daysMade: number;
  readonly days: number;
  /** Days of outlets whose minutes stay as they were: too many readings. */
  readonly notRemade: number;
  /** Times of the first and last of them. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}

const batchReadings = 5_000;
const batchRows = 5_000;
const dayMs = 24 * 3_600_000;

/** What flows into a day from before it: held values, and the pattern of a meter's intervals. */
const leadMs = dayMs;

/**
 * Brings readings of past times into the store and has roll-ups and energy follow: for readings that the raw tier
 * still keeps from the raw tier, for older ones from what was brought. Doing it twice does no harm. One at a time.
 */
export class ImportJob {
  readonly #parts: ImportParts;
  readonly #outlets = new ImportedOutlets();
  #staged: ReadingBatch;
  #raw: ReadingBatch;
  /** As exported, by tier. */
  #whole = new Map<RollUpTier, RollUpChange[]>();
  /** Quarters of outlets that another program made. */
  #quarters: RollUpChange[] = [];
  /** Outlets and days of quarters that came as such. */
  readonly #joined = new ImportedOutlets();
  #counts = { readings: 0, tooOld: 0, rollUps: 0, daysMade: 0, notRemade: 0 };

  constructor(parts: ImportParts) {
    this.#parts = parts;
    this.#staged = parts.staging.readingBatch();
    this.#raw = parts.store.readingBatch();
  }

  get progress(): ImportProgress {
    const { firstMs, lastMs } = this.#outlets.joinedSpan(this.#joined);
    const days = this.#outlets.dayCount + this.#joined.dayCount;
    return { ...this.#counts, days, fromMs: firstMs, toMs: lastMs };
  }

  /** Outlets of which something came. */
  get outlets(): string[] {
    return [...new Set([...this.#outlets.names, ...this.#joined.names])];
  }

  /** Takes what a line brought; resolves when the next may come. Rejects with a StoreError. */
  async take(row: Exclude<ImportedRow, { kind: 'left-out' }>): Promise<void> {
    if (row.kind === 'readings') for (const reading of row.readings) this.#takeReading(reading);
    else await this.#takeRollUps(row);
    if (this.#staged.count >= batchReadings) await this.#flush();
  }

  /** Makes roll-ups and energy of all that came. Rejects with a StoreError; may then be called again. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#flushRollUps();
    const quarters = new Set<number>();
    for (const [day, outlets] of this.#outlets.days()) {
      for (const [untilMs, some] of Map.groupBy(outlets, (outlet) => this.#parts.untilMs(outlet)))
        for (const quarter of await this.#remakeDay(day, new Set(some), untilMs)) quarters.add(quarter);
      this.#counts.daysMade += outlets.size;
    }
    for (const [day, outlets] of this.#joined.days()) {
      const fromMs = day * dayMs;
      await joinPast({ ...this.#place(), outlets }, fromMs, fromMs + dayMs);
      for (let at = fromMs; at < fromMs + dayMs; at += tierStepMs.quarter) quarters.add(at);
      this.#counts.daysMade += outlets.size;
    }
    await sumPast(
      { ...this.#place(), outlets: new Set(this.outlets) },
      [...quarters].sort((a, b) => a - b),
    );
  }

  /** Lets go of what was held for the making. */
  async close(): Promise<void> {
    await this.#parts.staging.close();
    await rm(this.#parts.stagingFolder, { recursive: true, force: true });
  }

  #takeReading(imported: ImportedReading): void {
    const { clock, rawMs, untilMs, late } = this.#parts;
    const { outlet, atMs } = imported;
    const reading = readingOf(imported);
    this.#staged.add(reading);
    this.#counts.readings += 1;
    if (atMs >= clock.nowMs() - rawMs) this.#raw.add(reading);
    else this.#counts.tooOld += 1;
    this.#outlets.add(outlet, atMs);
    if (atMs >= untilMs(outlet)) late?.(outlet, atMs);
  }

  async #takeRollUps({ tier, rows, isWhole }: Extract<ImportedRow, { kind: 'rollUps' }>): Promise<void> {
    this.#counts.rollUps += rows.length;
    const waiting = isWhole ? (this.#whole.get(tier) ?? []) : this.#quarters;
    if (isWhole) this.#whole.set(tier, waiting);
    else for (const { scope, fromMs } of rows) this.#joined.add(scope.slice(scope.indexOf(':') + 1), fromMs);
    waiting.push(...rows);
    if (waiting.length >= batchRows) await this.#flushRollUps();
  }

  async #flush(): Promise<void> {
    const { store, staging } = this.#parts;
    const [staged, raw] = [this.#staged, this.#raw];
    this.#staged = staging.readingBatch();
    this.#raw = store.readingBatch();
    if (staged.count > 0) await staging.write(staged.encode());
    if (raw.count > 0) await store.write(raw.encode());
  }

  async #flushRollUps(): Promise<void> {
    for (const [tier, rows] of this.#whole) await this.#write(tier, rows);
    this.#whole = new Map();
    await this.#write('quarter', await this.#untold(this.#quarters));
    this.#quarters = [];
  }

  /** Those of which little is stored: what we have measured ourselves is better. */
  async #untold(rows: readonly RollUpChange[]): Promise<RollUpChange[]> {
    const kept: RollUpChange[] = [];
    for (const [scope, own] of Map.groupBy(rows, (row) => row.scope)) {
      const times = own.map(({ fromMs }) => fromMs);
      const stored = await this.#parts.store.rollUps({
        tier: 'quarter',
        scope,
        fromMs: Math.min(...times),
        toMs: Math.max(...times) + 1,
      });
      const i = new Map([...stored.fromMs].map((at, row) => [at, row]));
      kept.push(
        ...own.filter(({ fromMs, observedMs = 0 }) => {
          const at = i.get(fromMs) ?? -1;
          return !((stored.observedMs[at] ?? 0) >= observedMs / 2);
        }),
      );
    }
    return kept;
  }

  /** Answers the quarters whose energy was made. */
  async #remakeDay(day: number, outlets: ReadonlySet<string>, untilMs: number): Promise<readonly number[]> {
    const { clock, store, staging, rawMs } = this.#parts;
    const fromMs = day * dayMs;
    const isWhole = fromMs - leadMs >= clock.nowMs() - rawMs;
    const { quarters, notRemade } = await remakePast({
      ...this.#place(),
      raw: isWhole ? store : staging,
      isWhole,
      fromMs,
      toMs: fromMs + dayMs,
      outlets,
      expectedIntervalMs: (outlet) => this.#outlets.intervalMs(outlet),
      untilMs,
    });
    this.#counts.notRemade += notRemade;
    return quarters;
  }

  #place(): Pick<PastRemake, 'tree' | 'store' | 'write'> {
    const { tree, store } = this.#parts;
    return { tree, store, write: (tier, rows) => this.#write(tier, rows) };
  }

  async #write(tier: RollUpTier, rows: readonly RollUpChange[]): Promise<void> {
    const { store } = this.#parts;
    for (let from = 0; from < rows.length; from += batchRows)
      await store.write(store.encodeRollUps(tier, rows.slice(from, from + batchRows)));
  }
}

function readingOf({ outlet, atMs, values }: ImportedReading): Reading {
  const reading = emptyReading(splitOutlet(outlet).device, outlet, {
    topic: '',
    payload: new Uint8Array(),
    receivedAtMs: atMs,
    retained: false,
    qos: 0,
    sequence: 0,
  });
  for (const quantity of quantities) reading[quantity] = values[quantity];
  if (values.on !== undefined) reading.on = values.on !== 0;
  return reading;
}
