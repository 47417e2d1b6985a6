import type { PowerState } from '../model/figure.ts';
import type { Quantity } from '../model/quantity.ts';
import type { RoomView } from '../model/room-view.ts';
import type { ScopeKind } from '../model/scope.ts';
import type { Summed } from '../model/scope-sums.ts';

/** The room as the rules see it: plain numbers, so that looking at thousands of scopes makes no garbage. */
export interface AlertRoom extends RoomView {
  kindAt(scope: number): ScopeKind;
  /** Over the outlets of the scope that are fresh; NaN when there are none. */
  sumAt(scope: number, quantity: Summed): number;
  contributorsAt(scope: number, quantity: Summed): number;
  /** Outlets that ought to be in the scope's sum. */
  expectedIn(scope: number): number;
  stateAt(server: number): PowerState | undefined;
  /** −1 when it is not known. */
  outletNumber(outlet: string): number;
  /** The latest an outlet has told; NaN when it never did. */
  valueOf(outlet: number, quantity: Quantity): number;
  isFresh(outlet: number): boolean;
  /** Epoch ms; 0: not since the start. */
  lastHeardMs(outlet: number): number;
  /** By number. */
  outletsOf(device: string): readonly number[];
  outletAt(outlet: number): string;
}
