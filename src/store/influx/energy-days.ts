import type { Clock } from '../../base/clock.ts';
import type { RollUpChange } from '../../model/roll-up.ts';
import type { EnergyQuery, StoreWrite } from '../store.ts';
import type { InfluxAsker } from './ask.ts';
import { countRows, cutPiece, type EnergyByScope, joinPieces } from './energy-pieces.ts';
import { askEnergySlices } from './energy-rows.ts';

const dayMs = 86_400_000;
/** Quarters remembered; beyond, what was not asked for longest is forgotten (about 40 bytes each). */
const rowsMax = 1_500_000;
/** Answers remembered, empty ones too. */
const daysMax = 20_000;
/** Lists of scopes asked for; beyond, all is forgotten. */
const selectionsMax = 1000;
/** Another program may write to the same database: after so long a day is read again. */
const freshMs = 5 * 60_000;

interface Day {
  readonly rows: EnergyByScope;
  readonly count: number;
  readonly readMs: number;
}

/**
 * Energy of past days, remembered by what was asked: InfluxDB takes some seconds to hand over the quarters of a
 * month of hundreds of scopes, and they hardly ever change. When they do, it is by a write of ours, which makes
 * the days it touches be forgotten. Days of UTC, which are whole quarters; minutes are not remembered.
 */
export class EnergyDays {
  readonly #asker: InfluxAsker;
  readonly #clock: Clock;
  /** By day and selection, the one not asked for longest first. */
  readonly #days = new Map<string, Day>();
  #rows = 0;
  readonly #selections = new Map<string, number>();
  #selectionsMade = 0;
  /** Counts forgetting, so that an answer from before is not remembered after. */
  #changes = 0;
  readonly #touched = new WeakMap<StoreWrite, ReadonlySet<number>>();

  constructor(asker: InfluxAsker, clock: Clock) {
    this.#asker = asker;
    this.#clock = clock;
  }

  async rows(query: EnergyQuery): Promise<EnergyByScope> {
    const { fromMs, toMs } = query;
    if (!(fromMs < toMs)) return new Map();
    const selection = this.#selectionOf(query.scopes);
    const pieces: EnergyByScope[] = [];
    for (const { day, ...span } of this.#spans(query, selection))
      pieces.push(day ?? (await this.#read({ ...query, ...span }, selection)));
    return joinPieces(pieces);
  }

  /** To be told which days a write touches … */
  encoded(write: StoreWrite, rows: readonly RollUpChange[]): StoreWrite {
    if (write.tier === 'quarter')
      this.#touched.set(write, new Set(rows.map(({ fromMs }) => Math.floor(fromMs / dayMs))));
    return write;
  }

  /** … and when it is written; a write from the backlog may touch any. */
  written(write: StoreWrite): void {
    if (write.tier !== 'quarter') return;
    this.#changes += 1;
    const days = this.#touched.get(write);
    for (const key of this.#days.keys()) if (days?.has(Number.parseInt(key, 10)) !== false) this.#forget(key);
  }

  /** A short name for a list of scopes. */
  #selectionOf(scopes: readonly string[]): number {
    const text = JSON.stringify(scopes);
    const known = this.#selections.get(text);
    if (known !== undefined) return known;
    if (this.#selections.size >= selectionsMax) {
      this.#selections.clear();
      for (const key of this.#days.keys()) this.#forget(key);
    }
    this.#selectionsMade += 1;
    this.#selections.set(text, this.#selectionsMade);
    return this.#selectionsMade;
  }

  /** What is remembered, day by day, and the stretches between that must be read. */
  *#spans(
    query: EnergyQuery,
    selection: number,
  ): Generator<{ fromMs: number; toMs: number; day?: EnergyByScope }> {
    const { fromMs, toMs } = query;
    const nowMs = this.#clock.nowMs();
    let readMs = fromMs;
    if (query.tier === 'quarter')
      for (let day = Math.ceil(fromMs / dayMs); (day + 1) * dayMs <= toMs; day += 1) {
        const known = this.#known(`${day} ${selection}`, nowMs);
        if (known === undefined) continue;
        if (readMs < day * dayMs) yield { fromMs: readMs, toMs: day * dayMs };
        readMs = (day + 1) * dayMs;
        yield { fromMs: day * dayMs, toMs: readMs, day: known };
      }
    if (readMs < toMs) yield { fromMs: readMs, toMs };
  }

  async #read(query: EnergyQuery, selection: number): Promise<EnergyByScope> {
    const changes = this.#changes;
    const slices: EnergyByScope[] = [];
    await askEnergySlices(this.#asker, query, (rows) => slices.push(rows));
    const rows = joinPieces(slices);
    if (query.tier === 'quarter' && changes === this.#changes) this.#remember(query, selection, rows);
    return rows;
  }

  /** Only days that are over: the present one changes by the quarter. */
  #remember(query: EnergyQuery, selection: number, rows: EnergyByScope): void {
    const readMs = this.#clock.nowMs();
    const endMs = Math.min(query.toMs, readMs);
    if (countRows(rows) > rowsMax / 2) return;
    for (let day = Math.ceil(query.fromMs / dayMs); (day + 1) * dayMs <= endMs; day += 1) {
      const own = cutPiece(rows, day * dayMs, (day + 1) * dayMs);
      const count = countRows(own);
      const key = `${day} ${selection}`;
      this.#forget(key);
      this.#days.set(key, { rows: own, count, readMs });
      this.#rows += count;
    }
    for (const key of this.#days.keys()) {
      if (this.#rows <= rowsMax && this.#days.size <= daysMax) return;
      this.#forget(key);
    }
  }

  #known(key: string, nowMs: number): EnergyByScope | undefined {
    const day = this.#days.get(key);
    if (day === undefined || nowMs - day.readMs >= freshMs || nowMs < day.readMs) return undefined;
    this.#days.delete(key);
    this.#days.set(key, day);
    return day.rows;
  }

  #forget(key: string): void {
    this.#rows -= this.#days.get(key)?.count ?? 0;
    this.#days.delete(key);
  }
}
