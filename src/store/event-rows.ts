import { type Alert, alertRules, severities } from '../model/alert.ts';
import type { IdleEvent } from '../model/event.ts';
import type { IdleVerdict } from '../model/idle.ts';
import type { InrushEstimate, StartRecord } from '../model/start.ts';
import type { IdleSnapshot } from './store.ts';
import { traceOfText, traceText } from './trace-text.ts';

/**
 * Events as both stores keep them: for a scope and a moment some named fields, only those that exist. The names
 * are columns in the embedded store and fields in InfluxDB, where dashboards ask for them.
 */

/** `long`: a text that is not read along with lists. */
export type FieldKind = 'number' | 'flag' | 'text' | 'long';
export type FieldValue = number | boolean | string;

export interface EventRow {
  readonly scope: string;
  readonly atMs: number;
  readonly values: Readonly<Record<string, FieldValue | undefined>>;
}

/** Rows of several tables; those of one are in the order they were handed in. */
export type EventRows = { readonly [table in EventTable]?: readonly EventRow[] };

export type EventTable = keyof typeof eventFields;

export const eventFields = {
  start: {
    id: 'text',
    outlets: 'text',
    from_watts: 'number',
    peak_watts: 'number',
    peak_at_ms: 'number',
    peak_is: 'text',
    settled_watts: 'number',
    settle_ms: 'number',
    watt_hours: 'number',
    volts_before: 'number',
    volts_min: 'number',
    sample_ms: 'number',
    concurrent: 'text',
    inrush_amps_peak: 'number',
    inrush_supplies: 'number',
    inrush_rule: 'text',
    detected_at_ms: 'number',
    complete: 'flag',
    trace: 'long',
  },
  /** No field in common with idle_row: in InfluxDB the two share a measurement and may share a moment. */
  idle_event: {
    change: 'text',
    changed_to_watts: 'number',
    changed_from_watts: 'number',
    changed_since_ms: 'number',
  },
  idle_row: {
    idle_watts: 'number',
    off_watts: 'number',
    basis: 'text',
    confidence: 'number',
    hours_observed: 'number',
    idle_share: 'number',
    since_ms: 'number',
    busy_watts: 'number',
    limit_watts: 'number',
    limit_rule: 'text',
    verdict: 'text',
    year_watt_hours: 'number',
    year_cost: 'number',
    year_grams: 'number',
  },
  /** A later write wins field by field: what is over is written as an empty text, not left out. */
  alert: {
    id: 'text',
    rule: 'text',
    severity: 'text',
    state: 'text',
    since_ms: 'number',
    fired_at_ms: 'number',
    resolved_at_ms: 'number',
    value: 'number',
    limit: 'number',
    unit: 'text',
    text: 'text',
    touched: 'text',
    touched_count: 'number',
    suppressed_by: 'text',
    suppressed_by_id: 'text',
    acked_by: 'text',
    acked_at_ms: 'number',
    ack_note: 'text',
  },
} as const satisfies Record<string, Record<string, FieldKind>>;

export const eventTables = Object.keys(eventFields) as EventTable[];

/** The fields of a table with their kinds; without `long` ones unless wanted. */
export function fieldsOf(table: EventTable, withLong: boolean): [name: string, kind: FieldKind][] {
  const fields = Object.entries<FieldKind>(eventFields[table]);
  return withLong ? fields : fields.filter(([, kind]) => kind !== 'long');
}

/** More rows than this are in no answer. */
export const eventRowsMax = 10_000;

/** InfluxDB takes texts of up to 64 KB. A list of names needs half of it for escaping. */
const traceBytesMax = 60_000;
const listBytesMax = 30_000;
/** Sentences are short; what is longer was not written by a person. */
const sentenceCharsMax = 1000;

/** Is this a moment a store can keep? (From 1970 to 2243.) */
export function isStorable(atMs: number): boolean {
  return atMs >= 0 && atMs <= 8.64e12;
}

export function startRow(start: StartRecord): EventRow {
  const { inrushEstimate: inrush, trace } = start;
  return {
    scope: start.scope,
    atMs: start.atMs,
    values: {
      id: start.id,
      outlets: listText(start.outlets),
      from_watts: start.fromWatts,
      peak_watts: start.peakWatts,
      peak_at_ms: start.peakAtMs,
      peak_is: start.peakIs,
      settled_watts: start.settledWatts,
      settle_ms: start.settleMs,
      watt_hours: start.wattHours,
      volts_before: start.voltsBefore,
      volts_min: start.voltsMin,
      sample_ms: start.sampleMs,
      concurrent: listText(start.concurrent),
      inrush_amps_peak: inrush?.ampsPeak,
      inrush_supplies: inrush?.supplies,
      inrush_rule: sentence(inrush?.rule),
      detected_at_ms: start.detectedAtMs,
      complete: start.complete,
      trace: trace === undefined ? undefined : traceText(trace, traceBytesMax),
    },
  };
}

/** Undefined when something is missing that every start has. */
export function startOfRow({ scope, atMs, values }: EventRow): StartRecord | undefined {
  const { id, from_watts, peak_watts, peak_at_ms, peak_is, sample_ms, detected_at_ms } = values;
  if (
    typeof id !== 'string' ||
    typeof from_watts !== 'number' ||
    typeof peak_watts !== 'number' ||
    (peak_is !== 'measured' && peak_is !== 'lower-bound')
  )
    return undefined;
  const trace = typeof values.trace === 'string' ? traceOfText(values.trace) : undefined;
  return {
    id,
    scope,
    outlets: listOfText(values.outlets),
    atMs,
    detectedAtMs: number(detected_at_ms) ?? atMs,
    fromWatts: from_watts,
    peakWatts: peak_watts,
    peakAtMs: number(peak_at_ms) ?? atMs,
    peakIs: peak_is,
    sampleMs: number(sample_ms) ?? 0,
    ...present('settledWatts', number(values.settled_watts)),
    ...present('settleMs', number(values.settle_ms)),
    ...present('wattHours', number(values.watt_hours)),
    ...present('voltsBefore', number(values.volts_before)),
    ...present('voltsMin', number(values.volts_min)),
    concurrent: listOfText(values.concurrent),
    ...present('inrushEstimate', inrushOf(values)),
    complete: values.complete === true,
    ...present('trace', trace),
  };
}

export function idleEventRow(event: IdleEvent): EventRow {
  return {
    scope: event.scope,
    atMs: event.atMs,
    values: {
      change: event.change,
      changed_to_watts: event.idleWatts,
      changed_from_watts: event.fromWatts,
      changed_since_ms: event.sinceMs,
    },
  };
}

export function idleEventOfRow({ scope, atMs, values }: EventRow): IdleEvent | undefined {
  const { change, changed_to_watts: idleWatts, changed_since_ms: sinceMs } = values;
  if ((change !== 'learnt' && change !== 'moved') || typeof idleWatts !== 'number') return undefined;
  return {
    kind: 'idle',
    scope,
    atMs,
    change,
    idleWatts,
    ...present('fromWatts', number(values.changed_from_watts)),
    sinceMs: number(sinceMs) ?? atMs,
  };
}

export function idleVerdictRow(row: IdleVerdict, atMs: number): EventRow {
  return {
    scope: row.scope,
    atMs,
    values: {
      idle_watts: row.idleWatts,
      off_watts: row.offWatts,
      basis: row.basis,
      confidence: row.confidence,
      hours_observed: row.hoursObserved,
      idle_share: row.idleShare,
      since_ms: row.sinceMs,
      busy_watts: row.busyWatts,
      limit_watts: row.limitWatts,
      limit_rule: sentence(row.limitRule),
      verdict: row.verdict,
      year_watt_hours: row.yearWattHours,
      year_cost: row.yearCost,
      year_grams: row.yearGrams,
    },
  };
}

export function idleSnapshotOfRow({ scope, atMs, values }: EventRow): IdleSnapshot | undefined {
  const { basis, verdict, limit_rule } = values;
  if (basis !== 'measured' && basis !== 'estimated' && basis !== 'unknown') return undefined;
  if (verdict !== 'ok' && verdict !== 'high' && verdict !== 'learning') return undefined;
  const row: IdleVerdict = {
    scope,
    ...present('idleWatts', number(values.idle_watts)),
    ...present('offWatts', number(values.off_watts)),
    basis,
    confidence: number(values.confidence) ?? 0,
    hoursObserved: number(values.hours_observed) ?? 0,
    idleShare: number(values.idle_share) ?? 0,
    sinceMs: number(values.since_ms) ?? atMs,
    ...present('busyWatts', number(values.busy_watts)),
    ...present('limitWatts', number(values.limit_watts)),
    ...present('limitRule', typeof limit_rule === 'string' ? limit_rule : undefined),
    verdict,
    ...present('yearWattHours', number(values.year_watt_hours)),
    ...present('yearCost', number(values.year_cost)),
    ...present('yearGrams', number(values.year_grams)),
  };
  return { atMs, row };
}

/**
 * An alert lies at its first crossing, and a few microseconds after it by the place of its rule: two rules that cross
 * at one moment in one scope are two points.
 */
export function alertRow(alert: Alert): EventRow {
  return {
    scope: alert.scope,
    atMs: Math.floor(alert.sinceMs) + alertRules.indexOf(alert.rule) / 1000,
    values: {
      id: alert.id,
      rule: alert.rule,
      severity: alert.severity,
      state: alert.state,
      since_ms: alert.sinceMs,
      fired_at_ms: alert.firedAtMs,
      resolved_at_ms: alert.resolvedAtMs,
      value: alert.value,
      limit: alert.limit,
      unit: alert.unit,
      text: sentence(alert.text),
      touched: alert.touched === undefined ? undefined : listText(alert.touched),
      touched_count: alert.touchedCount,
      suppressed_by: alert.suppressedBy ?? '',
      suppressed_by_id: sentence(alert.suppressedById) ?? '',
      acked_by: sentence(alert.ackedBy) ?? '',
      acked_at_ms: alert.ackedAtMs,
      ack_note: sentence(alert.ackNote) ?? '',
    },
  };
}

/** Undefined when something is missing that every alert has. */
export function alertOfRow({ scope, values }: EventRow): Alert | undefined {
  const { id, since_ms: sinceMs, text, suppressed_by: by, touched } = values;
  const rule = alertRules.find((name) => name === values.rule);
  const severity = severities.find((name) => name === values.severity);
  const state = (['pending', 'firing', 'resolved'] as const).find((name) => name === values.state);
  if (typeof id !== 'string' || typeof sinceMs !== 'number' || !rule || !severity || !state) return undefined;
  const ackedBy = words(values.acked_by);
  return {
    id,
    rule,
    scope,
    severity,
    state,
    sinceMs,
    ...present('firedAtMs', number(values.fired_at_ms)),
    ...present('resolvedAtMs', number(values.resolved_at_ms)),
    ...present('value', number(values.value)),
    ...present('limit', number(values.limit)),
    ...present('unit', words(values.unit)),
    text: words(text) ?? '',
    ...(touched === undefined ? {} : { touched: listOfText(touched) }),
    ...present('touchedCount', number(values.touched_count)),
    ...present(
      'suppressedBy',
      (['silenced', 'inhibited', 'muted'] as const).find((name) => name === by),
    ),
    ...present('suppressedById', words(values.suppressed_by_id)),
    ...present('ackedBy', ackedBy),
    ...present('ackedAtMs', ackedBy === undefined ? undefined : number(values.acked_at_ms)),
    ...present('ackNote', words(values.ack_note)),
  };
}

function words(value: FieldValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function inrushOf(values: EventRow['values']): InrushEstimate | undefined {
  const { inrush_amps_peak: ampsPeak, inrush_supplies: supplies, inrush_rule: rule } = values;
  if (typeof ampsPeak !== 'number' || typeof supplies !== 'number') return undefined;
  return { ampsPeak, supplies, rule: typeof rule === 'string' ? rule : '' };
}

function number(value: FieldValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Absent means absent: a key whose value is not known is not there. */
function present<K extends string, T>(key: K, value: T | undefined): { [key in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: T });
}

/** One line, so that a line of InfluxDB stays one. */
function sentence(text: string | undefined): string | undefined {
  return text
    ?.slice(0, sentenceCharsMax)
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed();
}

/** A JSON array of the names; of a list too long for a field, the first of them. */
function listText(names: readonly string[]): string {
  let text = JSON.stringify(names);
  for (let kept = names.length; Buffer.byteLength(text) > listBytesMax; ) {
    kept = Math.floor(kept / 2);
    text = JSON.stringify(names.slice(0, kept));
  }
  return text;
}

function listOfText(value: FieldValue | undefined): string[] {
  if (typeof value !== 'string') return [];
  try {
    const list: unknown = JSON.parse(value);
    return Array.isArray(list) ? list.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}
