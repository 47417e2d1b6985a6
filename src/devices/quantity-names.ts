import type { Quantity } from '../model/quantity.ts';
import { type Meaning, meaningOfSuffix, meaningOfUnit } from './unit-names.ts';

/** What a name such as `outlet_3_power_w` or `Active Power (kW)` says. */
export interface NamedFigure extends Meaning {
  /** The unit is told, or nothing but ours is plausible. Else `scale` is 1 for want of anything better. */
  readonly sure: boolean;
  /** The outlet or phase in the name: `3`, `L2`, `a`. */
  readonly label: string | undefined;
  /** Which side of a UPS or power supply. */
  readonly side: 'input' | 'output' | undefined;
}

/**
 * What is measured, by its name and, where the payload tells it, its unit. The unit is believed first, then a unit
 * at the end of the name, then the name. Undefined: no live figure of ours (`power_max`, `energy_today`, `load_percent`).
 */
export function figureOfName(name: string, unit?: string | undefined): NamedFigure | undefined {
  const pieces = piecesOf(name);
  const words = pieces.map((piece) => piece.toLowerCase());
  if (words.length === 0 || words.some((word) => notLive.has(word))) return undefined;
  if (/^(state|status)$/.test(words.at(-1) as string)) return undefined;
  const told = unit === undefined ? undefined : meaningOfUnit(unit);
  const isPercent = unit === '%';
  if (unit !== undefined && unit !== '' && told === undefined && !isPercent && !/^[1-]$/.test(unit))
    return undefined;
  const kind = kindOf(words);
  const suffix = told === undefined ? suffixOf(pieces, kind) : undefined;
  const meaning = told ?? suffix ?? (kind && { quantity: kind, scale: isPercent ? 0.01 : 1 });
  if (meaning === undefined || (isPercent && kind !== 'powerFactor')) return undefined;
  const quantity = directed(meaning.quantity, kind, words);
  if (quantity === undefined || (quantity === 'volts' && isBetweenPhases(words))) return undefined;
  // `DeciAmps`, `AmpsTenths`: parts of a unit that the name must tell too.
  const part = told === undefined ? partOf(words) : undefined;
  return {
    quantity,
    scale: part === undefined ? meaning.scale : Number((meaning.scale * part).toPrecision(12)),
    sure:
      told !== undefined ||
      suffix !== undefined ||
      (part === undefined ? plausibleAlone.has(quantity) : quantity === 'amps' || quantity === 'volts'),
    label: labelOf(words, suffix === undefined),
    side: sideOf(words),
  };
}

const parts: readonly (readonly [RegExp, number])[] = [
  [/^(deci|tenths?)$/, 0.1],
  [/^(centi|hundredths?)$/, 0.01],
  [/^(milli|thousandths?)$/, 0.001],
];

function partOf(words: readonly string[]): number | undefined {
  return parts.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1];
}

/** `Voltage L1-L2`, `voltage_ab`, `Vll`: no voltage that an outlet has. */
function isBetweenPhases(words: readonly string[]): boolean {
  return (
    words.some((word) => /^(ll|ab|bc|ca|l1l2|l2l3|l3l1|l12|l23|l31|vll|vab|vbc|vca|ltol)$/.test(word)) ||
    words.some((word, index) => /^(l[123]|line)$/.test(word) && isOtherPhase(word, words, index)) ||
    new Set(words.filter((word) => /^l[123]$/.test(word))).size > 1
  );
}

function isOtherPhase(word: string, words: readonly string[], index: number): boolean {
  const next = words[index + 1] === 'to' ? words[index + 2] : words[index + 1];
  return next !== undefined && (word === 'line' ? next === 'line' : /^l[123]$/.test(next) && next !== word);
}

const nameLengthMax = 200;

/** Limits, statistics, parts of a day, and things with other units: no live figure of the outlet. */
const notLive = new Set(
  (
    'max min maximum minimum peak limit rated rating nominal threshold setpoint capacity average avg mean demand ' +
    'crest allocated available requested today daily yesterday day days month monthly week weekly year yearly ' +
    'hourly interval period delta percent pct percentage ratio alarm warning time date battery ' +
    'bypass temperature temp thd angle count price cost harmonic neutral residual leakage upper lower low high ' +
    'remaining left ns last balance imbalance unbalance deviation switch command control config version ' +
    'sp hihi hi lolo lo deadband nameplate utilized utilization design nom lowest highest previous prev'
  ).split(' '),
);

/** Without a unit still beyond doubt: any other unit would be out of range. */
const plausibleAlone: ReadonlySet<Quantity> = new Set<Quantity>(['volts', 'hertz', 'powerFactor']);

/** Words, with `activePowerKW` and `L1Power` taken apart. */
function piecesOf(name: string): string[] {
  return name
    .slice(0, nameLengthMax)
    .split(/[^A-Za-z0-9%]+/)
    .flatMap((piece) => (meaningOfUnit(piece) ? [piece] : piece.split(/(?<=[a-z0-9])(?=[A-Z])/)))
    .filter((piece) => piece !== '');
}

const kinds: readonly (readonly [Quantity, readonly string[]])[] = [
  ['powerFactor', ['pf', 'powerfactor', 'cosphi']],
  ['wattHoursTotal', ['energy', 'wh', 'kwh', 'watthours']],
  ['voltAmpsReactive', ['reactive', 'var', 'kvar', 'reactivepower']],
  ['voltAmps', ['apparent', 'va', 'kva', 'apparentpower']],
  ['watts', ['power', 'pow', 'watt', 'watts', 'kw', 'realpower', 'activepower', 'apower', 'wattage']],
  ['volts', ['voltage', 'volt', 'volts', 'vrms', 'urms']],
  ['hertz', ['frequency', 'freq', 'hz', 'hertz']],
  // Last: `current_power` is the power just now.
  ['amps', ['current', 'amp', 'amps', 'ampere', 'amperes', 'amperage', 'irms']],
];

function kindOf(words: readonly string[]): Quantity | undefined {
  const has = (word: string) => words.includes(word);
  if ((has('power') && has('factor')) || (has('cos') && has('phi'))) return 'powerFactor';
  if (
    words.some(
      (word, index) => /^(kilo)?watts?$/.test(word) && /^(hours?|hrs?)$/.test(words[index + 1] ?? ''),
    )
  )
    return 'wattHoursTotal';
  return kinds.find(([, known]) => known.some(has))?.[0];
}

/** What may stand behind the unit: a number, a phase, that it is a sum, the part of the unit. */
const behindUnit = /^(\d+|[lL]\d|total|sum|import(ed)?|export(ed)?|tenths?|hundredths?|thousandths?)$/i;

/** The unit at the end. `power_a` is no ampere but phase a. */
function suffixOf(pieces: readonly string[], kind: Quantity | undefined): Meaning | undefined {
  const last = pieces.findLastIndex((piece) => !behindUnit.test(piece));
  const piece = withHours(pieces, last);
  const meaning = meaningOfSuffix(piece);
  if (meaning === undefined) return undefined;
  const agrees = kind === undefined || kind === meaning.quantity || isReactiveInVoltAmps(kind, meaning);
  if (piece.length > 1) return agrees || kind === 'watts' || kind === 'amps' ? meaning : undefined;
  // A letter alone is a unit only behind its quantity, or as the whole name, written as a symbol.
  const rest = pieces.filter((other) => !behindUnit.test(other)).join('');
  return agrees && (kind !== undefined || /^[WVA]$/.test(rest)) ? meaning : undefined;
}

/** `watt_hours` and `KilowattHrs` are one word. */
function withHours(pieces: readonly string[], last: number): string {
  const piece = pieces[last] ?? '';
  if (last < 1 || !/^(hours?|hrs?)$/i.test(piece)) return piece;
  const unit = pieces[last - 1] as string;
  const isSplit = /^watts?$/i.test(unit) && /^kilo$/i.test(pieces[last - 2] ?? '');
  return `${isSplit ? 'kilo' : ''}${unit.replace(/s$/i, '')}hours`;
}

function isReactiveInVoltAmps(kind: Quantity, { quantity }: Meaning): boolean {
  return kind === 'voltAmpsReactive' && quantity === 'voltAmps';
}

/** Sets apart what is returned. Undefined: a figure we do not keep (reactive energy, a second power for export). */
function directed(
  quantity: Quantity,
  kind: Quantity | undefined,
  words: readonly string[],
): Quantity | undefined {
  const returned = words.some((word) => returning.has(word));
  if (quantity !== 'wattHoursTotal') {
    if (returned && quantity === 'watts') return undefined;
    return kind === 'voltAmpsReactive' && quantity === 'voltAmps' ? kind : quantity;
  }
  if (words.includes('reactive') || words.includes('apparent')) return undefined;
  return returned ? 'wattHoursReturnedTotal' : quantity;
}

const returning = new Set(
  'export exported return returned reverse produced production generated generation feedin'.split(' '),
);

const outletWords = /^(outlet|socket|port|channel|plug|receptacle|ch)$/;

function labelOf(words: readonly string[], letterIsPhase: boolean): string | undefined {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    const next = words[index + 1] ?? '';
    if (outletWords.test(word) && /^[a-z]?\d{1,3}$/.test(next)) return next;
    const joined = /^(?:outlet|socket|port|channel|plug|ch)(\d{1,3})$/.exec(word);
    if (joined !== null) return joined[1];
    if (/^l[123]$/.test(word)) return word.toUpperCase();
    if (word === 'phase' && /^([abc]|[123])$/.test(next)) return /\d/.test(next) ? `L${next}` : next;
  }
  const last = words.at(-1) as string;
  return letterIsPhase && words.length > 1 && /^[abc]$/.test(last) ? last : undefined;
}

function sideOf(words: readonly string[]): NamedFigure['side'] {
  if (words.includes('output') || words.includes('out')) return 'output';
  return words.includes('input') || words.includes('inlet') ? 'input' : undefined;
}
