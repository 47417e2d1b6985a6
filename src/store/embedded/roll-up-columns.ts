import { maskSpan, rollUpWidth, rowSlots } from './batch.ts';
import type { Points } from './points.ts';

/**
 * Roll-ups are computed figures: without rounding each would take eight bytes of noise. Kept are 0.1 mW,
 * 1 µWh and 1 µs, far finer than any meter. The mean is Wh over time, so a block holds only what it differs
 * from that (in steps of 0.1 mW): nearly always nothing.
 */
const wattsSteps = 1e4;
const wattHoursSteps = 1e6;
const observedSteps = 1e3;
const hourMs = 3_600_000;

/** In the order of `rollUpFigures`. */
const steps = [
  wattsSteps,
  wattsSteps,
  wattsSteps,
  wattHoursSteps,
  observedSteps,
  wattHoursSteps,
  wattHoursSteps,
  wattHoursSteps,
  observedSteps,
];

/** Rounds the rows of a batch in place, on arrival, so that a figure reads the same before and after packing. */
export function roundRollUps(slots: Float64Array): void {
  for (let from = 0; from < slots.length; ) {
    const mask = slots[from]! % maskSpan;
    let at = from + 2;
    for (let c = 0; c < rollUpWidth; c += 1) {
      if (((mask >>> c) & 1) === 0) continue;
      slots[at] = Math.round(slots[at]! * steps[c]!) / steps[c]!;
      at += 1;
    }
    from += rowSlots(mask);
  }
}

/** The columns of roll-ups as they are packed: what the mean differs from Wh over time instead of the mean. */
export function foldMean(points: Points): Points {
  return { micros: points.micros, columns: [mapMean(points, foldOne), ...points.columns.slice(1)] };
}

export function unfoldMean(points: Points): Points {
  return { micros: points.micros, columns: [mapMean(points, unfoldOne), ...points.columns.slice(1)] };
}

function foldOne(mean: number, expectedSteps: number): number {
  return Math.round(mean * wattsSteps) - expectedSteps;
}

function unfoldOne(folded: number, expectedSteps: number): number {
  return (folded + expectedSteps) / wattsSteps;
}

function mapMean(
  points: Points,
  map: (value: number, expectedSteps: number) => number,
): Float64Array | undefined {
  const [means, , , wattHours, observed] = points.columns;
  if (means === undefined || wattHours === undefined || observed === undefined) return means;
  return means.map((value, i) => {
    const expected = (wattHours[i]! * hourMs * wattsSteps) / observed[i]!;
    return map(value, Number.isFinite(expected) ? Math.round(expected) : 0);
  });
}
