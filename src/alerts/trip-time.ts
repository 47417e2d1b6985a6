/**
 * When a miniature breaker trips, by IEC 60898-1: at 1.13 × its rating not within an hour, at 1.45 × within one, at
 * 2.55 × within 1 to 60 s; at the bottom of its instantaneous band (B 3, C 5, D 10) perhaps at once. Between these
 * points the slowest breaker allowed lies on a straight line of logarithms. For a breaker at 30 °C; in a hot cabinet
 * it trips earlier.
 */
export function tripTime(timesRating: number, curve: 'B' | 'C' | 'D' | undefined): TripTime | undefined {
  if (!(timesRating > notInAnHour)) return undefined;
  if (timesRating >= bandBottom[curve ?? 'B']) return { latestMs: 60_000, words: 'at once' };
  if (timesRating < withinAnHour) return { latestMs: undefined, words: 'after an hour or more' };
  const slope = Math.log(60 / 3600) / Math.log(withinAMinute / withinAnHour);
  const seconds = 3600 * (timesRating / withinAnHour) ** slope;
  const latestMs = Math.max(seconds, 1) * 1000;
  return {
    latestMs,
    words: `within ${seconds < 100 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`}`,
  };
}

export interface TripTime {
  /** The slowest breaker allowed; undefined: not known to trip within an hour. */
  readonly latestMs: number | undefined;
  readonly words: string;
}

const notInAnHour = 1.13;
const withinAnHour = 1.45;
const withinAMinute = 2.55;
export const bandBottom = { B: 3, C: 5, D: 10 } as const;
