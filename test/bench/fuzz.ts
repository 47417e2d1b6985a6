import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { IntakeSink } from '../../src/devices/delivery.ts';
import type { Family } from '../../src/devices/family.ts';
import { Intake, intakeLimits } from '../../src/devices/intake.ts';
import { loadFamilies } from '../../src/families.ts';
import type { RawMessage, Reading } from '../../src/model/reading.ts';
import { Chance } from '../devices/mutated-message.ts';
import { faultsOf } from '../devices/sound-reading.ts';
import { benchMapping } from './decode-announced.ts';
import { type FuzzMessage, fuzzMessages } from './fuzz-messages.ts';
import { millisFor, parseBare, SlowWatch, slowMillis, slowRule } from './fuzz-slow.ts';
import type { BenchRow } from './run.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** Changed messages; those left as they are come on top. */
  readonly messages: number;
}

/** In the first half an intake lives this long, in the second half one lives to the end. */
const messagesPerLife = 50_000;
const messagesPerRound = 1_000;

/**
 * Changed copies of all recorded messages, and long ones, through the real intake. Sets the exit code when a
 * reader threw, a reading was unsound, a table outgrew its limit, or a message was slow and slow again (`slowRule`).
 */
export async function fuzzBench({ seed, messages }: FuzzOptions): Promise<BenchRow[]> {
  if (!Number.isInteger(seed) || !(messages > 0)) throw new Error('--seed and --messages are whole numbers');
  console.error(`seed ${seed}`);
  const run = new FuzzRun([benchMapping, ...(await loadFamilies())]);
  const stream = fuzzMessages(new Chance(seed));
  while (run.changed < messages) {
    const batch = Array.from({ length: messagesPerRound }, () => stream.next().value);
    if (run.taken >= messagesPerLife && run.changed < messages / 2) run.beginLife();
    run.take(batch);
  }
  const rows = run.rows(seed);
  for (const finding of run.findings) console.error(finding);
  console.error(slowRule);
  if (run.findings.size > 0 || run.slow.slow.length > 0) process.exitCode = 1;
  return rows;
}

interface Tally {
  messages: number;
  millis: number;
  slowestMillis: number;
  slowestBytes: number;
}

const findingsMax = 50;
const slowShown = 20;

class FuzzRun {
  /** What must not be, each kind once. */
  readonly findings = new Set<string>();
  readonly slow: SlowWatch;
  changed = 0;
  /** In this life. */
  taken = 0;
  readonly #families: readonly Family[];
  readonly #tallies = new Map<string, Tally>();
  #intake: Intake;
  #all = 0;
  #readings = 0;
  #subscriptions = 0;
  #crashes = 0;
  #unsound = 0;
  #future = 0;
  #cpuMicros = 0;
  #bareMicros = 0;
  #tickMillis = 0;
  readonly #heapMiBBefore: number;
  /** The message under way. */
  #raw!: RawMessage;

  constructor(families: readonly Family[]) {
    this.#families = families;
    this.slow = new SlowWatch(families);
    this.#heapMiBBefore = heapMiB();
    this.#intake = new Intake(families);
  }

  beginLife(): void {
    this.#closeLife();
    this.#intake = new Intake(this.#families);
    this.slow.forget();
    this.taken = 0;
    this.#subscriptions = 0;
  }

  /** Bare and decoded in turn, so that whatever else the machine does hits both alike. */
  take(batch: readonly FuzzMessage[]): void {
    this.#bareMicros += cpuMicros(() => {
      for (const { raw } of batch) parseBare(raw);
    });
    const slow: { made: FuzzMessage; millis: number }[] = [];
    this.#cpuMicros += cpuMicros(() => {
      for (const made of batch) slow.push({ made, millis: this.#accept(made) });
    });
    // Apart, since it may have to do much again.
    for (const { made, millis } of slow) this.slow.passed(made.raw, made.origin, millis);
    this.#tick((batch.at(-1) as FuzzMessage).raw.receivedAtMs);
    this.#all += batch.length;
    this.taken += batch.length;
    this.changed += batch.filter(({ isChanged }) => isChanged).length;
  }

  rows(seed: number): BenchRow[] {
    this.#closeLife();
    const { topics, rejected } = this.#intake.totals();
    const devices = this.#intake.devices();
    const heap = heapMiB() - this.#heapMiBBefore;
    const figures = {
      seed,
      messages: this.#all,
      messagesChanged: this.changed,
      readings: this.#readings,
      messagesPerCpuSecond: Math.round(this.#all / (this.#cpuMicros / 1e6)),
      cpuMicrosPerMessage: round(this.#cpuMicros / this.#all),
      bareMicrosPerMessage: round(this.#bareMicros / this.#all),
      crashes: this.#crashes,
      unsoundReadings: this.#unsound,
      readingsFromTheFuture: this.#future,
      slowMessages: this.slow.slow.length,
      longListsOver5Millis: this.slow.long.length,
      longListSlowestMillis: round(Math.max(0, ...this.slow.long.map(({ firstMillis }) => firstMillis))),
      longListTimesBareMost: round(
        Math.max(0, ...this.slow.long.map(({ firstMillis, bareMillis }) => firstMillis / bareMillis)),
      ),
      pauses: this.slow.pauses,
      slowestTickMillis: round(this.#tickMillis),
      lastLifeMessages: this.taken,
      lastLifeTopics: topics,
      lastLifeDevices: devices.length,
      lastLifeOutlets: devices.reduce((sum, row) => sum + row.outlets.length, 0),
      lastLifeSubscriptions: this.#subscriptions,
      lastLifeHeapMiB: Math.round(heap),
      rejectReasons: new Set(rejected.map(({ reason }) => reason)).size,
    };
    return [
      ...Object.entries(figures).map(([what, value]) => ({ what, value })),
      ...[...this.#tallies].map(([what, { messages, millis, slowestMillis, slowestBytes }]) => ({
        what,
        ...{ messages, microsPerMessage: round((millis * 1000) / messages) },
        ...{ slowestMillis: round(slowestMillis), slowestBytes },
      })),
      ...this.#slowRows(),
    ];
  }

  /** By topic, the slowest first; of messages alike the one that was looked at. */
  #slowRows(): BenchRow[] {
    const byTopic = Map.groupBy(this.slow.slow, ({ origin, topic }) => `slow: ${origin} ${topic}`);
    return [...byTopic]
      .map(([what, all]) => ({
        ...{ what, messages: all.length },
        microsPerMessage: round(Math.max(...all.map(({ againMillis }) => againMillis * 1000))),
        slowestMillis: round(Math.max(...all.map(({ firstMillis }) => firstMillis))),
        slowestBytes: Math.max(...all.map(({ payloadBytes }) => payloadBytes)),
      }))
      .toSorted((one, other) => other.slowestMillis - one.slowestMillis)
      .slice(0, slowShown);
  }

  /** Answers how long it took. */
  #accept({ raw, origin }: FuzzMessage): number {
    this.#raw = raw;
    const millis = millisFor(() => this.#acceptSafely(raw));
    let tally = this.#tallies.get(origin);
    if (tally === undefined) {
      tally = { messages: 0, millis: 0, slowestMillis: 0, slowestBytes: 0 };
      this.#tallies.set(origin, tally);
    }
    tally.messages += 1;
    tally.millis += millis;
    if (millis > tally.slowestMillis) {
      tally.slowestMillis = millis;
      tally.slowestBytes = raw.payload.length;
    }
    return millis;
  }

  #acceptSafely(raw: RawMessage): void {
    try {
      this.#intake.accept(raw, this.#sink);
    } catch (error) {
      this.#crashes += 1;
      this.#find(`thrown: ${error instanceof Error ? error.stack : error}`, raw);
    }
  }

  #tick(nowMs: number): void {
    let millis = Number.POSITIVE_INFINITY;
    for (let time = 0; time < 3 && millis > slowMillis; time++) {
      millis = Math.min(
        millis,
        millisFor(() => this.#intake.tick(nowMs, this.#sink)),
      );
    }
    this.#tickMillis = Math.max(this.#tickMillis, millis);
    if (millis > slowMillis) this.findings.add(`a tick took ${round(millis)} ms, three times over`);
  }

  readonly #sink: IntakeSink = {
    reading: (reading) => this.#look(reading),
    availability: (device, _, atMs) => {
      if (device === '' || !Number.isFinite(atMs))
        this.#find('availability without a device or a time', this.#raw);
    },
    describe: ({ device }) => {
      if (device === '') this.#find('a description of no device', this.#raw);
    },
    subscribe: (filter) => {
      this.#subscriptions += 1;
      if (/^[+#/]*$/.test(filter) || /\0/.test(filter)) this.#find('a filter for everything', this.#raw);
    },
    publish: (topic) => {
      if (topic === '' || /[+#\0]/.test(topic)) this.#find('a request to a topic that is none', this.#raw);
    },
    rejected: (_, reason) => {
      if (reason !== 'reader-failed') return;
      this.#crashes += 1;
      this.#find('a reader threw', this.#raw);
    },
  };

  #look(reading: Reading): void {
    this.#readings += 1;
    const faults = faultsOf(reading, this.#raw);
    if (faults.length === 0) return;
    this.#unsound += 1;
    if (faults.includes('future')) this.#future += 1;
    this.#find(`unsound (${faults}): ${JSON.stringify(reading)}`, this.#raw);
  }

  #find(what: string, { topic, payload }: RawMessage): void {
    if (this.findings.size >= findingsMax) return;
    const bytes = Buffer.from(payload.subarray(0, 600)).toString('base64');
    this.findings.add(`${what}\n  topic ${JSON.stringify(topic)} payload ${payload.length} bytes: ${bytes}`);
  }

  #closeLife(): void {
    const { topics } = this.#intake.totals();
    const devices = this.#intake.devices();
    const outlets = devices.reduce((sum, row) => sum + row.outlets.length, 0);
    if (
      topics > intakeLimits.topicsMax ||
      devices.length > intakeLimits.devicesMax + 1 ||
      outlets > intakeLimits.outletsMax
    )
      this.findings.add(
        `a table beyond its limit: ${topics} topics, ${devices.length} devices, ${outlets} outlets`,
      );
  }
}

function cpuMicros(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** After a collection, so that only what is held counts. */
function heapMiB(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
