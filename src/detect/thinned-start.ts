import type { SavedStart } from './open-start.ts';
import { rounded } from './rounded.ts';

/** Points of a thinned trace. */
export const thinnedPointsMax = 200;
/** The first of them as they came: from the reading before the onset on, with the surge and how often it was read. */
const pointsFirst = 100;

/** With at most 200 points of its trace: the first hundred, its peak, its last, and others at equal steps. */
export function thinnedStart(start: SavedStart): SavedStart {
  const { atMs, watts, volts, input, inputWatts, inputVolts } = start.trace;
  if (atMs.length <= thinnedPointsMax) return start;
  // One is left for the peak.
  const others = thinnedPointsMax - pointsFirst - 1;
  const step = (atMs.length - pointsFirst) / others;
  const kept = new Set([peakAt(start)]);
  for (let i = 0; i < pointsFirst; i += 1) kept.add(i);
  for (let i = 1; i <= others; i += 1) kept.add(pointsFirst + Math.round(i * step) - 1);
  const points = [...kept].sort((a, b) => a - b);
  return {
    ...start,
    trace: {
      atMs: points.map((at) => atMs[at]!),
      watts: points.map((at) => rounded(watts[at]!)),
      volts: points.map((at) => roundedOrNull(volts[at])),
      ...(input && { input: points.map((at) => input[at]!) }),
      ...(inputWatts && { inputWatts: points.map((at) => rounded(inputWatts[at]!)) }),
      ...(inputVolts && { inputVolts: points.map((at) => roundedOrNull(inputVolts[at])) }),
    },
  };
}

/** The largest that is not above the peak of the surge: what is above was wild, or came long after. */
function peakAt({ surge, trace: { watts } }: SavedStart): number {
  const most = surge.peakWatts ?? Number.POSITIVE_INFINITY;
  let peak = 0;
  for (const [at, value] of watts.entries()) {
    const draw = Math.abs(value);
    if (draw <= most && draw > Math.abs(watts[peak]!)) peak = at;
  }
  return peak;
}

function roundedOrNull(value: number | null | undefined): number | null {
  return value == null ? null : rounded(value);
}
