/** What the detectors have learnt of a load's settled draw while it is on and does nothing. */
export interface IdleBaseline {
  readonly scope: string;
  /** Absent until anything is known. */
  readonly idleWatts?: number;
  /** Off or standby level, as far as it was seen. */
  readonly offWatts?: number;
  /** `measured`: a level it rests at again and again. `estimated`: it never rests; the low end of its draw. */
  readonly basis: 'measured' | 'estimated' | 'unknown';
  /** 0…1. */
  readonly confidence: number;
  /** Time on that the baseline rests on; older time counts less. */
  readonly hoursObserved: number;
  /** Share of that time spent at the baseline. */
  readonly idleShare: number;
  /** Since when this baseline holds: the first reading, or when it moved. Absent until it was seen on. */
  readonly sinceMs?: number;
  /** The load it carries when it is busy: what nine tenths of the time on stay below. */
  readonly busyWatts?: number;
  /** Too early to judge. */
  readonly learning: boolean;
}

/** A baseline held against its limit (`GET /idle`). */
export interface IdleVerdict extends Omit<IdleBaseline, 'learning'> {
  /** Absent while learning, and where no rule applies. */
  readonly limitWatts?: number;
  /** Which rule, in words. */
  readonly limitRule?: string;
  readonly verdict: 'ok' | 'high' | 'learning';
  /** A year at the idle level, for the share of the year it idles. */
  readonly yearWattHours?: number;
  /** In the currency of the tariff. Absent without one. */
  readonly yearCost?: number;
  readonly yearGrams?: number;
}
