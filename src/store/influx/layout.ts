import type { Quantity, ReadingFigure } from '../../model/quantity.ts';
import type { RollUpFigure, RollUpTier } from '../../model/roll-up.ts';
import type { EventTable } from '../event-rows.ts';
import type { WriteTier } from '../store.ts';

/**
 * How rackwatt's data lies in InfluxDB: which retention policy holds which measurement, under which tags and
 * fields. Dashboards are tested against these names.
 */

/** Raw readings: one point for each outlet and moment, only what the message brought. */
export const readingMeasurement = 'reading';
export const readingTags = ['device', 'outlet'] as const;
export const readingFields: Readonly<Record<Quantity, string>> = {
  watts: 'watts',
  volts: 'volts',
  amps: 'amps',
  voltAmps: 'volt_amps',
  voltAmpsReactive: 'volt_amps_reactive',
  powerFactor: 'power_factor',
  hertz: 'hertz',
  wattHoursTotal: 'watt_hours_total',
  wattHoursReturnedTotal: 'watt_hours_returned_total',
};
/** The relay; a boolean beside the floats. */
export const onField = 'on';

/** The field of a figure of a reading. */
export function fieldOf(figure: ReadingFigure): string {
  return figure === 'on' ? onField : readingFields[figure];
}

/** Roll-ups: the measurement is called like its tier and its retention policy. */
export const rollUpTags = ['scope'] as const;
export const rollUpFields: Readonly<Record<RollUpFigure, string>> = {
  wattsMean: 'watts_mean',
  wattsMin: 'watts_min',
  wattsMax: 'watts_max',
  wattHours: 'watt_hours',
  observedMs: 'observed_ms',
  // Of quarters only, once their energy is booked.
  counterWattHours: 'counter_watt_hours',
  integratedWattHours: 'integrated_watt_hours',
  spreadWattHours: 'spread_watt_hours',
  spreadMs: 'spread_ms',
};

/** Events: fields as in event-rows.ts. Changes of a baseline and how it stood day by day share a measurement. */
export const eventTags = ['scope'] as const;
export const eventMeasurements: Readonly<Record<EventTable, string>> = {
  start: 'start',
  idle_event: 'idle',
  idle_row: 'idle',
  alert: 'alert',
};

/** Of which version the layout is; one point in `events` (schema-version.ts). */
export const schemaMeasurement = 'rackwatt';
export const schemaField = 'schema_version';

/** What dashboards ask of the room itself, beside the version (room-note.ts). */
export const roomTags = ['timezone', 'currency'] as const;
export const roomField = 'room';

export const policyNames = ['raw', 'minute', 'quarter', 'events'] as const;
export type PolicyName = (typeof policyNames)[number];

/** A tier lives in the retention policy of its name. */
export function policyOf(tier: WriteTier): PolicyName {
  return tier;
}

export function measurementOf(tier: RollUpTier): string {
  return tier;
}

/** How long tiers are kept, in ms; 0 or Infinity: for ever. Quarters and events are always kept for ever. */
export interface Retention {
  readonly rawMs: number;
  readonly minuteMs: number;
}

export interface Policy {
  readonly name: PolicyName;
  /** 0: for ever. */
  readonly durationMs: number;
  readonly shardMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function policiesFor(retention: Retention): Policy[] {
  return [
    policy('raw', retention.rawMs),
    policy('minute', retention.minuteMs),
    policy('quarter', 0),
    policy('events', 0),
  ];
}

function policy(name: PolicyName, keptMs: number): Policy {
  const durationMs = keptMs > 0 && Number.isFinite(keptMs) ? Math.max(hourMs, Math.round(keptMs)) : 0;
  return { name, durationMs, shardMs: shardMs(name, durationMs) };
}

/**
 * A shard is what InfluxDB compacts, opens and drops as a whole: raw readings by the day, sparse roll-ups in
 * larger pieces so that years do not become thousands of files.
 */
function shardMs(name: PolicyName, durationMs: number): number {
  if (durationMs > 0 && durationMs < 2 * dayMs) return hourMs;
  if (name === 'raw') return dayMs;
  if (durationMs === 0) return 91 * dayMs;
  // InfluxDB refuses shards longer than what is kept.
  return Math.min(7, Math.floor(durationMs / (2 * dayMs))) * dayMs;
}
