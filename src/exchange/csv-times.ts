import { numberIn } from './csv-fields.ts';

/** Names of time columns, as `plainName` leaves them. */
export const timeNames = [
  ...[
    'time',
    'timestamp',
    'at',
    'ts',
    'datetime',
    'date_time',
    'date',
    'epoch',
    'unix',
    'unixtime',
    'unix_time',
  ],
  ...['time_ms', 'at_ms', 'atms', 'timestamp_ms', 'ts_ms', 'epoch_ms', 'unix_ms'],
  ...['time_s', 'at_s', 'timestamp_s', 'ts_s', 'epoch_s', 'unix_s'],
];
/** Of a plain number. */
export type TimeUnit = 'ms' | 's';

/** As a column's name says. */
export function timeUnitOf(name: string): TimeUnit | undefined {
  if (name.endsWith('ms')) return 'ms';
  return name.endsWith('_s') ? 's' : undefined;
}

/** Epoch in s, ms, µs or ns, or a date and time of day; without a zone (`zoned: false`) as if it were UTC. */
export function timeIn(
  field: string | undefined,
  unit: TimeUnit | undefined,
): { ms: number | undefined; zoned: boolean } | undefined {
  const text = field?.trim() ?? '';
  const number = numberIn(text);
  if (number !== undefined) return { ms: epochMs(number, unit), zoned: true };
  const parts =
    /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i.exec(
      text,
    );
  if (parts === null) return undefined;
  const [year, month, day, hour, minute] = parts.slice(1, 6).map((part) => Number(part ?? 0)) as SixFigures;
  const second = Number((parts[6] ?? '0').replace(',', '.'));
  const ms = clockMs([year, month, day, hour, minute, second]);
  return { ms: ms === undefined ? undefined : ms - zoneMs(parts[7]), zoned: parts[7] !== undefined };
}

/** What is too large for seconds is ms, then µs, then ns: the year 5138 in one is 1973 in the next. */
function epochMs(value: number, unit: TimeUnit | undefined): number {
  if (unit === 's') return value * 1_000;
  if (unit === 'ms') return value;
  const size = Math.abs(value);
  if (size < 1e11) return value * 1_000;
  if (size < 1e14) return value;
  return size < 1e17 ? value / 1e3 : value / 1e6;
}

/** Year, month, day, hour, minute, second. */
export type SixFigures = [number, number, number, number, number, number];

/** A clock's figures, read as UTC; undefined for a 31st of June. */
export function clockMs([year, month, day, hour, minute, second]: SixFigures): number | undefined {
  if (hour > 23 || minute > 59 || second >= 61) return undefined;
  const dayMs = Date.UTC(year, month - 1, day);
  if (new Date(dayMs).getUTCDate() !== day || new Date(dayMs).getUTCMonth() !== month - 1) return undefined;
  return dayMs + ((hour * 60 + minute) * 60 + second) * 1_000;
}

function zoneMs(zone: string | undefined): number {
  const parts = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '');
  if (parts === null) return 0;
  return (parts[1] === '-' ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3])) * 60_000;
}
