import type { RollUp } from './roll-up.ts';

/** Who books the energy of outlets. The room calls it with its own numbers of outlets, given in order from 0. */
export interface EnergyObserver {
  /**
   * A reading that brought watts or a counter, in the order they come; NaN: not brought. `expectedIntervalMs` is what
   * the device's family usually does.
   */
  read(outlet: number, atMs: number, watts: number, wattHoursTotal: number, expectedIntervalMs: number): void;
  /** The reading just told came too late to count in the roll-ups that are being made. */
  late(outlet: number, atMs: number): void;
  /** What the watts of an outlet came to in a quarter that has closed. */
  quarter(outlet: number, row: Omit<RollUp, 'scope'>): void;
}
