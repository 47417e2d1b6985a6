import { fieldsOf, indexOfAny, numberIn, plainName } from '../exchange/csv-fields.ts';
import {
  clockMs,
  type SixFigures,
  type TimeUnit,
  timeIn,
  timeNames,
  timeUnitOf,
} from '../exchange/csv-times.ts';

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
      const [day, month, year, hour, minute, second] = parts.slice(1, 7).map(Number) as SixFigures;
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

/** Times outside of what a Date can be are none. */
function rowOf(atMs: number | undefined, watts: number | undefined): TraceRow | undefined {
  if (atMs === undefined || watts === undefined || !(Math.abs(atMs) <= 8.64e15)) return undefined;
  return { atMs, watts, volts: undefined, amps: undefined };
}
