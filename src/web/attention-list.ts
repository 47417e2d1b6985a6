import type { DeviceRow } from '../api/shapes.ts';
import type { Alert, AlertRule, Severity } from '../model/alert.ts';
import { troubles } from './device-list.ts';

/** What an admin should look at: an alert that fires, or a device. */
export type AttentionItem = AlertItem | DeviceItem;

export interface AlertItem {
  readonly key: string;
  readonly what: 'alert';
  readonly severity: Severity;
  readonly rule: AlertRule;
  readonly scope: string;
  readonly text: string;
  readonly sinceMs: number;
  readonly ackedBy?: string;
}

export interface DeviceItem {
  readonly key: string;
  readonly what: 'offline' | 'silent' | 'unreadable' | 'lost';
  readonly id: string;
  /** As it is called. */
  readonly device: string;
  /** Epoch ms of its newest message. */
  readonly lastAtMs?: number;
  /** `watts out of range 12, not json 3`; of what was lost a sentence. */
  readonly detail?: string;
}

const rank = { offline: 0, silent: 1, unreadable: 2, lost: 3 };
const severityRank: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

/**
 * Alerts that fire, the gravest first, those somebody took on last; then devices that said they went offline, that
 * fell silent, and those whose messages could not be read in full; last what was lost.
 */
export function attentionList(
  rows: readonly DeviceRow[],
  alerts: readonly Alert[],
  losses: readonly string[] = [],
): AttentionItem[] {
  const told = new Set(
    alerts
      .filter(({ rule, state }) => rule === 'device-silent' && state === 'firing')
      .map(({ scope }) => scope),
  );
  const devices = rows
    .flatMap(itemsOf)
    // What an alert says of it, or a silence keeps from being said, is not said twice.
    .filter(({ what, id }) => what === 'unreadable' || !told.has(`device:${id}`))
    .sort((a, b) => rank[a.what] - rank[b.what] || a.device.localeCompare(b.device));
  const lost: DeviceItem[] =
    losses.length === 0
      ? []
      : [{ key: 'lost', what: 'lost', id: '', device: 'Lost or set aside', detail: losses.join('; ') }];
  return [...alertItems(alerts), ...devices, ...lost];
}

/** Suppressed ones are told to nobody. */
function alertItems(alerts: readonly Alert[]): AlertItem[] {
  return alerts
    .filter(({ state, suppressedBy }) => state === 'firing' && suppressedBy === undefined)
    .sort(
      (a, b) =>
        Number(a.ackedBy !== undefined) - Number(b.ackedBy !== undefined) ||
        severityRank[a.severity] - severityRank[b.severity] ||
        b.sinceMs - a.sinceMs,
    )
    .map(({ id, severity, rule, scope, text, sinceMs, ackedBy }) => ({
      key: `alert ${id}`,
      what: 'alert',
      severity,
      rule,
      scope,
      text,
      sinceMs,
      ...(ackedBy !== undefined && { ackedBy }),
    }));
}

function itemsOf(row: DeviceRow): DeviceItem[] {
  const items: DeviceItem[] = [];
  const device = row.device === '?' ? 'Topics nobody can read' : (row.name ?? row.device);
  if (row.silent || row.online === false) {
    const what = row.online === false ? 'offline' : 'silent';
    items.push({
      key: `${what} ${row.device}`,
      what,
      id: row.device,
      device,
      ...(row.lastAtMs !== undefined && { lastAtMs: row.lastAtMs }),
    });
  }
  const rejected = troubles(row);
  if (rejected.length > 0) {
    const detail = rejected
      .map(([reason, count]) => `${count.toLocaleString()} × ${reason.replaceAll('-', ' ')}`)
      .join(', ');
    items.push({ key: `unreadable ${row.device}`, what: 'unreadable', id: row.device, device, detail });
  }
  return items;
}
