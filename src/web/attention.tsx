import { useSignal } from '@preact/signals';
import type { Alert } from '../model/alert.ts';
import { ruleWord } from './alert-words.ts';
import { type AlertItem, type AttentionItem, attentionList, type DeviceItem } from './attention-list.ts';
import { lossSentences } from './losses.ts';
import { Panel } from './panel.tsx';
import type { PresentProps } from './present.ts';
import { hashOf } from './routes.ts';

const shownMax = 5;

interface AttentionProps extends PresentProps {
  /** In any state; those that fire are shown. */
  readonly alerts: readonly Alert[];
}

/** What needs a look, alerts before devices; the panel is there only while there is any. */
export function Attention({ present, alerts }: AttentionProps) {
  const all = useSignal(false);
  const { value, problem } = present.devices.answer.value;
  const unread = problem !== undefined && present.link.value.phase === 'live';
  const ready = present.ready.answer.value.value;
  const items = attentionList(value?.rows ?? [], alerts, ready && lossSentences(ready));
  if (items.length === 0 && !unread) return null;
  const shown = all.value ? items : items.slice(0, shownMax);
  return (
    <Panel
      name="attention"
      look="attention"
      title="Attention"
      head={<span class="count">{items.length}</span>}
    >
      <ul>
        {shown.map((item) => (
          <Item key={item.key} present={present} item={item} />
        ))}
      </ul>
      {unread && <p class="hint">The list of devices could not be read: {problem}.</p>}
      {items.length > shownMax && (
        <button type="button" class="quiet" onClick={() => (all.value = !all.value)}>
          {all.value ? 'Fewer' : `All ${items.length}`}
        </button>
      )}
    </Panel>
  );
}

function Item({ present, item }: PresentProps & { readonly item: AttentionItem }) {
  if (item.what === 'alert') return <FiringAlert present={present} item={item} />;
  return (
    <li data-what={item.what}>
      <span class="attention-device">{item.device}</span>
      <span class="attention-text">{sentenceOf(item, present)}</span>
    </li>
  );
}

function FiringAlert({ present, item }: PresentProps & { readonly item: AlertItem }) {
  const { severity, rule, scope, text, sinceMs, ackedBy } = item;
  return (
    <li data-what="alert" data-severity={severity}>
      <a class="attention-device" href={hashOf({ view: 'alerts', query: { scope } })}>
        {ruleWord(rule)}: {present.nameOf(scope)}
        <span class="unseen">, {severity}</span>
      </a>
      <span class="attention-text" title={text}>
        {text}
      </span>{' '}
      <span class="attention-since aside">
        for {present.format.value.age(present.ageMs(sinceMs))}
        {ackedBy !== undefined && `, taken on by ${ackedBy}`}
      </span>
    </li>
  );
}

function sentenceOf(item: DeviceItem, present: PresentProps['present']): string {
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
    case 'lost':
      return `since the service started: ${item.detail}`;
  }
}
