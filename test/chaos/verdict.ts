import type { StartRecord } from '../../src/model/start.ts';
import type { Store } from '../../src/store/store.ts';
import type { Passage } from './broker-tap.ts';
import type { PlantedStart, SentReading } from './meters.ts';

/** What is in the store, held against what was sent, delivered and acknowledged. */
export interface Verdict {
  readonly sent: number;
  /** The broker has told the meter that it has it. */
  readonly acknowledgedByBroker: number;
  /** The service has told the broker so. */
  readonly acknowledgedByService: number;
  readonly found: number;
  /** Acknowledged to the meter, but the broker (killed, with its memory) never gave it to the service. */
  readonly lostByBroker: number;
  readonly planted: number;
  readonly startsFound: number;
  /** How far the onset of a start is from the true one, the worst of all, ms. */
  readonly onsetOffMsMax: number;
  /** Everything that must not be; empty: all is well. */
  readonly faults: readonly string[];
}

export interface Evidence {
  readonly store: Store;
  readonly sent: readonly SentReading[];
  readonly passages: ReadonlyMap<string, Passage>;
  readonly planted: readonly PlantedStart[];
  /** It was killed, with what it had not yet written down. */
  readonly brokerForgets: boolean;
  readonly fromMs: number;
  readonly toMs: number;
}

export async function judge(evidence: Evidence): Promise<Verdict> {
  const faults: string[] = [];
  const stored = await readStored(evidence);
  const starts = await judgeStarts(evidence, faults);
  const readings = judgeReadings(evidence, stored, faults);
  return { ...readings, ...starts, faults };
}

/** By outlet and number: at which times it is in the store. */
type Stored = ReadonlyMap<string, ReadonlyMap<number, readonly number[]>>;

async function readStored({ store, sent, fromMs, toMs }: Evidence): Promise<Stored> {
  const stored = new Map<string, Map<number, number[]>>();
  for (const outlet of new Set(sent.map((one) => one.outlet))) {
    const series = await store.series({ outlet, quantity: 'wattHoursTotal', fromMs, toMs });
    const times = new Map<number, number[]>();
    series.atMs.forEach((atMs, i) => {
      const number = Math.round(series.values[i]!);
      times.set(number, [...(times.get(number) ?? []), atMs]);
    });
    stored.set(outlet, times);
  }
  return stored;
}

function judgeReadings({ sent, passages, brokerForgets }: Evidence, stored: Stored, faults: string[]) {
  const counts = { sent: sent.length, acknowledgedByBroker: 0, acknowledgedByService: 0, found: 0 };
  let lostByBroker = 0;
  for (const reading of sent) {
    const times = stored.get(reading.outlet)?.get(reading.number) ?? [];
    const passage = passages.get(reading.key);
    const what = `${reading.outlet} number ${reading.number}, sent at ${new Date(reading.sentAtMs).toISOString()}`;
    if (reading.acknowledged) counts.acknowledgedByBroker += 1;
    if (passage?.acknowledged) counts.acknowledgedByService += 1;
    if (times.length > 0) counts.found += 1;
    if (times.length === 0 && passage?.acknowledged) faults.push(`lost although acknowledged: ${what}`);
    else if (times.length === 0 && reading.acknowledged) lostByBroker += 1;
    if (!brokerForgets && reading.acknowledged && passage?.acknowledged !== true)
      faults.push(`never acknowledged to the broker (${passage?.story.join(', ')}): ${what}`);
    // Without a time of its own, what the broker brings twice as two messages are two readings.
    const most = reading.deviceAtMs === undefined ? Math.max(1, passage?.deliveries ?? 0) : 1;
    if (times.length > most)
      faults.push(
        `${times.length} times in the store at ${times.map((atMs) => new Date(atMs).toISOString().slice(11, 23))} (${passage?.story.join(', ')}): ${what}`,
      );
    if (reading.deviceAtMs !== undefined && times.some((atMs) => Math.abs(atMs - reading.deviceAtMs!) >= 1))
      faults.push(`at another time (${times}, not ${reading.deviceAtMs}): ${what}`);
  }
  const numbers = new Map<string, number>();
  for (const { outlet } of sent) numbers.set(outlet, (numbers.get(outlet) ?? 0) + 1);
  for (const [outlet, times] of stored)
    for (const number of times.keys())
      if (number < 1 || number > numbers.get(outlet)!) faults.push(`never sent: ${outlet} number ${number}`);
  return { ...counts, lostByBroker };
}

/** A start may be seen late, when the broker was away at its beginning, but once, and none where there was none. */
async function judgeStarts({ store, planted, fromMs, toMs }: Evidence, faults: string[]) {
  const all = await store.starts({ fromMs, toMs, limit: 10_000 });
  // What starts of servers are to the circuits above them follows from those.
  const found = all.filter(({ scope }) => !/^(breaker|feed):/.test(scope));
  const byScope = new Map<string, StartRecord[]>();
  for (const start of found) byScope.set(start.scope, [...(byScope.get(start.scope) ?? []), start]);
  let onsetOffMsMax = 0;
  let startsFound = 0;
  for (const { scope, atMs } of planted) {
    const records = byScope.get(scope) ?? [];
    byScope.delete(scope);
    if (records.length === 1) startsFound += 1;
    else
      faults.push(
        `start of ${scope} at ${new Date(atMs).toISOString()} found ${told(records)}; read ${await drawn(store, scope, atMs, fromMs, toMs)}`,
      );
    for (const record of records) onsetOffMsMax = Math.max(onsetOffMsMax, Math.abs(record.atMs - atMs));
  }
  for (const [scope, records] of byScope) faults.push(`invented start of ${scope}: ${told(records)}`);
  return { planted: planted.length, startsFound, onsetOffMsMax: Math.round(onsetOffMsMax) };
}

function told(records: readonly StartRecord[]): string {
  return `${records.length} times${records.map(({ atMs }) => ` ${new Date(atMs).toISOString()}`).join()}`;
}

/** What the store has of a load with one input: seconds from the true onset, and watts. */
async function drawn(
  store: Store,
  scope: string,
  onsetMs: number,
  fromMs: number,
  toMs: number,
): Promise<string> {
  const outlet = scope.replace('server:', '');
  const { atMs, values } = await store.series({ outlet, quantity: 'watts', fromMs, toMs });
  return [...atMs]
    .map((ms, i) => `${((ms - onsetMs) / 1000).toFixed(3)}:${Math.round(values[i]!)}`)
    .join(' ');
}
