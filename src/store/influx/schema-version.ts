import { StoreError } from '../store.ts';
import type { Place } from './answers.ts';
import type { InfluxAsker } from './ask.ts';
import type { InfluxHttp } from './http.ts';
import { schemaField, schemaMeasurement } from './layout.ts';

/** Grows by one whenever an older program could no longer read or write the database rightly. */
export const influxSchemaVersion = 1;

/** One point for good, rewritten in place: 2020-01-01. */
const atNanos = '1577836800000000000';

/**
 * Refuses a database that a newer rackwatt has written to; marks one that has no version yet (a new one, or one from
 * before versions were kept, which is the same layout). Data of InfluxDB are never changed in place: a later version
 * would write what is new beside. A server that may not be asked or marked is taken as it is.
 */
export async function checkSchemaVersion(
  asker: InfluxAsker,
  http: InfluxHttp,
  place: Place,
  eventsPath: string,
): Promise<void> {
  const version = await askVersion(asker).catch((error: unknown) => {
    if (error instanceof StoreError && passes.has(error.code)) throw error;
    return undefined;
  });
  if (version !== undefined && version > influxSchemaVersion)
    throw new StoreError(
      'refused',
      `database "${place.database}" at ${place.shownUrl} was written by a newer rackwatt (version ${version}, this one knows up to ${influxSchemaVersion}): start the newer program, or set store.influx.database to another`,
    );
  if (version === influxSchemaVersion) return;
  const line = Buffer.from(`${schemaMeasurement} ${schemaField}=${influxSchemaVersion} ${atNanos}`);
  // Not being marked is no reason to keep readings waiting; what is wrong shows at the next write.
  await http.post(eventsPath, line).catch(() => undefined);
}

/** Waiting helps: the store is opened again. */
const passes: ReadonlySet<string> = new Set(['unreachable', 'busy', 'missing', 'unauthorised']);

async function askVersion(asker: InfluxAsker): Promise<number | undefined> {
  const [series] = await asker.ask({
    statement: `SELECT ${schemaField} FROM events.${schemaMeasurement}`,
    policy: 'events',
  });
  const column = series?.columns.indexOf(schemaField) ?? -1;
  const values = (series?.values ?? []).map((row) => Number(row[column])).filter(Number.isFinite);
  return values.length === 0 ? undefined : Math.max(...values);
}
