import { energyFigures, tierStepMs } from '../../model/roll-up.ts';
import { cellStart } from '../../model/sum-grid.ts';
import { type ScopeChoice, scopeChoice } from '../event-question.ts';
import type { EnergyColumns, EnergyQuery } from '../store.ts';
import type { AnswerSeries, InfluxAsker } from './ask.ts';
import { measurementOf, policyOf, rollUpFields, rollUpTags } from './layout.ts';
import { nameOfTagValue, tagLiteral, tagPattern } from './names.ts';
import { msOfMicros, timeRange } from './questions.ts';

/** Asked for at a time: an answer of so many rows is parsed in some 15 ms, so that none holds up the road. */
const sliceRows = 10_000;
/** A pattern is taken to stand for so many scopes until the first answer tells. */
const scopesGuessed = 500;
const growthMax = 8;
/** Of rows that InfluxDB adds up itself: so many at a time, which takes it some 50 ms. */
const sliceAddedRows = 200_000;
/** Both cores of a small machine have something to do then. */
const slicesAtOnce = 2;

const scopeTag = rollUpTags[0];
/** Wh and observed time: every row has them. */
const plainEnergyFigures = 2;

/** The rows of a time, by scope, slice after slice. `take` gets each slice; no cell of a grid is in two of them. */
export async function askEnergySlices(
  asker: InfluxAsker,
  query: EnergyQuery,
  take: (rows: Map<string, EnergyColumns>) => void,
): Promise<void> {
  const choice = scopeChoice(query.scopes);
  if (choice !== undefined && choice.names.length + choice.beginnings.length === 0) return;
  const patterns = choice === undefined ? 1 : choice.beginnings.length;
  let scopes = patterns * scopesGuessed + (choice?.names.length ?? 0);
  let spanMs = 0;
  let fromMs = query.fromMs;
  const waiting: Promise<readonly AnswerSeries[]>[] = [];
  while (fromMs < query.toMs || waiting.length > 0) {
    // The first answer tells how many scopes there are; from then on a second slice is on its way.
    while (fromMs < query.toMs && waiting.length < (spanMs === 0 ? 1 : slicesAtOnce)) {
      const fittingMs = fittingSpan(query, scopes);
      spanMs = Math.min(fittingMs, spanMs === 0 ? fittingMs : growthMax * spanMs);
      const sliceEndMs = Math.min(sliceEnd(query, fromMs + spanMs), query.toMs);
      const range = timeRange(fromMs, sliceEndMs);
      const answer = asker.ask({ ...statementOf(query, choice, range), policy: policyOf(query.tier) });
      // Whoever waits for the one before is told first.
      answer.catch(() => undefined);
      waiting.push(answer);
      const isFirst = fromMs === query.fromMs;
      fromMs = sliceEndMs;
      if (isFirst) break;
    }
    const series = await waiting.shift()!;
    if (series.length > 0) scopes = series.length;
    take(
      new Map(
        series.map((one) => [nameOfTagValue(one.tags?.[scopeTag] ?? ''), columnsOf(one, query.fromMs)]),
      ),
    );
  }
}

function fittingSpan({ tier, grid }: EnergyQuery, scopes: number): number {
  const fitting = (rows: number, stepMs: number) => Math.max(1, Math.floor(rows / scopes)) * stepMs;
  const addedMs = fitting(sliceAddedRows, tierStepMs[tier]);
  if (grid === undefined) return fitting(sliceRows, tierStepMs[tier]);
  return Math.max(grid.stepMs, Math.min(addedMs, fitting(sliceRows, grid.stepMs)));
}

/** Where a cell begins. */
function sliceEnd({ grid }: EnergyQuery, aboutMs: number): number {
  return grid === undefined ? aboutMs : cellStart(grid, aboutMs);
}

function statementOf(
  { tier, grid }: EnergyQuery,
  choice: ScopeChoice | undefined,
  range: string,
): { statement: string; changes: boolean } {
  const names = tier === 'quarter' ? energyFigures : energyFigures.slice(0, plainEnergyFigures);
  const fields = names.map((name) => (grid ? `sum("${rollUpFields[name]}")` : `"${rollUpFields[name]}"`));
  const where = choice === undefined ? range : `(${ofScopes(choice)}) AND ${range}`;
  const cells = grid ? `, time(${grid.stepMs}ms, ${grid.offsetMs}ms) fill(none)` : '';
  const statement = `SELECT ${fields.join(', ')} FROM "${measurementOf(tier)}" WHERE ${where} GROUP BY "${scopeTag}"${cells}`;
  // A long list of names fits into no address: it goes in the body.
  return { statement, changes: statement.length > 4000 };
}

function ofScopes({ names, beginnings }: ScopeChoice): string {
  return [
    ...names.map((name) => `"${scopeTag}" = ${tagLiteral(name)}`),
    ...beginnings.map((beginning) => `"${scopeTag}" =~ ${tagPattern(beginning)}`),
  ].join(' OR ');
}

/** A cell that the range cuts begins with it. */
function columnsOf({ values }: AnswerSeries, rangeFromMs: number): EnergyColumns {
  const column = (index: number) =>
    Float64Array.from(values, (row) => (row[index] as number | null | undefined) ?? Number.NaN);
  const figures = energyFigures.flatMap((figure, i) => {
    const values = column(i + 1);
    // What is nowhere booked takes no room.
    return i < plainEnergyFigures || values.some((value) => !Number.isNaN(value)) ? [[figure, values]] : [];
  });
  return {
    fromMs: Float64Array.from(values, (row) => Math.max(rangeFromMs, msOfMicros(row[0] as number))),
    ...(Object.fromEntries(figures) as Omit<EnergyColumns, 'fromMs'>),
  };
}
