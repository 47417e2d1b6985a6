import type { Alert, AlertRule } from '../../model/alert.ts';
import type { Message, Place, Told } from './channel.ts';

/** What is said to people, the same on every channel; how it is set out is the channel's. */

const titles: Readonly<Record<AlertRule, string>> = {
  'high-idle': 'High idle draw',
  'idle-moved': 'Idle draw has moved',
  'idle-candidate': 'Candidate for switching off',
  'start-surge': 'Start surge above its limit',
  'start-sag': 'Voltage sag at a start',
  'circuit-load': 'Circuit heavily loaded',
  'redundancy-lost': 'Redundancy lost',
  'feed-lost': 'Feed lost',
  'failover-overload': 'A failover would overload',
  'server-off': 'Server off',
  'server-back': 'Server back',
  'device-silent': 'Meter silent',
  'meter-implausible': 'Meter implausible',
  'energy-budget': 'Energy budget',
  'demand-forecast': 'Demand forecast',
  'broker-away': 'Broker away',
  'store-away': 'Store away',
  'backlog-growing': 'Backlog growing',
};

/** `Redundancy lost: server:hv-01`, the same all its life long. */
export function titleOf({ rule, scope }: Pick<Alert, 'rule' | 'scope'>): string {
  return `${titles[rule] ?? rule}: ${scope}`;
}

/** `CRITICAL`, `RESOLVED`, … */
export function statusOf({ notice }: Told): string {
  if (notice.kind === 'resolved') return 'RESOLVED';
  return notice.alert.severity.toUpperCase();
}

/** What happened, in a few words: `fires since 14:03`, `resolved after 12 min`. */
export function newsOf({ notice, passed }: Told, place: Place): string {
  const { alert, kind, atMs } = notice;
  const since = `since ${localTime(alert.firedAtMs ?? alert.sinceMs, place.timezone)}`;
  switch (kind) {
    case 'resolved': {
      const lasted = durationText((alert.resolvedAtMs ?? atMs) - (alert.firedAtMs ?? alert.sinceMs));
      return passed ? `came and went ${since}, it lasted ${lasted}` : `resolved after ${lasted}`;
    }
    case 'changed':
      return alert.ackedBy === undefined
        ? `now ${alert.severity}, fires ${since}`
        : `acknowledged by ${alert.ackedBy}${alert.ackNote === undefined ? '' : ` (${alert.ackNote})`}`;
    case 'reminder':
      return `still fires ${since}, nobody has acknowledged it`;
    case 'firing':
      return `fires ${since}`;
  }
}

/** `1,043 W, limit 300 W`; undefined where there is no value. */
export function valueText({ value, limit, unit }: Alert): string | undefined {
  if (value === undefined) return undefined;
  const written = (number: number) => `${shortNumber(number)}${unit === undefined ? '' : ` ${unit}`}`;
  return limit === undefined ? written(value) : `${written(value)}, limit ${written(limit)}`;
}

/** `Touches 20: server:a, server:b, …`; undefined where there are none. */
export function touchedText({ touched = [], touchedCount }: Alert, namesMax = 20): string | undefined {
  const count = touchedCount ?? touched.length;
  if (count === 0) return undefined;
  const named = touched.slice(0, namesMax);
  return `Touches ${count}: ${named.join(', ')}${count > named.length ? ', …' : ''}`;
}

/** What is said of one incident, as plain text: of use wherever there is no layout. */
export function linesOf(told: Told, place: Place, withTitle: boolean): string[] {
  const { alert } = told.notice;
  const touched = touchedText(alert);
  return [
    ...(withTitle ? [`${statusOf(told)} ${titleOf(alert)}`] : []),
    alert.text,
    `${withTitle ? '' : `${statusOf(told)}, `}${newsOf(told, place)}`,
    ...(touched === undefined ? [] : [touched]),
  ];
}

/** The head of a message, without the name of the room. */
export function headline({ about, told, counts, because, left }: Message): string {
  const [first] = told;
  if (about === 'test') return 'Test message';
  if (about === 'alert' && first !== undefined) return titleOf(first.notice.alert);
  const all = told.length + left;
  const parts = [
    ...(counts.firing > 0 ? [`${counts.firing} firing`] : []),
    ...(counts.resolved > 0 ? [`${counts.resolved} resolved`] : []),
  ];
  const when = because === 'quiet-hours' ? ' from quiet hours' : '';
  return `${all} ${all === 1 ? 'alert' : 'alerts'}${when}: ${parts.join(', ')}`;
}

/** A whole message without any layout. */
export function plainBody(message: Message, place: Place): string {
  if (message.about === 'test') return testText;
  const digest = message.about === 'digest';
  const incidents = message.told.map((told) => linesOf(told, place, digest).join('\n'));
  return [...incidents, ...(message.left > 0 ? [`… and ${message.left} more`] : [])].join('\n\n');
}

/** Of the gravest that fires; resolved where none does. */
export function toneOf({ about, told }: Message): 'critical' | 'warning' | 'info' | 'resolved' {
  if (about === 'test') return 'info';
  const firing = told.filter(({ notice }) => notice.kind !== 'resolved');
  for (const severity of ['critical', 'warning', 'info'] as const)
    if (firing.some(({ notice }) => notice.alert.severity === severity)) return severity;
  return 'resolved';
}

export const tones = {
  critical: { colour: 'd32f2f', sign: '🔴' },
  warning: { colour: 'f29900', sign: '🟠' },
  info: { colour: '1976d2', sign: '🔵' },
  resolved: { colour: '2e7d32', sign: '🟢' },
} as const;

export const testText =
  'This is a test from rackwatt. Whoever reads it will be told of alerts by this channel.';

/** Of the page with the alerts. */
export function alertsUrl({ pageUrl }: Place): string {
  return `${pageUrl}/#/alerts`;
}

/** `2026-01-15 14:03` */
export function localTime(atMs: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'short',
    hourCycle: 'h23',
  }).format(atMs);
  return parts.replace(', ', ' ');
}

/** `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h` */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function shortNumber(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: Math.abs(value) < 1_000 ? 3 : 5 });
}
