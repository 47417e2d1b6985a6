/** What a machine is doing. `unknown`: no fresh reading says. */
export type PowerState = 'off' | 'standby' | 'starting' | 'idle' | 'active' | 'unknown';

/**
 * How a figure is known. `measured`: every input it sums is fresh. `partial`: at least one input is missing,
 * so the truth is more. `estimated`: by a rule. `unknown`: nothing fresh.
 */
export type Basis = 'measured' | 'partial' | 'estimated' | 'unknown';

/** The latest known values of a scope. A quantity that is not known is absent, never 0. */
export interface Figure {
  watts?: number;
  voltAmps?: number;
  amps?: number;
  volts?: number;
  powerFactor?: number;
  hertz?: number;
  state: PowerState;
  /** Epoch ms of the newest reading in it; absent when there never was one. */
  atMs?: number;
  /** The last reading is older than three expected intervals, or was retained by the broker. */
  stale: boolean;
  idleWatts?: number;
  /** Since local midnight of the room's zone. */
  todayWattHours?: number;
  basis: Basis;
}

/** The keys of a figure in the order they are sent. */
export const figureKeys = [
  'watts',
  'voltAmps',
  'amps',
  'volts',
  'powerFactor',
  'hertz',
  'state',
  'atMs',
  'stale',
  'idleWatts',
  'todayWattHours',
  'basis',
] as const satisfies readonly (keyof Figure)[];
