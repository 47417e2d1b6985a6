import { type Quantity, quantities } from '../model/quantity.ts';
import type { Reading } from '../model/reading.ts';

/** Two topics of one device that carry the same sample are this close, by time of receipt. */
const twinMsMax = 1_000;
/** Nearer than this, two instants could be written as the same microsecond. */
const apartMsMin = 0.002;
/** How far an instant may be put off so that no two are the same. */
const driftMsMax = 1_000;

/**
 * One remembered reading: given instant, device's own instant (NaN: none), receipt, quantities, relay; then, for the
 * outlet, the instant of its newest reading without a device time and when that was received. Two cache lines.
 */
const relayAt = 3 + quantities.length;
const floorAt = relayAt + 1;
const floorReceivedAt = relayAt + 2;
const width = 16;

/** What comparing a reading with a remembered one showed, as bits. */
const differs = 1;
const sharesMeasured = 2;
const sharesRelay = 4;
const brings = 8;
const isMeasured = 16;

/**
 * What a reading is, beside those remembered: news; the same sample as another, with figures that the other did not
 * bring (the rest: only those are left in it); or nothing but what is known.
 */
export type Verdict = 'news' | 'rest' | 'known';

/**
 * The last two readings of each outlet, by its slot: enough to give every reading an instant of its own and to
 * know a sample that comes twice (delivered again after a reconnect, or sent on a second topic). Plain numbers in
 * columns, so that remembering costs no garbage. Grows by doubling up to `outletsMax` slots of about 270 bytes.
 */
export class OutletTrails {
  #rows = new Float64Array(0);
  /** Which of the slot's two rows is the newer one. */
  #newest = new Uint8Array(0);
  /** The topic each remembered reading came on. */
  readonly #topics: (string | undefined)[] = [];

  /**
   * Remembers the reading and, where needed, moves its `atMs` so that it shares no instant with an earlier one, but
   * the rest of a sample has the instant of that sample. What is `known` is to be dropped.
   */
  admit(slot: number, reading: Reading, topic: string): Verdict {
    if (slot >= this.#newest.length) this.#grow(slot);
    const newest = slot * 2 + (this.#newest[slot] as number);
    const older = newest ^ 1;
    if (this.#isTwin(newest, reading, topic)) return this.#restOfTwin(newest, reading);
    if (this.#isTwin(older, reading, topic)) return this.#restOfTwin(older, reading);
    if (reading.atBasis === 'received') return this.#admitReceived(slot, newest, reading, topic);
    const deviceAtMs = reading.atMs;
    if (deviceAtMs === this.#rows[newest * width + 1]) {
      const compared = this.#compare(newest, reading);
      if ((compared & (differs | brings)) === 0 || this.#isRepeat(older, reading, deviceAtMs)) return 'known';
      if ((compared & differs) === 0) {
        // The rest of the same sample: same instant, so that the store joins the two.
        reading.atMs = this.#rows[newest * width] as number;
        this.#merge(newest, reading);
        return 'news';
      }
      reading.atMs = nextMicrosecond(this.#rows[newest * width] as number);
    } else if (this.#isRepeat(older, reading, deviceAtMs)) return 'known';
    this.#remember(slot, older, reading, deviceAtMs, topic);
    return 'news';
  }

  #admitReceived(slot: number, newest: number, reading: Reading, topic: string): Verdict {
    const floor = this.#rows[newest * width + floorAt] as number;
    const receivedAtMs = reading.receivedAtMs;
    if (receivedAtMs < floor + apartMsMin) {
      const next = nextMicrosecond(floor);
      if (next - receivedAtMs <= driftMsMax) reading.atMs = next;
      // Our own clock was set back: what comes now is as new as ever. Else it is a flood of one instant.
      else if (receivedAtMs >= (this.#rows[newest * width + floorReceivedAt] as number)) return 'known';
    }
    // Of a stream without device times the last reading is enough to know a twin by; one row stays in the cache.
    const isSameStream = this.#topics[newest] === topic && Number.isNaN(this.#rows[newest * width + 1]);
    const row = isSameStream ? newest : newest ^ 1;
    this.#remember(slot, row, reading, Number.NaN, topic);
    this.#rows[row * width + floorAt] = reading.atMs;
    this.#rows[row * width + floorReceivedAt] = receivedAtMs;
    return 'news';
  }

  /** The same sample from the device's other topic; then at most one of the two has the device's own time. */
  #isTwin(row: number, reading: Reading, topic: string): boolean {
    const other = this.#topics[row];
    if (other === topic || other === undefined) return false;
    const at = row * width;
    if (Math.abs(reading.receivedAtMs - (this.#rows[at + 2] as number)) > twinMsMax) return false;
    if (reading.atBasis === 'device' && !Number.isNaN(this.#rows[at + 1])) return false;
    const compared = this.#compare(row, reading);
    if ((compared & differs) !== 0) return false;
    return (compared & isMeasured) !== 0 ? (compared & sharesMeasured) !== 0 : (compared & sharesRelay) !== 0;
  }

  /** Leaves in the reading what its twin did not bring, at the instant of the twin. */
  #restOfTwin(row: number, reading: Reading): Verdict {
    if ((this.#compare(row, reading) & brings) === 0) return 'known';
    const at = row * width + 3;
    for (let index = 0; index < quantities.length; index++) {
      if (!Number.isNaN(this.#rows[at + index])) reading[quantities[index] as Quantity] = undefined;
    }
    if (!Number.isNaN(this.#rows[row * width + relayAt])) reading.on = undefined;
    reading.atMs = this.#rows[row * width] as number;
    reading.atBasis = Number.isNaN(this.#rows[row * width + 1]) ? 'received' : 'device';
    this.#merge(row, reading);
    return 'rest';
  }

  /** Delivered again: the device's own instant, and nothing that was not known of it. */
  #isRepeat(row: number, reading: Reading, deviceAtMs: number): boolean {
    return (
      this.#rows[row * width + 1] === deviceAtMs && (this.#compare(row, reading) & (differs | brings)) === 0
    );
  }

  #compare(row: number, reading: Reading): number {
    const at = row * width + 3;
    let seen = 0;
    for (let index = 0; index < quantities.length; index++) {
      const value = reading[quantities[index] as Quantity];
      if (value === undefined) continue;
      const known = this.#rows[at + index] as number;
      seen |= isMeasured | (known === value ? sharesMeasured : Number.isNaN(known) ? brings : differs);
    }
    if (reading.on === undefined) return seen;
    const known = this.#rows[row * width + relayAt] as number;
    return seen | (known === Number(reading.on) ? sharesRelay : Number.isNaN(known) ? brings : differs);
  }

  /** Writes over a row, which becomes the newest. The order is that of `quantities`. */
  #remember(slot: number, row: number, reading: Reading, deviceAtMs: number, topic: string): void {
    const rows = this.#rows;
    const at = row * width;
    rows[at] = reading.atMs;
    rows[at + 1] = deviceAtMs;
    rows[at + 2] = reading.receivedAtMs;
    rows[at + 3] = reading.watts ?? Number.NaN;
    rows[at + 4] = reading.volts ?? Number.NaN;
    rows[at + 5] = reading.amps ?? Number.NaN;
    rows[at + 6] = reading.voltAmps ?? Number.NaN;
    rows[at + 7] = reading.voltAmpsReactive ?? Number.NaN;
    rows[at + 8] = reading.powerFactor ?? Number.NaN;
    rows[at + 9] = reading.hertz ?? Number.NaN;
    rows[at + 10] = reading.wattHoursTotal ?? Number.NaN;
    rows[at + 11] = reading.wattHoursReturnedTotal ?? Number.NaN;
    rows[at + 12] = reading.on === undefined ? Number.NaN : Number(reading.on);
    const before = (row ^ 1) * width;
    rows[at + floorAt] = rows[before + floorAt] as number;
    rows[at + floorReceivedAt] = rows[before + floorReceivedAt] as number;
    if (this.#topics[row] !== topic) this.#topics[row] = topic;
    this.#newest[slot] = row & 1;
  }

  #merge(row: number, reading: Reading): void {
    const at = row * width + 3;
    for (let index = 0; index < quantities.length; index++) {
      const value = reading[quantities[index] as Quantity];
      if (value !== undefined) this.#rows[at + index] = value;
    }
    if (reading.on !== undefined) this.#rows[row * width + relayAt] = Number(reading.on);
  }

  #grow(slot: number): void {
    const capacity = Math.max(256, 2 ** Math.ceil(Math.log2(slot + 1)));
    const rows = new Float64Array(capacity * 2 * width).fill(Number.NaN);
    rows.set(this.#rows);
    this.#rows = rows;
    const newest = new Uint8Array(capacity);
    newest.set(this.#newest);
    this.#newest = newest;
    while (this.#topics.length < capacity * 2) this.#topics.push(undefined);
  }
}

/** Whole microseconds, the finest that InfluxDB is written with: a sum of fractions would drift off them. */
function nextMicrosecond(atMs: number): number {
  return (Math.round(atMs * 1000) + 1) / 1000;
}
