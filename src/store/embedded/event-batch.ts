import {
  type EventRow,
  type EventRows,
  type EventTable,
  eventTables,
  type FieldKind,
  type FieldValue,
  fieldsOf,
  isStorable,
} from '../event-rows.ts';
import type { StoreWrite } from '../store.ts';

/**
 * A write of events: a mark of four bytes, then JSON: for each table its rows, each the scope, the moment in
 * whole microseconds and the fields in the order of event-rows.ts, null where there is none. It stands on its
 * own, as batches of readings do.
 */
const eventMagic = 0x32_62_77_72;
const headBytes = 4;

export function encodeEventRows(rows: EventRows): StoreWrite {
  const body: { [table in EventTable]?: unknown[][] } = {};
  let count = 0;
  for (const table of eventTables) {
    const storable = (rows[table] ?? []).filter((row) => isStorable(row.atMs));
    if (storable.length === 0) continue;
    body[table] = storable.map((row) => packRow(table, row));
    count += storable.length;
  }
  const json = Buffer.from(JSON.stringify(body));
  const bytes = new Uint8Array(headBytes + json.length);
  new DataView(bytes.buffer).setUint32(0, eventMagic, true);
  bytes.set(json, headBytes);
  return { tier: 'events', count, bytes };
}

export function isEventBatch(bytes: ArrayBuffer): boolean {
  return bytes.byteLength > headBytes && new DataView(bytes).getUint32(0, true) === eventMagic;
}

/** Rows as they go into the tables: scope, microseconds, values. Throws when the bytes are damaged. */
export function readEventBatch(bytes: ArrayBuffer): Map<EventTable, PackedRow[]> {
  const body = JSON.parse(Buffer.from(bytes, headBytes).toString('utf8')) as Record<string, unknown>;
  const rows = new Map<EventTable, PackedRow[]>();
  for (const table of eventTables) {
    const packed = body[table];
    if (packed === undefined) continue;
    const kinds = fieldsOf(table, true).map(([, kind]) => kind);
    if (!Array.isArray(packed) || !packed.every((row) => isPackedRow(row, kinds)))
      throw new RangeError(`events with damaged rows of ${table}`);
    rows.set(table, packed);
  }
  return rows;
}

export type PackedRow = readonly [scope: string, micros: number, ...values: (FieldValue | null)[]];

function packRow(table: EventTable, row: EventRow): unknown[] {
  const values = fieldsOf(table, true).map(([name]) => row.values[name] ?? null);
  // JSON makes null of a number that is none.
  return [row.scope.toWellFormed(), Math.round(row.atMs * 1000), ...values];
}

function isPackedRow(row: unknown, kinds: readonly FieldKind[]): row is PackedRow {
  if (!Array.isArray(row) || row.length !== kinds.length + 2) return false;
  const [scope, micros, ...values] = row as unknown[];
  return (
    typeof scope === 'string' &&
    Number.isSafeInteger(micros) &&
    values.every((value, i) => value === null || typeof value === typeOfKind[kinds[i]!])
  );
}

const typeOfKind: Readonly<Record<FieldKind, string>> = {
  number: 'number',
  flag: 'boolean',
  text: 'string',
  long: 'string',
};
