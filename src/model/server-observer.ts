import type { PowerState } from './figure.ts';

/**
 * Columns of the row in which an observation is handed over. Numbers lie in a typed array since a call with doubles
 * for arguments would allocate for each of them, reading by reading.
 */
export const told = {
  /** Epoch ms. */
  atMs: 0,
  /** What the server draws as a whole, W. */
  watts: 1,
  /** Mean of its inputs; NaN where not told. */
  volts: 2,
  /** Which of its outlets has spoken: its place among those it was opened with. */
  input: 3,
  /** Of the input that has spoken: its own watts, and its own volts and amps; NaN where not told. */
  inputWatts: 4,
  inputVolts: 5,
  inputAmps: 6,
} as const;
export const toldWidth = 7;

/**
 * Who watches the draw of servers reading by reading: the detectors. The room calls it for every server, an
 * unclaimed outlet being one of its own, with the room's own dense scope numbers. A `row` (columns of `told`) is the
 * caller's, and holds only during the call.
 */
export interface ServerObserver {
  /** A server is there, or has other outlets; called before anything is observed of it. */
  opened(scope: number, id: string, outlets: readonly string[]): void;
  /**
   * What the server draws as a whole: only when every input it ought to have is fresh. Called for every fresh
   * reading that brought watts, also an unchanged one. Volts of the input as last known. May come out of order.
   */
  observe(scope: number, row: Float64Array): void;
  /**
   * Volts, amps or both of one input, as one fresh reading brought them; what it did not bring is NaN. Of the row only
   * `atMs`, `input`, `inputVolts` and `inputAmps` are told. May come out of order.
   */
  observeInput(scope: number, row: Float64Array): void;
  /** An input fell silent: what the server draws is not known until the next `observe`. */
  lost(scope: number, atMs: number): void;
  /** Undefined: it does not know better than the last figure. */
  stateOf(scope: number): PowerState | undefined;
  /** NaN until learnt. */
  idleWattsOf(scope: number): number;
}
