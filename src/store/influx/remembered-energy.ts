import type { Clock } from '../../base/clock.ts';
import { type RollUpChange, type RollUpTier, tierStepMs } from '../../model/roll-up.ts';
import type { EnergyQuery, StoreWrite } from '../store.ts';
import type { InfluxAsker } from './ask.ts';
import { countRows, cutPiece, type EnergyByScope, joinPieces } from './energy-pieces.ts';
import { askEnergySlices } from './energy-rows.ts';

const dayMs = 86_400_000;
/** Rows remembered; beyond, what was not asked for longest is forgotten (about 40 bytes each). */
const rowsMax = 1_500_000;
/** What a scope of an answer takes beside its rows, in rows. */
const rowsPerScope = 16;
/** Answers remembered, empty ones too. */
const answersMax = 20_000;
/** What is no whole day is remembered up to so long: the ends of whatever is asked for. */
const endMsMax = 2 * dayMs;
/** Lists of scopes asked for; beyond, all is forgotten. */
const selectionsMax = 1000;
/** Another program may write to the same database: after so long an answer is read again … */
const freshMs = 5 * 60_000;
/** … and one that has been over for so long, later. */
const settledMs = 2 * dayMs;
const settledFreshMs = 60 * 60_000;

interface Remembered {
  readonly tier: RollUpTier;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: EnergyByScope;
  readonly count: number;
  readonly readMs: number;
}

/** The rows that a write makes or changes begin within [firstMs, lastMs], on these days. */
interface Touched {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly days: ReadonlySet<number>;
}

/**
 * Energy remembered by what was asked: InfluxDB takes some seconds to hand over the quarters of a month of hundreds of
 * scopes, some tenths of a millisecond for each scope of even a few minutes, and they hardly ever change. When they do, it
 * is by a write of ours, which makes what it touches be forgotten. Remembered are days that are over (of UTC, which are
 * whole quarters, or of the grid they are added up over), and what was asked for before and after them: the quarters of
 * the present day until the next one is written, minutes until the next minute.
 */
export class RememberedEnergy {
  readonly #asker: InfluxAsker;
  readonly #clock: Clock;
  /** By time and selection, the one not asked for longest first. */
  readonly #answers = new Map<string, Remembered>();
  #rows = 0;
  readonly #selections = new Map<string, number>();
  #selectionsMade = 0;
  /** Counts forgetting by tier, so that an answer from before is not remembered after. */
  readonly #changes = { minute: 0, quarter: 0 };
  readonly #touched = new WeakMap<StoreWrite, Touched>();

  constructor(asker: InfluxAsker, clock: Clock) {
    this.#asker = asker;
    this.#clock = clock;
  }

  async rows(query: EnergyQuery): Promise<EnergyByScope> {
    const { fromMs, toMs } = query;
    if (!(fromMs < toMs)) return new Map();
    const selection = `${this.#selectionOf(query.scopes)} ${gridKey(query)}`;
    const pieces: EnergyByScope[] = [];
    for (const { known, ...span } of this.#spans(query, selection))
      pieces.push(known ?? (await this.#read({ ...query, ...span }, selection)));
    return joinPieces(pieces);
  }

  /** To be told what a write touches … */
  encoded(write: StoreWrite, rows: readonly RollUpChange[]): StoreWrite {
    let firstMs = Number.POSITIVE_INFINITY;
    let lastMs = Number.NEGATIVE_INFINITY;
    const days = new Set<number>();
    for (const { fromMs } of rows) {
      firstMs = Math.min(firstMs, fromMs);
      lastMs = Math.max(lastMs, fromMs);
      days.add(Math.floor(fromMs / dayMs));
    }
    this.#touched.set(write, { firstMs, lastMs, days });
    return write;
  }

  /** … and when it is written; a write from the backlog may touch any. */
  written(write: StoreWrite): void {
    const { tier } = write;
    if (tier !== 'minute' && tier !== 'quarter') return;
    this.#changes[tier] += 1;
    const touched = this.#touched.get(write);
    for (const [key, answer] of this.#answers)
      if (answer.tier === tier && (touched === undefined || isTouched(answer, touched))) this.#forget(key);
  }

  /** A short name for a list of scopes. */
  #selectionOf(scopes: readonly string[]): number {
    const text = JSON.stringify(scopes);
    const known = this.#selections.get(text);
    if (known !== undefined) return known;
    if (this.#selections.size >= selectionsMax) {
      this.#selections.clear();
      for (const key of this.#answers.keys()) this.#forget(key);
    }
    this.#selectionsMade += 1;
    this.#selections.set(text, this.#selectionsMade);
    return this.#selectionsMade;
  }

  /** What is remembered, day by day and at the ends, and the stretches that must be read. */
  *#spans(
    query: EnergyQuery,
    selection: string,
  ): Generator<{ fromMs: number; toMs: number; known?: EnergyByScope | undefined }> {
    const { fromMs, toMs } = query;
    const nowMs = this.#clock.nowMs();
    const stretch = (fromMs: number, toMs: number) => {
      const known = this.#known(stretchKey({ ...query, fromMs, toMs }, selection), nowMs);
      return { fromMs, toMs, known };
    };
    let readMs = fromMs;
    if (query.tier === 'quarter')
      for (let atMs = firstDay(query); atMs + dayMs <= toMs; atMs += dayMs) {
        const known = this.#known(dayKey(atMs, selection), nowMs);
        if (known === undefined) continue;
        if (readMs < atMs) yield stretch(readMs, atMs);
        readMs = atMs + dayMs;
        yield { fromMs: atMs, toMs: readMs, known };
      }
    if (readMs < toMs) yield stretch(readMs, toMs);
  }

  async #read(query: EnergyQuery, selection: string): Promise<EnergyByScope> {
    const { tier } = query;
    const changes = this.#changes[tier];
    const slices: EnergyByScope[] = [];
    await askEnergySlices(this.#asker, query, (rows) => slices.push(rows));
    const rows = joinPieces(slices);
    if (changes === this.#changes[tier] && countRows(rows) <= rowsMax / 2)
      this.#rememberAll(query, selection, rows);
    return rows;
  }

  /** Days that are over one by one, and the ends before and after them. */
  #rememberAll(query: EnergyQuery, selection: string, rows: EnergyByScope): void {
    const { tier, fromMs, toMs } = query;
    const readMs = this.#clock.nowMs();
    const remember = (key: string, span: { fromMs: number; toMs: number }) =>
      this.#remember(key, { tier, ...span, readMs, rows: cutPiece(rows, span.fromMs, span.toMs) });
    const daysFromMs = tier === 'quarter' ? firstDay(query) : toMs;
    let daysToMs = daysFromMs;
    for (; daysToMs + dayMs <= Math.min(toMs, readMs); daysToMs += dayMs)
      remember(dayKey(daysToMs, selection), { fromMs: daysToMs, toMs: daysToMs + dayMs });
    const ends = daysFromMs < daysToMs ? [fromMs, daysFromMs, daysToMs, toMs] : [fromMs, toMs];
    for (let i = 0; i < ends.length; i += 2) {
      const end = { fromMs: ends[i]!, toMs: ends[i + 1]! };
      if (end.fromMs < end.toMs && end.toMs - end.fromMs <= endMsMax)
        remember(stretchKey({ ...query, ...end }, selection), end);
    }
    for (const key of this.#answers.keys()) {
      if (this.#rows <= rowsMax && this.#answers.size <= answersMax) return;
      this.#forget(key);
    }
  }

  #remember(key: string, answer: Omit<Remembered, 'count'>): void {
    const count = countRows(answer.rows) + rowsPerScope * answer.rows.size;
    this.#forget(key);
    this.#answers.set(key, { ...answer, count });
    this.#rows += count;
  }

  #known(key: string, nowMs: number): EnergyByScope | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined || nowMs < answer.readMs) return undefined;
    const isSettled = answer.readMs - answer.toMs >= settledMs;
    if (nowMs - answer.readMs >= (isSettled ? settledFreshMs : freshMs)) return undefined;
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    return answer.rows;
  }

  #forget(key: string): void {
    this.#rows -= this.#answers.get(key)?.count ?? 0;
    this.#answers.delete(key);
  }
}

function isTouched({ fromMs, toMs }: Remembered, { firstMs, lastMs, days }: Touched): boolean {
  if (lastMs < fromMs || firstMs >= toMs) return false;
  for (let day = Math.floor(fromMs / dayMs); day * dayMs < toMs; day += 1) if (days.has(day)) return true;
  return false;
}

function dayKey(fromMs: number, selection: string): string {
  return `${fromMs} ${selection}`;
}

/** Rows begin with the steps of their tier: what lies between two changes nothing. */
function stretchKey({ tier, grid, fromMs, toMs }: EnergyQuery, selection: string): string {
  const step = (atMs: number) => Math.ceil(atMs / tierStepMs[tier]);
  // The first cell of a grid begins with what was asked for.
  return `${tier} ${grid === undefined ? step(fromMs) : `at ${fromMs}`} ${step(toMs)} ${selection}`;
}

function gridKey({ grid }: EnergyQuery): string {
  return grid === undefined ? '' : `${grid.stepMs}+${grid.offsetMs}`;
}

/** The first that lies whole in what is asked for: cells of a grid never reach from one into another. */
function firstDay({ fromMs, grid }: EnergyQuery): number {
  const offsetMs = grid?.offsetMs ?? 0;
  return Math.ceil((fromMs - offsetMs) / dayMs) * dayMs + offsetMs;
}
