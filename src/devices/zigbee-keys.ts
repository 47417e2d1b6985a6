import type { Quantity } from '../model/quantity.ts';
import { isObject } from './json.ts';
import { meaningOfUnit } from './unit-names.ts';

/** What one key of a Zigbee2MQTT state says. */
export interface ZigbeeKey {
  /** `relay`: whether it is switched on. */
  readonly kind: Quantity | 'relay';
  /** To our unit. */
  readonly scale: number;
  /** The endpoint or phase as the key names it (`l1`, `left`, `2`, `b`); undefined: none. */
  readonly label: string | undefined;
  /** `power_phase_b`: the key without such an ending is phase A then. */
  readonly isPhase: boolean;
  /** Which of two keys for the same figure is taken: smaller first. */
  readonly rank: number;
}

interface Name {
  readonly kind: Quantity | 'relay';
  readonly scale: number;
}

/** zigbee-herdsman-converters, src/lib/exposes.ts and converters/fromZigbee.ts; in the order of preference. */
const names: Readonly<Record<string, Name>> = {
  power: { kind: 'watts', scale: 1 },
  active_power: { kind: 'watts', scale: 1 },
  current: { kind: 'amps', scale: 1 },
  rms_current: { kind: 'amps', scale: 1 },
  voltage: { kind: 'volts', scale: 1 },
  rms_voltage: { kind: 'volts', scale: 1 },
  energy: { kind: 'wattHoursTotal', scale: 1000 },
  /** Old Xiaomi plugs. */
  consumption: { kind: 'wattHoursTotal', scale: 1000 },
  energy_consumed: { kind: 'wattHoursTotal', scale: 1000 },
  produced_energy: { kind: 'wattHoursReturnedTotal', scale: 1000 },
  energy_produced: { kind: 'wattHoursReturnedTotal', scale: 1000 },
  power_apparent: { kind: 'voltAmps', scale: 1 },
  apparent_power: { kind: 'voltAmps', scale: 1 },
  power_reactive: { kind: 'voltAmpsReactive', scale: 1 },
  reactive_power: { kind: 'voltAmpsReactive', scale: 1 },
  power_factor: { kind: 'powerFactor', scale: 1 },
  ac_frequency: { kind: 'hertz', scale: 1 },
  power_total: { kind: 'watts', scale: 1 },
  total_power: { kind: 'watts', scale: 1 },
  total_active_power: { kind: 'watts', scale: 1 },
  /** Of two clamps together. */
  power_ab: { kind: 'watts', scale: 1 },
  energy_total: { kind: 'wattHoursTotal', scale: 1000 },
  total_energy: { kind: 'wattHoursTotal', scale: 1000 },
  state: { kind: 'relay', scale: 1 },
};

const order = Object.keys(names);
/** The longest first, so that `power_factor_l1` is not taken for the `factor_l1` of `power`. */
const byLength = order.toSorted((one, other) => other.length - one.length);

/** The endings that mean an endpoint or a phase: not `power_on_behavior`, not `energy_yesterday`. */
const ending =
  /^(?:l\d{1,2}|ep_?\d{1,3}|\d{1,3}|row_\d|[a-c]|[xyz]|left|right|center|middle|top|bottom|(?:top|center|bottom)_(?:left|center|right)|ne|nw|se|sw|usb|relay|main|meter|in|out)$/i;

/** What a key says by its name alone; undefined: nothing of ours. */
export function zigbeeKey(key: string): ZigbeeKey | undefined {
  const name = byLength.find(
    (each) => key.startsWith(each) && (key.length === each.length || key[each.length] === '_'),
  );
  if (name === undefined) return undefined;
  const rest = key.slice(name.length + 1);
  if (rest === '')
    return { ...(names[name] as Name), label: undefined, isPhase: false, rank: order.indexOf(name) };
  const phase = /^phase_([a-c])$/.exec(rest)?.[1];
  if (phase === undefined && !ending.test(rest)) return undefined;
  const { kind, scale } = names[name] as Name;
  return { kind, scale, label: phase ?? rest, isPhase: phase !== undefined, rank: order.indexOf(name) };
}

/** What `bridge/devices` tells of the keys of one device. */
export interface ZigbeeExposes {
  /** Undefined: exposed, and nothing of ours. */
  readonly keys: ReadonlyMap<string, ZigbeeKey | undefined>;
  readonly hasBattery: boolean;
  readonly isMeter: boolean;
}

const propertiesMax = 256;

/** `definition.exposes`: properties with unit and endpoint; of switches their `state`. */
export function readExposes(exposes: unknown): ZigbeeExposes {
  const keys = new Map<string, ZigbeeKey | undefined>();
  let hasBattery = false;
  const list = Array.isArray(exposes) ? exposes.slice(0, propertiesMax) : [];
  for (const expose of list) {
    if (!isObject(expose)) continue;
    const { property, features } = expose;
    if (property === 'battery') hasBattery = true;
    if (typeof property === 'string') addKey(keys, expose);
    // Lights, locks and covers have a `state` too, that of no outlet.
    if (expose.type === 'switch' && Array.isArray(features))
      for (const feature of features.slice(0, 16)) if (isObject(feature)) addKey(keys, feature);
  }
  return { keys, hasBattery, isMeter: [...keys.values()].some((key) => key !== undefined && isMetered(key)) };
}

/** Figures only a meter has: a battery has a voltage, a light a state. */
export function isMetered({ kind }: ZigbeeKey): boolean {
  return kind !== 'volts' && kind !== 'hertz' && kind !== 'relay';
}

function addKey(keys: Map<string, ZigbeeKey | undefined>, expose: Readonly<Record<string, unknown>>): void {
  const { property, unit, endpoint } = expose;
  if (typeof property !== 'string' || property.length > 64 || keys.size >= propertiesMax) return;
  const key = zigbeeKey(property);
  if (key === undefined) {
    keys.set(property, undefined);
    return;
  }
  const scale = typeof unit === 'string' && unit !== '' ? scaleOf(unit, key) : key.scale;
  const label = key.label ?? labelOf(endpoint, property);
  keys.set(property, scale === undefined ? undefined : { ...key, scale, label });
}

/** Undefined: a unit of something else. */
function scaleOf(unit: string, key: ZigbeeKey): number | undefined {
  if (unit === '%') return key.kind === 'powerFactor' ? 0.01 : undefined;
  const meaning = meaningOfUnit(unit);
  const quantity = key.kind === 'wattHoursReturnedTotal' ? 'wattHoursTotal' : key.kind;
  return meaning?.quantity === quantity ? meaning.scale : undefined;
}

/** The endpoint counts when the key names it; one meter of a device with endpoints is that of the whole. */
function labelOf(endpoint: unknown, property: string): string | undefined {
  return typeof endpoint === 'string' && /^[\w-]{1,32}$/.test(endpoint) && property.endsWith(`_${endpoint}`)
    ? endpoint
    : undefined;
}
