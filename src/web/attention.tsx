import { useSignal } from '@preact/signals';
import { type AttentionItem, attentionList } from './attention-list.ts';
import type { PresentProps } from './present.ts';

const shownMax = 5;

/** Devices that need a look; the panel is there only while there are any. */
export function Attention({ present }: PresentProps) {
  const all = useSignal(false);
  const { value, problem } = present.devices.answer.value;
  if (problem !== undefined && present.link.value.phase === 'live') {
    return <p class="panel hint">The list of devices could not be read: {problem}.</p>;
  }
  const items = attentionList(value?.rows ?? []);
  if (items.length === 0) return null;
  const shown = all.value ? items : items.slice(0, shownMax);
  return (
    <section class="panel attention" aria-labelledby="attention-title">
      <div class="panel-head">
        <h2 id="attention-title">Attention</h2>
        <span class="count">{items.length}</span>
      </div>
      <ul>
        {shown.map((item) => (
          <li key={item.key} data-what={item.what}>
            <span class="attention-device">{item.device}</span>
            <span class="attention-text">{sentenceOf(item, present)}</span>
          </li>
        ))}
      </ul>
      {items.length > shownMax && (
        <button type="button" class="quiet" onClick={() => (all.value = !all.value)}>
          {all.value ? 'Fewer' : `All ${items.length}`}
        </button>
      )}
    </section>
  );
}

function sentenceOf(item: AttentionItem, present: PresentProps['present']): string {
  const since =
    item.lastAtMs === undefined
      ? 'never heard live'
      : `${present.format.value.age(present.ageMs(item.lastAtMs))}`;
  switch (item.what) {
    case 'offline':
      return item.lastAtMs === undefined
        ? 'says it is offline'
        : `says it is offline, last heard ${since} ago`;
    case 'silent':
      return item.lastAtMs === undefined ? `silent, ${since}` : `silent for ${since}`;
    case 'unreadable':
      return `not readable: ${item.detail}`;
  }
}
