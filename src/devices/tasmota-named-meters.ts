import type { Quantity } from '../model/quantity.ts';
import type { RawMessage, Reading } from '../model/reading.ts';
import type { Report } from './family.ts';
import { feedCeilings, measured } from './fields.ts';
import { isObject, type JsonObject } from './json.ts';
import { readingAt } from './measured-time.ts';
import type { TasmotaDevice } from './tasmota-device.ts';

/** What a key of such a meter says. */
interface NamedKey {
  readonly quantity: Quantity;
  readonly scale: number;
  /** `L1` … `L3`, or the number of a channel; undefined: of the whole. */
  readonly phase: string | undefined;
}

interface NamedMeter {
  readonly name: string;
  readonly figures: readonly (NamedKey & { readonly value: unknown })[];
}

const metersMax = 16;
const figuresMax = 64;
const nameLengthMax = 40;
const channelsMax = 16;

/**
 * Meters that stand in the telemetry under a name of their own: smart meters by a script (`SML`, `MT175` or
 * whatever its owner called it), chips on a bus (`INA219`). Counters are in kWh, as everywhere in Tasmota. Their keys
 * are the owner's too (Tasmota docs, Smart-Meter-Interface.md: the descriptors in use): only names beyond doubt are
 * read, and only where power, or a counter by a name that nothing else has, is among them. False: none.
 */
export function readNamedMeters(
  body: JsonObject,
  device: TasmotaDevice,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): boolean {
  const meters: NamedMeter[] = [];
  for (const name in body) {
    const part = body[name];
    const figures = isObject(part) && meters.length < metersMax ? figuresOf(part) : [];
    if (figures.length > 0) meters.push({ name: name.trim().slice(0, nameLengthMax), figures });
  }
  const isOnly = meters.length === 1;
  for (const { name, figures } of meters) {
    const prefix = isOnly ? '' : `${name.replaceAll('/', '_')}:`;
    readMeter(prefix, figures, device, atMs, message, report);
  }
  return meters.length > 0;
}

/** Its figures; none: not a meter. */
function figuresOf(part: JsonObject): NamedMeter['figures'] {
  const entries = Object.entries(part).slice(0, figuresMax);
  const found = entries.flatMap(([key, value]) => {
    const named = meaningOfKey(key);
    return named === undefined ? [] : valuesOf(value, named).map((one) => ({ ...one, key }));
  });
  return isMeter(found, entries) ? found : [];
}

/** One figure, or one for each channel. */
function valuesOf(value: unknown, named: NamedKey): (NamedKey & { readonly value: unknown })[] {
  if (typeof value === 'number' || typeof value === 'string') return [{ ...named, value }];
  if (!Array.isArray(value) || named.phase !== undefined) return [];
  return value
    .slice(0, channelsMax)
    .map((element: unknown, index) => ({ ...named, phase: String(index + 1), value: element }));
}

/** Heaters and inverters have a `Power` too, in percent or as a step: what stands there must be all of a meter. */
function isMeter(
  found: readonly { quantity: Quantity; key: string; value: unknown }[],
  entries: readonly (readonly [string, unknown])[],
): boolean {
  const numbers = found.filter(({ value }) => typeof value === 'number');
  if (numbers.some(({ key }) => isDistinct(key))) return true;
  if (!numbers.some(({ quantity }) => quantity === 'watts')) return false;
  const others = entries.filter(
    ([key, value]) => typeof value === 'number' && meaningOfKey(key) === undefined,
  );
  return others.length === 0 || new Set(numbers.map(({ quantity }) => quantity)).size > 1;
}

function readMeter(
  prefix: string,
  figures: NamedMeter['figures'],
  device: TasmotaDevice,
  atMs: number | undefined,
  message: RawMessage,
  report: Report,
): void {
  const hasPhases = figures.some(({ phase }) => phase !== undefined);
  if (prefix === '') device.channelled = hasPhases;
  const whole =
    prefix === '' ? (hasPhases ? device.total : device.sole) : `${device.device}/${prefix.slice(0, -1)}`;
  const readings = new Map<string, Reading>();
  for (const { quantity, scale, phase, value } of figures) {
    const outlet = phase === undefined ? whole : `${device.device}/${prefix}${phase}`;
    const reading = readings.get(outlet) ?? readingAt(device.device, outlet, atMs, message);
    readings.set(outlet, reading);
    reading[quantity] ??= measured(quantity, value, scale, feedCeilings, device.device, report);
  }
  for (const reading of readings.values()) report.reading(reading);
}

/** By quantity and factor, all the ways they are written; longer ones are found first by being whole names. */
const spellings: readonly (readonly [Quantity, number, string])[] = [
  [
    'watts',
    1,
    'power power_curr power_cur power_current current_power curr_power actual_power power_act power_total ' +
      'power_sum total_power sum_power power_all active_power activepower act_power real_power apower curr_w cur_w ' +
      'watt watts watt_summe watt_sum p p_total p_sum p_ges pges leistung leistung_summe leistung_aktuell ' +
      'wirkleistung wirkleistung_summe 16_7_0 puissance potencia potenza vermogen',
  ],
  [
    'wattHoursTotal',
    1000,
    'total_in totalin e_in energy_in energy_import import_energy total_import import_total total_kwh total_kwh_in ' +
      'kwh_total kwh energy energy_total total_energy e_total bezug bezug_summe verbrauch verbrauch_summe ' +
      'zaehlerstand 1_8_0 total import consumption',
  ],
  [
    'wattHoursReturnedTotal',
    1000,
    'total_out totalout e_out energy_out energy_export export_energy total_export export_total export_total_kwh ' +
      'total_kwh_out einspeisung einspeisung_summe 2_8_0 export',
  ],
  ['volts', 1, 'volt volts voltage u spannung rmsvoltage tension'],
  ['amps', 1, 'amp amps ampere current i strom strom_summe rmscurrent'],
  ['hertz', 1, 'freq frequency frequenz hz'],
  ['powerFactor', 1, 'factor pf power_factor powerfactor cosphi cos_phi'],
  ['voltAmps', 1, 'apparentpower apparent_power scheinleistung va'],
  ['voltAmpsReactive', 1, 'reactivepower reactive_power blindleistung var'],
];
const meanings: ReadonlyMap<string, { quantity: Quantity; scale: number }> = new Map(
  spellings.flatMap(([quantity, scale, names]) =>
    names.split(' ').map((name) => [name, { quantity, scale }] as const),
  ),
);
const keyLengthMax = 40;

/** `Watt_L1`, `volt_p2`, `Power_c`, `power3`, `phase_1_power` */
const phaseForms: readonly RegExp[] = [
  /^(?<name>.+?)_?(?:l|phase_?|ph)(?<phase>[123])$/,
  /^(?<name>.+)_p?(?<phase>[123])$/,
  /^(?<name>.+)_(?<phase>[abc])$/,
  /^(?<name>.+)(?<phase>[123])$/,
  /^(?:l|phase_?)(?<phase>[123])_(?<name>.+)$/,
];

function meaningOfKey(text: string): NamedKey | undefined {
  if (text.length > keyLengthMax) return undefined;
  const key = plainKey(text);
  const whole = meanings.get(key);
  if (whole !== undefined) return { ...whole, phase: undefined };
  for (const form of phaseForms) {
    const { name = '', phase = '' } = form.exec(key)?.groups ?? {};
    const meaning = meanings.get(name);
    if (meaning !== undefined)
      return { ...meaning, phase: `L${' abc'.indexOf(phase) > 0 ? ' abc'.indexOf(phase) : phase}` };
  }
  return undefined;
}

/** Nothing but a meter has these. Many keep their power to themselves until they are unlocked. */
function isDistinct(key: string): boolean {
  return /^(?:total_?in|e_in|energy_in|total_kwh|1_8_0|16_7_0|verbrauch_summe|bezug|curr_w|watts?|watt_summe|.*wirkleistung.*|power_cur.*|curr.*_power|power_l[123])$/.test(
    plainKey(key),
  );
}

function plainKey(text: string): string {
  return text.toLowerCase().replace(/[\s.:*-]+/g, '_');
}
