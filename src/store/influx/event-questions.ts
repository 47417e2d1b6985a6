import { limitOf, type ScopeChoice, scopeChoice } from '../event-question.ts';
import { type EventRow, type EventTable, fieldsOf } from '../event-rows.ts';
import type { EventQuery } from '../store.ts';
import type { AnswerSeries, InfluxAsker } from './ask.ts';
import { eventMeasurements, eventTags } from './layout.ts';
import { nameOfTagValue, tagLiteral, tagPattern } from './names.ts';
import { msOfMicros, timeRange } from './questions.ts';

const scopeTag = eventTags[0];
/** No other id was ever given to a start. */
const urlSafe = /^[\w.~-]+$/;
/** Longer statements do not fit into an address any more. */
const addressCharsMax = 4000;

/** Newest first, those of one moment by scope, without long texts. */
export async function askEvents(
  asker: InfluxAsker,
  table: EventTable,
  query: EventQuery,
): Promise<EventRow[]> {
  const choice = scopeChoice(query.scopes);
  const where = [timeRange(query.fromMs, query.toMs), ...(choice === undefined ? [] : [ofScopes(choice)])];
  const statement = `SELECT ${columns(table, false)} FROM "${eventMeasurements[table]}" WHERE ${where.join(' AND ')} ORDER BY time DESC LIMIT ${limitOf(query)}`;
  return sorted(rowsOf(await ask(asker, statement), table, false));
}

/** First where it is, then what it is: a search by field through all starts reads only the one field. */
export async function askStart(asker: InfluxAsker, id: string): Promise<EventRow | undefined> {
  if (!urlSafe.test(id)) return undefined;
  const from = `FROM "${eventMeasurements.start}" WHERE`;
  const found = await ask(
    asker,
    `SELECT "id", "${scopeTag}" ${from} "id" = '${id}' AND ${timeRange(0, Number.MAX_VALUE)} ORDER BY time DESC LIMIT 1`,
  );
  const [micros, , scope] = found[0]?.values[0] ?? [];
  if (typeof micros !== 'number' || typeof scope !== 'string') return undefined;
  const atMs = msOfMicros(micros);
  const statement = `SELECT ${columns('start', true)} ${from} ${ofScope(nameOfTagValue(scope))} AND ${timeRange(atMs, msOfMicros(micros + 1))}`;
  return rowsOf(await ask(asker, statement), 'start', true)[0];
}

export async function askLastStarts(asker: InfluxAsker, fromMs: number, toMs: number): Promise<EventRow[]> {
  if (!(fromMs < toMs)) return [];
  const statement = `SELECT ${columns('start', false)} FROM "${eventMeasurements.start}" WHERE ${timeRange(fromMs, toMs)} GROUP BY "${scopeTag}" ORDER BY time DESC LIMIT 1`;
  return rowsOf(await ask(asker, statement), 'start', false);
}

function ask(asker: InfluxAsker, statement: string): Promise<readonly AnswerSeries[]> {
  return asker.ask({ statement, policy: 'events', changes: statement.length > addressCharsMax });
}

/** The fields, then the scope they are of. */
function columns(table: EventTable, withLong: boolean): string {
  const names = [...fieldsOf(table, withLong).map(([name]) => name), scopeTag];
  return names.map((name) => `"${name}"`).join(', ');
}

function rowsOf(series: readonly AnswerSeries[], table: EventTable, withLong: boolean): EventRow[] {
  const fields = fieldsOf(table, withLong);
  return series.flatMap((one) =>
    one.values.map(([micros, ...values]) => ({
      scope: nameOfTagValue(String(values[fields.length] ?? one.tags?.[scopeTag] ?? '')),
      atMs: msOfMicros(micros as number),
      values: Object.fromEntries(fields.map(([name], i) => [name, values[i] ?? undefined])),
    })),
  );
}

function sorted(rows: EventRow[]): EventRow[] {
  return rows.sort((a, b) => b.atMs - a.atMs || (a.scope < b.scope ? -1 : 1));
}

function ofScopes({ names, beginnings }: ScopeChoice): string {
  const parts = [
    ...names.map(ofScope),
    ...beginnings.map((start) => `"${scopeTag}" =~ ${tagPattern(start)}`),
  ];
  return `(${parts.join(' OR ')})`;
}

function ofScope(scope: string): string {
  return `"${scopeTag}" = ${tagLiteral(scope)}`;
}
