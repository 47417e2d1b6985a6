import { instantOfText } from '../analysis/settings-time.ts';
import { weekdays } from '../analysis/tariff-settings.ts';
import { minuteOfDay } from '../analysis/week-plan.ts';
import type { AlertSettings } from '../config/alert-settings.ts';
import type { AlertRule } from '../model/alert.ts';
import { zoneOf } from '../model/zone.ts';
import { ScopePatterns } from './scope-pattern.ts';

type Window = AlertSettings['maintenance'][number];

const minuteMs = 60_000;
const dayMs = 86_400_000;
const dayMinutes = 1_440;

/** Windows of the settings in which work is done and alerts say nothing; times are those of the room's clock. */
export class Maintenance {
  readonly #windows: readonly {
    readonly name: string;
    readonly rules: readonly AlertRule[] | undefined;
    readonly patterns: ScopePatterns | undefined;
    readonly holds: (nowMs: number) => boolean;
  }[];

  constructor(windows: readonly Window[], timezone: string) {
    this.#windows = windows.map((window) => ({
      name: window.name,
      rules: window.rules,
      patterns: window.scopes && new ScopePatterns(window.scopes),
      holds: holdsOf(window, timezone),
    }));
  }

  get isEmpty(): boolean {
    return this.#windows.length === 0;
  }

  /** The name of the window that covers an alert of this rule on these scopes (its own and those it is part of). */
  of(rule: AlertRule, scopes: Iterable<string>, nowMs: number): string | undefined {
    return this.#windows.find(
      ({ rules, patterns, holds }) =>
        (rules === undefined || rules.includes(rule)) &&
        holds(nowMs) &&
        (patterns === undefined || patterns.fitsAny(scopes)),
    )?.name;
  }
}

function holdsOf({ days, from, to }: Window, timezone: string): (nowMs: number) => boolean {
  if (days === undefined) {
    const fromMs = instantOfText(from, timezone) ?? Number.POSITIVE_INFINITY;
    const toMs = instantOfText(to, timezone) ?? Number.NEGATIVE_INFINITY;
    return (nowMs) => nowMs >= fromMs && nowMs < toMs;
  }
  const zone = zoneOf(timezone);
  const fromMinute = minuteOfDay(from) ?? 0;
  const toMinute = minuteOfDay(to) ?? 0;
  const end = toMinute > fromMinute ? toMinute : toMinute + dayMinutes;
  const begins = (localDay: number) => days.includes(weekdays[(((localDay + 3) % 7) + 7) % 7]!);
  return (nowMs) => {
    const localMs = zone.localMs(nowMs);
    // The first of January 1970 was a Thursday.
    const day = Math.floor(localMs / dayMs);
    const minute = Math.floor((localMs - day * dayMs) / minuteMs);
    return (
      (begins(day) && minute >= fromMinute && minute < end) ||
      (begins(day - 1) && minute + dayMinutes >= fromMinute && minute + dayMinutes < end)
    );
  };
}
