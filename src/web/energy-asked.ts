import {
  dateAt,
  dateText,
  type Period,
  periodAt,
  periods,
  type Span,
  type Step,
  stepsOf,
} from './energy-period.ts';
import type { PresentProps } from './present.ts';
import type { Query } from './routes.ts';

export const measures = ['energy', 'cost', 'carbon'] as const;
export type Measure = (typeof measures)[number];

/** What the energy of the room is shared out among; `room`: not at all. */
export const divisions = ['server', 'rack', 'feed', 'breaker', 'room'] as const;
export type Division = (typeof divisions)[number];

/** What the Energy view is asked to show; all of it stands in the address. */
export interface EnergyAsked extends Span {
  readonly period: Period;
  readonly step: Step;
  readonly by: Division;
  /** What it is shared out among when nothing was asked. */
  readonly usualBy: Division;
  readonly measure: Measure;
  /** One part of the room alone instead of all of it. */
  readonly scope?: string;
  readonly timezone: string;
  /** It is not over yet. */
  readonly isUnderWay: boolean;
  /** The service's time when it was asked, to the minute. */
  readonly nowMs: number;
}

/** What every part of the view is given. */
export interface EnergyProps extends PresentProps {
  readonly asked: EnergyAsked;
}

/** Reads the address; what is missing or makes no sense is the usual: this month, in energy. */
export function energyAsked(
  query: Query,
  nowMs: number,
  timezone: string,
  usualBy: Division = 'server',
): EnergyAsked {
  const period = oneOf(periods, query.period, 'month');
  const atMs = Math.min(dateAt(query.date, timezone) ?? nowMs, nowMs);
  const span = periodAt(period, atMs, timezone);
  return {
    ...span,
    period,
    step: oneOf(stepsOf[period], query.step, stepsOf[period][0]),
    by: oneOf(divisions, query.by, usualBy),
    usualBy,
    measure: oneOf(measures, query.measure, 'energy'),
    ...(query.scope !== undefined && { scope: query.scope }),
    timezone,
    isUnderWay: span.toMs > nowMs,
    nowMs,
  };
}

export type EnergyChanges = Partial<Pick<EnergyAsked, 'period' | 'step' | 'by' | 'measure'>> & {
  readonly atMs?: number;
};

/** The address of the same with something changed; what is usual is left out. `atMs`: the period that holds it. */
export function energyQuery(asked: EnergyAsked, changes: EnergyChanges): Query {
  const { nowMs, period, step, by, measure } = { ...asked, ...changes };
  const atMs = changes.atMs ?? aboutMs(asked, period);
  const isNow =
    periodAt(period, nowMs, asked.timezone).fromMs <= periodAt(period, atMs, asked.timezone).fromMs;
  return {
    period: unless(period, 'month'),
    date: isNow ? undefined : dateText(atMs, asked.timezone),
    step: stepsOf[period].includes(step) ? unless(step, stepsOf[period][0]) : undefined,
    by: unless(by, asked.usualBy),
    measure: unless(measure, 'energy'),
    scope: asked.scope,
  };
}

/** A longer or shorter period is about the same time; of what is under way, about now. */
function aboutMs({ isUnderWay, nowMs, fromMs, toMs, period }: EnergyAsked, next: Period): number {
  if (isUnderWay) return nowMs;
  return period === next || period === 'years' ? toMs - 1 : (fromMs + toMs) / 2;
}

/** The period a click on a bar leads to. */
export const periodOfStep: Readonly<Record<Step, Period | undefined>> = {
  hour: undefined,
  day: 'day',
  week: 'week',
  month: 'month',
  year: 'year',
};

/** The questions to the API, as paths below `api/v1/`. */
export interface EnergyPaths {
  /** Bars and totals of the whole. */
  readonly whole: string;
  /** Bars of the time before, to be held against. */
  readonly before: (span: Span) => string;
  /** One total for each part. */
  readonly ranking: string | undefined;
  /** Bars of some parts. */
  readonly parts: (scopes: readonly string[]) => string;
  /** All rows, for a spreadsheet. */
  readonly csv: string;
}

export function energyPaths(asked: EnergyAsked): EnergyPaths {
  const { step, by, scope = 'room', fromMs, toMs } = asked;
  const path = (more: Record<string, string>, scopes: readonly string[], span: Span = asked) => {
    const query = new URLSearchParams({ from: String(span.fromMs), to: String(span.toMs), ...more });
    for (const one of scopes) query.append('scope', one);
    return `energy?${query}`;
  };
  const isDivided = asked.scope === undefined && by !== 'room';
  return {
    whole: path({ by: step }, [scope]),
    before: (span) => path({ by: step, totals: 'false' }, [scope], span),
    // A year is the longest bucket there is: a row or a few for each.
    ranking: isDivided ? path({ by: 'year' }, [`${by}:*`], { fromMs, toMs }) : undefined,
    parts: (scopes) => path({ by: step, totals: 'false' }, scopes),
    csv: path({ by: step, totals: 'false', format: 'csv' }, [scope, ...(isDivided ? [`${by}:*`] : [])]),
  };
}

function oneOf<T extends string>(all: readonly T[], text: string | undefined, usual: T): T {
  return all.find((one) => one === text) ?? usual;
}

const unless = (text: string, usual: string) => (text === usual ? undefined : text);
