import fc from 'fast-check';
import type { LedgerReading } from '../../src/analysis/energy-ledger.ts';

/** A meter with a made-up truth: what its load really drew, and what it said of that. */
export interface MadeUpMeter {
  readonly readings: LedgerReading[];
  readonly periodMs: number;
  readonly countWattHours: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Times without any reading, from the last one before to the first one after. */
  readonly outages: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Outages in which the counter began anew: what flowed in them nobody knows. */
  readonly blindOutages: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly resets: number;
  /** What it was made from, in one line: a counterexample need not show thousands of readings. */
  readonly [fc.toStringMethod]: () => string;
  /** Wh really drawn within [fromMs, toMs). */
  drawn(fromMs: number, toMs: number): number;
}

export interface MeterKind {
  readonly counter: boolean;
  readonly watts: boolean;
  /** Resets, zeros that are none, jumps, steps back. */
  readonly slips: boolean;
  readonly onChange: boolean;
}

const minuteMs = 60_000;

export function madeUpMeter(kind: MeterKind, fromMs: number, hours: number): fc.Arbitrary<MadeUpMeter> {
  return fc
    .record({
      seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      periodMs: kind.onChange ? fc.constant(60_000) : fc.constantFrom(20_000, 30_000, 60_000, 300_000),
      countWattHours: fc.constantFrom(0.001, 0.1, 1, 10),
      meanWatts: fc.integer({ min: 40, max: 3_000 }),
      /** What the watts are wrong by, against the counter. */
      wattsFactor: kind.counter ? fc.constantFrom(0.97, 1, 1.03) : fc.constant(1),
      outages: fc.array(
        fc.record({
          share: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
          minutes: fc.integer({ min: 20, max: 400 }),
        }),
        { maxLength: 3 },
      ),
      slips: fc.array(
        fc.record({
          share: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
          what: fc.constantFrom('reset' as const, 'zeros' as const, 'jump' as const, 'back' as const),
        }),
        { maxLength: kind.slips ? 4 : 0 },
      ),
    })
    .map((plan) => live({ ...plan, kind, fromMs, hours }));
}

/** Its counter does not stand for long: one that has not ticked for an hour is told by what is likely. */
export function ticksOften({ readings, countWattHours }: MadeUpMeter): boolean {
  let sinceMs = readings[0]!.atMs;
  for (const [i, { atMs, wattHoursTotal }] of readings.entries()) {
    if (i > 0 && wattHoursTotal! - readings[i - 1]!.wattHoursTotal! >= countWattHours) sinceMs = atMs;
    if (atMs - readings[Math.max(0, i - 1)]!.atMs < 900_000 && atMs - sinceMs > 1_500_000) return false;
  }
  return true;
}

interface Plan {
  readonly kind: MeterKind;
  readonly fromMs: number;
  readonly hours: number;
  readonly seed: number;
  readonly periodMs: number;
  readonly countWattHours: number;
  readonly meanWatts: number;
  readonly wattsFactor: number;
  readonly outages: readonly { readonly share: number; readonly minutes: number }[];
  readonly slips: readonly { readonly share: number; readonly what: 'reset' | 'zeros' | 'jump' | 'back' }[];
}

function live(plan: Plan): MadeUpMeter {
  const { kind, fromMs, periodMs, countWattHours } = plan;
  const random = randomFrom(plan.seed);
  const { atMs, watts } = load(plan, random);
  const drawnUntil = new Float64Array(atMs.length);
  for (let i = 1; i < atMs.length; i += 1) {
    const mean = kind.onChange ? watts[i - 1]! : (watts[i - 1]! + watts[i]!) / 2;
    drawnUntil[i] = drawnUntil[i - 1]! + (mean * (atMs[i]! - atMs[i - 1]!)) / 3_600_000;
  }
  const toMs = atMs.at(-1)!;
  const silent = plan.outages.map(({ share, minutes }) => {
    const beginMs = fromMs + share * (toMs - fromMs);
    return [beginMs, beginMs + Math.max(minutes * minuteMs, 5 * periodMs)] as const;
  });
  const isSilent = (at: number) => silent.some(([from, to]) => at > from && at < to);
  const slipAt = new Map(plan.slips.map(({ share, what }) => [Math.floor(share * (atMs.length - 1)), what]));
  const readings: LedgerReading[] = [];
  const resetsMs: number[] = [];
  let base = -Math.floor(random() * 5_000_000);
  let zeros = 0;
  for (let i = 0; i < atMs.length; i += 1) {
    const slip = slipAt.get(i);
    if (slip === 'reset' && -base + drawnUntil[i]! > 50_000) {
      // It began anew some time since the reading before.
      base = drawnUntil[i]! - random() * (drawnUntil[i]! - drawnUntil[Math.max(0, i - 1)]!);
      resetsMs.push(atMs[i]!);
    }
    if (isSilent(atMs[i]!) || i === 0) continue;
    // Zeros and a reset at one time: not even the watts could tell them apart to the count.
    if (slip === 'zeros' && ![...slipAt].some(([at, what]) => what === 'reset' && Math.abs(at - i) < 6))
      zeros = 1 + Math.floor(random() * 3);
    let total = Math.floor((drawnUntil[i]! - base) / countWattHours + 1e-9) * countWattHours;
    if (slip === 'jump') total += 4_000_000;
    if (slip === 'back') total = Math.max(0, total - countWattHours);
    if (zeros > 0) {
      zeros -= 1;
      total = 0;
    }
    readings.push({
      atMs: atMs[i]!,
      ...(kind.watts && { watts: watts[i]! * plan.wattsFactor }),
      ...(kind.counter && { wattHoursTotal: total }),
    });
  }
  const heardMs = readings.map((reading) => reading.atMs);
  const outages = heardMs.flatMap((at, i) =>
    i > 0 &&
    silent.some(
      ([from, to]) => heardMs[i - 1]! <= from + 1 && at >= to - 1 && at > from && heardMs[i - 1]! < to,
    )
      ? [{ fromMs: heardMs[i - 1]!, toMs: at }]
      : i > 0 && at - heardMs[i - 1]! > 5 * periodMs
        ? [{ fromMs: heardMs[i - 1]!, toMs: at }]
        : [],
  );
  return {
    readings,
    periodMs,
    countWattHours,
    fromMs: heardMs[0]!,
    toMs: heardMs.at(-1)!,
    outages,
    blindOutages: outages.filter((outage) =>
      resetsMs.some((resetMs) => resetMs > outage.fromMs && resetMs <= outage.toMs),
    ),
    resets: resetsMs.length,
    [fc.toStringMethod]: () => JSON.stringify(plan),
    drawn: (from, to) => drawnAt(to) - drawnAt(from),
  };

  function drawnAt(at: number): number {
    let low = 0;
    let high = atMs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (atMs[middle]! <= at) low = middle;
      else high = middle;
    }
    const forMs = Math.min(at, atMs[high]!) - atMs[low]!;
    const slope = kind.onChange ? 0 : (watts[high]! - watts[low]!) / (atMs[high]! - atMs[low]!);
    return drawnUntil[low]! + ((watts[low]! + (slope * forMs) / 2) * forMs) / 3_600_000;
  }
}

/** Periodic: a line from sample to sample, wandering and now and then leaping. On change: steps. */
function load(plan: Plan, random: () => number): { atMs: number[]; watts: number[] } {
  const atMs = [plan.fromMs];
  const watts = [plan.meanWatts];
  const endMs = plan.fromMs + plan.hours * 60 * minuteMs;
  while (atMs.at(-1)! < endMs) {
    const changes = plan.kind.onChange && random() < 0.6;
    const before = watts.at(-1)!;
    atMs.push(
      atMs.at(-1)! + Math.round(changes ? 1_000 + random() * (plan.periodMs - 1_000) : plan.periodMs),
    );
    if (plan.kind.onChange) watts.push(changes ? plan.meanWatts * (0.3 + 1.4 * random()) : before);
    else if (random() < 0.01) watts.push(plan.meanWatts * (0.3 + 1.4 * random()));
    else watts.push(Math.max(plan.meanWatts * 0.2, before * (0.99 + 0.02 * random())));
  }
  return { atMs, watts };
}

/** Numerical Recipes' quick and even generator: the seed is fast-check's, so that a failure can be run again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
