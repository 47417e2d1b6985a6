import type { Request, Response } from 'express';
import { factorsWithin, type GridFactor } from '../analysis/carbon.ts';
import type { EnergySum } from '../analysis/energy-buckets.ts';
import type { Reconciled } from '../analysis/energy-checks.ts';
import { type LocalStep, localBucket, localEdges, localSteps } from '../analysis/local-time.ts';
import { tierStepMs } from '../model/roll-up.ts';
import { zoneOf } from '../model/zone.ts';
import { wantsCsv } from './answer.ts';
import { answerParts } from './answer-parts.ts';
import type { EnergyContext, EnergyQuestion, EnergyTotal, ScopeEnergy } from './ask-energy.ts';
import { csvLine } from './csv.ts';
import { isClosed, type PastParts, pastQuestionOf } from './past-question.ts';
import { ProblemError } from './problem.ts';
import { choiceOf, parameterOf } from './question.ts';
import type { EnergyAnswer, EnergyRow, EnergyTotalRow } from './shapes.ts';

export interface EnergyParts extends PastParts {
  /** Scope by scope. Throws a StoreError. */
  energy(question: EnergyQuestion, signal: AbortSignal): AsyncIterable<ScopeEnergy>;
  readonly prices: Pick<EnergyContext, 'tariff' | 'carbon'>;
}

export const energyRowsMax = 200_000;
/** Ten years of a scope are 350,000. */
export const energyQuartersMax = 20_000_000;
const dayMs = 86_400_000;
/** Factors told of at most; a series fed by the hour has more than anybody reads. */
const factorsToldMax = 100;

/** So many buckets before now, when `from` is not given. */
const bucketsDefault: Record<LocalStep, number> = { hour: 24, day: 31, week: 13, month: 12, year: 5 };
const longestMs: Record<LocalStep, number> = {
  hour: 3_600_000,
  day: 25 * 3_600_000,
  week: 7 * dayMs,
  month: 31 * dayMs,
  year: 366 * dayMs,
};

/** `GET /energy`, as JSON or CSV, in parts. */
export async function answerEnergy(parts: EnergyParts, request: Request, response: Response): Promise<void> {
  const question = energyQuestionOf(parts, request);
  const { scopes, fromMs, toMs } = question;
  const remaking = scopes.some((scope) => parts.isRemaking(scope, fromMs, toMs));
  const isCsv = wantsCsv(request, response);
  await answerParts(request, response, {
    type: isCsv ? 'text/csv' : 'application/json',
    parts: (signal) => {
      const energy = (asked: EnergyQuestion) => parts.energy(asked, signal);
      return isCsv
        ? energyCsv({ ...parts, energy, ...(!remaking && { isRemaking: undefined }) }, question)
        : jsonParts({ ...parts, energy }, question, remaking);
    },
    isClosed: isClosed(parts, toMs) && !remaking,
    gate: parts.gate,
    clock: parts.clock,
  });
}

const parameters = ['scope', 'from', 'to', 'by', 'timezone', 'format', 'checks', 'totals'];

function energyQuestionOf(parts: EnergyParts, request: Request): EnergyQuestion {
  const by = choiceOf(request, 'by', localSteps, 'day');
  const past = pastQuestionOf(parts, request, parameters, (atMs, zone) => ({
    defaultToMs: localBucket(by, atMs, zone).toMs,
    defaultMs: bucketsDefault[by] * longestMs[by],
  }));
  const { scopes, fromMs, toMs, timezone, nowMs } = past;
  const isFromGiven = parameterOf(request, 'from') !== undefined;
  const question = {
    scopes,
    by,
    // A range without a beginning of its own begins with a whole bucket.
    fromMs: isFromGiven ? fromMs : Math.min(nextEdgeMs(by, fromMs, timezone), toMs - 1),
    toMs,
    timezone,
    withChecks: { true: true, false: false, auto: undefined }[
      choiceOf(request, 'checks', ['true', 'false', 'auto'], 'auto')
    ],
    withTotals: choiceOf(request, 'totals', ['true', 'false'], 'true') === 'true',
    nowMs,
  };
  refuseTooMuch(question);
  return question;
}

function nextEdgeMs(by: LocalStep, atMs: number, timezone: string): number {
  const bucket = localBucket(by, atMs, timezone);
  return bucket.fromMs === atMs ? atMs : bucket.toMs;
}

function refuseTooMuch({ scopes, by, fromMs, toMs, timezone, nowMs }: EnergyQuestion): void {
  const endMs = Math.min(toMs, nowMs);
  const buckets = localEdges(by, fromMs, Math.max(endMs, fromMs + 1), timezone).length - 1;
  const rows = buckets * scopes.length;
  if (rows > energyRowsMax) {
    const detail = `${scopes.length} scopes × ${buckets} buckets (by=${by}) are ${rows} rows, more than ${energyRowsMax}: ask for a shorter time, fewer scopes or longer buckets.`;
    throw new ProblemError('too-much', detail, { parameter: 'by' });
  }
  const quarters = Math.ceil((endMs - fromMs) / tierStepMs.quarter) * scopes.length;
  if (quarters > energyQuartersMax) {
    const days = Math.floor((energyQuartersMax / scopes.length) * (tierStepMs.quarter / dayMs));
    const detail = `${scopes.length} scopes over ${Math.ceil((endMs - fromMs) / dayMs)} days are too much to add up at once: ask for at most ${days} days, or for fewer scopes.`;
    throw new ProblemError('too-much', detail, { parameter: 'scope' });
  }
}

/** With the energy of one answer. */
export interface AnsweredEnergy extends Pick<EnergyParts, 'prices'> {
  energy(question: EnergyQuestion): AsyncIterable<ScopeEnergy>;
  /** While some of the sums are being made again. */
  readonly isRemaking?: EnergyParts['isRemaking'] | undefined;
}

/** The totals come last: they are known when the rows have gone out. */
async function* jsonParts(
  parts: AnsweredEnergy,
  question: EnergyQuestion,
  remaking: boolean,
): AsyncGenerator<string> {
  const { by, timezone, fromMs, toMs } = question;
  const answers = parts.energy(question);
  const totals: EnergyTotalRow[] = [];
  const head: Omit<EnergyAnswer, 'rows' | 'totals'> = {
    by,
    timezone,
    fromMs,
    toMs,
    ...(remaking && { remaking }),
    ...methodsOf(parts, question),
  };
  let before = `${JSON.stringify(head).slice(0, -1)},"rows":[`;
  for await (const { scope, rows, total } of answers) {
    for (let i = 0; i < rows.length; i += rowsAtOnce) {
      const texts = rows.slice(i, i + rowsAtOnce).map((row) => JSON.stringify(rowOf(scope, row)));
      yield before + texts.join(',');
      before = ',';
    }
    if (total !== undefined) totals.push(totalOf(scope, total));
  }
  yield `${before === ',' ? '' : before}]${question.withTotals ? `,"totals":${JSON.stringify(totals)}` : ''}}`;
}

const rowsAtOnce = 500;

/** RFC 4180, in parts; an empty field says "not known". While sums are being made again a last column says which. */
export async function* energyCsv(parts: AnsweredEnergy, question: EnergyQuestion): AsyncGenerator<string> {
  const currency = parts.prices.tariff?.currency;
  const { isRemaking } = parts;
  let before = csvLine(isRemaking ? [...csvColumns, 'remaking'] : csvColumns);
  for await (const { scope, rows } of parts.energy({ ...question, withTotals: false })) {
    for (let i = 0; i < rows.length; i += rowsAtOnce) {
      const lines = rows.slice(i, i + rowsAtOnce).map((row) => {
        const { fromMs, toMs, wattHours, coverage, cost, grams, parts: how } = row;
        const known = wattHours === undefined ? undefined : how;
        return csvLine([
          scope,
          fromMs,
          localText(fromMs, question.timezone),
          toMs,
          localText(toMs, question.timezone),
          wattHours,
          coverage,
          cost,
          cost === undefined ? undefined : currency,
          grams,
          known?.counter,
          known?.integrated,
          known?.spread,
          ...(isRemaking ? [isRemaking(scope, fromMs, toMs)] : []),
        ]);
      });
      yield before + lines.join('');
      before = '';
    }
  }
  yield before;
}

const csvColumns = [
  'scope',
  'fromMs',
  'from',
  'toMs',
  'to',
  'wattHours',
  'coverage',
  'cost',
  'currency',
  'grams',
  'counter',
  'integrated',
  'spread',
];

/** How cost and grams were found. */
function methodsOf(
  { prices: { tariff, carbon } }: Pick<EnergyParts, 'prices'>,
  { fromMs, toMs }: EnergyQuestion,
): Pick<EnergyAnswer, 'currency' | 'tariff' | 'carbon'> {
  const within = (range: { fromMs: number; toMs: number }) => range.fromMs < toMs && range.toMs > fromMs;
  const factors = factorsWithin(carbon.factors, fromMs, toMs);
  return {
    ...(tariff && {
      currency: tariff.currency,
      tariff: {
        basis: 'energy by the price that held when it was drawn, with taxes; standing charges apart',
        timezone: tariff.timezone,
        corrections: tariff.corrections.filter(within).map(({ who, ...correction }) => ({
          ...correction,
          ...(who !== undefined && { who }),
        })),
      },
    }),
    ...(factors.length > 0 && {
      carbon: {
        basis: 'location-based',
        kind: 'average',
        extent: 'life-cycle',
        ...(carbon.pue !== undefined && { pue: carbon.pue }),
        factors: factors.slice(0, factorsToldMax).map((factor) => factorOf(factor, fromMs, toMs)),
        factorsLeftOut: Math.max(0, factors.length - factorsToldMax),
      },
    }),
  };
}

function factorOf(
  { year, source, gramsPerKwh, isStandIn, ...holds }: GridFactor,
  fromMs: number,
  toMs: number,
) {
  return {
    fromMs: Math.max(holds.fromMs, fromMs),
    toMs: Math.min(holds.toMs, toMs),
    gramsPerKwh,
    source,
    isStandIn,
    ...(year !== undefined && { year }),
  };
}

/** Not known is null, never 0. */
function rowOf(scope: string, sum: EnergySum): EnergyRow {
  const { fromMs, toMs, wattHours, coverage, cost, grams, parts, unpricedWattHours, uncountedWattHours } =
    sum;
  return {
    scope,
    fromMs,
    toMs,
    wattHours: wattHours ?? null,
    coverage,
    cost: cost ?? null,
    grams: grams ?? null,
    parts: wattHours === undefined ? { counter: null, integrated: null, spread: null } : parts,
    ...(unpricedWattHours > 0 && { unpricedWattHours }),
    ...(uncountedWattHours > 0 && { uncountedWattHours }),
  };
}

function totalOf(scope: string, total: EnergyTotal): EnergyTotalRow {
  const { peak15, peak30, loadFactor, before, differencePercent, charges, checks } = total;
  return {
    ...rowOf(scope, total),
    peak15: peak15 ?? null,
    peak30: peak30 ?? null,
    loadFactor: loadFactor ?? null,
    before: {
      fromMs: before.fromMs,
      toMs: before.toMs,
      wattHours: before.wattHours ?? null,
      coverage: before.coverage,
      cost: before.cost ?? null,
      grams: before.grams ?? null,
      differencePercent: differencePercent ?? null,
    },
    ...(charges && { charges: { ...charges, demand: charges.demand ?? null } }),
    ...(checks?.reconciled && { reconciled: reconciledOf(checks.reconciled) }),
    ...(checks?.loss && { loss: { ...checks.loss } }),
  };
}

function reconciledOf({ problem, ...figures }: Reconciled): NonNullable<EnergyTotalRow['reconciled']> {
  return { ...figures, ...(problem !== undefined && { problem }) };
}

/** ISO 8601 of the local clock, with its offset. */
function localText(atMs: number, timezone: string): string {
  const { offsetMs } = zoneOf(timezone).spanAt(atMs);
  const minutes = Math.abs(Math.trunc(offsetMs / 60_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const offset = `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return new Date(atMs + offsetMs).toISOString().replace(/(\.000)?Z$/, offset);
}
