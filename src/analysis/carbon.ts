import { zoneOf } from '../model/zone.ts';
import type { EnergyInterval } from './energy-cost.ts';
import { gridFactorSource, gridFactorsOf } from './grid-factors.ts';
import { instantOfText } from './settings-time.ts';

/** `room.carbon` as the admin writes it. */
export interface CarbonSettings {
  /** ISO 3166, two capitals; EU and WORLD too. */
  readonly country?: string | undefined;
  /** Power usage effectiveness: what the building adds to what the servers draw. */
  readonly pue?: number | undefined;
  /** Factors of one's own, each from a local date or time until the next. */
  readonly factors?: readonly FactorSettings[] | undefined;
  /** Where a series of factors is published (factor-message.ts). */
  readonly topic?: string | undefined;
  /** A file of factors (factor-csv.ts). */
  readonly file?: string | undefined;
  /** How long a published factor holds when no other follows, ms. */
  readonly holds?: number | undefined;
}

export interface FactorSettings {
  readonly from: string;
  readonly gramsPerKwh: number;
  readonly source: string;
}

/** What a kWh emits through a time. */
export interface GridFactor {
  readonly fromMs: number;
  readonly toMs: number;
  readonly gramsPerKwh: number;
  readonly source: string;
  /** The year a yearly factor was published for; undefined for a factor of one's own. */
  readonly year: number | undefined;
  /** A yearly factor that stands in for a year none is known of. */
  readonly isStandIn: boolean;
}

/** A factor that holds from its time on. */
export interface FactorPoint {
  readonly fromMs: number;
  readonly gramsPerKwh: number;
  readonly source: string;
}

export interface Carbon {
  /** Oldest first, without overlap. */
  readonly factors: readonly GridFactor[];
  readonly pue: number | undefined;
}

/** Emissions, and how they were found. */
export interface Emissions {
  /** Undefined when no factor is known for any of the energy. */
  readonly grams: number | undefined;
  /** Drawn when no factor is known: part of no sum. */
  readonly uncountedWattHours: number;
  readonly method: {
    readonly basis: 'location-based';
    readonly kind: 'average';
    readonly extent: 'life-cycle';
    /** Multiplied with; undefined: the energy of the servers alone. */
    readonly pue: number | undefined;
    /** The factors that were used. */
    readonly factors: readonly GridFactor[];
  };
}

/**
 * The factors of a room. Its own go before the yearly ones of its country; years before the first and after the
 * last known one take that one's, and say so.
 */
export function makeCarbon(settings: CarbonSettings, timezone: string): Carbon {
  const yearly = settings.country === undefined ? [] : yearlyFactors(settings.country, timezone);
  const own = (settings.factors ?? []).map(({ from, gramsPerKwh, source }) => ({
    fromMs: instantOfText(from, timezone)!,
    gramsPerKwh,
    source,
  }));
  return withFactors({ factors: yearly, pue: settings.pue }, own);
}

/**
 * A series of factors laid over what is known: each holds until the next, the last one until `untilMs` (where the
 * series is fed as time goes by: until it is out of date).
 */
export function withFactors(
  carbon: Carbon,
  series: readonly FactorPoint[],
  untilMs = Number.POSITIVE_INFINITY,
): Carbon {
  if (series.length === 0) return carbon;
  const ordered = [...series].sort((a, b) => a.fromMs - b.fromMs);
  const spans = ordered.map((point, i) => spanOf(point, ordered[i + 1]?.fromMs ?? untilMs));
  return { ...carbon, factors: laidOver(carbon.factors, spans) };
}

/** A factor of one's own through a time. */
export function spanOf({ fromMs, gramsPerKwh, source }: FactorPoint, toMs: number): GridFactor {
  return { fromMs, toMs, gramsPerKwh, source, year: undefined, isStandIn: false };
}

/** Factors, and where they say nothing, those below them. Both oldest first and without overlap, as is the answer. */
export function laidOver(below: readonly GridFactor[], above: readonly GridFactor[]): GridFactor[] {
  const steps = laidInSteps(below, above);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** So many of the upper factors in a step: some milliseconds. */
const factorsPerStep = 5_000;

/** The same in steps, so that others have their turn in between. */
export function* laidInSteps(
  below: readonly GridFactor[],
  above: readonly GridFactor[],
): Generator<void, GridFactor[]> {
  const laid: GridFactor[] = [];
  let n = 0;
  let untilMs = Number.NEGATIVE_INFINITY;
  const fill = (toMs: number) => {
    while (n < below.length && below[n]!.fromMs < toMs) {
      const factor = below[n]!;
      const fromMs = Math.max(factor.fromMs, untilMs);
      const endMs = Math.min(factor.toMs, toMs);
      if (endMs > fromMs) laid.push({ ...factor, fromMs, toMs: endMs });
      if (factor.toMs > toMs) return;
      n += 1;
    }
  };
  for (const [i, factor] of above.entries()) {
    if (i % factorsPerStep === factorsPerStep - 1) yield;
    if (factor.toMs <= factor.fromMs) continue;
    if (factor.fromMs > untilMs) fill(factor.fromMs);
    const last = laid.at(-1);
    // A feed that says the same again and again is one factor.
    if (last?.toMs === factor.fromMs && isSame(last, factor))
      laid[laid.length - 1] = { ...last, toMs: factor.toMs };
    else laid.push(factor);
    untilMs = factor.toMs;
  }
  fill(Number.POSITIVE_INFINITY);
  return laid;
}

/** What `laidOver` answered, made again where something changed: from `changedMs` on. */
export function laidAgain(
  laid: readonly GridFactor[],
  below: readonly GridFactor[],
  above: readonly GridFactor[],
  changedMs: number,
): GridFactor[] {
  let kept = laid.length;
  while (kept > 0 && laid[kept - 1]!.toMs > changedMs) kept -= 1;
  const fromMs = Math.min(changedMs, laid[kept]?.fromMs ?? changedMs);
  const upper = since(above, fromMs);
  const made = laidOver(since(below, fromMs), upper);
  const [first] = made;
  const last = laid[kept - 1];
  // As when all is laid: of those below, each stays by itself.
  const isOneMore = first !== undefined && first.fromMs === upper[0]?.fromMs;
  if (!isOneMore || last?.toMs !== first.fromMs || !isSame(last, first))
    return laid.slice(0, kept).concat(made);
  made[0] = { ...last, toMs: first.toMs };
  return laid.slice(0, kept - 1).concat(made);
}

/** Those that hold at some time in [fromMs, toMs), as they are. */
export function factorsWithin(factors: readonly GridFactor[], fromMs: number, toMs: number): GridFactor[] {
  return factors.slice(
    countWhile(factors, (factor) => factor.toMs <= fromMs),
    countWhile(factors, (factor) => factor.fromMs < toMs),
  );
}

function since(factors: readonly GridFactor[], fromMs: number): GridFactor[] {
  const later = factorsWithin(factors, fromMs, Number.POSITIVE_INFINITY);
  const [first] = later;
  if (first !== undefined && first.fromMs < fromMs) later[0] = { ...first, fromMs };
  return later;
}

/** How many of the first it is true of; of those after them it is not. */
function countWhile(factors: readonly GridFactor[], isBefore: (factor: GridFactor) => boolean): number {
  let low = 0;
  let high = factors.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(factors[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isSame(a: GridFactor, b: GridFactor): boolean {
  return a.gramsPerKwh === b.gramsPerKwh && a.source === b.source && a.year === b.year;
}

/** Emissions of energy, oldest first; an interval in which the factor changes is shared out by time. */
export function gramsOf(carbon: Carbon, intervals: Iterable<EnergyInterval>): Emissions {
  const used = new Set<GridFactor>();
  let grams = 0;
  let uncountedWattHours = 0;
  let i = 0;
  for (const { fromMs, toMs, wattHours } of intervals) {
    if (wattHours === 0 || toMs <= fromMs) continue;
    let countedMs = 0;
    while (i > 0 && carbon.factors[i - 1]!.toMs > fromMs) i -= 1;
    while (i < carbon.factors.length && carbon.factors[i]!.toMs <= fromMs) i += 1;
    for (let n = i; n < carbon.factors.length && carbon.factors[n]!.fromMs < toMs; n += 1) {
      const factor = carbon.factors[n]!;
      const forMs = Math.min(toMs, factor.toMs) - Math.max(fromMs, factor.fromMs);
      grams += ((wattHours / 1000) * factor.gramsPerKwh * forMs) / (toMs - fromMs);
      countedMs += forMs;
      used.add(factor);
    }
    uncountedWattHours += (wattHours * (toMs - fromMs - countedMs)) / (toMs - fromMs);
  }
  const { pue } = carbon;
  return {
    grams: used.size === 0 && uncountedWattHours > 0 ? undefined : grams * (pue ?? 1),
    uncountedWattHours,
    method: { basis: 'location-based', kind: 'average', extent: 'life-cycle', pue, factors: [...used] },
  };
}

/** Each known year by its own figure; time before and after by the nearest. */
function yearlyFactors(country: string, timezone: string): GridFactor[] {
  const zone = zoneOf(timezone);
  const years = gridFactorsOf(country);
  const factor = (known: (typeof years)[number], fromMs: number, toMs: number, isStandIn: boolean) => ({
    ...known,
    fromMs,
    toMs,
    source: gridFactorSource,
    isStandIn,
  });
  return years.flatMap((known, i) => {
    const yearFromMs = zone.instantOf(Date.UTC(known.year, 0));
    const yearToMs = zone.instantOf(Date.UTC(known.year + 1, 0));
    const next = years[i + 1];
    const untilMs = next === undefined ? Number.POSITIVE_INFINITY : zone.instantOf(Date.UTC(next.year, 0));
    return [
      ...(i === 0 ? [factor(known, Number.NEGATIVE_INFINITY, yearFromMs, true)] : []),
      factor(known, yearFromMs, yearToMs, false),
      ...(untilMs > yearToMs ? [factor(known, yearToMs, untilMs, true)] : []),
    ];
  });
}
