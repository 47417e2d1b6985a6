import type { InfluxAsker } from './ask.ts';
import type { InfluxHttp } from './http.ts';
import { roomField, roomTags, schemaMeasurement } from './layout.ts';
import { tagLiteral, tagText } from './names.ts';

/** What dashboards have to know of the room: in which zone its days are, and what it pays in. */
export interface RoomNote {
  /** IANA. */
  readonly timezone: string;
  /** ISO 4217; undefined: no tariff. */
  readonly currency?: string | undefined;
}

/** One point for good: 2020-01-01. */
const atNanos = '1577836800000000000';

/**
 * Writes down the room's zone and currency, as tags, since dashboards can only offer values of tags; what was written
 * before a change goes. Never rejects: dashboards can do without.
 */
export async function noteRoom(
  asker: InfluxAsker,
  http: InfluxHttp,
  eventsPath: string,
  note: RoomNote,
): Promise<void> {
  const wanted = roomTags.map((tag) => note[tag] ?? '');
  try {
    const noted = await askNoted(asker);
    const others = noted.filter((tags) => !isSame(tags, wanted));
    for (const tags of others) await drop(asker, tags);
    if (others.length < noted.length) return;
  } catch {
    // What cannot be asked or dropped (2.x and 3 Core drop no series) is offered beside the new one.
  }
  const tags = roomTags.map((tag, i) => tagText(tag, wanted[i]!)).join('');
  const line = Buffer.from(`${schemaMeasurement}${tags} ${roomField}=1 ${atNanos}`);
  await http.post(eventsPath, line).catch(() => undefined);
}

async function askNoted(asker: InfluxAsker): Promise<readonly string[][]> {
  const tags = roomTags.map((tag) => `"${tag}"`).join(', ');
  const series = await asker.ask({
    statement: `SELECT ${roomField} FROM events.${schemaMeasurement} GROUP BY ${tags}`,
    policy: 'events',
  });
  return series.map((one) => roomTags.map((tag) => one.tags?.[tag] ?? ''));
}

async function drop(asker: InfluxAsker, tags: readonly string[]): Promise<void> {
  const where = roomTags.map((tag, i) => `"${tag}" = ${tagLiteral(tags[i]!)}`).join(' AND ');
  await asker.ask({ statement: `DROP SERIES FROM ${schemaMeasurement} WHERE ${where}`, changes: true });
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.every((value, i) => value === others[i]);
}
