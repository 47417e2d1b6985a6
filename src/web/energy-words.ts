import type { EnergyAnswer, EnergyRow, EnergyTotalRow } from '../api/shapes.ts';
import type { EnergyAsked, Measure } from './energy-asked.ts';
import type { Period, Step } from './energy-period.ts';
import { counted, type Digits, type Format, joined, noBreak, type Shown, unknownText } from './format.ts';

export const measureLabels: Readonly<Record<Measure, string>> = {
  energy: 'Energy',
  cost: 'Cost',
  carbon: 'CO₂',
};
export const periodLabels: Readonly<Record<Period, string>> = {
  day: 'Day',
  week: 'Week',
  month: 'Month',
  year: 'Year',
  years: 'Years',
};

/** A quantity of a measure: kWh, money with its currency, kg. */
export function measureShown(
  value: number | null | undefined,
  measure: Measure,
  currency: string | undefined,
  format: Format,
): Shown {
  if (value === undefined || value === null) return { text: unknownText, unit: '' };
  if (measure === 'energy') return format.energy(value);
  return measure === 'carbon' ? format.mass(value) : { text: money(value, currency, format), unit: '' };
}

/** `£12.40`, in the reader's notation; an amount without a currency stands alone. */
export function money(value: number, currency: string | undefined, format: Format): string {
  return format.price(value, currency, currency !== undefined && Math.abs(value) >= 9_999.5 ? 0 : 2);
}

/** All on a scale in one unit, with as many digits as the steps need. */
export function scaleLabels(
  ticks: readonly number[],
  measure: Measure,
  currency: string | undefined,
  format: Format,
): string[] {
  const divisor = measure === 'cost' ? 1 : 1_000;
  const step = (ticks[1] ?? 1) / divisor;
  const digits = Math.max(0, Math.min(3, -Math.floor(Math.log10(step) + 1e-9)));
  const unit = measure === 'cost' ? undefined : measure === 'energy' ? 'kWh' : 'kg';
  return ticks.map((value) =>
    unit === undefined
      ? format.price(value, currency, digits as Digits)
      : `${format.number(value / divisor, digits as Digits)}${noBreak}${unit}`,
  );
}

type DateParts = Intl.DateTimeFormatOptions;

const barParts: Readonly<Record<Step, DateParts>> = {
  hour: { hour: '2-digit' },
  day: { day: 'numeric' },
  week: { day: 'numeric', month: 'short' },
  month: { month: 'short' },
  year: { year: 'numeric' },
};

/** Below a bar, as short as the axis allows. */
export function barLabel(fromMs: number, asked: EnergyAsked, format: Format): string {
  const parts = asked.period === 'week' ? weekParts[asked.step] : undefined;
  const years = asked.period === 'years' && asked.step === 'month' && { year: '2-digit' as const };
  return dates(format, { ...(parts ?? barParts[asked.step]), ...years }).format(fromMs);
}

const weekParts: Readonly<Partial<Record<Step, DateParts>>> = {
  day: { weekday: 'short', day: 'numeric' },
  hour: { weekday: 'short' },
};

/** A bar or a period in full: `14:00–15:00`, `Tuesday 24 November 2026`, `23–29 November 2026`, `November 2026`. */
export function spanText(step: Step | Period, fromMs: number, toMs: number, format: Format): string {
  const full = { day: 'numeric', month: 'short', year: 'numeric' } as const;
  switch (step) {
    case 'hour':
      return `${format.day(fromMs)}, ${format.timeOfDay(fromMs)}–${format.timeOfDay(toMs)}`;
    case 'day':
      return dates(format, { weekday: 'long', ...full, month: 'long' }).format(fromMs);
    case 'week':
      return dates(format, full).formatRange(fromMs, toMs - 1);
    case 'month':
      return dates(format, { month: 'long', year: 'numeric' }).format(fromMs);
    case 'year':
      return dates(format, { year: 'numeric' }).format(fromMs);
    case 'years':
      return dates(format, { year: 'numeric' }).formatRange(fromMs, toMs - 1);
  }
}

/** `23 – 29 Nov`, without the year. */
export function daysText(fromMs: number, toMs: number, format: Format): string {
  return dates(format, { day: 'numeric', month: 'short' }).formatRange(fromMs, toMs - 1);
}

const made = new Map<string, Intl.DateTimeFormat>();
const madeMax = 40;

/** Making one takes longer than using it a hundred times. */
function dates({ locale, timeZone }: Format, parts: DateParts): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, timeZone, parts]);
  let format = made.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { ...parts, timeZone });
    if (made.size >= madeMax) made.clear();
    made.set(key, format);
  }
  return format;
}

/** `+4.2%`, `−12%`; undefined where one of the two is not known well enough. */
export function differenceText(percent: number | null | undefined, format: Format): string | undefined {
  if (percent === undefined || percent === null) return undefined;
  const size = Math.abs(percent);
  const sign = Number(size.toFixed(1)) === 0 ? '±' : percent > 0 ? '+' : '−';
  return `${sign}${format.percent(size / 100)}`;
}

/** How much more or less than before, from two quantities that may not be known. */
export function differencePercent(
  now: number | null | undefined,
  before: number | null | undefined,
): number | undefined {
  return now === undefined || now === null || !before ? undefined : (now / before - 1) * 100;
}

/** What a period is held against. */
export function beforeWords({ period, isUnderWay }: EnergyAsked): string {
  const before = period === 'years' ? 'five years before' : `${period} before`;
  return isUnderWay ? `as much of the ${before}` : `the ${before}`;
}

/** Why there is no comparison, in a sentence; undefined when there is one. */
export function whyNoComparison(
  total: EnergyTotalRow,
  asked: EnergyAsked,
  format: Format,
): string | undefined {
  if (total.before.differencePercent !== null) return undefined;
  const known = (coverage: number) =>
    coverage === 0 ? 'not known at all' : `known for ${format.percent(coverage)}`;
  const subject = total.coverage < 0.9 ? 'this time' : beforeWords(asked);
  const coverage = total.coverage < 0.9 ? total.coverage : total.before.coverage;
  return `Not compared: ${subject} is ${known(coverage)} of its time only, and what is missing would pass for a saving.`.replace(
    'at all of its time only',
    'at all',
  );
}

/** The ways energy can be known, the best first. */
export const knownBy = [
  { part: 'counter', label: 'counted', meaning: 'differences of the meters’ own energy counters' },
  { part: 'integrated', label: 'integrated', meaning: 'summed up from the watts read, minute by minute' },
  {
    part: 'spread',
    label: 'spread',
    meaning: 'a counter proves it was drawn while no reading came; spread evenly over that gap',
  },
] as const;

/** The share of each way, those that occur only. */
export function knownShares(
  row: EnergyRow,
): { part: 'counter' | 'integrated' | 'spread'; share: number; label: string; meaning: string }[] {
  const sum = knownBy.reduce((all, { part }) => all + (row.parts[part] ?? 0), 0);
  if (!(sum > 0)) return [];
  return knownBy
    .map((way) => ({ ...way, share: (row.parts[way.part] ?? 0) / sum }))
    .filter(({ share }) => share > 0.0005);
}

/** How grams were found, in sentences. */
export function carbonSentences(carbon: EnergyAnswer['carbon'], format: Format): string[] {
  if (!carbon) return ['CO₂ is not known: the settings name neither a country nor a factor (room.carbon).'];
  const factors = carbon.factors.map(({ gramsPerKwh, source, year, isStandIn }) => {
    const of = year === undefined ? '' : isStandIn ? `, standing in: the figure of ${year}` : `, ${year}`;
    return `${format.number(gramsPerKwh, 0)}${noBreak}g/kWh (${source}${of})`;
  });
  const more = carbon.factorsLeftOut > 0 ? ` and ${counted(carbon.factorsLeftOut, 'more factor')}` : '';
  return [
    `CO₂e: ${carbon.basis}, ${carbon.kind}, ${carbon.extent}; ${factors.join('; ')}${more}.`,
    carbon.pue === undefined
      ? 'Of the servers’ energy alone (no PUE is set).'
      : `Times a PUE of ${format.number(carbon.pue, 2)}.`,
  ];
}

/** How cost was found, in sentences. */
export function costSentences({ tariff, currency, timezone }: EnergyAnswer, format: Format): string[] {
  if (!tariff) return ['The cost is not known: the settings have no tariff (room.tariff).'];
  const zone = tariff.timezone === timezone ? '' : `, on the clock of ${tariff.timezone}`;
  const corrections = tariff.corrections.map(
    ({ fromMs, toMs, pricePerKwh, why, who }) =>
      `Corrected: ${spanText('week', fromMs, toMs, format)} at ${money(pricePerKwh, currency, format)}/kWh (${why}${who === undefined ? '' : `, ${who}`}).`,
  );
  return [`Cost in ${currency}: ${tariff.basis}${zone}.`, ...corrections];
}

/** What a bar says when it is pointed at or read out. */
export function barText(row: EnergyRow | undefined, currency: string | undefined, format: Format): string {
  if (!row) return 'lies ahead';
  if (row.wattHours === null) return 'nothing known';
  const figures = [
    joined(format.energy(row.wattHours)),
    row.cost !== null && money(row.cost, currency, format),
    row.grams !== null && `${joined(format.mass(row.grams))} CO₂`,
    row.coverage < 0.995 && `known for ${format.percent(row.coverage)} of the time`,
  ];
  return figures.filter(Boolean).join(' · ');
}
