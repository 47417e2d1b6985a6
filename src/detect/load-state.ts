/**
 * Everything the detectors know of one load between two readings, as one row of doubles: compact, without
 * allocation per reading, and written to the checkpoint as it is. Each fold has its own columns; it reads those of
 * others and writes its own. 0 is "not yet" throughout, times are epoch ms.
 */

// cadence.ts
export const lastMs = 0;
export const usualGapMs = 1;
/** 0…1, how often a gap is much longer than usual: a meter that reports on change. */
export const irregular = 2;
export const gaps = 3;
export const lateRun = 4;
/** Since the last time each of its inputs had its turn. */
export const roundMs = 51;
/** Between the last reading and the one before; NaN where that says nothing. */
export const gapMs = 57;
/** Of the last reading, whichever way it was counted: a clamp put on backwards sees the same machine. */
export const drawWatts = 58;

// start-detector.ts
export const lastWatts = 5;
export const phase = 6;
export const phaseSinceMs = 7;
/** Off or standby level; kept while the load is on. */
export const restWatts = 8;
export const lowSinceMs = 9;
export const lowCount = 10;
export const lowSum = 11;
/** Onset of a rise that is not certain yet. */
export const riseMs = 12;
export const riseCount = 13;
export const riseFromWatts = 14;
/** How long the level before a doubtful rise had been flat; 0: a rise from a level known as off. */
export const riseFlatMs = 15;
export const flatSinceMs = 16;
export const flatWatts = 17;
export const flatStrays = 18;
/** Learnt: what it draws in standby, above what counts as off for any machine. */
export const standbyWatts = 19;
export const onWatts = 20;
/** Onset of the last start. */
export const startedMs = 21;
/** The last level known as off or standby, for the idle row. */
export const offWatts = 22;

// stuck.ts
export const sameCount = 23;
export const sameSinceMs = 24;
/** 0…1, how often a reading differs from the one before. */
export const jitter = 25;

// idle-learner.ts
/** The baseline as mean of what is near it: finer than the bins. */
export const idleMeanWatts = 26;
/** Minutes since the histogram was last looked at. */
export const freshMinutes = 29;
/** Minutes on that the histogram rests on, older ones counting less. */
export const onMinutes = 30;
/** Which of all imaginable bins is the histogram's first. */
export const firstBin = 31;
export const fadedDay = 32;
export const idleWatts = 33;
export const idleSinceMs = 34;
export const idleShare = 35;
export const busyWatts = 36;
/** The low end of the last hours, and how often the draw is there. */
export const recentLowWatts = 37;
export const recentLowShare = 38;
/** Minutes on, and the time, since it was last at the baseline. */
export const awayMinutes = 39;
export const awaySinceMs = 40;
/** Minutes clearly below the baseline, lately. */
export const belowMinutes = 41;
export const belowSinceMs = 42;
/** 1: its baseline has been announced. */
export const learnt = 43;

// start-detector.ts
/** The reading before the last one: where a trace begins. */
export const lastWattsBefore = 47;
/** What it drew when it last ran. */
export const usualOnWatts = 27;
/** Time seen off. */
export const offMs = 28;

/** A flat low level before a hole, and when the hole ended: perhaps a standby. */
export const suspectWatts = 48;
export const suspectMs = 49;

// idle-learner.ts
export const idleMeanMinutes = 50;

// usual-volts.ts
export const voltsUsual = 44;
export const lastVolts = 45;
// 46 was in use once.

// standby.ts
/** Starts without a surge in a row from a standby that was learnt, and the last start from it. */
export const plainStarts = 52;
export const plainStartMs = 53;
/** A level that was taken for a standby and is not. */
export const refusedWatts = 54;

/** Short small runs in a row. */
export const flickers = 55;

// idle-learner.ts
export const farBelowMinutes = 56;
/** What the reading before counts for. */
export const heldMinutes = 59;

// standby.ts
/** Starts from a standby that was learnt, old ones counting less; when its level was refused. */
export const crowd = 60;
export const refusedMs = 61;

// pulses.ts
/** Very short runs in a row. */
export const pulses = 62;
/** End of the last. */
export const pulseMs = 63;

// start-detector.ts
/** When it last came back from a dip that was no off. */
export const dipMs = 64;

export const stateColumns = 65;

/** The off level is a mean of so much time off. */
export const offMeanMs = 24 * 3_600_000;

/** Phases of a load. */
export const unknown = 0;
export const off = 1;
export const on = 2;
