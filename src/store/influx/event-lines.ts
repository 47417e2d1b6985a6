import {
  type EventRow,
  type EventRows,
  type EventTable,
  eventTables,
  type FieldValue,
  fieldsOf,
  isStorable,
} from '../event-rows.ts';
import type { StoreWrite } from '../store.ts';
import { eventMeasurements, eventTags } from './layout.ts';
import { tagText } from './names.ts';

/** `start,scope=… id="…",peak_watts=412.5,… <ns>`, a line for each event. */
export function eventLines(rows: EventRows): StoreWrite {
  const lines = eventTables.flatMap((table) => (rows[table] ?? []).flatMap((row) => eventLine(table, row)));
  return { tier: 'events', count: lines.length, bytes: Buffer.from(lines.join(''), 'utf8') };
}

/** Nothing when there is no field, or no possible moment. */
function eventLine(table: EventTable, row: EventRow): string[] {
  if (!isStorable(row.atMs)) return [];
  const fields = fieldsOf(table, true).flatMap(([name]) => {
    const value = row.values[name];
    const isNone = value === undefined || (typeof value === 'number' && !Number.isFinite(value));
    return isNone ? [] : `${name}=${fieldText(value)}`;
  });
  if (fields.length === 0) return [];
  const key = eventMeasurements[table] + tagText(eventTags[0], row.scope);
  return [`${key} ${fields.join(',')} ${Math.round(row.atMs * 1000)}000\n`];
}

function fieldText(value: FieldValue): string {
  return typeof value === 'string' ? `"${value.replace(/["\\]/g, '\\$&')}"` : String(value);
}
