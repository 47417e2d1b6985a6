import type { PowerState } from './figure.ts';

/**
 * Who watches the draw of servers reading by reading: the detectors. The room calls it for every server, an
 * unclaimed outlet being one of its own, with the room's own dense scope numbers.
 */
export interface ServerObserver {
  /** A server is there, or has another outlet; called before anything is observed of it. */
  opened(scope: number, id: string, outlets: readonly string[]): void;
  /**
   * What the server draws as a whole: only when every input it ought to have is fresh. Called for every fresh
   * reading that brought watts, also an unchanged one. `volts` (mean of its inputs) and `amps` (their sum) are NaN
   * where not told. May come out of order.
   */
  observe(scope: number, atMs: number, watts: number, volts: number, amps: number): void;
  /** An input fell silent: what the server draws is not known until the next `observe`. */
  lost(scope: number, atMs: number): void;
  /** Undefined: it does not know better than the last figure. */
  stateOf(scope: number): PowerState | undefined;
  /** NaN until learnt. */
  idleWattsOf(scope: number): number;
}
