const dayMs = 86_400_000;

/** Monday, 30 December 2019, 00:00 of the room's own clock: where counters and cycles begin. */
export const calendarFromMs = Date.UTC(2019, 11, 30);
/**
 * Everything a machine does repeats after four weeks of local time, so that what it drew in all its years is
 * known without walking through them; charts of 30 days hardly show it.
 */
export const cycleMs = 28 * dayMs;

/** Where in its cycle a local moment lies. */
export function inCycle(localMs: number): number {
  const sinceMs = (localMs - calendarFromMs) % cycleMs;
  return sinceMs < 0 ? sinceMs + cycleMs : sinceMs;
}
