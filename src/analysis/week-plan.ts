import { type TimeOfUse, weekdays } from './tariff-settings.ts';

const minutesPerDay = 1_440;
const monthsPerYear = 12;

/** Minutes of a local day through which one row of a time-of-use list holds; −1: none does. */
export interface PlanRun {
  readonly toMinute: number;
  readonly row: number;
}

/** For each month and weekday, what holds when. */
export interface WeekPlan {
  /** The run that holds; `month` 0…11, `weekday` 0 = Monday. */
  at(month: number, weekday: number, minute: number): PlanRun;
  /** Two rows with different prices for one moment. */
  readonly conflict: (PlanMoment & { readonly rows: readonly [number, number] }) | undefined;
  /** The first moment for which there is no row. */
  readonly gap: PlanMoment | undefined;
}

export interface PlanMoment {
  readonly month: number;
  readonly weekday: number;
  readonly minute: number;
}

/** Lays the rows of a time-of-use list over the year. */
export function weekPlan(rows: readonly TimeOfUse[]): WeekPlan {
  const spans = rows.map(spanOf);
  const runs: PlanRun[][] = [];
  let conflict: WeekPlan['conflict'];
  let gap: WeekPlan['gap'];
  for (let month = 0; month < monthsPerYear; month += 1) {
    for (let weekday = 0; weekday < weekdays.length; weekday += 1) {
      const held = new Int16Array(minutesPerDay).fill(-1);
      for (const [row, { months }] of rows.entries()) {
        if (months !== undefined && !months.includes(month + 1)) continue;
        for (const [from, to] of minutesOn(rows[row]!, spans[row]!, weekday)) {
          for (let minute = from; minute < to; minute += 1) {
            const other = held[minute]!;
            if (other >= 0 && rows[other]!.pricePerKwh !== rows[row]!.pricePerKwh) {
              conflict ??= { month, weekday, minute, rows: [other, row] };
            } else if (other < 0) held[minute] = row;
          }
        }
      }
      const minute = held.indexOf(-1);
      if (minute >= 0) gap ??= { month, weekday, minute };
      runs.push(runsOf(held));
    }
  }
  return {
    at: (month, weekday, minute) =>
      runs[month * weekdays.length + weekday]!.find((run) => minute < run.toMinute)!,
    conflict,
    gap,
  };
}

/** `07:30` → 450; undefined when it is no time of day. */
export function minuteOfDay(text: string): number | undefined {
  const parts = /^(\d{1,2}):(\d{2})$/.exec(text);
  const minute = parts === null ? Number.NaN : Number(parts[1]) * 60 + Number(parts[2]);
  return parts !== null && Number(parts[2]) < 60 && minute <= minutesPerDay ? minute : undefined;
}

/** Minutes from the midnight that begins its day; more than a day's where it runs over the next midnight. */
function spanOf({ from, to }: TimeOfUse): [number, number] {
  const fromMinute = minuteOfDay(from ?? '00:00') ?? 0;
  const toMinute = minuteOfDay(to ?? '24:00') ?? minutesPerDay;
  return [fromMinute, toMinute > fromMinute ? toMinute : toMinute + minutesPerDay];
}

/** What a row takes of one weekday: its own part, and what runs over from the day before. */
function minutesOn(row: TimeOfUse, [from, to]: [number, number], weekday: number): [number, number][] {
  const holdsOn = (day: number) => row.days === undefined || row.days.includes(weekdays[day]!);
  const parts: [number, number][] = [];
  if (holdsOn(weekday)) parts.push([from, Math.min(to, minutesPerDay)]);
  if (to > minutesPerDay && holdsOn((weekday + 6) % 7)) parts.push([0, to - minutesPerDay]);
  return parts;
}

function runsOf(held: Int16Array): PlanRun[] {
  const runs: PlanRun[] = [];
  for (let minute = 1; minute <= minutesPerDay; minute += 1) {
    if (minute === minutesPerDay || held[minute] !== held[minute - 1]) {
      runs.push({ toMinute: minute, row: held[minute - 1]! });
    }
  }
  return runs;
}
