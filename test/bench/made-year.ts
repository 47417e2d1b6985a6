import { emptyReading, type Reading } from '../../src/model/reading.ts';
import { type RollUp, type RollUpTier, type Tier, tierStepMs } from '../../src/model/roll-up.ts';
import type { Store } from '../../src/store/store.ts';
import { seeded } from '../store/made-readings.ts';

export interface YearSize {
  readonly outlets: number;
  /** How far back quarters reach. */
  readonly days: number;
  readonly minuteDays: number;
  readonly rawDays: number;
}

export const dayMs = 86_400_000;
const rawStepMs = 10_000;
const outletsPerPdu = 20;
/** Rows of one series in a write: a shard's worth or less, so that InfluxDB has one file to write to at a time. */
const writeDays: Readonly<Record<RollUpTier, number>> = { minute: 7, quarter: 91 };
/** What was drawn repeats after so many days: whole shards of InfluxDB, so that its files can be copied. */
export const repeatDays: Readonly<Record<Tier, number>> = { raw: 5, minute: 35, quarter: 91 };
const inFlight = 3;

/** A made room: servers with an input on each of two feeds, racks of two PDUs, a breaker for each PDU. */
export class MadeYear {
  readonly size: YearSize;
  /** The end of the year, a full day of UTC: nothing is newer. */
  readonly endMs: number;
  readonly outlets: readonly string[];
  readonly servers: readonly string[];
  readonly scopes: readonly string[];

  constructor(size: YearSize, endMs = Math.floor(Date.now() / dayMs) * dayMs) {
    this.size = size;
    this.endMs = endMs;
    const pairs = Math.ceil(size.outlets / 2);
    const racks = Math.ceil(pairs / outletsPerPdu);
    const outletOf = (feed: string, pair: number) =>
      `pdu-${feed}${Math.floor(pair / outletsPerPdu) + 1}/${(pair % outletsPerPdu) + 1}`;
    const each = <T>(count: number, make: (i: number) => T) =>
      Array.from({ length: count }, (_, i) => make(i));
    this.outlets = each(size.outlets, (i) => outletOf(i % 2 === 0 ? 'a' : 'b', i >> 1));
    this.servers = each(pairs, (i) => `server:hv-${i + 1}`);
    this.scopes = [
      'room',
      'feed:A',
      'feed:B',
      ...each(racks, (i) => `rack:r${i + 1}`),
      ...['a', 'b'].flatMap((feed) =>
        each(racks, (i) => [`breaker:${feed.toUpperCase()}${i + 1}`, `device:pdu-${feed}${i + 1}`]).flat(),
      ),
      ...this.servers,
      ...this.outlets.map((outlet) => `outlet:${outlet}`),
    ];
  }

  fromMs(days: number): number {
    return this.endMs - days * dayMs;
  }

  /** How many days back a tier reaches. */
  daysOf(tier: Tier): number {
    const { rawDays, minuteDays, days } = this.size;
    return { raw: rawDays, minute: minuteDays, quarter: days }[tier];
  }

  /** Points of a tier in so many days. */
  points(tier: Tier, days = this.daysOf(tier)): number {
    const series = tier === 'raw' ? this.outlets.length : this.scopes.length;
    return (series * days * dayMs) / (tier === 'raw' ? rawStepMs : tierStepMs[tier]);
  }

  /**
   * The newest `days` of a tier through the store's own encoding and writing; the same for every store. `progress`
   * is told the share done.
   */
  async fill(store: Store, tier: Tier, days: number, progress: (share: number) => void): Promise<void> {
    const lanes = new Lanes();
    const write = tier === 'raw' ? this.#rawDay(store, lanes) : this.#rollUps(store, tier, lanes);
    const stepDays = tier === 'raw' ? 1 : writeDays[tier];
    // From the start of what repeats, so that each time it comes out the same; what is too old is not written.
    for (let back = Math.ceil(days / repeatDays[tier]) * repeatDays[tier]; back > 0; back -= stepDays) {
      await write(this.fromMs(back), this.fromMs(back - stepDays), this.fromMs(days));
      progress((days - back + stepDays) / days);
    }
    await lanes.done();
  }

  /** Does a period of what repeats begin here? */
  #isRepeat(tier: Tier, atMs: number): boolean {
    return (this.endMs - atMs) % (repeatDays[tier] * dayMs) === 0;
  }

  #rollUps(store: Store, tier: RollUpTier, lanes: Lanes): WriteWindow {
    const stepMs = tierStepMs[tier];
    const anew = () => this.scopes.map((scope, i) => new MadeLoad(scope, i));
    let loads = anew();
    return async (fromMs, toMs, keptFromMs) => {
      if (this.#isRepeat(tier, fromMs)) loads = anew();
      for (const load of loads) {
        const rows: RollUp[] = [];
        for (let atMs = fromMs; atMs < toMs; atMs += stepMs) {
          const row = load.rollUp(atMs, stepMs);
          if (atMs >= keptFromMs) rows.push(row);
        }
        if (rows.length > 0) await lanes.put(store.write(store.encodeRollUps(tier, rows)));
      }
    };
  }

  /** An outlet's day in one write. */
  #rawDay(store: Store, lanes: Lanes): WriteWindow {
    const anew = () => this.outlets.map((outlet, i) => new MadeMeter(outlet, i));
    let meters = anew();
    return async (fromMs, toMs, keptFromMs) => {
      if (this.#isRepeat('raw', fromMs)) meters = anew();
      for (const meter of meters) {
        const batch = store.readingBatch();
        for (let atMs = fromMs; atMs < toMs; atMs += rawStepMs) {
          const reading = meter.reading(atMs);
          if (atMs >= keptFromMs) batch.add(reading);
        }
        const write = batch.encode();
        if (write.count > 0) await lanes.put(store.write(write));
      }
    };
  }
}

type WriteWindow = (fromMs: number, toMs: number, keptFromMs: number) => Promise<void>;

/** A few writes on their way at a time. */
class Lanes {
  readonly #running = new Set<Promise<unknown>>();
  #failed: unknown;

  async put(work: Promise<{ refused: Readonly<Record<string, number>> }>): Promise<void> {
    const lane: Promise<unknown> = work
      .then(({ refused }) => {
        if (Object.keys(refused).length > 0) throw new Error(`refused: ${JSON.stringify(refused)}`);
      })
      .catch((error: unknown) => {
        this.#failed ??= error;
      })
      .finally(() => this.#running.delete(lane));
    this.#running.add(lane);
    if (this.#running.size >= inFlight) await Promise.race(this.#running);
    if (this.#failed !== undefined) throw this.#failed;
  }

  async done(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failed !== undefined) throw this.#failed;
  }
}

/** A scope's draw over the year: by day and week, with some wandering. */
class MadeLoad {
  readonly #scope: string;
  readonly #random: () => number;
  readonly #base: number;
  #wander = 0;

  constructor(scope: string, seed: number) {
    this.#scope = scope;
    this.#random = seeded(seed + 1);
    const size =
      scope === 'room' ? 250 : /^(feed|rack)/.test(scope) ? 60 : /^(breaker|device)/.test(scope) ? 20 : 1;
    this.#base = size * (120 + 200 * this.#random());
  }

  rollUp(fromMs: number, stepMs: number): RollUp {
    const random = this.#random;
    this.#wander = 0.98 * this.#wander + 0.02 * (random() - 0.5);
    const byDay = 0.15 * Math.sin(((fromMs % dayMs) / dayMs) * 2 * Math.PI);
    const wattsMean = this.#base * (1 + byDay + this.#wander);
    const tenths = (watts: number) => Math.round(watts * 10) / 10;
    return {
      scope: this.#scope,
      fromMs,
      wattsMean,
      wattsMin: tenths(wattsMean * (1 - 0.05 * random())),
      wattsMax: tenths(wattsMean * (1 + 0.15 * random())),
      wattHours: (wattsMean * stepMs) / 3_600_000,
      observedMs: stepMs,
    };
  }
}

/** An outlet as meters tell it: one decimal of W, V and Wh, three of A, two of power factor. */
class MadeMeter {
  readonly #random: () => number;
  readonly #reading: Reading;
  #watts: number;
  #volts = 230;
  #wattHours: number;

  constructor(outlet: string, seed: number) {
    this.#random = seeded(seed + 1_000_001);
    this.#watts = 60 + 400 * this.#random();
    this.#wattHours = 1e6 * this.#random();
    const message = {
      topic: '',
      payload: new Uint8Array(),
      receivedAtMs: 0,
      retained: false,
      qos: 0,
      sequence: 0,
    } as const;
    this.#reading = emptyReading(outlet.slice(0, outlet.lastIndexOf('/')), outlet, message);
  }

  /** The same object each time. */
  reading(atMs: number): Reading {
    const random = this.#random;
    this.#watts += 4 * (random() - 0.5) + (random() < 0.01 ? 40 * (random() - 0.5) : 0);
    if (this.#watts < 5) this.#watts = 5;
    this.#volts += 0.4 * (random() - 0.5) + (230 - this.#volts) / 50;
    this.#wattHours += (this.#watts * rawStepMs) / 3_600_000;
    const made = this.#reading;
    made.atMs = atMs;
    made.watts = Math.round(this.#watts * 10) / 10;
    made.volts = Math.round(this.#volts * 10) / 10;
    made.amps = Math.round((this.#watts / this.#volts / 0.95) * 1000) / 1000;
    made.powerFactor = Math.round((0.94 + 0.02 * random()) * 100) / 100;
    made.wattHoursTotal = Math.round(this.#wattHours * 10) / 10;
    return made;
  }
}
