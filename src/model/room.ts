import { DayEnergy } from './day-energy.ts';
import { ExpectedIntervals } from './expected-interval.ts';
import type { Figure } from './figure.ts';
import { figureOfOutlets, figureOfSum } from './figures.ts';
import { type OutletRecord, OutletTable } from './outlet-table.ts';
import type { PowerTree } from './power-tree.ts';
import { quantities } from './quantity.ts';
import { type Reading, totalLabel } from './reading.ts';
import type { RollUp, RollUpTier } from './roll-up.ts';
import { RollUpMaker } from './roll-up-maker.ts';
import type { RoomView } from './room-view.ts';
import { scopeId } from './scope.ts';
import { ScopeSums, summed, toMillionths } from './scope-sums.ts';
import { ScopeTable } from './scope-table.ts';
import { type Claim, claimsOf } from './topology.ts';

export interface RoomOptions {
  readonly tree: PowerTree;
  /** Called for every closed bucket of every scope. */
  readonly rollUp: (tier: RollUpTier, row: RollUp) => void;
  /** Outlets beyond this are refused and counted: a flood of made-up names may not eat the memory. */
  readonly outletsMax?: number;
}

interface DeviceRecord {
  readonly scope: number;
  readonly outlets: number[];
  /** Its `total` tells watts: then the device's figure is that, not the sum of its outlets. */
  totalMetered: boolean;
  /** An outlet of its own tells watts: then `total` counts in no server, rack or room. */
  outletMetered: boolean;
}

const outletsMaxDefault = 200_000;
/** After a pause longer than this (a suspended machine) holds are ended before anything new is added. */
const sweepGapMs = 5_000;
/** After a start roll-ups of a sum wait so long for its inputs: the slowest usual meter reports every 300 s. */
const awaitMsMax = 310_000;

const summedColumns = summed.map((name) => quantities.indexOf(name));
/** How often those who watch are told how today's energy has grown. */
const todayTouchMs = 15_000;

const wattsSum = summed.indexOf('watts');
/** What a relay that is off makes 0. */
const drawColumns = (['watts', 'voltAmps', 'amps'] as const).map((name) => quantities.indexOf(name));

/**
 * The room's present picture: the tree, the latest figure of each outlet, and the sums of every scope, kept up
 * to date reading by reading. A reading touches its own ancestors and nothing else. Pure: time comes with the
 * readings and with `tick`. From here a reading goes on to the store, a closed bucket too.
 */
export class Room implements RoomView {
  readonly #scopes = new ScopeTable();
  readonly #sums = new ScopeSums();
  readonly #outlets = new OutletTable();
  readonly #intervals = new ExpectedIntervals();
  readonly #rollUps: RollUpMaker;
  readonly #claims: Map<string, Claim>;
  readonly #devices = new Map<string, DeviceRecord>();
  readonly #roomScope: number;
  /** IANA; days begin at its midnight. */
  readonly timezone: string;
  readonly #outletsMax: number;
  /** By scope: outlets of a server or an outlet; empty for the wider scopes. */
  readonly #members: number[][] = [];
  /** By scope: outlets that ought to be in its sum. */
  readonly #expected: number[] = [];
  /** By scope: outlets in its sum that have not been heard since the start. */
  readonly #awaited: number[] = [];
  readonly #versions: number[] = [];
  readonly #atMs: number[] = [];
  readonly #day: DayEnergy;
  #version = 0;
  #nowMs = 0;
  #awaitUntilMs = 0;
  #todayTouchMs = 0;
  #refusedOutlets = 0;
  #lateReadings = 0;

  constructor(options: RoomOptions) {
    this.timezone = options.tree.timezone;
    this.#day = new DayEnergy(this.timezone);
    this.#outletsMax = options.outletsMax ?? outletsMaxDefault;
    this.#rollUps = new RollUpMaker((tier, scope, row) =>
      this.#bucketClosed(tier, scope, row, options.rollUp),
    );
    this.#roomScope = this.#scopes.number('room', '');
    this.#claims = claimsOf(options.tree, this.#scopes);
    this.#openScopes();
    for (const outlet of this.#claims.keys()) {
      const record = this.#outlets.records[this.#openOutlet(outlet)]!;
      record.counted = true;
      record.awaited = true;
      this.#expect(record, 1);
    }
  }

  // ── the picture ──────────────────────────────────────────────────────────────────────────────────────

  get scopeCount(): number {
    return this.#scopes.size;
  }

  get version(): number {
    return this.#version;
  }

  /** Readings refused because the room has as many outlets as it may have. */
  get refusedOutlets(): number {
    return this.#refusedOutlets;
  }

  /** Readings measured too long ago to say anything of the present; they are kept all the same. */
  get lateReadings(): number {
    return this.#lateReadings;
  }

  scopeAt(index: number): string {
    return this.#scopes.id(index);
  }

  indexOf(scope: string): number {
    return this.#scopes.find(scope);
  }

  versionAt(index: number): number {
    return this.#versions[index]!;
  }

  figureAt(index: number): Figure {
    const kind = this.#scopes.kind(index);
    const figure =
      kind === 'server' || kind === 'outlet'
        ? figureOfOutlets(this.#outlets, this.#members[index]!, this.#expected[index]!)
        : figureOfSum(this.#sums, index, this.#expected[index]!, this.#atMs[index]!);
    const wattHours = this.#todayWattHours(index);
    if (!Number.isNaN(wattHours)) figure.todayWattHours = Math.round(wattHours * 100) / 100;
    return figure;
  }

  /** The minute of a scope that is still open: what its newest roll-up will be. */
  openMinute(scope: string, nowMs: number): RollUp | undefined {
    const index = this.#scopes.find(scope);
    const row = index < 0 ? undefined : this.#rollUps.openMinute(index, nowMs);
    return row === undefined ? undefined : { scope, ...row };
  }

  /** Outlets that no server claims and that have told watts, by id. */
  unclaimedOutlets(): string[] {
    return this.#outlets.records
      .filter((record) => record.metered && !this.#claims.has(record.outlet) && !this.#isPart(record))
      .map((record) => record.outlet);
  }

  /** Has this device told something fresh before, and is all of it stale now? */
  isSilent(device: string): boolean {
    const record = this.#devices.get(device);
    if (record === undefined) return false;
    const outlets = record.outlets.map((outlet) => this.#outlets.records[outlet]!);
    return (
      outlets.some((outlet) => outlet.everFresh || outlet.counted) && outlets.every((outlet) => !outlet.fresh)
    );
  }

  /** Is any of its outlets' latest figures fresh? */
  isHeard(device: string): boolean {
    const outlets = this.#devices.get(device)?.outlets ?? [];
    return outlets.some((outlet) => this.#outlets.records[outlet]!.fresh);
  }

  // ── what happens to it ───────────────────────────────────────────────────────────────────────────────

  /** Takes a reading; `expectedIntervalMs` is what the device's family usually does. */
  apply(reading: Reading, expectedIntervalMs: number): void {
    let outlet = this.#outlets.find(reading.outlet);
    if (outlet < 0) {
      if (this.#outlets.records.length >= this.#outletsMax) {
        this.#refusedOutlets += 1;
        return;
      }
      outlet = this.#openOutlet(reading.outlet);
    }
    const record = this.#outlets.records[outlet]!;
    if (reading.receivedAtMs - this.#nowMs > sweepGapMs) this.tick(reading.receivedAtMs);
    if (reading.retained) {
      this.#takeRetained(outlet, record, reading);
      return;
    }
    if (record.lastReceivedMs === 0) this.#intervals.open(outlet, expectedIntervalMs);
    this.#intervals.seen(outlet, reading.receivedAtMs);
    record.lastReceivedMs = reading.receivedAtMs;
    if (reading.atMs > record.lastAtMs) record.lastAtMs = reading.atMs;
    this.#takeValues(outlet, record, reading);
    // Brought late (a session caught up, a device that was cut off): it belongs to the past, not to the present.
    if (reading.receivedAtMs - reading.atMs > this.#intervals.staleAfterMs(outlet)) {
      this.#lateReadings += 1;
      this.#touch(record.ancestors);
      return;
    }
    record.fresh = true;
    record.everFresh = true;
    if (record.awaited && reading.watts !== undefined) this.#arrived(record);
    if (reading.watts !== undefined && !(record.metered && record.counted)) this.#becomeMetered(record);
    this.#share(outlet, record, reading.atMs);
  }

  /** The device said that it is there, or its last will that it is gone: an announced silence is known at once. */
  setOnline(device: string, online: boolean, atMs: number): void {
    const record = this.#devices.get(device);
    if (record === undefined || online) return;
    for (const outlet of record.outlets) {
      this.#expire(outlet, atMs);
      this.#awaitNoMore(this.#outlets.records[outlet]!, atMs);
    }
  }

  /** Lets time pass: ends holds that are too old, closes buckets, begins a new day. Called about every second. */
  tick(nowMs: number): void {
    if (this.#nowMs === 0) this.#awaitUntilMs = nowMs + awaitMsMax;
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const records = this.#outlets.records;
    if (nowMs >= this.#awaitUntilMs) {
      for (const record of records) this.#awaitNoMore(record, nowMs);
      this.#awaitUntilMs = Number.POSITIVE_INFINITY;
    }
    for (let outlet = 0; outlet < records.length; outlet += 1) {
      const record = records[outlet]!;
      if (!record.fresh) continue;
      const staleMs = record.lastReceivedMs + this.#intervals.staleAfterMs(outlet);
      if (staleMs <= nowMs) this.#expire(outlet, staleMs);
    }
    this.#rollUps.closeUntil(nowMs);
    if (nowMs >= this.#todayTouchMs) {
      // Today's energy grows also where nothing is reported.
      this.#todayTouchMs = nowMs + todayTouchMs;
      this.#touch(
        this.#versions.map((_, scope) => scope).filter((scope) => this.#sums.count(scope, wattsSum) > 0),
      );
    }
    if (this.#day.tick(nowMs)) this.#touch(this.#versions.map((_, scope) => scope));
  }

  /** What was drawn today before the start, in Wh by scope id; asked from the store. */
  seedToday(wattHours: ReadonlyMap<string, number>): void {
    for (const [id, value] of wattHours) this.#day.addEarlier(this.#scopes.find(id), id, value);
  }

  /** Writes out every open bucket: the last thing before a stop. */
  closeBuckets(nowMs: number): void {
    this.#rollUps.closeAll(nowMs);
  }

  // ── outlets and where they count ─────────────────────────────────────────────────────────────────────

  #openOutlet(outlet: string): number {
    const scope = this.#scopes.number('outlet', outlet);
    const number = this.#outlets.open(outlet, scope);
    const record = this.#outlets.records[number]!;
    const device = this.#deviceOf(record.device);
    device.outlets.push(number);
    this.#openScopes();
    this.#members[scope] = [number];
    const claim = this.#claims.get(outlet);
    if (claim !== undefined) this.#members[claim.server]!.push(number);
    record.ancestors = this.#ancestorsOf(record, device);
    return number;
  }

  #deviceOf(name: string): DeviceRecord {
    let device = this.#devices.get(name);
    if (device === undefined) {
      device = {
        scope: this.#scopes.number('device', name),
        outlets: [],
        totalMetered: false,
        outletMetered: false,
      };
      this.#devices.set(name, device);
    }
    return device;
  }

  /** Its sums are partial without it, from now on (+1) or no more (−1). */
  #expect(record: OutletRecord, change: number): void {
    for (const scope of record.ancestors) {
      this.#expected[scope]! += change;
      if (record.awaited) this.#awaited[scope]! += change;
    }
  }

  #arrived(record: OutletRecord): void {
    record.awaited = false;
    for (const scope of record.ancestors) this.#awaited[scope]! -= 1;
  }

  /** It will not come, or not soon: its sums go on without it. */
  #awaitNoMore(record: OutletRecord, atMs: number): void {
    if (!record.awaited) return;
    this.#arrived(record);
    this.#step(record.ancestors, atMs);
  }

  /**
   * First watts of an outlet. An unclaimed one becomes a server of its own; and what a device says of itself as
   * a whole is weighed anew against what its outlets say, so that nothing is counted twice.
   */
  #becomeMetered(record: OutletRecord): void {
    const device = this.#devices.get(record.device)!;
    const news = record.isTotal ? !device.totalMetered : !device.outletMetered;
    const touched = news ? device.outlets : [this.#outlets.find(record.outlet)];
    const siblings = touched.map((outlet) => ({ outlet, record: this.#outlets.records[outlet]! }));
    for (const sibling of siblings) {
      if (sibling.record.counted) this.#expect(sibling.record, -1);
      this.#withdraw(sibling.outlet, record.lastAtMs);
    }
    record.metered = true;
    record.counted ||= record.fresh;
    if (record.isTotal) device.totalMetered = true;
    else device.outletMetered = true;
    for (const sibling of siblings) {
      sibling.record.ancestors = this.#ancestorsOf(sibling.record, device);
      if (sibling.record.counted) this.#expect(sibling.record, 1);
      if (sibling.record.fresh) this.#share(sibling.outlet, sibling.record, record.lastAtMs);
    }
  }

  /**
   * What a device says as a whole and what its outlets say are the same watts: only one of the two counts. The
   * outlets do, unless a server claims the whole (a three-phase machine).
   */
  #isPart(record: OutletRecord): boolean {
    if (this.#claims.has(record.outlet)) return false;
    const device = this.#devices.get(record.device)!;
    return record.isTotal ? device.outletMetered : this.#claims.has(`${record.device}/${totalLabel}`);
  }

  #ancestorsOf(record: OutletRecord, device: DeviceRecord): number[] {
    const ancestors = [record.scope];
    if (record.isTotal || !device.totalMetered) ancestors.push(device.scope);
    if (this.#isPart(record)) {
      const server = this.#scopes.find(scopeId('server', record.outlet));
      if (server >= 0 && this.#members[server]!.length > 0) {
        this.#members[server] = [];
        this.#expected[server] = 0;
        this.#touch([server]);
      }
      return ancestors;
    }
    const claim = this.#claims.get(record.outlet);
    if (claim !== undefined) ancestors.push(claim.server, ...claim.places, this.#roomScope);
    else if (record.metered) {
      const server = this.#scopes.number('server', record.outlet);
      this.#openScopes();
      this.#members[server] = [this.#outlets.find(record.outlet)];
      ancestors.push(server, this.#roomScope);
    }
    return ancestors;
  }

  /** Makes room in every column for scopes that appeared. */
  #openScopes(): void {
    for (let scope = this.#versions.length; scope < this.#scopes.size; scope += 1) {
      this.#versions.push(this.#version);
      this.#members.push([]);
      this.#expected.push(0);
      this.#awaited.push(0);
      this.#atMs.push(0);
      this.#day.open(this.#scopes.id(scope));
      this.#sums.open(scope);
      this.#rollUps.open(scope);
    }
  }

  // ── values and sums ──────────────────────────────────────────────────────────────────────────────────

  #takeValues(outlet: number, record: OutletRecord, reading: Reading): void {
    const outlets = this.#outlets;
    const atMs = reading.atMs;
    // The order is that of `quantities`; spelt out because a computed key costs ten times as much here.
    if (reading.watts !== undefined) outlets.take(outlet, 0, reading.watts, atMs);
    if (reading.volts !== undefined) outlets.take(outlet, 1, reading.volts, atMs);
    if (reading.amps !== undefined) outlets.take(outlet, 2, reading.amps, atMs);
    if (reading.voltAmps !== undefined) outlets.take(outlet, 3, reading.voltAmps, atMs);
    if (reading.voltAmpsReactive !== undefined) outlets.take(outlet, 4, reading.voltAmpsReactive, atMs);
    if (reading.powerFactor !== undefined) outlets.take(outlet, 5, reading.powerFactor, atMs);
    if (reading.hertz !== undefined) outlets.take(outlet, 6, reading.hertz, atMs);
    if (reading.wattHoursTotal !== undefined) outlets.take(outlet, 7, reading.wattHoursTotal, atMs);
    if (reading.wattHoursReturnedTotal !== undefined)
      outlets.take(outlet, 8, reading.wattHoursReturnedTotal, atMs);
    if (reading.on === undefined) return;
    record.on = reading.on;
    // An open relay draws nothing; meters that report on change often tell only that it opened.
    if (!reading.on && reading.watts === undefined && record.metered) {
      for (const column of drawColumns) {
        if (!Number.isNaN(outlets.value(outlet, column))) outlets.take(outlet, column, 0, atMs);
      }
    }
  }

  /** Last known, age unknown: fills what nothing fresh has told, counts in no sum. */
  #takeRetained(outlet: number, record: OutletRecord, reading: Reading): void {
    if (record.everFresh) return;
    this.#takeValues(outlet, record, { ...reading, atMs: 0 });
    if (reading.watts !== undefined && !record.metered) this.#becomeMetered(record);
    this.#touch(record.ancestors);
  }

  /** Puts the outlet's present values into the sums of its ancestors. */
  #share(outlet: number, record: OutletRecord, atMs: number): void {
    const ancestors = record.ancestors;
    let wattsChanged = false;
    for (let k = 0; k < summedColumns.length; k += 1) {
      const value = this.#outlets.value(outlet, summedColumns[k]!);
      if (Number.isNaN(value)) continue;
      const next = toMillionths(value);
      const before = this.#outlets.share(outlet, k);
      if (next === before) continue;
      const joins = Number.isNaN(before);
      const change = joins ? next : next - before;
      for (let i = 0; i < ancestors.length; i += 1) this.#sums.add(ancestors[i]!, k, change, joins ? 1 : 0);
      this.#outlets.setShare(outlet, k, next);
      if (k === wattsSum) wattsChanged = true;
    }
    if (wattsChanged) this.#step(ancestors, atMs);
    this.#touch(ancestors);
    for (let i = 0; i < ancestors.length; i += 1) {
      if (atMs > this.#atMs[ancestors[i]!]!) this.#atMs[ancestors[i]!] = atMs;
    }
  }

  /** Takes everything the outlet has in the sums out again. */
  #withdraw(outlet: number, atMs: number): void {
    const record = this.#outlets.records[outlet]!;
    let any = false;
    for (let k = 0; k < summedColumns.length; k += 1) {
      const share = this.#outlets.share(outlet, k);
      if (Number.isNaN(share)) continue;
      for (const scope of record.ancestors) this.#sums.add(scope, k, -share, -1);
      this.#outlets.setShare(outlet, k, Number.NaN);
      any = true;
    }
    if (any) this.#step(record.ancestors, atMs);
  }

  #expire(outlet: number, atMs: number): void {
    const record = this.#outlets.records[outlet]!;
    if (!record.fresh) return;
    record.fresh = false;
    this.#withdraw(outlet, atMs);
    this.#touch(record.ancestors);
  }

  /** While an input has not been heard since the start the draw of a sum is not known. */
  #step(ancestors: readonly number[], atMs: number): void {
    for (let i = 0; i < ancestors.length; i += 1) {
      const scope = ancestors[i]!;
      this.#rollUps.step(
        scope,
        atMs,
        this.#awaited[scope]! > 0 ? Number.NaN : this.#sums.sum(scope, wattsSum),
      );
    }
  }

  #touch(ancestors: readonly number[]): void {
    this.#version += 1;
    for (let i = 0; i < ancestors.length; i += 1) this.#versions[ancestors[i]!] = this.#version;
  }

  // ── today ────────────────────────────────────────────────────────────────────────────────────────────

  #bucketClosed(
    tier: RollUpTier,
    scope: number,
    row: Omit<RollUp, 'scope'>,
    rollUp: RoomOptions['rollUp'],
  ): void {
    if (tier === 'minute') this.#day.add(scope, row.fromMs, row.wattHours);
    rollUp(tier, { scope: this.#scopes.id(scope), ...row });
  }

  #todayWattHours(scope: number): number {
    const closed = this.#day.of(scope);
    const open = this.#rollUps.openWattHours(scope, this.#nowMs, this.#day.fromMs);
    return open === 0 ? closed : (Number.isNaN(closed) ? 0 : closed) + open;
  }
}
