import type { AllCounts } from './metric-counts.ts';
import type { NotifierRow } from './shapes.ts';

/** A series, or several that differ by their labels; its name comes after `rackwatt_`. */
export interface MetricRow {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels?: readonly string[];
  /** The values, each with its labels. */
  read(counts: AllCounts): Iterable<readonly [number, ...string[]]>;
}

/** Everything that `GET /metrics` says of the service itself. */
export const metricRows: readonly MetricRow[] = [
  counter('messages_total', 'Messages taken from the broker', (c) => c.messages),
  counter('readings_total', 'Readings in them', (c) => c.readings),
  {
    name: 'messages_rejected_total',
    help: 'Messages and fields dropped, by device family and reason',
    kind: 'counter',
    labels: ['family', 'reason'],
    read: ({ rejected }) => rejected.map(({ count, family, reason }) => [count, family, reason] as const),
  },
  countersBy(
    'carbon_factors_total',
    'Carbon factors published on room.carbon.topic, by what became of them',
    'outcome',
    (c) => c.factors.outcomes,
  ),
  gaugesBy(
    'carbon_factors_known',
    'Carbon factors of a series, by where they come from',
    'source',
    ({ factors }) => ({ published: factors.published, file: factors.inFile }),
  ),
  counter(
    'carbon_factors_forgotten_total',
    'Oldest published carbon factors that had to make room',
    (c) => c.factors.forgotten,
  ),
  counter(
    'carbon_factors_lost_total',
    'Published carbon factors that could not be kept on disk: missing after the next start',
    (c) => c.factors.lost,
  ),
  gauge('ring_waiting', 'Messages that wait between socket and road', (c) => c.ring.waiting),
  countersBy(
    'ring_dropped_total',
    'QoS 0 messages let go of because too many came: repeats (a newer one waited too) and newest (no room)',
    'kind',
    (c) => c.ring.dropped,
  ),
  gauge('broker_ready', '1: connected and every topic granted', (c) => (c.broker.ready ? 1 : 0)),
  {
    name: 'broker_dropped_total',
    help: 'Messages the broker says it dropped, where it says so',
    kind: 'counter',
    read: ({ broker }) => (broker.droppedByBroker === undefined ? [] : [[broker.droppedByBroker]]),
  },
  gauge('scopes', 'Scopes the room knows', (c) => c.scopes),
  {
    name: 'watts',
    help: 'What a scope draws now, W: room, feeds, breakers, racks, servers, devices; absent while not known',
    kind: 'gauge',
    labels: ['scope'],
    read: (c) => c.watts,
  },
  gauge('store_ok', '1: the store is open and took what it was given last', (c) => (c.store.storeOk ? 1 : 0)),
  counter('store_written_total', 'Readings and roll-ups the store took', (c) => c.store.written),
  countersBy(
    'store_refused_total',
    'Points the store refused for good, by reason',
    'reason',
    (c) => c.store.refused,
  ),
  gauge(
    'store_refused_bytes',
    'Files refused-*.lp of points the store refused for good',
    (c) => c.store.refusedFiles.bytes,
  ),
  counter(
    'store_refused_not_kept_total',
    'Points the store refused for good that were not kept: the files are full',
    (c) => c.store.refusedFiles.notKept,
  ),
  counter(
    'readings_too_old_total',
    'Readings older than the raw tier keeps',
    (c) => c.store.refused['too-old'] ?? 0,
  ),
  counter(
    'readings_late_total',
    'Readings of a time that had passed; what they belong to is made again',
    (c) => c.energy.lateReadings,
  ),
  gauge('energy_waiting', 'Stretches of outlets whose energy is to be booked again', (c) => c.energy.waiting),
  counter(
    'energy_quarters_remade_total',
    'Quarters of outlets booked again from raw readings',
    (c) => c.energy.quartersRemade,
  ),
  counter(
    'late_quarters_given_up_total',
    'Quarters of outlets whose minutes and peaks lack late readings: too many',
    (c) => c.energy.notRemade,
  ),
  counter(
    'store_dropped_total',
    'Readings lost because memory and backlog were full',
    (c) => c.store.dropped,
  ),
  gauge(
    'store_queued_readings',
    'Readings, roll-ups and events in memory that are not durable yet',
    (c) => c.store.queuedReadings,
  ),
  gauge('store_writes_in_flight', 'Writes the store has not answered', (c) => c.store.inFlight),
  gauge(
    'backlog_readings',
    'Readings on disk that the store has not taken yet',
    (c) => c.store.backlog.readings,
  ),
  gauge('backlog_bytes', 'Size of the backlog on disk', (c) => c.store.backlog.bytes),
  gaugesBy(
    'alerts',
    'Alerts that are open: pending, firing, and of those that fire the ones held back from people (suppressed)',
    'state',
    ({ alerts: { pending, firing, suppressed } }) => ({ pending, firing, suppressed }),
  ),
  gauge('silences', 'Silences that hold, or are to', (c) => c.alerts.silences),
  counter(
    'alerts_dropped_total',
    'Alerts that were not followed, since too many were open, and events not looked at',
    (c) => c.alerts.dropped,
  ),
  ...notifierRows(),
  counter(
    'starts_dropped_total',
    'Rises in draw that were not followed, since too many starts were under way',
    (c) => c.startsDropped,
  ),
  {
    name: 'backlog_oldest_timestamp_seconds',
    help: 'When the oldest of it was put in; absent while it is empty',
    kind: 'gauge',
    read: ({ store }) => (store.backlog.oldestAtMs === undefined ? [] : [[store.backlog.oldestAtMs / 1000]]),
  },
  counter(
    'backlog_dropped_total',
    'Readings that fell off the backlog: it was full, or they had waited for too long',
    (c) => c.store.backlog.dropped,
  ),
  counter(
    'backlog_damaged_total',
    'Damaged places found in the files of the backlog',
    (c) => c.store.backlog.damaged,
  ),
  gauge(
    'backlog_set_aside',
    'Parts of the backlog kept as files: damaged, or never taken by the store',
    (c) => c.store.backlog.setAside,
  ),
  counter(
    'store_files_set_aside_total',
    'Damaged files of the embedded store that were set aside',
    (c) => c.store.setAside.length,
  ),
  gauge('live_clients', 'Connections to the live stream', (c) => c.live.clients),
  gauge('live_clients_lagging', 'Connections that read too slowly just now', (c) => c.live.lagging),
  gauge('live_channels', 'Different subscriptions', (c) => c.live.channels),
  counter('live_frames_total', 'Frames made, each once for all clients of a channel', (c) => c.live.frames),
  counter(
    'live_frames_merged_total',
    'Frames made for one slow client, in place of several',
    (c) => c.live.merged,
  ),
  counter('live_messages_total', 'Messages sent to live clients', (c) => c.live.messages),
  counter('live_bytes_total', 'Bytes sent to live clients', (c) => c.live.bytes),
  counter('live_events_dropped_total', 'Events that slow clients missed', (c) => c.live.eventsDropped),
  countersBy('live_closed_total', 'Connections ended, by reason', 'reason', (c) => c.live.closed),
  countersBy(
    'requests_refused_total',
    'Requests without the right to what they asked, or too many, by reason',
    'reason',
    (c) => c.guard.refused,
  ),
  counter('wrong_tokens_total', 'Tokens that are not known or have expired', (c) => c.guard.wrongTokens),
  gauge('sessions', 'Browsers that are signed in', (c) => c.guard.sessions),
  counter(
    'sessions_fallen_total',
    'Sessions that ended because their token had too many',
    (c) => c.guard.fallenSessions,
  ),
  gauge('questions_waiting', 'Answers that wait for their turn at the store', (c) => c.gate.waiting),
  counter(
    'questions_refused_total',
    'Answers refused, or ended, because the store was slow or too many waited',
    (c) => c.gate.refused,
  ),
  counter('audit_lost_total', 'Rows of the audit log that are not on the disk', (c) => c.auditLost),
];

/** One series for each channel of the settings. */
function notifierRows(): MetricRow[] {
  const row = (
    name: string,
    help: string,
    kind: MetricRow['kind'],
    value: (notifier: NotifierRow) => number,
  ): MetricRow => ({
    name,
    help,
    kind,
    labels: ['notifier'],
    read: ({ notifiers }) => notifiers.map((one) => [value(one), one.name] as const),
  });
  return [
    row('notify_sent_total', 'Messages about alerts that were taken', 'counter', ({ sent }) => sent),
    row('notify_failed_total', 'Attempts to send one that failed', 'counter', ({ failed }) => failed),
    row('notify_dropped_total', 'Notices that nobody was told', 'counter', ({ dropped }) => dropped),
    row(
      'notify_figures_left_out',
      'Scopes whose figures are not published: beyond the limit',
      'gauge',
      ({ figuresLeftOut }) => figuresLeftOut ?? 0,
    ),
    row('notify_waiting', 'Notices that wait', 'gauge', ({ waiting }) => waiting),
    row('notify_ok', '0: the newest attempt failed', 'gauge', ({ state }) => (state === 'failing' ? 0 : 1)),
  ];
}

function counter(name: string, help: string, read: (counts: AllCounts) => number): MetricRow {
  return { name, help, kind: 'counter', read: (counts) => [[read(counts)]] };
}

function gauge(name: string, help: string, read: (counts: AllCounts) => number): MetricRow {
  return { name, help, kind: 'gauge', read: (counts) => [[read(counts)]] };
}

type CountsByKey = (counts: AllCounts) => Readonly<Record<string, number>>;

function countersBy(name: string, help: string, label: string, read: CountsByKey): MetricRow {
  return { name, help, kind: 'counter', labels: [label], read: valuesBy(read) };
}

function gaugesBy(name: string, help: string, label: string, read: CountsByKey): MetricRow {
  return { name, help, kind: 'gauge', labels: [label], read: valuesBy(read) };
}

function valuesBy(read: CountsByKey): MetricRow['read'] {
  return (counts) => Object.entries(read(counts)).map(([key, value]) => [value, key] as const);
}
