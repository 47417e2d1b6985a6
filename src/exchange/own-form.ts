import type { ReadingFigure } from '../model/quantity.ts';
import { splitOutlet } from '../model/reading.ts';
import {
  type RollUpChange,
  type RollUpFigure,
  type RollUpTier,
  rollUpFigures,
  tierStepMs,
} from '../model/roll-up.ts';
import { parseScope } from '../model/scope.ts';
import { fieldsOf, indexOfAny, plainName } from './csv-fields.ts';
import { timeNames, timeUnitOf } from './csv-times.ts';
import { nameIn, relayIn, timeOf, valueIn } from './import-fields.ts';
import {
  type FormReader,
  type ImportedReading,
  type ImportedRow,
  type ImportOptions,
  type LeftOutReason,
  leftOut,
} from './import-rows.ts';
import { inOurUnit, type Measured, measuredAs, measuredByEnding } from './quantity-words.ts';

const outletNames = ['outlet', 'outlet_id', 'plug', 'socket', 'channel'];

/**
 * A table with a time column and columns of quantities (`time,outlet,watts,volts`), or a column for each feed
 * (`time,rack1,rack2`, emoncms). Undefined when the header names no time, or nothing that is measured.
 */
export function tableForm(
  header: readonly string[],
  delimiter: string,
  options: ImportOptions,
): FormReader | undefined {
  const names = header.map(plainName);
  const time = indexOfAny(names, ['atms', 'at_ms', ...timeNames]);
  if (time === undefined) return undefined;
  const outlet = indexOfAny(names, outletNames);
  const device = names.indexOf('device');
  const relay = outlet === undefined && device < 0 && options.outlet === undefined ? -1 : names.indexOf('on');
  const columns: Column[] = [];
  const unknown: { at: number; name: string }[] = [];
  for (const [i, name] of header.entries()) {
    if (i === time || i === outlet || i === device || i === relay || isTimeName(names[i]!)) continue;
    const mapped = options.mappings?.get(name.trim());
    const measured = mapped?.measured ?? measuredAs(name) ?? (mapped && ofFeed(name, options));
    if (measured !== undefined) columns.push({ at: i, measured, outlet: mapped?.outlet });
    else if (outlet === undefined) unknown.push({ at: i, name: name.trim() });
  }
  const [only] = unknown;
  if (columns.length === 0 && unknown.length === 1 && options.outlet !== undefined && only !== undefined) {
    columns.push({ at: only.at, measured: ofFeed(only.name, options), outlet: undefined });
    unknown.pop();
  }
  if (columns.length === 0 && unknown.length === 0 && relay < 0) return undefined;
  const unit = timeUnitOf(names[time]!);
  const nameOf = (fields: readonly string[]) => outletOf(fields, outlet, device, options);
  return {
    form:
      unknown.length > 0 || columns.some((column) => column.outlet !== undefined)
        ? 'a column for each feed'
        : 'readings',
    leftOutColumns: unknown.map(({ name }) => name),
    read(line) {
      const fields = fieldsOf(line, delimiter);
      const atMs = timeOf(fields[time], unit, options);
      if (typeof atMs === 'string') return leftOut(atMs);
      if (columns.length === 0 && relay < 0)
        return leftOut('not-mapped', unknown.map(({ name }) => name).join(', '));
      return readingsOf(fields, { columns, relay }, atMs, delimiter !== ',', nameOf);
    },
  };
}

/** A feed that somebody has mapped is one of power, unless it is named otherwise. */
function ofFeed(name: string, options: ImportOptions): Measured {
  return measuredByEnding(name) ?? options.measured ?? { quantity: 'watts', factor: 1 };
}

/** emoncms also writes the time a second time, as a date. */
function isTimeName(name: string): boolean {
  return timeNames.includes(name) || name.startsWith('date_time') || name === 'iso';
}

interface Column {
  readonly at: number;
  readonly measured: Measured;
  /** Its own; else the line's. */
  readonly outlet: string | undefined;
}

function readingsOf(
  fields: readonly string[],
  { columns, relay }: { readonly columns: readonly Column[]; readonly relay: number },
  atMs: number,
  isDecimalComma: boolean,
  nameOf: (fields: readonly string[]) => string | undefined,
): ImportedRow {
  const readings = new Map<string, ImportedReading>();
  let wrong: ImportedRow | undefined;
  const told: [figure: ReadingFigure, value: number | LeftOutReason, at: number, own?: string | undefined][] =
    columns.map(({ at, measured: { quantity, factor }, outlet }) => {
      const value = valueIn(fields[at], isDecimalComma);
      return [quantity, typeof value === 'string' ? value : inOurUnit(value, factor), at, outlet];
    });
  if (relay >= 0) told.push(['on', relayIn(fields[relay]), relay]);
  for (const [figure, value, at, own] of told) {
    if (typeof value === 'string') {
      // An empty field among others only says that this was not measured.
      if (value !== 'no-value') wrong ??= leftOut(value, fields[at]);
      continue;
    }
    const outlet = own ?? nameOf(fields);
    if (outlet === undefined) return leftOut('no-outlet');
    let reading = readings.get(outlet);
    if (reading === undefined) {
      reading = { outlet, atMs, values: {} };
      readings.set(outlet, reading);
    }
    reading.values[figure] = value;
  }
  if (readings.size === 0) return wrong ?? leftOut('no-value');
  return { kind: 'readings', readings: [...readings.values()] };
}

/** `device` and `outlet` may stand apart, as InfluxDB hands them out. */
function outletOf(
  fields: readonly string[],
  outlet: number | undefined,
  device: number,
  options: ImportOptions,
): string | undefined {
  if (options.outlet !== undefined) return options.outlet;
  if (outlet === undefined && device < 0) return undefined;
  const label = outlet === undefined ? '' : nameIn(fields[outlet]);
  const ofDevice = device < 0 ? '' : nameIn(fields[device]);
  const mapped = options.mappings?.get(label)?.outlet;
  if (mapped !== undefined) return mapped;
  if (ofDevice !== '' && !label.startsWith(`${ofDevice}/`))
    return `${ofDevice}/${label === '' ? '0' : label}`;
  if (label === '') return undefined;
  const { device: named, label: own } = splitOutlet(label);
  return `${named}/${own}`;
}

/** Roll-ups as `rackwatt export` writes them: `tier,scope,fromMs,…`. */
export function rollUpForm(header: readonly string[], delimiter: string): FormReader | undefined {
  const names = header.map((name) => name.trim());
  const [tier, scope, from] = ['tier', 'scope', 'fromMs'].map((name) => names.indexOf(name)) as [
    number,
    number,
    number,
  ];
  if (tier < 0 || scope < 0 || from < 0) return undefined;
  const figures = rollUpFigures.flatMap((name) =>
    names.includes(name) ? [[name, names.indexOf(name)] as const] : [],
  );
  return {
    form: 'roll-ups',
    read(line) {
      const fields = fieldsOf(line, delimiter);
      const tierOf = fields[tier] as RollUpTier;
      const fromMs = Number(fields[from]);
      if (!(tierOf in tierStepMs) || !Number.isInteger(fromMs / tierStepMs[tierOf]))
        return leftOut('bad-time');
      const name = nameIn(fields[scope]);
      if (parseScope(name) === undefined) return leftOut('no-outlet', name);
      const row: Record<string, unknown> = { scope: name, fromMs };
      for (const [figure, at] of figures) {
        const value = valueIn(fields[at], delimiter !== ',');
        if (typeof value === 'number') row[figure satisfies RollUpFigure] = value;
        else if (value !== 'no-value') return leftOut(value, fields[at]);
      }
      return { kind: 'rollUps', tier: tierOf, rows: [row as unknown as RollUpChange], isWhole: true };
    },
  };
}
