import { wander } from './chance.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** What the grid delivers on a feed before anything is plugged in: a slow day, a slow drift, a little flutter. */
export function openVolts(seed: number, atMs: number, localMs: number): number {
  const day = 1.6 * Math.cos((2 * Math.PI * (localMs / dayMs - 4 / 24)) % (2 * Math.PI));
  return 233 + day + 0.9 * wander(seed, atMs, 23 * minuteMs) + 0.12 * wander(seed + 1, atMs, 4_000);
}

/** The same everywhere: 50 ± 0.05 Hz. */
export function gridHertz(seed: number, atMs: number): number {
  return 50 + 0.032 * wander(seed, atMs, 80_000) + 0.018 * wander(seed + 1, atMs, 9 * minuteMs);
}

/** A rectifier without power factor correction: allowed in small supplies, and usual there. */
const correctedFromWatts = 75;

/**
 * VA a supply takes for its watts. Corrected supplies draw nearly a sine when loaded; their input filter's
 * capacitors take a reactive current whatever the load, so the power factor falls as the load does.
 */
export function voltAmpsOf(watts: number, supplyWatts: number): number {
  if (watts <= 0) return 0;
  if (supplyWatts < correctedFromWatts) return watts / 0.57;
  const load = watts / supplyWatts;
  const distortion = 0.992 - 0.05 * Math.exp(-10 * load);
  return Math.hypot(watts / distortion, 0.045 * supplyWatts);
}
