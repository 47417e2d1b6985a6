/** To thousandths, finer than any meter in a server room: how the detectors tell their figures. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
