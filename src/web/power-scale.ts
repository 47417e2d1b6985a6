/** The least span of the watts axis, as a share of its top: noise of a percent must not look like drama. */
const spanShareMin = 0.06;
const spanWattsMin = 10;
const paddingShare = 0.12;
/** An axis whose bottom would be below this share of its top begins at 0. */
const zeroBelowShare = 0.35;
const ticks = 4;

/** From where to where the watts axis goes, on round numbers so that it seldom moves. */
export function powerRange(wattsMin: number | null, wattsMax: number | null): [number, number] {
  if (wattsMin === null || wattsMax === null) return [0, 100];
  const seen = wattsMax - wattsMin;
  const span = Math.max(seen, Math.abs(wattsMax) * spanShareMin, spanWattsMin);
  const margin = (span - seen) / 2 + span * paddingShare;
  const low = wattsMin - margin;
  const high = wattsMax + margin;
  const step = roundStep((high - low) / ticks);
  const fromZero = low >= 0 ? low < high * zeroBelowShare : wattsMin >= 0;
  return [fromZero ? 0 : Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** 1, 2 or 5 times a power of ten, not smaller than asked. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const times = [1, 2, 5, 10].find((candidate) => candidate * power >= least) ?? 10;
  return times * power;
}
