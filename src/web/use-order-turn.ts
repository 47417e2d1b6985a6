import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { nextTurn, type OrderTurn } from './held-order.ts';
import type { Present } from './present.ts';

/** Long after the figures were drawn, and long before they are again. */
const afterBeatMs = 250;

/**
 * When rows may change places: between two drawings of figures, so that neither has to wait for the other, and not
 * while `isHeld`.
 */
export function useOrderTurn(present: Present, isHeld: () => boolean): OrderTurn {
  const turn = useSignal<OrderTurn>({ atMs: performance.now() });
  useEffect(() => {
    let timer = 0;
    const stop = present.beat.subscribe(() => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        turn.value = nextTurn(turn.peek(), performance.now(), isHeld());
      }, afterBeatMs);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [present]);
  return turn.value;
}
