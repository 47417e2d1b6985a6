import type { ReadingFigure } from '../../model/quantity.ts';
import { splitOutlet } from '../../model/reading.ts';
import { plainFigures, type RollUpTier, rollUpFigures } from '../../model/roll-up.ts';
import type { RollUpColumns, RollUpQuery, Series, SeriesQuery } from '../store.ts';
import { StoreError } from '../store.ts';
import type { AnswerSeries, InfluxAsker } from './ask.ts';
import { fromGrid } from './binary-grid.ts';
import {
  fieldOf,
  measurementOf,
  policyOf,
  readingMeasurement,
  readingTags,
  rollUpFields,
  rollUpTags,
} from './layout.ts';
import { nameOfTagValue, tagLiteral } from './names.ts';

/** Rows asked for at a time: one page is parsed in a few ms, so that no long answer holds up the road. */
const pageRows = 10_000;
/** An answer that would be longer is refused: nobody can look at it, and it would fill the memory. */
const answerRowsMax = 5_000_000;

/** `earliestMs` bounds the search for the point before the range. */
export async function askSeries(asker: InfluxAsker, query: SeriesQuery, earliestMs: number): Promise<Series> {
  const rows: Row[] = [];
  if (query.toMs >= query.fromMs) {
    rows.push(...(await lastBefore(asker, query, earliestMs)));
    await readPages(rows, query.fromMs, query.toMs, (range) =>
      asker.ask({ statement: points(query, range), policy: policyOf('raw') }),
    );
  }
  return { atMs: column(rows, 0, msOfMicros), values: column(rows, 1, fromGrid) };
}

export async function askRollUps(asker: InfluxAsker, query: RollUpQuery): Promise<RollUpColumns> {
  const { tier } = query;
  const rows: Row[] = [];
  const names =
    tier === 'quarter' && query.joinMs === undefined ? rollUpFigures : rollUpFigures.slice(0, plainFigures);
  const fields = names.map((name) => `"${rollUpFields[name]}"`).join(', ');
  const scope = `"${rollUpTags[0]}" = ${tagLiteral(query.scope)}`;
  await readPages(rows, query.fromMs, query.toMs, (range) =>
    asker.ask({
      statement: `SELECT ${fields} FROM "${measurementOf(tier)}" WHERE ${scope} AND ${range}`,
      policy: policyOf(tier),
    }),
  );
  const values = Object.fromEntries(names.map((name, i) => [name, column(rows, i + 1)]));
  return { fromMs: column(rows, 0, msOfMicros), ...(values as Omit<RollUpColumns, 'fromMs'>) };
}

/** From the index of tags: nothing is read. */
export async function askKnownScopes(asker: InfluxAsker): Promise<string[]> {
  const tag = rollUpTags[0];
  const [series] = await asker.ask({
    statement: `SHOW TAG VALUES FROM "${measurementOf('quarter')}" WITH KEY = "${tag}"`,
    policy: policyOf('quarter'),
  });
  return (series?.values ?? []).map((row) => nameOfTagValue(String(row[1])));
}

export async function askEnergyByScope(
  asker: InfluxAsker,
  tier: RollUpTier,
  fromMs: number,
  toMs: number,
): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  if (toMs <= fromMs) return sums;
  const statement = `SELECT sum("${rollUpFields.wattHours}") FROM "${measurementOf(tier)}" WHERE ${timeRange(fromMs, toMs)} GROUP BY "${rollUpTags[0]}"`;
  for (const series of await asker.ask({ statement, policy: policyOf(tier) })) {
    const wattHours = series.values[0]?.[1];
    if (typeof wattHours === 'number')
      sums.set(nameOfTagValue(series.tags?.[rollUpTags[0]] ?? ''), wattHours);
  }
  return sums;
}

/** A relay is a boolean. */
type Row = readonly (number | boolean | null)[];

async function lastBefore(asker: InfluxAsker, query: SeriesQuery, earliestMs: number): Promise<Row[]> {
  if (earliestMs >= query.fromMs) return [];
  const field = fieldOf(query.quantity);
  const statement = `SELECT last("${field}") FROM "${readingMeasurement}" WHERE ${ofOutlet(query.outlet)} AND ${timeRange(earliestMs, query.fromMs)}`;
  return rowsOf(await asker.ask({ statement, policy: policyOf('raw') }));
}

function points(query: { outlet: string; quantity: ReadingFigure }, range: string): string {
  return `SELECT "${fieldOf(query.quantity)}" FROM "${readingMeasurement}" WHERE ${ofOutlet(query.outlet)} AND ${range}`;
}

function ofOutlet(outlet: string): string {
  const { device, label } = splitOutlet(outlet);
  return `"${readingTags[0]}" = ${tagLiteral(device)} AND "${readingTags[1]}" = ${tagLiteral(label)}`;
}

/** Asks page after page, each from just after the last row of the one before. */
async function readPages(
  rows: Row[],
  fromMs: number,
  toMs: number,
  ask: (range: string) => Promise<readonly AnswerSeries[]>,
): Promise<void> {
  for (let nextMs = fromMs; nextMs < toMs; ) {
    const page = rowsOf(await ask(`${timeRange(nextMs, toMs)} LIMIT ${pageRows}`));
    for (const row of page) rows.push(row);
    if (page.length < pageRows) return;
    if (rows.length > answerRowsMax)
      throw new StoreError(
        'refused',
        `more than ${answerRowsMax} points were asked for: ask for a shorter time`,
      );
    nextMs = msOfMicros(Number(page[page.length - 1]![0]) + 1);
  }
}

function rowsOf(series: readonly AnswerSeries[]): Row[] {
  return (series[0]?.values ?? []) as Row[];
}

/** A field that was never written comes as null. */
function column(
  rows: readonly Row[],
  index: number,
  read: (value: number) => number = (value) => value,
): Float64Array {
  return Float64Array.from(rows, (row) => read(Number(row[index] ?? Number.NaN)));
}

export function msOfMicros(micros: number): number {
  return micros / 1000;
}

/** Always bounded on both sides: an open range can make InfluxDB 1.x run out of memory. */
export function timeRange(fromMs: number, toMs: number): string {
  return `time >= ${micros(fromMs)}u AND time < ${micros(toMs)}u`;
}

/** InfluxDB knows no later time than the year 2262. */
export function micros(ms: number): number {
  return Math.min(Math.max(Math.round(ms * 1000), 0), 9_200_000_000_000_000);
}
