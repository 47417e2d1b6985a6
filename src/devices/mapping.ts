import { isQuantity, type Quantity, quantities } from '../model/quantity.ts';
import { soleLabel } from '../model/reading.ts';
import { isObject, type JsonObject } from './json.ts';
import { type JsonPath, parsePath } from './json-path.ts';
import { keyPattern } from './mapping-lists.ts';
import { parsePattern, type TopicPattern } from './topic-pattern.ts';
import { meaningOfUnit } from './unit-names.ts';

/** One row of the mapping table as it stands in the settings (`mqtt.mappings`). */
export interface MappingSettings {
  readonly topic: string;
  readonly device?: string | undefined;
  readonly outlet?: string | undefined;
  readonly format?: 'plain' | 'json' | 'csv' | 'influx' | undefined;
  /** By the `{quantity}` of the topic, or by the path in the payload: what stands there. */
  readonly figures?: Readonly<Record<string, unknown>> | undefined;
  readonly path?: string | undefined;
  readonly quantity?: string | undefined;
  readonly unit?: string | undefined;
  readonly scale?: number | undefined;
  readonly time?: string | undefined;
  readonly timeUnit?: 's' | 'ms' | 'us' | 'ns' | undefined;
  /** Only payloads that say this: path → value. */
  readonly where?: Readonly<Record<string, unknown>> | undefined;
}

/** What is measured, or `on` for a relay, `online` for whether the device is there. */
export interface MappedFigure {
  readonly quantity: Quantity | 'on' | 'online';
  readonly scale: number;
  /** Words for a relay that is closed or open, a device that is there or not; undefined: the usual ones. */
  readonly onText: string | undefined;
  readonly offText: string | undefined;
  /** What the meter says where it has no value, as SNMP says −1. */
  readonly missingText: string | undefined;
  readonly path: JsonPath;
}

/** Text with named parts of the topic, and values of the payload, in it. */
export type MappedName = readonly (
  | string
  | { readonly part: string }
  | { readonly path: JsonPath }
  | { readonly counted: number }
)[];

export interface Mapping {
  readonly pattern: TopicPattern;
  readonly device: MappedName;
  readonly outlet: MappedName;
  readonly format: 'plain' | 'json' | 'csv' | 'influx';
  /** By `{quantity}`; empty key: whatever the topic. */
  readonly byQuantity: ReadonlyMap<string, MappedFigure>;
  readonly figures: readonly MappedFigure[];
  readonly time: JsonPath | undefined;
  /** To ms. */
  readonly timeScale: number;
  readonly where: readonly { readonly path: JsonPath; readonly value: string }[];
}

export interface MappingProblem {
  /** Where in the row. */
  readonly path: readonly string[];
  readonly found: string;
  readonly expected: string;
  readonly example: string;
}

/** The row, checked and taken apart, or all that is wrong with it. */
export function readMapping(row: MappingSettings): Mapping | MappingProblem[] {
  const problems: MappingProblem[] = [];
  const wrong = (path: string | readonly string[], found: string, expected: string, example: string) => {
    problems.push({ path: typeof path === 'string' ? [path] : path, found, expected, example });
    return undefined;
  };
  const pattern = parsePattern(row.topic);
  if (typeof pattern === 'string') {
    wrong(
      'topic',
      `${quoted(row.topic)}: ${pattern}`,
      'a topic; + stands for one level, {name} for one with a name',
      topicExample,
    );
    return problems;
  }
  const paths: JsonPath[] = [];
  const pathOf = (text: string, where: readonly string[]): JsonPath => {
    const path = parsePath(text);
    if (path === undefined || path.filter(isMember).length > 1)
      wrong(
        where,
        quoted(text),
        'a path such as a.b, a[0].b, a[*].b or out{outlet}_w, with one * or {outlet} at most',
        figuresExample,
      );
    else paths.push(path);
    return path ?? [];
  };
  const isByQuantity = pattern.names.has('quantity');
  const figures = figuresIn(row).map(([key, given, where]) => {
    const figure = figureIn(given, (found, expected) => wrong(where, found, expected, figuresExample));
    return {
      key,
      figure: {
        ...figure,
        path: isByQuantity || where[0] !== 'figures' ? pathOf(row.path ?? '', ['path']) : pathOf(key, where),
      },
    };
  });
  if (figures.length === 0)
    wrong(
      isByQuantity ? 'figures' : 'topic',
      'nothing that says what is measured',
      'figures, or quantity or unit',
      figuresExample,
    );
  const device = nameIn(row.device ?? '{device}', pattern, (text) => pathOf(text, ['device']));
  if (row.device === undefined && !pattern.names.has('device'))
    wrong(
      'topic',
      `${quoted(row.topic)} without {device}`,
      '{device} in the topic, or device beside it',
      topicExample,
    );
  const isKeyed = !pattern.names.has('outlet') && paths.flat().some((step) => keyPattern(step) !== undefined);
  const outletText = row.outlet ?? (isKeyed || pattern.names.has('outlet') ? '{outlet}' : soleLabel);
  const outlet = nameIn(isKeyed ? outletText.replaceAll('{outlet}', '{*}') : outletText, pattern, (text) =>
    pathOf(text, ['outlet']),
  );
  const time = row.time === undefined ? undefined : pathOf(row.time, ['time']);
  const where = Object.entries(row.where ?? {}).map(([path, value]) => ({
    path: pathOf(path, ['where', path]),
    value: String(value),
  }));
  if (paths.some((path) => path.some(isMember)) && ![...device, ...outlet].some(tellsMembers))
    wrong(
      'outlet',
      'none for the members of a list',
      "outlet, such as '{out[*].id}' or '{*+1}'",
      figuresExample,
    );
  const isDeep =
    paths.some((path) => path.length > 0) ||
    [...device, ...outlet].some((part) => typeof part === 'object' && 'path' in part);
  if (row.format === 'plain' && isDeep)
    wrong('format', 'plain beside a path', 'json, csv or influx', figuresExample);
  if (problems.length > 0) return problems;
  return {
    pattern,
    device,
    outlet,
    format: row.format ?? (isDeep ? 'json' : 'plain'),
    byQuantity: new Map(isByQuantity ? figures.map(({ key, figure }) => [key, figure]) : []),
    figures: isByQuantity ? [] : figures.map(({ figure }) => figure),
    time,
    timeScale: { s: 1e3, ms: 1, us: 1e-3, ns: 1e-6 }[row.timeUnit ?? (row.format === 'influx' ? 'ns' : 's')],
    where,
  };
}

const topicExample =
  "mqtt: { mappings: [ { topic: 'pdu/{device}/outlet/{outlet}/{quantity}', figures: { power: W } } ] }";
const figuresExample =
  "mqtt: { mappings: [ { topic: 'site/{device}', outlet: '{out[*].id}', figures: { 'out[*].load': 0.1 W } } ] }";
const units = 'W, kW, mW, V, A, mA, VA, var, Hz, Wh, kWh, pf, %, on or online';

/** `figures`, and the one beside it: key, what is given, where it stands. */
function figuresIn(row: MappingSettings): [key: string, given: unknown, where: readonly string[]][] {
  const many = Object.entries(row.figures ?? {}).map(([key, given]): [string, unknown, readonly string[]] => [
    key,
    given,
    ['figures', key],
  ]);
  const { quantity, unit, scale } = row;
  if (quantity === undefined && unit === undefined) return many;
  return [
    ...many,
    [row.path ?? '', { quantity, unit, scale }, [quantity === undefined ? 'unit' : 'quantity']],
  ];
}

type Complain = (found: string, expected: string) => void;

/** `W`, `0.1 A`, or `{ quantity, unit, scale, on, off, missing }`. */
function figureIn(given: unknown, complain: Complain): Omit<MappedFigure, 'path'> {
  const whole: JsonObject | undefined = isObject(given) ? given : partsOf(given);
  const { quantity, unit, scale = 1, on, off, missing } = whole ?? {};
  const own = typeof unit === 'string' ? unitIn(unit) : undefined;
  const kind = quantity ?? own?.quantity;
  if (whole === undefined)
    complain(quoted(given), `a unit (${units}), with a factor before it where needed: 0.1 A`);
  else if (typeof scale !== 'number' || !Number.isFinite(scale) || scale === 0)
    complain(`the scale ${quoted(scale)}`, 'a number other than 0');
  else if (unit !== undefined && own === undefined) complain(`the unit ${quoted(unit)}`, units);
  else if (!isKind(kind))
    complain(
      quantity === undefined ? 'no unit' : `the quantity ${quoted(quantity)}`,
      `${quantities.join(', ')}, on or online`,
    );
  else if (
    own !== undefined &&
    kind !== own.quantity &&
    !(kind === 'wattHoursReturnedTotal' && own.quantity === 'wattHoursTotal')
  )
    complain(`${kind} in ${quoted(unit)}`, 'a unit of that quantity');
  else {
    // Only our own units need not be told.
    const factor = Number((scale * (own?.scale ?? 1)).toPrecision(15));
    return {
      quantity: kind,
      scale: factor,
      onText: textIn(on),
      offText: textIn(off),
      missingText: textIn(missing),
    };
  }
  return { quantity: 'watts', scale: 1, onText: undefined, offText: undefined, missingText: undefined };
}

function partsOf(given: unknown): { unit: string; scale: number } | undefined {
  const parts =
    typeof given === 'string' || typeof given === 'boolean'
      ? /^(?:([-+]?\d{1,12}(?:\.\d{1,12})?) ?)?([A-Za-z%]{1,10})$/.exec(wordOf(given))
      : null;
  return parts === null ? undefined : { unit: parts[2] as string, scale: Number(parts[1] ?? 1) };
}

/** YAML may take `on` for true. */
function wordOf(given: string | boolean): string {
  return given === true ? 'on' : String(given).trim();
}

function unitIn(unit: string): { quantity: Quantity | 'on' | 'online'; scale: number } | undefined {
  if (unit === 'on' || unit === 'online') return { quantity: unit, scale: 1 };
  if (unit === 'pf' || unit === '%') return { quantity: 'powerFactor', scale: unit === '%' ? 0.01 : 1 };
  return meaningOfUnit(unit);
}

function isKind(kind: unknown): kind is MappedFigure['quantity'] {
  return kind === 'on' || kind === 'online' || (typeof kind === 'string' && isQuantity(kind));
}

function textIn(value: unknown): string | undefined {
  return value === undefined || typeof value === 'object' ? undefined : String(value);
}

/** `{room}-{tags.host}`: a part of the topic by its name, else a path; `{*}` counts the members of the list. */
function nameIn(text: string, pattern: TopicPattern, pathOf: (text: string) => JsonPath): MappedName {
  return text
    .slice(0, 200)
    .split(/(\{[^{}]*\})/)
    .filter((piece) => piece !== '')
    .map((piece) => {
      if (!piece.startsWith('{') || !piece.endsWith('}')) return piece;
      const inner = piece.slice(1, -1).trim();
      const counted = /^\*(?:\+(\d{1,3}))?$/.exec(inner);
      if (counted !== null) return { counted: Number(counted[1] ?? 0) };
      return pattern.names.has(inner) || inner === 'device' ? { part: inner } : { path: pathOf(inner) };
    });
}

/** A step that stands for each member of a list. */
function isMember(step: string | number | undefined): boolean {
  return step === undefined || keyPattern(step) !== undefined;
}

function tellsMembers(part: MappedName[number]): boolean {
  return typeof part === 'object' && ('counted' in part || ('path' in part && part.path.some(isMember)));
}

function quoted(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60);
}
