import type { DeviceRow } from '../api/shapes.ts';
import { isHarmless } from './reject-hints.ts';

export type DeviceState = 'offline' | 'silent' | 'unheard' | 'unreadable' | 'ok';

/** What is most wrong with a device. `unheard`: known by retained messages only. */
export function deviceState(row: DeviceRow): DeviceState {
  if (row.online === false) return 'offline';
  if (row.silent) return 'silent';
  if (row.device !== '?' && row.lastAtMs === undefined) return 'unheard';
  return troubles(row).length > 0 ? 'unreadable' : 'ok';
}

/** Reasons for which something was dropped, the most frequent first, without harmless ones. */
export function troubles(row: DeviceRow): [reason: string, count: number][] {
  return Object.entries(row.rejects)
    .filter(([reason, count]) => count > 0 && !isHarmless(reason))
    .sort(([, a], [, b]) => b - a);
}

const rank: Record<DeviceState, number> = { offline: 0, silent: 1, unheard: 2, unreadable: 3, ok: 4 };
const byName = new Intl.Collator(undefined, { numeric: true });

/** Those that need a look first; topics nobody can read apart from all of them. */
export function sortDevices(rows: readonly DeviceRow[]): {
  readonly devices: readonly DeviceRow[];
  readonly unread: DeviceRow | undefined;
} {
  const devices = rows
    .filter(({ device }) => device !== '?')
    .sort((a, b) => rank[deviceState(a)] - rank[deviceState(b)] || byName.compare(a.device, b.device));
  return { devices, unread: rows.find(({ device }) => device === '?') };
}
