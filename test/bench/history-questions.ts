import { makeCarbon } from '../../src/analysis/carbon.ts';
import { localEdges } from '../../src/analysis/local-time.ts';
import { askEnergy } from '../../src/api/ask-energy.ts';
import { askHistory } from '../../src/api/ask-history.ts';
import type { Store } from '../../src/store/store.ts';
import { dayMs, type MadeYear } from './made-year.ts';

/** A question as rackwatt is asked it, and the best that plain InfluxQL over raw readings can do for it. */
export interface HistoryQuestion {
  readonly what: string;
  /** Answers a few figures by which the stores can be compared. */
  ask(store: Store): Promise<number[]>;
  readonly plain: string;
  /** Days of raw readings that the plain question has to look at. */
  readonly plainDays: number;
  /** What the median may be, ms. */
  readonly targetMs: number;
}

const timezone = 'Europe/London';
const points = 600;
const hourMs = 3_600_000;
const rangesMs = { hour: hourMs, day: dayMs, month: 30 * dayMs, year: 365 * dayMs };

export function historyQuestions(year: MadeYear): HistoryQuestion[] {
  const { endMs } = year;
  const scopes = {
    outlet: `outlet:${year.outlets[6]}`,
    server: year.servers[3]!,
    rack: 'rack:r1',
    room: 'room',
  };
  const charts = Object.entries(scopes).flatMap(([kind, scope]) =>
    Object.entries(rangesMs).map(([range, rangeMs]): HistoryQuestion => {
      const fromMs = endMs - Math.min(rangeMs, year.size.days * dayMs);
      return {
        what: `chart: ${range} of one ${kind}`,
        ask: (store) => chart(store, year, scope, fromMs),
        ...plainChart(year, kind as keyof typeof scopes, fromMs),
        targetMs: 50,
      };
    }),
  );
  return [...charts, monthOfServers(year), yearOfRoom(year)];
}

async function chart(store: Store, year: MadeYear, scope: string, fromMs: number): Promise<number[]> {
  const { rawDays, minuteDays } = year.size;
  const answer = await askHistory(store, {
    scope,
    quantity: 'watts',
    fromMs,
    toMs: year.endMs,
    points,
    outlet: scope.startsWith('outlet:') ? scope.slice('outlet:'.length) : undefined,
    nowMs: year.endMs,
    openMinute: undefined,
    retention: { rawMs: rawDays * dayMs, minuteMs: minuteDays * dayMs },
  });
  const known = answer.mean.filter((watts) => watts !== null);
  if (known.length < 24) throw new Error(`a chart of ${scope} with only ${known.length} points`);
  return [known.length, known.reduce((sum, watts) => sum + watts, 0), Math.max(...answer.max.map(Number))];
}

/** Of a sum only its mean: its lowest and highest cannot be had so. Raw readings reach only so far back. */
function plainChart(
  year: MadeYear,
  kind: 'outlet' | 'server' | 'rack' | 'room',
  fromMs: number,
): Pick<HistoryQuestion, 'plain' | 'plainDays'> {
  const range = plainRange(year, fromMs);
  const bucket = `time(${Math.max(10, Math.ceil((year.endMs - range.fromMs) / points / 1000))}s)`;
  const [own, other] = [year.outlets[6]!, year.outlets[7]!].map((outlet) => {
    const [device, label] = outlet.split('/');
    return { device: `device = '${device}'`, outlet: `device = '${device}' AND outlet = '${label}'` };
  });
  const of = {
    outlet: `${own!.outlet} AND `,
    server: `((${own!.outlet}) OR (${other!.outlet})) AND `,
    rack: `(${own!.device} OR ${other!.device}) AND `,
    room: '',
  }[kind];
  const plainDays = (year.endMs - range.fromMs) / dayMs;
  if (kind === 'outlet')
    return {
      plain: `SELECT mean(watts), min(watts), max(watts) FROM raw.reading WHERE ${of}${range.text} GROUP BY ${bucket} fill(none)`,
      plainDays,
    };
  const each = `SELECT mean(watts) AS watts FROM raw.reading WHERE ${of}${range.text} GROUP BY ${bucket}, device, outlet fill(none)`;
  return {
    plain: `SELECT sum(watts) FROM (${each}) WHERE ${range.text} GROUP BY ${bucket} fill(none)`,
    plainDays,
  };
}

function monthOfServers(year: MadeYear): HistoryQuestion {
  const edges = localEdges('month', year.endMs - 32 * dayMs, year.endMs - 31 * dayMs, timezone);
  const [monthMs, nextMs] = [edges.at(-2)!, edges.at(-1)!];
  const fromMs = Math.max(monthMs, year.fromMs(year.size.days));
  const range = plainRange(year, year.endMs - (nextMs - monthMs));
  return {
    what: 'month kWh of all servers, with carbon',
    ask: async (store) => {
      const months = await energy(store, year, year.servers, fromMs, nextMs);
      return [months.length, months.reduce((sum, wattHours) => sum + wattHours, 0)];
    },
    plain: `SELECT spread(watt_hours_total) FROM raw.reading WHERE ${range.text} GROUP BY device, outlet`,
    plainDays: (year.endMs - range.fromMs) / dayMs,
    targetMs: 100,
  };
}

function yearOfRoom(year: MadeYear): HistoryQuestion {
  const fromMs = year.fromMs(year.size.days);
  const range = plainRange(year, fromMs);
  return {
    what: 'year by month of the room, with carbon',
    ask: (store) => energy(store, year, ['room'], fromMs, year.endMs),
    plain: `SELECT sum(wh) FROM (SELECT spread(watt_hours_total) AS wh FROM raw.reading WHERE ${range.text} GROUP BY time(1d), device, outlet fill(none)) WHERE ${range.text} GROUP BY time(30d) fill(none)`,
    plainDays: (year.endMs - range.fromMs) / dayMs,
    targetMs: 100,
  };
}

/** As GET /energy answers, with cost and carbon: Wh by scope and month. */
async function energy(
  store: Store,
  year: MadeYear,
  scopes: readonly string[],
  fromMs: number,
  toMs: number,
): Promise<number[]> {
  const question = {
    scopes,
    by: 'month',
    fromMs,
    toMs,
    timezone,
    withTotals: false,
    nowMs: year.endMs,
  } as const;
  const context = {
    tariff: undefined,
    carbon: makeCarbon({ country: 'GB' }, timezone),
    minutesKeptMs: year.size.minuteDays * dayMs,
    openMinute: () => undefined,
  };
  const sums: number[] = [];
  for await (const { rows } of askEnergy(store, question, context))
    for (const { wattHours } of rows) sums.push(wattHours ?? Number.NaN);
  return sums;
}

/** Bounded on both sides, and no longer than there are raw readings. */
function plainRange(year: MadeYear, fromMs: number): { fromMs: number; text: string } {
  const startMs = Math.max(fromMs, year.fromMs(year.size.rawDays));
  return { fromMs: startMs, text: `time >= ${startMs}ms AND time < ${year.endMs}ms` };
}
