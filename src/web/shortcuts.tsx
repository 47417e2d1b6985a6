import { useEffect, useRef } from 'preact/hooks';
import { hashOf, replaceQuery, views } from './routes.ts';
import { isTyping } from './text-filter.tsx';

const lines = [
  ['1 … 6', 'Room, Energy, Starts, Idle, Alerts, Devices'],
  ['/', 'Filter the list'],
  ['0', 'Chart: back to now'],
  ['← →', 'Chart: read single points (Page keys: thirty)'],
  ['Esc', 'Empty the filter, close this'],
  ['?', 'These keys'],
] as const;

/** Keys that work everywhere but in a field, and the list of them. */
export function Shortcuts() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event) || dialog.current?.open) return;
      const view = views[Number(event.key) - 1];
      if (view !== undefined) location.hash = hashOf({ view });
      else if (event.key === '0') replaceQuery({ range: undefined, from: undefined, to: undefined });
      else if (event.key === '?') dialog.current?.showModal();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <button type="button" class="keys-button" aria-label="Keys" onClick={() => dialog.current?.showModal()}>
        ?
      </button>
      <dialog ref={dialog} class="keys" aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
        <dl>
          {lines.map(([keys, does]) => (
            <div key={keys}>
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <form method="dialog">
          <button type="submit" class="quiet">
            Close
          </button>
        </form>
      </dialog>
    </>
  );
}
