import { type Zone, zoneOf } from '../model/zone.ts';
import { instantOfText } from './settings-time.ts';
import type {
  CorrectionSettings,
  TariffSettings,
  TariffTerms,
  TariffVersionSettings,
} from './tariff-settings.ts';
import { type WeekPlan, weekPlan } from './week-plan.ts';

/** What energy costs, when. Nothing of it changes with time: a new price is a new version. */
export interface Tariff {
  readonly currency: string;
  readonly timezone: string;
  /** Oldest first, without overlap; where there is none, no price is known. */
  readonly versions: readonly TariffVersion[];
  readonly corrections: readonly Correction[];
}

export interface TariffVersion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly terms: TariffTerms;
  readonly plan: WeekPlan;
}

/** A past price that was wrong; see CorrectionSettings. */
export interface Correction {
  readonly fromMs: number;
  readonly toMs: number;
  readonly pricePerKwh: number;
  readonly why: string;
  readonly atMs: number;
  readonly who: string | undefined;
}

export interface Price {
  /** Without taxes. */
  readonly pricePerKwh: number;
  readonly taxPercent: number;
  /** Of the row of the time-of-use list. */
  readonly name: string | undefined;
  readonly correction: Correction | undefined;
}

/** A time through which one price holds, or none is known. */
export interface PriceSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly price: Price | undefined;
}

/** A tariff from its settings, which must be sound (tariff-problems.ts). */
export function makeTariff(settings: TariffSettings, timezone: string): Tariff {
  const { currency, versions, corrections, ...terms } = settings;
  return {
    currency,
    timezone,
    versions: versionRanges(versions ?? [terms], timezone).map(({ fromMs, toMs, version }) => ({
      fromMs,
      toMs,
      terms: version,
      plan: weekPlan(version.timeOfUse ?? []),
    })),
    corrections: (corrections ?? []).map((correction) => correctionOf(correction, timezone)),
  };
}

/** When each version holds, oldest first: one without an end ends where the next begins. */
export function versionRanges(
  versions: readonly TariffVersionSettings[],
  timezone: string,
): { fromMs: number; toMs: number; version: TariffVersionSettings; index: number }[] {
  const instant = (text: string | undefined, otherwise: number) =>
    text === undefined ? otherwise : (instantOfText(text, timezone) ?? Number.NaN);
  const ordered = versions
    .map((version, index) => ({
      index,
      version,
      fromMs: instant(version.validFrom, Number.NEGATIVE_INFINITY),
    }))
    .sort((a, b) => (a.fromMs < b.fromMs ? -1 : a.fromMs > b.fromMs ? 1 : a.index - b.index));
  return ordered.map((row, i) => ({
    ...row,
    toMs: instant(row.version.validTo, ordered[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY),
  }));
}

/** What a kWh costs at an instant; undefined where no version holds. */
export function priceAt(tariff: Tariff, atMs: number): Price | undefined {
  return priceSpanAt(tariff, atMs).price;
}

/** Spans looked through for a change of price: years of days. */
const spansAheadMax = 4_000;

/** When the price at `atMs` changes next; undefined when no change is in sight. */
export function nextPriceChangeMs(tariff: Tariff, atMs: number): number | undefined {
  const now = priceSpanAt(tariff, atMs);
  let { toMs } = now;
  for (let n = 0; n < spansAheadMax && Number.isFinite(toMs); n += 1) {
    const next = priceSpanAt(tariff, toMs);
    const isSame =
      next.price?.pricePerKwh === now.price?.pricePerKwh && next.price?.taxPercent === now.price?.taxPercent;
    if (!isSame) return toMs;
    toMs = next.toMs;
  }
  return undefined;
}

/** The price at an instant, and for how long around it it surely holds. */
export function priceSpanAt(tariff: Tariff, atMs: number): PriceSpan {
  const correction = correctionAt(tariff, atMs);
  const version = tariff.versions.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
  let span: PriceSpan;
  if (version === undefined) span = { ...gapAround(tariff, atMs), price: undefined };
  else if (correction !== undefined || !version.terms.timeOfUse?.length) {
    const pricePerKwh = correction?.pricePerKwh ?? version.terms.pricePerKwh;
    span = {
      fromMs: version.fromMs,
      toMs: version.toMs,
      price: priceOf(version, pricePerKwh, undefined, correction),
    };
  } else span = spanOfPlan(version, zoneOf(tariff.timezone), atMs);
  if (version === undefined && correction !== undefined) {
    const { pricePerKwh } = correction;
    span = { ...span, price: { pricePerKwh, taxPercent: 0, name: undefined, correction } };
  }
  return tariff.corrections.reduce(cutAt(atMs), span);
}

function spanOfPlan(version: TariffVersion, zone: Zone, atMs: number): PriceSpan {
  const clock = zone.spanAt(atMs);
  const local = new Date(atMs + clock.offsetMs);
  const midnightMs =
    Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()) - clock.offsetMs;
  const minute = Math.floor((atMs - midnightMs) / minuteMs);
  const run = version.plan.at(local.getUTCMonth(), (local.getUTCDay() + 6) % 7, minute);
  const row = version.terms.timeOfUse![run.row];
  return {
    fromMs: atMs,
    toMs: Math.min(midnightMs + run.toMinute * minuteMs, clock.toMs, version.toMs),
    price: priceOf(version, row?.pricePerKwh ?? version.terms.pricePerKwh, row?.name, undefined),
  };
}

const minuteMs = 60_000;

function priceOf(
  version: TariffVersion,
  pricePerKwh: number | undefined,
  name: string | undefined,
  correction: Correction | undefined,
): Price | undefined {
  return pricePerKwh === undefined
    ? undefined
    : { pricePerKwh, taxPercent: version.terms.taxPercent ?? 0, name, correction };
}

/** Of two for one time the one that was entered later. */
function correctionAt(tariff: Tariff, atMs: number): Correction | undefined {
  let latest: Correction | undefined;
  for (const correction of tariff.corrections) {
    const holds = atMs >= correction.fromMs && atMs < correction.toMs;
    if (holds && (latest === undefined || correction.atMs >= latest.atMs)) latest = correction;
  }
  return latest;
}

function gapAround(tariff: Tariff, atMs: number): { fromMs: number; toMs: number } {
  const before = tariff.versions.findLast(({ toMs }) => toMs <= atMs);
  const after = tariff.versions.find(({ fromMs }) => fromMs > atMs);
  return {
    fromMs: before?.toMs ?? Number.NEGATIVE_INFINITY,
    toMs: after?.fromMs ?? Number.POSITIVE_INFINITY,
  };
}

/** A span ends where a correction begins or ends. */
function cutAt(atMs: number): (span: PriceSpan, correction: Correction) => PriceSpan {
  return (span, { fromMs, toMs }) => {
    const edges = [fromMs, toMs];
    return {
      fromMs: Math.max(span.fromMs, ...edges.filter((edgeMs) => edgeMs <= atMs)),
      toMs: Math.min(span.toMs, ...edges.filter((edgeMs) => edgeMs > atMs)),
      price: span.price,
    };
  };
}

function correctionOf(settings: CorrectionSettings, timezone: string): Correction {
  const { from, to, at, pricePerKwh, why, who } = settings;
  return {
    fromMs: instantOfText(from, timezone)!,
    toMs: instantOfText(to, timezone)!,
    atMs: instantOfText(at, timezone)!,
    pricePerKwh,
    why,
    who,
  };
}
