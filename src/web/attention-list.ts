import type { DeviceRow } from '../api/shapes.ts';
import { troubles } from './device-list.ts';

/** A device an admin should look at. */
export interface AttentionItem {
  readonly key: string;
  readonly what: 'offline' | 'silent' | 'unreadable';
  readonly device: string;
  /** Epoch ms of its newest message. */
  readonly lastAtMs?: number;
  /** `watts out of range 12, not json 3`. */
  readonly detail?: string;
}

const rank = { offline: 0, silent: 1, unreadable: 2 };

/** Devices that said they went offline, that fell silent, and those whose messages could not be read in full. */
export function attentionList(rows: readonly DeviceRow[]): AttentionItem[] {
  return rows
    .flatMap(itemsOf)
    .sort((a, b) => rank[a.what] - rank[b.what] || a.device.localeCompare(b.device));
}

function itemsOf(row: DeviceRow): AttentionItem[] {
  const items: AttentionItem[] = [];
  const device = row.device === '?' ? 'Topics nobody can read' : (row.name ?? row.device);
  if (row.silent || row.online === false) {
    const what = row.online === false ? 'offline' : 'silent';
    items.push({
      key: `${what} ${row.device}`,
      what,
      device,
      ...(row.lastAtMs !== undefined && { lastAtMs: row.lastAtMs }),
    });
  }
  const rejected = troubles(row);
  if (rejected.length > 0) {
    const detail = rejected
      .map(([reason, count]) => `${reason.replaceAll('-', ' ')} ${count.toLocaleString()}`)
      .join(', ');
    items.push({ key: `unreadable ${row.device}`, what: 'unreadable', device, detail });
  }
  return items;
}
