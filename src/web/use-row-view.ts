import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { RowView } from './row-window.ts';

export interface MeasuredRows extends RowView {
  /** Goes to the element that holds the rows. */
  readonly body: RefObject<HTMLDivElement | null>;
  readonly rowPx: number;
  /** Height of what is unfolded below a row; 0 when nothing is. */
  readonly unfoldedPx: number;
}

/** Which part of the rows the window shows, following scrolling, and how high a row is drawn. */
export function useRowView(): MeasuredRows {
  const body = useRef<HTMLDivElement>(null);
  // Until it is measured: what is drawn first costs the most, and most of the table is below the fold.
  const view = useSignal<RowView>({ topPx: 0, heightPx: 400 });
  const rowPx = useSignal(36);
  const unfoldedPx = useSignal(0);

  useEffect(() => {
    let requested = 0;
    const look = () => {
      requested = 0;
      if (!body.current) return;
      // In whole rows, so that scrolling within one draws nothing.
      const topPx = Math.floor(-body.current.getBoundingClientRect().top / rowPx.peek()) * rowPx.peek();
      const heightPx = window.innerHeight + rowPx.peek();
      if (topPx !== view.peek().topPx || heightPx !== view.peek().heightPx) view.value = { topPx, heightPx };
    };
    const lookSoon = () => {
      requested ||= requestAnimationFrame(look);
    };
    look();
    addEventListener('scroll', lookSoon, { passive: true });
    addEventListener('resize', lookSoon);
    return () => {
      cancelAnimationFrame(requested);
      removeEventListener('scroll', lookSoon);
      removeEventListener('resize', lookSoon);
    };
  }, []);
  useEffect(() => {
    // Told when the layout is done: asking after each drawing would force one more layout for every frame.
    const resized = new ResizeObserver(() => {
      const row = body.current?.querySelector<HTMLElement>('.server');
      if (row && row.offsetHeight > 0) rowPx.value = row.offsetHeight;
      const unfolded = body.current?.querySelector<HTMLElement>('.server-inputs');
      // Out of sight it keeps the height it had.
      if (unfolded) unfoldedPx.value = unfolded.offsetHeight;
    });
    resized.observe(body.current!);
    return () => resized.disconnect();
  }, []);
  return { body, rowPx: rowPx.value, unfoldedPx: unfoldedPx.value, ...view.value };
}
