import { type Zone, zoneOf } from '../model/zone.ts';

/** A stretch of local time the Energy view shows, and the bars it is drawn in. */
export const periods = ['day', 'week', 'month', 'year', 'years'] as const;
export type Period = (typeof periods)[number];
export type Step = 'hour' | 'day' | 'week' | 'month' | 'year';

/** The steps a period may be drawn in, the usual one first. */
export const stepsOf: Readonly<Record<Period, readonly [Step, ...Step[]]>> = {
  day: ['hour'],
  week: ['day', 'hour'],
  month: ['day', 'week'],
  year: ['month', 'week'],
  years: ['year', 'month'],
};

/** So many years are drawn side by side. */
const yearsShown = 5;
/** No questions about times before. */
const yearMin = 1990;

/** [fromMs, toMs), epoch ms, on local midnights. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The period that holds `atMs`; of `years` those that end with its year. */
export function periodAt(period: Period, atMs: number, timezone: string): Span {
  const zone = zoneOf(timezone);
  const first = firstDay(period, zone.localMs(atMs));
  return { fromMs: zone.instantOf(first), toMs: zone.instantOf(moved(period, first, 1, yearsShown)) };
}

/** The period before (-1) or after (1); of `years` one year further. Undefined: further back than anybody asks. */
export function periodBeside(
  period: Period,
  span: Span,
  direction: -1 | 1,
  timezone: string,
): Span | undefined {
  const zone = zoneOf(timezone);
  const first = moved(period, zone.localMs(span.fromMs), direction, 1);
  if (new Date(first).getUTCFullYear() < yearMin) return undefined;
  return { fromMs: zone.instantOf(first), toMs: zone.instantOf(moved(period, first, 1, yearsShown)) };
}

/** The edges of a span's bars, one more than there are bars: also of those that lie ahead. */
export function barEdges(step: Step, span: Span, timezone: string): number[] {
  const zone = zoneOf(timezone);
  const edges = [span.fromMs];
  let atMs = nextEdge(step, span.fromMs, zone);
  while (atMs < span.toMs) {
    edges.push(atMs);
    atMs = nextEdge(step, atMs, zone);
  }
  return [...edges, span.toMs];
}

function nextEdge(step: Step, atMs: number, zone: Zone): number {
  if (step === 'hour') {
    // Full hours of the clock: zones may be half an hour off.
    const { offsetMs } = zone.spanAt(atMs);
    return (Math.floor((atMs + offsetMs) / hourMs) + 1) * hourMs - offsetMs;
  }
  return zone.instantOf(moved(step, firstDay(step, zone.localMs(atMs)), 1, 1));
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The local midnight, as if it were UTC, a period begins at. Weeks begin on Monday (ISO 8601). */
function firstDay(period: Exclude<Step, 'hour'> | Period, localMs: number): number {
  const date = new Date(localMs);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (period) {
    case 'day':
      return Date.UTC(year, month, day);
    case 'week':
      return Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7));
    case 'month':
      return Date.UTC(year, month, 1);
    case 'year':
      return Date.UTC(year, 0, 1);
    case 'years':
      return Date.UTC(year - yearsShown + 1, 0, 1);
  }
}

function moved(
  period: Exclude<Step, 'hour'> | Period,
  firstMs: number,
  count: number,
  years: number,
): number {
  const date = new Date(firstMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (period) {
    case 'day':
    case 'week':
      return firstMs + count * (period === 'day' ? dayMs : 7 * dayMs);
    case 'month':
      return Date.UTC(year, month + count, 1);
    case 'year':
      return Date.UTC(year + count, 0, 1);
    case 'years':
      return Date.UTC(year + count * years, 0, 1);
  }
}

/** `2026-11-29`: the local day that holds `atMs`. */
export function dateText(atMs: number, timezone: string): string {
  return new Date(zoneOf(timezone).localMs(atMs)).toISOString().slice(0, 10);
}

/** Noon of a local day written `2026`, `2026-11` or `2026-11-29`; undefined when there is no such day. */
export function dateAt(text: string | undefined, timezone: string): number | undefined {
  const match = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(text ?? '');
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2] ?? 1), Number(match[3] ?? 1)];
  const localMs = Date.UTC(year, month - 1, day, 12);
  const exists = new Date(localMs).getUTCDate() === day && new Date(localMs).getUTCMonth() === month - 1;
  return exists && year >= yearMin ? zoneOf(timezone).instantOf(localMs) : undefined;
}
