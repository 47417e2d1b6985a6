/** What a reading made of a load. */
export const turn = {
  nothing: 0,
  /** A rise began that may become a start. */
  rise: 1,
  /** It fell back: it was none. */
  fallen: 2,
  /** It is certain. */
  start: 3,
  off: 4,
  /** What it drew before a hole was its standby. */
  standby: 5,
} as const;
export type Turn = (typeof turn)[keyof typeof turn];
