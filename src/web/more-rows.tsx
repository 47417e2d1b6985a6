import { type Signal, useSignal } from '@preact/signals';

/** So many rows of a long table are drawn at first, and so many more each time. */
const rowsAtOnce = 200;

/** How many rows of a table are shown. */
export const useShownRows = () => useSignal(rowsAtOnce);

/** Below a long table: how many of how many rows it shows, and the way to more. */
export function MoreRows({ shown, total }: { readonly shown: Signal<number>; readonly total: number }) {
  if (total <= shown.value) return null;
  return (
    <p class="more-rows hint">
      {shown.value} of {total} are shown.{' '}
      <button type="button" class="quiet" onClick={() => (shown.value += rowsAtOnce)}>
        Show {Math.min(rowsAtOnce, total - shown.value)} more
      </button>
    </p>
  );
}
