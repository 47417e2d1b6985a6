import type { PowerEvent } from '../../src/model/event.ts';
import type { IdleVerdict } from '../../src/model/idle.ts';
import type { RollUpChange, RollUpTier } from '../../src/model/roll-up.ts';
import { rowsOfEvents } from '../../src/store/event-question.ts';
import { idleVerdictRow } from '../../src/store/event-rows.ts';
import { eventLines } from '../../src/store/influx/event-lines.ts';
import { ReadingLines, rollUpLines, SeriesKeys } from '../../src/store/influx/lines.ts';
import type {
  ReadingBatch,
  RollUpColumns,
  Series,
  Store,
  StoreHealth,
  StoreWrite,
  WriteOutcome,
} from '../../src/store/store.ts';

export interface HeldWrite {
  readonly write: StoreWrite;
  /** The lines in it. */
  readonly lines: readonly string[];
  take(outcome?: WriteOutcome): void;
  refuse(error: Error): void;
}

/**
 * A store whose every answer is given by hand, so that a test decides what happens in which order. It writes
 * real line protocol and keeps nothing.
 */
export class HandStore implements Store {
  readonly kind = 'influx';
  /** Writes that wait for an answer, oldest first. */
  readonly held: HeldWrite[] = [];
  opens = 0;
  pings = 0;
  /** What `open` and `ping` answer with; undefined: all is well. */
  problem: Error | undefined;
  readonly #keys = new SeriesKeys();

  async open(): Promise<void> {
    this.opens += 1;
    if (this.problem !== undefined) throw this.problem;
  }

  readingBatch(): ReadingBatch {
    return new ReadingLines(this.#keys, 0);
  }

  encodeRollUps(tier: RollUpTier, rows: readonly RollUpChange[]): StoreWrite {
    return rollUpLines(tier, rows);
  }

  encodeEvents(events: readonly PowerEvent[]): StoreWrite {
    return eventLines(rowsOfEvents(events));
  }

  encodeIdle(rows: readonly IdleVerdict[], atMs: number): StoreWrite {
    return eventLines({ idle_row: rows.map((row) => idleVerdictRow(row, atMs)) });
  }

  join(writes: readonly StoreWrite[]): StoreWrite {
    return {
      tier: writes[0]!.tier,
      count: writes.reduce((sum, write) => sum + write.count, 0),
      bytes: Buffer.concat(writes.map((write) => write.bytes)),
    };
  }

  write(write: StoreWrite): Promise<WriteOutcome> {
    return new Promise((resolve, reject) => {
      const held: HeldWrite = {
        write,
        lines: Buffer.from(write.bytes).toString('utf8').split('\n').slice(0, -1),
        take: (outcome = { refused: {} }) => this.#answer(held, () => resolve(outcome)),
        refuse: (error) => this.#answer(held, () => reject(error)),
      };
      this.held.push(held);
    });
  }

  series(): Promise<Series> {
    throw new Error('nothing is kept');
  }

  energyRows = nothingKept;
  rawReadings = nothingKept;
  starts = nothingKept;
  start = nothingKept;
  lastStarts = nothingKept;
  idleEvents = nothingKept;
  idleRows = nothingKept;
  alerts = nothingKept;

  rollUps(): Promise<RollUpColumns> {
    throw new Error('nothing is kept');
  }

  async knownScopes(): Promise<string[]> {
    return [];
  }

  energyByScope(): Promise<Map<string, number>> {
    throw new Error('nothing is kept');
  }

  async ping(): Promise<StoreHealth> {
    this.pings += 1;
    if (this.problem !== undefined) throw this.problem;
    return { version: 'by hand' };
  }

  async close(): Promise<void> {}

  #answer(held: HeldWrite, answer: () => void): void {
    this.held.splice(this.held.indexOf(held), 1);
    answer();
  }
}

async function nothingKept(): Promise<never> {
  throw new Error('nothing is kept');
}
