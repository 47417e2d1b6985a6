import type { Clock } from '../../base/clock.ts';
import type { RollUpChange } from '../../model/roll-up.ts';
import type { EnergyQuery, StoreWrite } from '../store.ts';
import type { InfluxAsker } from './ask.ts';
import { countRows, cutPiece, type EnergyByScope, joinPieces } from './energy-pieces.ts';
import { askEnergySlices } from './energy-rows.ts';

const dayMs = 86_400_000;
/** Rows remembered; beyond, what was not asked for longest is forgotten (about 40 bytes each). */
const rowsMax = 1_500_000;
/** What a scope of a day takes beside its rows, in rows. */
const rowsPerScope = 16;
/** Answers remembered, empty ones too. */
const daysMax = 20_000;
/** Lists of scopes asked for; beyond, all is forgotten. */
const selectionsMax = 1000;
/** Another program may write to the same database: after so long a day is read again … */
const freshMs = 5 * 60_000;
/** … and one that has been over for so long, later. */
const settledMs = 2 * dayMs;
const settledFreshMs = 60 * 60_000;

interface Day {
  readonly fromMs: number;
  readonly rows: EnergyByScope;
  readonly count: number;
  readonly readMs: number;
}

/**
 * Energy of past days, remembered by what was asked: InfluxDB takes some seconds to hand over the quarters of a
 * month of hundreds of scopes, and they hardly ever change. When they do, it is by a write of ours, which makes
 * the days it touches be forgotten. Days of UTC, which are whole quarters, or days of the grid they are added up
 * over; minutes are not remembered.
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
    const selection = `${this.#selectionOf(query.scopes)} ${gridKey(query)}`;
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
    const isTouched = (day: Day) => {
      const first = Math.floor(day.fromMs / dayMs);
      return days === undefined || days.has(first) || (day.fromMs % dayMs !== 0 && days.has(first + 1));
    };
    for (const [key, day] of this.#days) if (isTouched(day)) this.#forget(key);
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
    selection: string,
  ): Generator<{ fromMs: number; toMs: number; day?: EnergyByScope }> {
    const { fromMs, toMs } = query;
    const nowMs = this.#clock.nowMs();
    let readMs = fromMs;
    if (query.tier === 'quarter')
      for (let atMs = firstDay(query); atMs + dayMs <= toMs; atMs += dayMs) {
        const known = this.#known(`${atMs} ${selection}`, nowMs);
        if (known === undefined) continue;
        if (readMs < atMs) yield { fromMs: readMs, toMs: atMs };
        readMs = atMs + dayMs;
        yield { fromMs: atMs, toMs: readMs, day: known };
      }
    if (readMs < toMs) yield { fromMs: readMs, toMs };
  }

  async #read(query: EnergyQuery, selection: string): Promise<EnergyByScope> {
    const changes = this.#changes;
    const slices: EnergyByScope[] = [];
    await askEnergySlices(this.#asker, query, (rows) => slices.push(rows));
    const rows = joinPieces(slices);
    if (query.tier === 'quarter' && changes === this.#changes) this.#remember(query, selection, rows);
    return rows;
  }

  /** Only days that are over: the present one changes by the quarter. */
  #remember(query: EnergyQuery, selection: string, rows: EnergyByScope): void {
    const readMs = this.#clock.nowMs();
    const endMs = Math.min(query.toMs, readMs);
    if (countRows(rows) > rowsMax / 2) return;
    for (let fromMs = firstDay(query); fromMs + dayMs <= endMs; fromMs += dayMs) {
      const own = cutPiece(rows, fromMs, fromMs + dayMs);
      const count = countRows(own) + rowsPerScope * own.size;
      const key = `${fromMs} ${selection}`;
      this.#forget(key);
      this.#days.set(key, { fromMs, rows: own, count, readMs });
      this.#rows += count;
    }
    for (const key of this.#days.keys()) {
      if (this.#rows <= rowsMax && this.#days.size <= daysMax) return;
      this.#forget(key);
    }
  }

  #known(key: string, nowMs: number): EnergyByScope | undefined {
    const day = this.#days.get(key);
    if (day === undefined || nowMs < day.readMs) return undefined;
    const isSettled = day.readMs - day.fromMs >= dayMs + settledMs;
    if (nowMs - day.readMs >= (isSettled ? settledFreshMs : freshMs)) return undefined;
    this.#days.delete(key);
    this.#days.set(key, day);
    return day.rows;
  }

  #forget(key: string): void {
    this.#rows -= this.#days.get(key)?.count ?? 0;
    this.#days.delete(key);
  }
}

function gridKey({ grid }: EnergyQuery): string {
  return grid === undefined ? '' : `${grid.stepMs}+${grid.offsetMs}`;
}

/** The first that lies whole in what is asked for: cells of a grid never reach from one into another. */
function firstDay({ fromMs, grid }: EnergyQuery): number {
  const offsetMs = grid?.offsetMs ?? 0;
  return Math.ceil((fromMs - offsetMs) / dayMs) * dayMs + offsetMs;
}
