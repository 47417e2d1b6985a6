import { zoneOf } from '../../model/zone.ts';

/** A stretch of local time in which people are left alone; it may run over midnight. */
export interface QuietSpan {
  /** Minutes after midnight. */
  readonly fromMinute: number;
  /** Before `fromMinute`: of the next day. The same: a whole day. */
  readonly toMinute: number;
  /** Days it begins on, 0 is Sunday; absent: every day. */
  readonly days?: readonly number[] | undefined;
}

const minutesOfDay = 1_440;

/** Whether local clocks of the zone stand in one of the spans. */
export function isQuiet(spans: readonly QuietSpan[], timezone: string, atMs: number): boolean {
  if (spans.length === 0) return false;
  const local = new Date(zoneOf(timezone).localMs(atMs));
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
  const day = local.getUTCDay();
  const begins = (span: QuietSpan, on: number) => span.days === undefined || span.days.includes(on % 7);
  return spans.some((span) => {
    const lengthMinutes = (span.toMinute - span.fromMinute + minutesOfDay) % minutesOfDay || minutesOfDay;
    const today = minute - span.fromMinute;
    const sinceYesterday = today + minutesOfDay;
    return (
      (begins(span, day) && today >= 0 && today < lengthMinutes) ||
      (begins(span, day + 6) && sinceYesterday < lengthMinutes)
    );
  });
}
