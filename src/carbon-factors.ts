import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Carbon,
  type CarbonSettings,
  type FactorPoint,
  factorsWithin,
  type GridFactor,
  laidAgain,
  laidInSteps,
  makeCarbon,
} from './analysis/carbon.ts';
import { readFactorCsv, spansOfCsv } from './analysis/factor-csv.ts';
import { factorOfMessage } from './analysis/factor-message.ts';
import { type FactorOutcome, FactorSeries, type SeriesPoint } from './analysis/factor-series.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { OneStep } from './base/one-step.ts';
import type { RawMessage } from './model/reading.ts';
import { FactorFile } from './store/factor-file.ts';

export interface CarbonFactorsParts {
  readonly settings: CarbonSettings;
  /** Of the settings' and the file's local times. */
  readonly timezone: string;
  /** Where the published factors are kept. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Factors of a series. */
export interface FactorCounts {
  /** Of those that were published, so many are known … */
  readonly published: number;
  readonly inFile: number;
  /** … so many older ones had to make room … */
  readonly forgotten: number;
  /** … and so many could not be written and will be missing after the next start. */
  readonly lost: number;
}

const holdsDefaultMs = 6 * 3_600_000;
const lookEveryMs = 10_000;
const fileBytesMax = 64 * 2 ** 20;
const mistakesTold = 5;
const dayMs = 86_400_000;
const yearMs = 365 * dayMs;
/** Spans of published factors made without a turn for the road: some milliseconds. */
const spansInTurn = 10_000;
const retryMs = 30_000;
const stopMsMax = 1_000;

/**
 * What a kWh emits, from all that is known of it, the finest first: what is published on `room.carbon.topic`, else what
 * stands in `room.carbon.file`, else the factors of the settings, else those of the country. Half a million of them are
 * laid over each other in steps, in the background; until that is done what was known before holds. A factor that is
 * published changes the end of that alone.
 */
export class CarbonFactors {
  readonly #parts: CarbonFactorsParts;
  readonly #settled: Carbon;
  readonly #series = new FactorSeries();
  readonly #kept: FactorFile;
  #csv: readonly FactorPoint[] = [];
  #csvSeen: string | undefined;
  #looking: Promise<void> | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  readonly #steps: OneStep;
  /** What the published factors are laid over. */
  #below: readonly GridFactor[];
  #carbon: Carbon;
  /** All is to be laid anew: the file changed, or the oldest factors were forgotten. */
  #isStale = true;
  /** From when on the published factors say something else than `#carbon` … */
  #changedMs = Number.POSITIVE_INFINITY;
  /** … and than what is being made. */
  #changedSinceMs = Number.POSITIVE_INFINITY;
  readonly #outcomes: Record<FactorOutcome, number> = {
    taken: 0,
    correction: 0,
    known: 0,
    unreadable: 0,
    implausible: 0,
    tooOften: 0,
    tooOld: 0,
    tooFarAhead: 0,
  };

  constructor(parts: CarbonFactorsParts) {
    this.#parts = parts;
    this.#settled = makeCarbon(parts.settings, parts.timezone);
    this.#kept = new FactorFile(join(parts.folder, 'carbon-factors.csv'));
    this.#below = this.#settled.factors;
    this.#carbon = this.#settled;
    this.#steps = new OneStep({
      clock: parts.clock,
      retryMs,
      stopMsMax,
      failed: (error) =>
        parts.log.error({ err: error }, 'carbon: the factors cannot be laid over each other'),
    });
  }

  /** What to subscribe to. */
  get topics(): readonly string[] {
    const { topic } = this.#parts.settings;
    return topic === undefined ? [] : [topic];
  }

  /** Published factors, counted by what became of them. */
  get outcomes(): Readonly<Record<FactorOutcome, number>> {
    return this.#outcomes;
  }

  /** What is kept of them, and what is not. */
  get counts(): FactorCounts {
    const { points, forgotten } = this.#series;
    return { published: points.length, inFile: this.#csv.length, forgotten, lost: this.#kept.lost };
  }

  /** Takes up what earlier runs were told, and the file. Never rejects: without them emissions are known less finely. */
  async open(): Promise<void> {
    if (this.#parts.settings.topic !== undefined) {
      try {
        this.#series.load(await this.#kept.read());
      } catch (error) {
        this.#parts.log.error({ err: error }, 'carbon: the factors of earlier runs cannot be read');
      }
    }
    await this.#look();
    await this.#lay();
  }

  /** All that is known now. The same object as long as nothing changed. */
  carbon(): Carbon {
    if (Number.isFinite(this.#changedMs)) {
      const { factors, pue } = this.#carbon;
      this.#carbon = { factors: laidAgain(factors, this.#below, this.#published(), this.#changedMs), pue };
      this.#changedMs = Number.POSITIVE_INFINITY;
    }
    return this.#carbon;
  }

  /** For the year ahead: what holds for long; where there is only a series, what it was in the year until now. */
  yearCarbon(): Carbon {
    if (this.#settled.factors.length > 0) return this.#settled;
    const { factors, pue } = this.carbon();
    const nowMs = this.#parts.clock.nowMs();
    // A day more on both sides: whoever asks counts from a midnight.
    const past = factorsWithin(factors, nowMs - yearMs - dayMs, nowMs + dayMs).map((factor) => ({
      ...factor,
      fromMs: factor.fromMs + yearMs,
      toMs: factor.toMs + yearMs,
    }));
    return { factors: past, pue };
  }

  /** Takes a message that tells a factor; false: it is something else. */
  take(message: RawMessage): boolean {
    if (message.topic !== this.#parts.settings.topic) return false;
    const told = factorOfMessage(message.payload);
    const outcome = told === undefined ? 'unreadable' : this.#point(told, message);
    const count = this.#outcomes[outcome] + 1;
    this.#outcomes[outcome] = count;
    // Told at the 1st, 10th, 100th … time, so that a mad publisher cannot fill the log.
    if (refusals.has(outcome) && Number.isInteger(Math.log10(count))) {
      const payload = Buffer.from(message.payload.subarray(0, 100)).toString('utf8');
      this.#parts.log.warn(
        { topic: message.topic, payload, count },
        `carbon: a published factor is refused: ${refusals.get(outcome)}`,
      );
    }
    return true;
  }

  tick(nowMs: number): void {
    if (this.#isStale && this.#steps.isDue(nowMs)) this.#steps.take(nowMs, () => this.#lay());
    if (nowMs - this.#lookedMs < lookEveryMs) return;
    this.#kept.flush();
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
  }

  async close(): Promise<void> {
    await this.#steps.stop();
    await this.#looking;
    await this.#kept.close();
  }

  #point(told: { gramsPerKwh: number; fromMs: number | undefined }, message: RawMessage): FactorOutcome {
    const { gramsPerKwh } = told;
    // A retained value comes at every start; nothing says that it is news.
    if (message.retained && told.fromMs === undefined) {
      if (this.#series.points.at(-1)?.gramsPerKwh === gramsPerKwh) return 'known';
    }
    const fromMs = told.fromMs ?? message.receivedAtMs;
    const before = this.#heldAt(fromMs);
    const { forgotten } = this.#series;
    const outcome = this.#series.take({ fromMs, gramsPerKwh }, this.#parts.clock.nowMs());
    if (outcome !== 'taken' && outcome !== 'correction') return outcome;
    this.#changedMs = Math.min(this.#changedMs, fromMs);
    this.#changedSinceMs = Math.min(this.#changedSinceMs, fromMs);
    if (forgotten < this.#series.forgotten) this.#isStale = true;
    this.#kept.add({ fromMs, gramsPerKwh, receivedAtMs: message.receivedAtMs });
    if (outcome === 'correction') {
      this.#parts.log.info(
        { from: new Date(fromMs).toISOString(), gramsPerKwh, before },
        'carbon: a factor of the past was corrected',
      );
    }
    return outcome;
  }

  #heldAt(atMs: number): number | undefined {
    return this.#series.points.findLast((point: SeriesPoint) => point.fromMs <= atMs)?.gramsPerKwh;
  }

  #published(most?: number): readonly GridFactor[] {
    const { topic, holds = holdsDefaultMs } = this.#parts.settings;
    return topic === undefined ? [] : this.#series.spans(holds, `published on ${topic}`, most);
  }

  /** Lays all of it anew. */
  async #lay(): Promise<void> {
    this.#isStale = false;
    try {
      const below = await inTurns(laidInSteps(this.#settled.factors, spansOfCsv(this.#csv)));
      while (this.#published(spansInTurn).length < this.#series.points.length) await nextTurn();
      this.#changedSinceMs = Number.POSITIVE_INFINITY;
      // A copy: what is published meanwhile changes the original.
      const factors = await inTurns(laidInSteps(below, [...this.#published()]));
      this.#below = below;
      this.#carbon = { factors, pue: this.#settled.pue };
      this.#changedMs = this.#changedSinceMs;
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
  }

  /** Reads the file when it is another than at the last look. */
  async #look(): Promise<void> {
    const { settings, log, clock, timezone } = this.#parts;
    this.#lookedMs = clock.nowMs();
    const { file } = settings;
    if (file === undefined) return;
    try {
      const { mtimeMs, size } = await stat(file);
      const seen = `${mtimeMs} ${size}`;
      if (seen === this.#csvSeen) return;
      this.#csvSeen = seen;
      if (size > fileBytesMax) throw new Error(`${size} bytes: ${fileBytesMax} at most can be read`);
      const { points, mistakes } = await inTurns(
        readFactorCsv(await readFile(file, 'utf8'), timezone, basename(file)),
      );
      if (mistakes.length > 0) throw new Error(mistakesText(mistakes));
      this.#csv = points;
      this.#isStale = true;
      log.info({ file, factors: points.length }, 'carbon: the file of factors was read');
    } catch (error) {
      const { message } = error as Error;
      if (message === this.#csvProblem) return;
      this.#csvProblem = message;
      const kept = this.#csv.length > 0 ? 'what it said before goes on' : 'none of it is used';
      log.error({ file }, `carbon: the file of factors cannot be used, ${kept}: ${message}`);
      return;
    }
    this.#csvProblem = undefined;
  }

  #csvProblem: string | undefined;
}

/** Of outcomes that are refusals: what would be right. */
const refusals: ReadonlyMap<FactorOutcome, string> = new Map([
  [
    'unreadable',
    'it is neither a number nor JSON with one, such as {"gramsPerKwh": 180, "from": "2026-01-01T07:00Z"}',
  ],
  ['implausible', 'a factor is 0 to 2000 g/kWh'],
  ['tooOften', 'factors are taken four minutes apart at the closest'],
  ['tooOld', 'a factor of the past is corrected within 40 days; room.carbon.file takes any time'],
  ['tooFarAhead', 'a factor is told three days ahead at the most'],
]);

function mistakesText(mistakes: readonly string[]): string {
  const more = mistakes.length - mistakesTold;
  return [...mistakes.slice(0, mistakesTold), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** Works a reader off, with a turn for the road in between. */
async function inTurns<T>(reader: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = reader.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}
