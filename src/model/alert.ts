/** What can be wrong in a room, as one closed list; docs/alerts.md says of each what it means and when it is told. */
export const alertRules = [
  'high-idle',
  'idle-moved',
  'idle-candidate',
  'start-surge',
  'start-sag',
  'circuit-load',
  'redundancy-lost',
  'feed-lost',
  'failover-overload',
  'server-off',
  'server-back',
  'device-silent',
  'meter-implausible',
  'energy-budget',
  'demand-forecast',
  'broker-away',
  'store-away',
  'backlog-growing',
] as const;

export type AlertRule = (typeof alertRules)[number];

export const severities = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** `pending`: the level is crossed, but not for long enough yet; told to nobody. */
export type AlertState = 'pending' | 'firing' | 'resolved';

/**
 * Why an alert that fires is told to nobody, in Alertmanager's sense of the words: a silence somebody set, another
 * alert that explains it (inhibited), a time in which it says nothing (muted: a start, a maintenance window).
 */
export type Suppression = 'silenced' | 'inhibited' | 'muted';

/** One incident, from its first crossing until it is over. What is not known is absent. */
export interface Alert {
  /** Made from rule, scope and the first crossing: finding the same incident again gives the same id. URL-safe. */
  readonly id: string;
  readonly rule: AlertRule;
  readonly scope: string;
  readonly severity: Severity;
  readonly state: AlertState;
  /** First crossing, epoch ms. */
  readonly sinceMs: number;
  readonly firedAtMs?: number;
  readonly resolvedAtMs?: number;
  /** Newest value held against the limit, both in `unit`. */
  readonly value?: number;
  readonly limit?: number;
  /** As written behind a number: `W`, `%`, `A`, `V`, `kWh`, `min`, … */
  readonly unit?: string;
  /** One sentence for people: what, where, how much, and against what. */
  readonly text: string;
  /** Others that this one incident touches: the servers on a lost feed. At most 100 are named; `touchedCount` counts all. */
  readonly touched?: readonly string[];
  readonly touchedCount?: number;
  readonly suppressedBy?: Suppression;
  /** Which silence, maintenance window or alert it is, by id or name. */
  readonly suppressedById?: string;
  readonly ackedBy?: string;
  readonly ackedAtMs?: number;
  readonly ackNote?: string;
}

/** Says nothing of the alerts it matches until it ends. Matches where every part given does. */
export interface Silence {
  readonly id: string;
  /** Scopes, or patterns such as `rack:r1` and `server:hv-*`; absent: all. A rack or feed covers what is in it. */
  readonly scopes?: readonly string[];
  /** Absent: all rules. */
  readonly rules?: readonly AlertRule[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly by: string;
  readonly note?: string;
}

/** What became of an alert, for people: made once for each, in order, and only of what is to be told (not suppressed). */
export interface Notice {
  /** `changed`: acknowledged, graver, or what held it back is over; `reminder`: it still fires and nobody acknowledged it. */
  readonly kind: 'firing' | 'changed' | 'reminder' | 'resolved';
  /** The whole of it, as it is at `atMs`. A resolved one was told as firing before. */
  readonly alert: Alert;
  readonly atMs: number;
}

/** Who hears of alerts. */
export interface AlertTeller {
  /** Takes the notice and returns at once: telling waits in queues of its own and never throws into the engine. */
  tell(notice: Notice): void;
}
