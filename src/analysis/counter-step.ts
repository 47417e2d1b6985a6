/**
 * How a counter came from one reading to the next. `same`: no new count. `tick`: it counted on, or wrapped round
 * at `wrapWattHours`. `jitter`: a count or two back, as rounding does. `impossible`: a reset, a zero that
 * is none, a jump: what follows must tell.
 */
export type CounterStep =
  | { readonly kind: 'same' | 'jitter' | 'impossible' }
  | { readonly kind: 'tick'; readonly wrapWattHours: number };

/** What bounds a step. */
export interface StepBounds {
  /** Wh that can have flowed since the earlier reading at the very most. */
  readonly mostWattHours: number;
  /** Wh that can be expected to have flowed; NaN: not known. */
  readonly likelyWattHours: number;
  /** The time between is so short that a fall to almost nothing from where counters wrap is no accident. */
  readonly mayWrap: boolean;
}

const same: CounterStep = { kind: 'same' };
const jitter: CounterStep = { kind: 'jitter' };
const impossible: CounterStep = { kind: 'impossible' };

const hairWattHours = 1e-6;
const jitterCounts = 2;
const likelyTimesMax = 3;

/** Judges the step from one counter reading to the next, both Wh. */
export function counterStep(before: number, after: number, bounds: StepBounds): CounterStep {
  const wattHours = after - before;
  if (Math.abs(wattHours) < hairWattHours) return same;
  const slack = jitterCounts * countOf(before, after);
  if (wattHours > 0) {
    return wattHours <= bounds.mostWattHours + slack ? { kind: 'tick', wrapWattHours: 0 } : impossible;
  }
  if (-wattHours <= slack + hairWattHours) return jitter;
  const wrapWattHours = wrapOf(before, after, bounds, slack);
  if (wrapWattHours > 0) return { kind: 'tick', wrapWattHours };
  // Near zero it is a reset rather.
  return -wattHours <= bounds.likelyWattHours && after > bounds.likelyWattHours ? jitter : impossible;
}

const counts = [100, 10, 1, 0.1, 0.01];
const finestCount = 0.001;

/** The coarsest decimal step, Wh, that both figures are multiples of: a kWh counter with two decimals counts by 10. */
export function countOf(one: number, other: number): number {
  return counts.find((count) => isMultiple(one, count) && isMultiple(other, count)) ?? finestCount;
}

function isMultiple(wattHours: number, count: number): boolean {
  const times = wattHours / count;
  return Math.abs(times - Math.round(times)) < 1e-6;
}

/** 16 and 32 bits of mWh … kWh or watt-minutes, and registers of six to ten decimal digits of Wh. */
const wraps = [
  ...[0, 1, 2, 3].map((exponent) => 2 ** 16 * 10 ** exponent),
  ...[-3, -2, -1, 0, 1, 2, 3].map((exponent) => 2 ** 32 * 10 ** exponent),
  2 ** 32 / 60,
  ...[6, 7, 8, 9, 10].map((exponent) => 10 ** exponent),
];

function wrapOf(before: number, after: number, bounds: StepBounds, slack: number): number {
  if (after < 0 || !bounds.mayWrap) return 0;
  const likely = Number.isNaN(bounds.likelyWattHours)
    ? Number.POSITIVE_INFINITY
    : likelyTimesMax * bounds.likelyWattHours;
  const most = Math.min(bounds.mostWattHours, likely) + slack;
  return wraps.find((wrap) => before < wrap && after + wrap - before <= most) ?? 0;
}
