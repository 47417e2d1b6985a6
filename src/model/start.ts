/**
 * A load going from off or standby to running, with its surge. Announced as soon as it is certain, completed
 * later under the same id: until `complete` the settled level, the energy and the end of the trace are missing.
 * What is not known is absent, never 0.
 */
export interface StartRecord {
  /** Made from scope and onset, so that finding the same start again gives the same id. URL-safe. */
  readonly id: string;
  /** The server; or the feed, breaker or device on which several loads started together. */
  readonly scope: string;
  /** Outlets of the load; of several together those that hang on the scope. */
  readonly outlets: readonly string[];
  /** First reading above the level before, epoch ms. */
  readonly atMs: number;
  /** Reading time at which it was certain. */
  readonly detectedAtMs: number;
  /** Level before: off or standby. */
  readonly fromWatts: number;
  /** Largest reading of the surge. */
  readonly peakWatts: number;
  readonly peakAtMs: number;
  /**
   * `measured` only where the source captures the wave or keeps a maximum of its own; else the true peak is at
   * least this.
   */
  readonly peakIs: 'measured' | 'lower-bound';
  /** Between readings, during the start. A surge shorter than this is seen diluted or not at all. */
  readonly sampleMs: number;
  /** Level it came to rest at, after the boot. */
  readonly settledWatts?: number;
  /** From onset until the readings stay at the settled level. */
  readonly settleMs?: number;
  /** From onset until settled. */
  readonly wattHours?: number;
  readonly voltsBefore?: number;
  readonly voltsMin?: number;
  /**
   * Scopes that were starting at the same time on a breaker (or, unwired, on a device) of this one. Of several together:
   * who they are.
   */
  readonly concurrent: readonly string[];
  /**
   * Crest of the current that charges the supplies when mains is applied: milliseconds, invisible to any meter
   * that reports once a second. An estimate by rule, only where the load had been without mains.
   */
  readonly inrushEstimate?: InrushEstimate;
  readonly complete: boolean;
  /** From just before the onset, at full resolution. */
  readonly trace?: StartTrace;
}

export interface InrushEstimate {
  readonly ampsPeak: number;
  readonly supplies: number;
  /** How it was arrived at, in words. */
  readonly rule: string;
}

/** Aligned columns. */
export interface StartTrace {
  readonly atMs: readonly number[];
  readonly watts: readonly number[];
  /** `null`: that reading brought none. Absent: none did. */
  readonly volts?: readonly (number | null)[];
}
