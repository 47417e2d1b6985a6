import { type Clock, systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Alert } from '../../model/alert.ts';
import type { IdleEvent, PowerEvent } from '../../model/event.ts';
import type { IdleVerdict } from '../../model/idle.ts';
import type { RollUpChange, RollUpTier } from '../../model/roll-up.ts';
import type { StartRecord } from '../../model/start.ts';
import { asksForSomething, rowsOfEvents } from '../event-question.ts';
import {
  alertOfRow,
  type EventRow,
  type EventTable,
  idleEventOfRow,
  idleSnapshotOfRow,
  idleVerdictRow,
  startOfRow,
} from '../event-rows.ts';
import { type AskSlice, replayRaw, shortestStepMs } from '../raw-replay.ts';
import {
  type EnergyColumns,
  type EnergyQuery,
  type EventQuery,
  type IdleSnapshot,
  type RawQuery,
  type ReadingBatch,
  type RefusedWrite,
  type RollUpColumns,
  type RollUpQuery,
  type Series,
  type SeriesQuery,
  type Store,
  StoreError,
  type StoreHealth,
  type StoreWrite,
  type TakeRaw,
  type WriteOutcome,
} from '../store.ts';
import { errorText, type Place, writeVerdict } from './answers.ts';
import { InfluxAsker } from './ask.ts';
import { askJoinedRollUps, isWorthJoining } from './chart-rows.ts';
import { eventLines } from './event-lines.ts';
import { askEvents, askLastStarts, askStart } from './event-questions.ts';
import { InfluxHttp } from './http.ts';
import {
  type Policy,
  type PolicyName,
  policiesFor,
  policyNames,
  policyOf,
  type Retention,
} from './layout.ts';
import { ReadingLines, rollUpLines, SeriesKeys } from './lines.ts';
import { makeDatabase } from './make-database.ts';
import { askEnergyByScope, askKnownScopes, askRollUps, askSeries } from './questions.ts';
import { askRawSlice, sliceReadings } from './raw-slices.ts';
import { refusedLines } from './refused-lines.ts';
import { RememberedEnergy } from './remembered-energy.ts';
import { noteRoom, type RoomNote } from './room-note.ts';
import { checkSchemaVersion } from './schema-version.ts';

export interface InfluxOptions {
  /** `http://host:8086`; a path before the API's own is kept (proxies). */
  readonly url: string;
  readonly database: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly retention: Retention;
  /** Written down for dashboards. */
  readonly room?: RoomNote | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Log | undefined;
  /** A write that is silent for so long has failed. */
  readonly writeTimeoutMs?: number | undefined;
  readonly queryTimeoutMs?: number | undefined;
}

/**
 * Keeps readings in InfluxDB through the 1.x API, which 1.8 to 1.12, 2.x (with DBRP mappings) and 3 Core answer
 * too. Lines are built here (a fraction of the package's cost); questions go through the `influx` package.
 */
export class InfluxStore implements Store {
  readonly kind = 'influx';
  readonly #place: Place;
  readonly #policies: readonly Policy[];
  readonly #room: RoomNote | undefined;
  readonly #clock: Clock;
  readonly #log: Log | undefined;
  readonly #http: InfluxHttp;
  readonly #asker: InfluxAsker;
  readonly #energy: RememberedEnergy;
  readonly #keys = new SeriesKeys();
  readonly #writePaths: Readonly<Record<PolicyName, string>>;
  /** Bytes of the last batch: the next one is likely to be like it. */
  #batchBytes = 0;
  #making: Promise<void> | undefined;

  constructor(options: InfluxOptions) {
    const { database } = options;
    this.#policies = policiesFor(options.retention);
    this.#room = options.room;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log;
    this.#http = new InfluxHttp({ ...options, timeoutMs: options.writeTimeoutMs ?? 10_000 });
    this.#place = { shownUrl: this.#http.shownUrl, database };
    this.#asker = new InfluxAsker(this.#http, this.#place, options.queryTimeoutMs ?? 30_000);
    this.#energy = new RememberedEnergy(this.#asker, this.#clock);
    const path = (policy: PolicyName) => `/write?${new URLSearchParams({ db: database, rp: policy })}`;
    this.#writePaths = {
      raw: path('raw'),
      minute: path('minute'),
      quarter: path('quarter'),
      events: path('events'),
    };
  }

  /** May be called again, to make what has gone missing. */
  open(): Promise<void> {
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  readingBatch(): ReadingBatch {
    return new ReadingLines(this.#keys, Math.min(this.#batchBytes * 1.2, 4_194_304));
  }

  encodeRollUps(tier: RollUpTier, rows: readonly RollUpChange[]): StoreWrite {
    return this.#energy.encoded(rollUpLines(tier, rows), rows);
  }

  encodeEvents(events: readonly PowerEvent[]): StoreWrite {
    return eventLines(rowsOfEvents(events));
  }

  encodeIdle(rows: readonly IdleVerdict[], atMs: number): StoreWrite {
    return eventLines({ idle_row: rows.map((row) => idleVerdictRow(row, atMs)) });
  }

  /** Lines follow lines: several writes of one tier make one. */
  join(writes: readonly StoreWrite[]): StoreWrite {
    return {
      tier: writes[0]!.tier,
      count: writes.reduce((sum, write) => sum + write.count, 0),
      bytes: Buffer.concat(writes.map((write) => write.bytes)),
    };
  }

  async write(write: StoreWrite): Promise<WriteOutcome> {
    const refusals: Refusals = { counts: {}, kept: [] };
    if (write.tier === 'raw') this.#batchBytes = write.bytes.byteLength;
    // Before too: an answer given while it is written may be of either kind.
    this.#energy.written(write);
    try {
      if (write.count > 0) await this.#send(write, refusals, true);
    } finally {
      this.#energy.written(write);
    }
    return { refused: refusals.counts, kept: refusals.kept };
  }

  series(query: SeriesQuery): Promise<Series> {
    return askSeries(this.#asker, query, this.#earliestRawMs());
  }

  rollUps(query: RollUpQuery): Promise<RollUpColumns> {
    return isWorthJoining(query) ? askJoinedRollUps(this.#asker, query) : askRollUps(this.#asker, query);
  }

  knownScopes(): Promise<string[]> {
    return askKnownScopes(this.#asker);
  }

  energyByScope(tier: RollUpTier, fromMs: number, toMs: number): Promise<Map<string, number>> {
    return askEnergyByScope(this.#asker, tier, fromMs, toMs);
  }

  energyRows(query: EnergyQuery): Promise<Map<string, EnergyColumns>> {
    return this.#energy.rows(query);
  }

  async rawReadings(query: RawQuery, take: TakeRaw): Promise<void> {
    const { quantities, toMs } = query;
    const fromMs = Math.max(query.fromMs, this.#earliestRawMs());
    const ask: AskSlice = (from, to, stepMs) =>
      askRawSlice(this.#asker, quantities, from, to, toMs, stepMs > shortestStepMs);
    await replayRaw(ask, { ...query, fromMs }, sliceReadings, take);
  }

  async starts(query: EventQuery): Promise<StartRecord[]> {
    return (await this.#events('start', query)).flatMap((row) => startOfRow(row) ?? []);
  }

  async start(id: string): Promise<StartRecord | undefined> {
    const row = await askStart(this.#asker, id);
    return row && startOfRow(row);
  }

  async lastStarts(fromMs: number, toMs: number): Promise<Map<string, StartRecord>> {
    const starts = (await askLastStarts(this.#asker, fromMs, toMs)).flatMap((row) => startOfRow(row) ?? []);
    return new Map(starts.map((start) => [start.scope, start]));
  }

  async idleEvents(query: EventQuery): Promise<IdleEvent[]> {
    return (await this.#events('idle_event', query)).flatMap((row) => idleEventOfRow(row) ?? []);
  }

  async idleRows(query: EventQuery): Promise<IdleSnapshot[]> {
    return (await this.#events('idle_row', query)).flatMap((row) => idleSnapshotOfRow(row) ?? []);
  }

  async alerts(query: EventQuery): Promise<Alert[]> {
    return (await this.#events('alert', query)).flatMap((row) => alertOfRow(row) ?? []);
  }

  /** Also tries whether we may write. */
  async ping(): Promise<StoreHealth> {
    await this.#probe('raw');
    return { version: `InfluxDB ${(await this.#asker.version()) ?? '(version unknown)'}` };
  }

  async close(): Promise<void> {
    this.#http.close();
    this.#asker.close();
  }

  async #events(table: EventTable, query: EventQuery): Promise<EventRow[]> {
    return asksForSomething(query) ? await askEvents(this.#asker, table, query) : [];
  }

  /** What is older than kept may still lie in a shard that has not been dropped yet. */
  #earliestRawMs(): number {
    const { durationMs, shardMs } = this.#policies[0]!;
    return durationMs === 0 ? 0 : this.#clock.nowMs() - durationMs - 2 * shardMs;
  }

  async #make(): Promise<void> {
    const complaint = await makeDatabase(this.#asker, this.#place.database, this.#policies, this.#log);
    for (const policy of policyNames)
      await this.#probe(policy).catch((error: unknown) => {
        throw complaint ?? error;
      });
    await checkSchemaVersion(this.#asker, this.#http, this.#place, this.#writePaths.events);
    if (this.#room !== undefined)
      await noteRoom(this.#asker, this.#http, this.#writePaths.events, this.#room);
    if (complaint !== undefined)
      this.#log?.warn(
        { problem: complaint.message },
        'InfluxDB keeps its own retention policies: writing works, how long data is kept is up to the server',
      );
  }

  /** Writes nothing at all to a policy: the server checks database, policy and rights first. */
  async #probe(policy: PolicyName): Promise<void> {
    const answer = await this.#http.post(this.#writePaths[policy], new Uint8Array());
    try {
      const verdict = writeVerdict(answer, 0, this.#place);
      if (verdict.kind === 'missing') throw verdict.error;
    } catch (error) {
      // 2.x gets as far as missing the points.
      if (!(error instanceof StoreError) || error.code !== 'refused') throw error;
    }
  }

  async #send(write: StoreWrite, refusals: Refusals, mayMake: boolean): Promise<void> {
    const answer = await this.#http.post(this.#writePaths[policyOf(write.tier)], write.bytes);
    const verdict = writeVerdict(answer, write.count, this.#place);
    switch (verdict.kind) {
      case 'written':
        for (const [reason, points] of Object.entries(verdict.refused)) {
          count(refusals.counts, reason, points);
          // What is older than kept nobody wants any more.
          if (reason !== 'too-old') refusals.kept.push(refusalOf(write, points, answer.text));
        }
        return;
      case 'missing':
        if (!mayMake) throw verdict.error;
        this.#log?.warn({ problem: verdict.error.message }, 'what has gone is made again');
        await this.open();
        return this.#send(write, refusals, false);
      case 'too-large': {
        const halves = halve(write);
        if (halves === undefined) {
          count(refusals.counts, 'too-large', write.count);
          refusals.kept.push({ write, points: write.count, said: 'larger than the server takes' });
          return;
        }
        for (const half of halves) await this.#send(half, refusals, mayMake);
      }
    }
  }
}

interface Refusals {
  readonly counts: Record<string, number>;
  readonly kept: RefusedWrite[];
}

function refusalOf(write: StoreWrite, points: number, answer: string): RefusedWrite {
  return { write: refusedLines(write, answer), points, said: errorText(answer) };
}

function count(counts: Record<string, number>, reason: string, more: number): void {
  counts[reason] = (counts[reason] ?? 0) + more;
}

const newline = 0x0a;

/** Cuts at the line end nearest after the middle; undefined for a single line. */
function halve(write: StoreWrite): [StoreWrite, StoreWrite] | undefined {
  const { tier, bytes } = write;
  const last = bytes.byteLength - 1;
  let cut = bytes.indexOf(newline, last >> 1);
  if (cut < 0 || cut >= last) cut = bytes.lastIndexOf(newline, (last >> 1) - 1);
  if (cut < 0) return undefined;
  let lines = 0;
  for (let at = bytes.indexOf(newline); at >= 0 && at <= cut; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return [
    { tier, count: lines, bytes: bytes.subarray(0, cut + 1) },
    { tier, count: write.count - lines, bytes: bytes.subarray(cut + 1) },
  ];
}
