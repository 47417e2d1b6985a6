import type { EnergyColumns, RollUpColumns } from '../model/columns.ts';
import { tierStepMs } from '../model/roll-up.ts';

/** What counters proved against what the watts came to, over the quarters of an hour that counters prove as a whole. */
export interface Reconciled {
  readonly counterWattHours: number;
  readonly integratedWattHours: number;
  /** Watts against counter: 2.5 = the watts came to 2.5 % more. */
  readonly differencePercent: number;
  /** In words, where they disagree by more than 2 %. */
  readonly problem: string | undefined;
}

/** What a device took in as a whole less what its outlets gave. */
export interface Loss {
  readonly wattHours: number;
  /** Of what it took in. */
  readonly percent: number;
}

const quarterMs = tierStepMs.quarter;
/** A quarter known for less is left out. */
const knownShare = 0.9;
/** So little of a quarter may come from elsewhere than counters. */
const otherShare = 0.001;
const disagreePercent = 2;
/** A coarse counter says nothing of less. */
const wattHoursMin = 100;

/** Of the quarters of one scope; undefined: no counters, or no watts beside them, or too little to tell. */
export function reconcile(rows: RollUpColumns): Reconciled | undefined {
  const { counterWattHours, wattHours, wattsMean, observedMs } = rows;
  if (counterWattHours === undefined) return undefined;
  let counted = 0;
  let integrated = 0;
  for (let i = 0; i < wattHours.length; i += 1) {
    const counter = counterWattHours[i]!;
    const watts = wattsMean[i]!;
    if (!(counter > 0) || Number.isNaN(watts) || observedMs[i]! < knownShare * quarterMs) continue;
    if (Math.abs(wattHours[i]! - counter) > otherShare * counter) continue;
    counted += counter;
    integrated += (watts * quarterMs) / 3_600_000;
  }
  if (counted < wattHoursMin) return undefined;
  const differencePercent = (integrated / counted - 1) * 100;
  const problem =
    Math.abs(differencePercent) > disagreePercent
      ? `The watts came to ${Math.abs(differencePercent).toFixed(1)} % ${differencePercent > 0 ? 'more' : 'less'} than the energy counter: one of them is wrong, or the meter reports too seldom for what it feeds`
      : undefined;
  return { counterWattHours: counted, integratedWattHours: integrated, differencePercent, problem };
}

/** Of the quarters that are known of the whole device and of each of its outlets; undefined: there are none. */
export function lossOf(total: EnergyColumns, outlets: readonly EnergyColumns[]): Loss | undefined {
  if (outlets.length === 0) return undefined;
  const given = new Map<number, { wattHours: number; outlets: number }>();
  for (const rows of outlets)
    for (const [fromMs, wattHours] of known(rows)) {
      const sum = given.get(fromMs) ?? { wattHours: 0, outlets: 0 };
      given.set(fromMs, { wattHours: sum.wattHours + wattHours, outlets: sum.outlets + 1 });
    }
  let taken = 0;
  let lost = 0;
  for (const [fromMs, wattHours] of known(total)) {
    const sum = given.get(fromMs);
    if (sum?.outlets !== outlets.length) continue;
    taken += wattHours;
    lost += wattHours - sum.wattHours;
  }
  return taken > 0 ? { wattHours: lost, percent: (lost / taken) * 100 } : undefined;
}

function* known({ fromMs, wattHours, observedMs, spreadMs }: EnergyColumns): Generator<[number, number]> {
  for (let i = 0; i < fromMs.length; i += 1) {
    const spread = spreadMs?.[i] ?? 0;
    const knownMs = observedMs[i]! + (Number.isNaN(spread) ? 0 : spread);
    if (knownMs >= knownShare * quarterMs && !Number.isNaN(wattHours[i]!)) yield [fromMs[i]!, wattHours[i]!];
  }
}
