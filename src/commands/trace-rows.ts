/** What a trace says of one moment. */
export interface TraceRow {
  /** Epoch ms. */
  readonly atMs: number;
  readonly watts: number;
  volts?: number | undefined;
  amps?: number | undefined;
}

/** Reads the lines of one form. */
export interface RowReader {
  /** Undefined: no row. */
  read(line: string): TraceRow | undefined;
  /** Called with all rows, for what can only be told from the whole. */
  finish(rows: readonly TraceRow[]): void;
  /** Whether the times read named their zone. */
  zoned(): boolean;
}

/** `28/12/2011 00:00:01;11;11`: local clock; watts over one second, then over eight, of which the first counts. */
export function tracebaseRows(): RowReader {
  const form = /^\s*(\d{1,2})\/(\d{1,2})\/(\d{4})\s+(\d{1,2}):(\d{2}):(\d{2})\s*;\s*([\d.+-]+)\s*(;.*)?$/;
  return {
    read(line) {
      const parts = form.exec(line);
      if (parts === null) return undefined;
      const [day, month, year, hour, minute, second] = parts.slice(1, 7).map(Number) as Six;
      return rowOf(clockMs([year, month, day, hour, minute, second]), numberIn(parts[7]));
    },
    finish() {},
    zoned: () => false,
  };
}

/** A CSV, by its header. Undefined when that names no time or no watts. */
export function tableRows(header: string): RowReader | undefined {
  for (const delimiter of [',', ';', '\t']) {
    const names = fieldsOf(header, delimiter).map(plainName);
    const time = indexOfAny(names, timeNames);
    const watts = indexOfAny(names, wattsNames) ?? indexOfAny(names, kilowattNames);
    if (time === undefined || watts === undefined) continue;
    const amps = indexOfAny(names, ampsNames) ?? indexOfAny(names, milliampsNames);
    return new TableReader(delimiter, names, { time, watts, amps, volts: indexOfAny(names, voltsNames) });
  }
  return undefined;
}

interface Columns {
  readonly time: number;
  readonly watts: number;
  readonly volts: number | undefined;
  readonly amps: number | undefined;
}

class TableReader implements RowReader {
  readonly #delimiter: string;
  readonly #names: readonly string[];
  readonly #columns: Columns;
  readonly #kilo: boolean;
  readonly #timeUnit: TimeUnit | undefined;
  #zoned = true;

  constructor(delimiter: string, names: readonly string[], columns: Columns) {
    this.#delimiter = delimiter;
    this.#names = names;
    this.#columns = columns;
    this.#kilo = kilowattNames.includes(names[columns.watts] ?? '');
    this.#timeUnit = timeUnitOf(names[columns.time] ?? '');
  }

  read(line: string): TraceRow | undefined {
    const fields = fieldsOf(line, this.#delimiter);
    const { time, watts, volts, amps } = this.#columns;
    const at = timeIn(fields[time], this.#timeUnit);
    const power = this.#number(fields[watts]);
    const row = rowOf(at?.ms, power === undefined || !this.#kilo ? power : power * 1_000);
    if (row === undefined) return undefined;
    this.#zoned &&= at?.zoned ?? false;
    if (volts !== undefined) row.volts = this.#number(fields[volts]);
    if (amps !== undefined) row.amps = this.#number(fields[amps]);
    return row;
  }

  finish(rows: readonly TraceRow[]): void {
    const { amps } = this.#columns;
    if (amps === undefined || !isMilliamps(this.#names[amps] ?? '', rows)) return;
    for (const row of rows) if (row.amps !== undefined) row.amps /= 1_000;
  }

  zoned(): boolean {
    return this.#zoned;
  }

  #number(field: string | undefined): number | undefined {
    // Where the comma parts no columns it may stand for the point.
    return numberIn(this.#delimiter === ',' ? field : field?.replace(',', '.'));
  }
}

// Names as `plainName` leaves them.
const timeNames = [
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
const wattsNames = [
  ...[
    'watts',
    'watt',
    'w',
    'power',
    'power_w',
    'power_watts',
    'active_w',
    'active_power',
    'active_power_w',
    'active',
  ],
  ...['apower', 'act_power', 'p', 'p_w', 'real_power', 'watts_mean', 'mean_watts'],
];
const kilowattNames = ['kilowatts', 'kilowatt', 'kw', 'power_kw', 'active_power_kw'];
const voltsNames = ['volts', 'volt', 'v', 'voltage', 'voltage_v', 'u', 'rms_voltage'];
const plainAmpsNames = ['current', 'rms_current', 'i'];
const ampsNames = ['amps', 'amp', 'a', 'current_a', 'amperes', ...plainAmpsNames];
const milliampsNames = ['milliamps', 'ma', 'current_ma', 'amps_ma'];

/** `Active (W)` → `active_w` */
function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}

function indexOfAny(names: readonly string[], wanted: readonly string[]): number | undefined {
  for (const name of wanted) {
    const index = names.indexOf(name);
    if (index >= 0) return index;
  }
  return undefined;
}

/** RFC 4180 fields: in quotes the delimiter is text, and a quote stands doubled. */
function fieldsOf(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter);
  const fields = [''];
  let quoted = false;
  for (const [i, char] of [...line].entries()) {
    if (char === delimiter && !quoted) {
      fields.push('');
    } else if (char === '"') {
      const doubled = !quoted && i > 0 && line[i - 1] === '"' && fields.at(-1) !== '';
      if (doubled) fields[fields.length - 1] += char;
      quoted = !quoted;
    } else {
      fields[fields.length - 1] += char;
    }
  }
  return fields;
}

/**
 * A column called just "current" may be in A or mA (the Tuya plugs' own logs are). Power tells: A times V is at
 * most a few times the watts, mA times V a thousand times as much.
 */
function isMilliamps(name: string, rows: readonly TraceRow[]): boolean {
  if (milliampsNames.includes(name)) return true;
  if (!plainAmpsNames.includes(name)) return false;
  const ratios: number[] = [];
  for (const { watts, volts, amps } of rows) {
    if (watts >= clearWatts && amps !== undefined) ratios.push(((volts ?? usualVolts) * amps) / watts);
    if (ratios.length === ratiosMax) break;
  }
  const middle = ratios.sort((one, other) => one - other)[Math.floor(ratios.length / 2)];
  return middle !== undefined && middle > 30;
}

const clearWatts = 5;
const usualVolts = 200;
const ratiosMax = 10_000;

type TimeUnit = 'ms' | 's';

function timeUnitOf(name: string): TimeUnit | undefined {
  if (name.endsWith('ms')) return 'ms';
  return name.endsWith('_s') ? 's' : undefined;
}

function timeIn(
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
  const [year, month, day, hour, minute] = parts.slice(1, 6).map((part) => Number(part ?? 0)) as Six;
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

type Six = [number, number, number, number, number, number];

/** A clock's figures, read as UTC; undefined for a 31st of June. */
function clockMs([year, month, day, hour, minute, second]: Six): number | undefined {
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

function numberIn(field: string | undefined): number | undefined {
  const text = field?.trim() ?? '';
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Times outside of what a Date can be are none. */
function rowOf(atMs: number | undefined, watts: number | undefined): TraceRow | undefined {
  if (atMs === undefined || watts === undefined || !(Math.abs(atMs) <= 8.64e15)) return undefined;
  return { atMs, watts, volts: undefined, amps: undefined };
}
