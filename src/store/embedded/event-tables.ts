import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { ScopeChoice } from '../event-question.ts';
import { type EventRow, type EventTable, eventTables, type FieldKind, fieldsOf } from '../event-rows.ts';
import type { PackedRow } from './event-batch.ts';

/** An event's question in the tables' own terms. */
export interface EventTableQuery {
  readonly table: EventTable;
  /** Whole names and beginnings of names; absent: all. */
  readonly scopes?: ScopeChoice | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

const sqlType: Readonly<Record<FieldKind, string>> = {
  number: 'REAL',
  flag: 'INTEGER',
  text: 'TEXT',
  long: 'BLOB',
};

/** Plain tables, a column for each field: events are few, and so SQL tools can read them. */
export const eventSchema = `${schemaOf(['start', 'idle_event', 'idle_row'])}
CREATE INDEX start_by_id ON start (id);`;

/** Tables that files of version 3 and before do not have. */
export const alertSchema = schemaOf(['alert']);

function schemaOf(tables: readonly EventTable[]): string {
  return tables
    .map((table) => {
      const fields = fieldsOf(table, true).map(([name, kind]) => `"${name}" ${sqlType[kind]}`);
      return `CREATE TABLE ${table} (scope TEXT NOT NULL, at_micros INTEGER NOT NULL, ${fields.join(', ')},
      UNIQUE (scope, at_micros)) STRICT;
    CREATE INDEX ${table}_by_time ON ${table} (at_micros);`;
    })
    .join('\n');
}

/** Reads and writes the tables of events. A write to the same scope and moment merges field by field, the later wins. */
export class EventTables {
  readonly #tables: Readonly<Record<EventTable, Statements>>;
  readonly #byId: StatementSync;
  readonly #lastStarts: StatementSync;

  constructor(db: DatabaseSync) {
    this.#tables = Object.fromEntries(
      eventTables.map((table) => [table, prepare(db, table)]),
    ) as unknown as Record<EventTable, Statements>;
    this.#byId = db.prepare(
      `SELECT ${columns('start', true)} FROM start WHERE id = ? ORDER BY at_micros DESC LIMIT 1`,
    );
    this.#lastStarts = db.prepare(
      `SELECT ${columns('start', false)} FROM start WHERE (scope, at_micros) IN
         (SELECT scope, max(at_micros) FROM start WHERE at_micros >= ? AND at_micros < ? GROUP BY scope)`,
    );
  }

  /** Within a transaction. */
  write(rows: ReadonlyMap<EventTable, readonly PackedRow[]>): void {
    for (const [table, packed] of rows) {
      const { upsert } = this.#tables[table];
      const kinds = fieldsOf(table, true).map(([, kind]) => kind);
      for (const [scope, micros, ...values] of packed)
        upsert.run(scope, micros, ...values.map((value, i) => toColumn(kinds[i]!, value)));
    }
  }

  /** Newest first, those of one moment by scope, without long texts. */
  list(query: EventTableQuery): EventRow[] {
    const { table, scopes, limit } = query;
    const { ofAll, ofOne } = this.#tables[table];
    const range = [toMicros(query.fromMs), toMicros(query.toMs)] as const;
    const [only] = scopes?.names ?? [];
    const rows =
      only !== undefined && scopes?.names.length === 1 && scopes.beginnings.length === 0
        ? ofOne.all(...range, only, limit)
        : ofAll.all(
            ...range,
            scopes === undefined ? 1 : 0,
            JSON.stringify(scopes?.names ?? []),
            JSON.stringify(scopes?.beginnings ?? []),
            limit,
          );
    return rows.map((row) => rowOf(table, row));
  }

  start(id: string): EventRow | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : rowOf('start', row);
  }

  lastStarts(fromMs: number, toMs: number): EventRow[] {
    return this.#lastStarts.all(toMicros(fromMs), toMicros(toMs)).map((row) => rowOf('start', row));
  }
}

interface Statements {
  readonly upsert: StatementSync;
  readonly ofAll: StatementSync;
  readonly ofOne: StatementSync;
}

function prepare(db: DatabaseSync, table: EventTable): Statements {
  const names = fieldsOf(table, true).map(([name]) => `"${name}"`);
  const merged = names.map((name) => `${name} = coalesce(excluded.${name}, ${name})`);
  const select = `SELECT ${columns(table, false)} FROM ${table} WHERE at_micros >= ?1 AND at_micros < ?2`;
  return {
    upsert: db.prepare(
      `INSERT INTO ${table} (scope, at_micros, ${names.join(', ')}) VALUES (?, ?${', ?'.repeat(names.length)})
       ON CONFLICT (scope, at_micros) DO UPDATE SET ${merged.join(', ')}`,
    ),
    ofAll: db.prepare(
      `${select} AND (?3 = 1 OR scope IN (SELECT value FROM json_each(?4))
         OR EXISTS (SELECT 1 FROM json_each(?5) AS part WHERE substr(scope, 1, length(part.value)) = part.value))
       ORDER BY at_micros DESC, scope LIMIT ?6`,
    ),
    ofOne: db.prepare(`${select} AND scope = ?3 ORDER BY at_micros DESC LIMIT ?4`),
  };
}

function columns(table: EventTable, withLong: boolean): string {
  return ['scope', 'at_micros', ...fieldsOf(table, withLong).map(([name]) => `"${name}"`)].join(', ');
}

function rowOf(table: EventTable, row: Record<string, SQLOutputValue>): EventRow {
  const values: Record<string, EventRow['values'][string]> = {};
  for (const [name, kind] of fieldsOf(table, true)) {
    const value = row[name];
    if (value === null || value === undefined) continue;
    if (kind === 'flag') values[name] = value === 1;
    else if (kind === 'long') values[name] = unpack(value as Uint8Array);
    else values[name] = value as number | string;
  }
  return { scope: row.scope as string, atMs: (row.at_micros as number) / 1000, values };
}

const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
const longTextBytesMax = 2 ** 20;

function toColumn(kind: FieldKind, value: PackedRow[2]): SQLInputValue {
  if (value === null || value === undefined) return null;
  if (kind === 'flag') return value === true ? 1 : 0;
  return kind === 'long' ? zstdCompressSync(Buffer.from(String(value)), zstdOptions) : (value as string);
}

function unpack(body: Uint8Array): string | undefined {
  try {
    return zstdDecompressSync(body, { maxOutputLength: longTextBytesMax }).toString('utf8');
  } catch {
    return undefined;
  }
}

/** SQLite's integers end where the year 2262 is far away. */
function toMicros(atMs: number): number {
  return Math.round(Math.min(Math.max(atMs, 0), 8.65e12) * 1000);
}
