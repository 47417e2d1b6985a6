import { DayEnergy } from './day-energy.ts';
import type { EnergyObserver } from './energy-observer.ts';
import { ExpectedIntervals } from './expected-interval.ts';
import type { Figure, PowerState } from './figure.ts';
import { figureOfOutlets, figureOfSum } from './figures.ts';
import { ObservedServers } from './observed-servers.ts';
import type { OutletRecord, OutletTable } from './outlet-table.ts';
import { type Mover, Places } from './places.ts';
import type { PowerTree } from './power-tree.ts';
import { type Quantity, quantities } from './quantity.ts';
import type { Reading } from './reading.ts';
import type { RollUp, RollUpTier } from './roll-up.ts';
import { RollUpMaker } from './roll-up-maker.ts';
import type { RoomView } from './room-view.ts';
import type { ScopeKind } from './scope.ts';
import { ScopeSums, type Summed, summed, toMillionths } from './scope-sums.ts';
import type { ScopeTable } from './scope-table.ts';
import type { ServerObserver } from './server-observer.ts';

export interface RoomOptions {
  readonly tree: PowerTree;
  /** Called for every closed bucket of every scope. */
  readonly rollUp: (tier: RollUpTier, row: RollUp) => void;
  /**
   * What came before is not counted in the minute and the quarter of this moment: others have observed it, and what a
   * broker brings again would count twice.
   */
  readonly observesFromMs?: number;
  /** Told what every server draws; knows their states and idle levels. */
  readonly observer?: ServerObserver;
  /** Given what was measured too long ago to say anything of the present. */
  readonly late?: (reading: Reading, expectedIntervalMs: number) => void;
  /** Told what every outlet draws, late readings too, to book its energy. */
  readonly energy?: EnergyObserver;
  /** Outlets beyond this are refused and counted: a flood of made-up names may not eat the memory. */
  readonly outletsMax?: number;
}

const outletsMaxDefault = 200_000;
/** After a pause longer than this (a suspended machine) holds are ended before anything new is added. */
const sweepGapMs = 5_000;
/** What came later than this into a closed minute is more than the step of a slow gateway. */
const remadeLateMs = 20_000;
/** After a start roll-ups of a sum wait so long for its inputs: the slowest usual meter reports every 300 s. */
const awaitMsMax = 310_000;

const summedColumns = summed.map((name) => quantities.indexOf(name));
/** How often those who watch are told how today's energy has grown. */
const todayTouchMs = 15_000;

const wattsSum = summed.indexOf('watts');

/**
 * The room's present picture: the tree, the latest figure of each outlet, and the sums of every scope, kept up
 * to date reading by reading. A reading touches its own ancestors and nothing else. Pure: time comes with the
 * readings and with `tick`. From here a reading goes on to the store, a closed bucket too.
 */
export class Room implements RoomView {
  readonly #places: Places;
  readonly #scopes: ScopeTable;
  readonly #outlets: OutletTable;
  readonly #sums = new ScopeSums();
  readonly #observed: ObservedServers | undefined;
  readonly #energy: EnergyObserver | undefined;
  readonly #late: RoomOptions['late'];
  readonly #intervals = new ExpectedIntervals();
  readonly #rollUps: RollUpMaker;
  /** IANA; days begin at its midnight. */
  readonly timezone: string;
  readonly #outletsMax: number;
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
    this.#energy = options.energy;
    this.#late = options.late;
    this.#outletsMax = options.outletsMax ?? outletsMaxDefault;
    this.#rollUps = new RollUpMaker(
      (tier, scope, row) => this.#bucketClosed(tier, scope, row, options.rollUp),
      options.observesFromMs,
    );
    this.#places = new Places(options.tree, (scope, id) => this.#openScope(scope, id));
    this.#scopes = this.#places.scopes;
    this.#outlets = this.#places.outlets;
    if (options.observer === undefined) return;
    this.#observed = new ObservedServers(options.observer, this.#places, this.#sums);
    this.#observed.openAll(this.#scopes.size);
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
        ? figureOfOutlets(this.#outlets, this.#places.members[index]!, this.#places.expected[index]!)
        : figureOfSum(this.#sums, index, this.#places.expected[index]!, this.#atMs[index]!);
    if (kind === 'server' || kind === 'outlet') this.#observed?.amend(index, figure);
    const wattHours = this.#todayWattHours(index);
    if (!Number.isNaN(wattHours)) figure.todayWattHours = Math.round(wattHours * 100) / 100;
    return figure;
  }

  // ── the same in plain numbers, for those who look at much of it often ──────────────────────────────────

  kindAt(scope: number): ScopeKind {
    return this.#scopes.kind(scope);
  }

  /** Over the outlets of the scope that are fresh; NaN when there are none. Not of servers with a stale input. */
  sumAt(scope: number, quantity: Summed): number {
    return this.#sums.sum(scope, summed.indexOf(quantity));
  }

  /** How many outlets are in that sum. */
  contributorsAt(scope: number, quantity: Summed): number {
    return this.#sums.count(scope, summed.indexOf(quantity));
  }

  /** What a server does, where every input of it is fresh and a detector knows. */
  stateAt(server: number): PowerState | undefined {
    return this.#observed?.stateOf(server);
  }

  /** The latest an outlet has told; NaN when it never did. By the outlet's number. */
  valueOf(outlet: number, quantity: Quantity): number {
    return this.#outlets.value(outlet, quantities.indexOf(quantity));
  }

  isFresh(outlet: number): boolean {
    return this.#outlets.records[outlet]!.fresh;
  }

  /** When an outlet was last heard, epoch ms; 0: not since the start. */
  lastHeardMs(outlet: number): number {
    return this.#outlets.records[outlet]!.lastReceivedMs;
  }

  /** By number. */
  outletsOf(device: string): readonly number[] {
    return this.#places.outletsOf(device);
  }

  /** The minute of a scope that is still open: what its newest roll-up will be. */
  openMinute(scope: string, nowMs: number): RollUp | undefined {
    const index = this.#scopes.find(scope);
    const row = index < 0 ? undefined : this.#rollUps.openMinute(index, nowMs);
    return row === undefined ? undefined : { scope, ...row };
  }

  /** Outlets that no server claims and that have told watts, by id. */
  unclaimedOutlets(): string[] {
    return this.#places.unclaimedOutlets();
  }

  /** Has this device told something fresh before, and is all of it stale now? */
  isSilent(device: string): boolean {
    const outlets = this.#recordsOf(device);
    return (
      outlets.some((outlet) => outlet.everFresh || outlet.counted) && outlets.every((outlet) => !outlet.fresh)
    );
  }

  /** Is any of its outlets' latest figures fresh? */
  isHeard(device: string): boolean {
    return this.#recordsOf(device).some((outlet) => outlet.fresh);
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
      outlet = this.#places.openOutlet(reading.outlet);
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
    this.#outlets.takeReading(outlet, reading, reading.atMs);
    if (this.#energy !== undefined) this.#book(this.#energy, outlet, record, reading, expectedIntervalMs);
    // Brought late (a session caught up, a device that was cut off): it belongs to the past, not to the present.
    const lateMs = reading.receivedAtMs - reading.atMs;
    if (lateMs > this.#intervals.staleAfterMs(outlet)) {
      this.#lateReadings += 1;
      if (reading.watts !== undefined) this.#energy?.late(outlet, reading.atMs);
      this.#late?.(reading, expectedIntervalMs);
      this.#touch(record.ancestors);
      return;
    }
    // Young enough for the present, but its minute is written already: that is made again, where it lacks something.
    if (
      (lateMs > remadeLateMs || !record.fresh) &&
      reading.watts !== undefined &&
      this.#rollUps.isClosed(record.scope, reading.atMs)
    )
      this.#energy?.late(outlet, reading.atMs);
    record.fresh = true;
    record.everFresh = true;
    if (record.awaited && reading.watts !== undefined) this.#places.arrived(record);
    if (reading.watts !== undefined && !(record.metered && record.counted)) this.#becomeMetered(record);
    this.#share(outlet, record, reading.atMs);
    if (record.server < 0 || this.#observed === undefined) return;
    const atMs = this.#atMs[record.server]!;
    // A relay that opened has told watts too: none.
    if (reading.watts !== undefined || (reading.on === false && record.metered))
      this.#observed.heard(record.server, outlet, atMs);
    else if (record.metered) this.#observed.alive(record.server, outlet, atMs);
    this.#observed.heardInput(record.server, outlet, reading);
  }

  /** What the observer knows of a server is another than before, though nothing was read. */
  changed(server: number): void {
    const outlet = this.#observed?.soleInputOf(server) ?? -1;
    this.#touch(outlet < 0 ? [server] : [server, outlet]);
  }

  /** The device said that it is there, or its last will that it is gone: an announced silence is known at once. */
  setOnline(device: string, online: boolean, atMs: number): void {
    if (online) return;
    for (const outlet of this.#places.outletsOf(device)) {
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

  // ── who counts where, for those who book energy ──────────────────────────────────────────────────────

  /** Outlets known so far, 0 … outletCount−1. */
  get outletCount(): number {
    return this.#outlets.records.length;
  }

  /** Another number than before: who counts where may be another, too. */
  get placesVersion(): number {
    return this.#places.version;
  }

  outletAt(outlet: number): string {
    return this.#outlets.records[outlet]!.outlet;
  }

  /** −1 when it is not known. */
  outletNumber(outlet: string): number {
    return this.#outlets.find(outlet);
  }

  /** Has it ever told watts? Who never has counts only where a server claims it. */
  tellsWatts(outlet: number): boolean {
    return this.#outlets.records[outlet]!.metered;
  }

  /** Scopes in whose sums the outlet counts now, its own first. */
  scopesOf(outlet: number): readonly number[] {
    return this.#outlets.records[outlet]!.ancestors;
  }

  /** Outlets that ought to be in a scope's sum. */
  expectedIn(scope: number): number {
    return this.#places.expected[scope]!;
  }

  #book(
    energy: EnergyObserver,
    outlet: number,
    record: OutletRecord,
    reading: Reading,
    expectedIntervalMs: number,
  ): void {
    // What is switched off draws nothing, also when only that is told.
    const watts = reading.watts ?? (reading.on === false && record.metered ? 0 : Number.NaN);
    const wattHoursTotal = reading.wattHoursTotal ?? Number.NaN;
    if (Number.isNaN(watts) && Number.isNaN(wattHoursTotal)) return;
    energy.read(outlet, reading.atMs, watts, wattHoursTotal, expectedIntervalMs);
  }

  // ── values and sums ──────────────────────────────────────────────────────────────────────────────────

  /** Makes room in every column for a scope that appeared. */
  #openScope(scope: number, id: string): void {
    this.#versions.push(this.#version);
    this.#atMs.push(0);
    this.#day.open(id);
    this.#sums.open(scope);
    this.#rollUps.open(scope);
  }

  #recordsOf(device: string): OutletRecord[] {
    return this.#places.outletsOf(device).map((outlet) => this.#outlets.records[outlet]!);
  }

  /** It will not come, or not soon: its sums go on without it. */
  #awaitNoMore(record: OutletRecord, atMs: number): void {
    if (!record.awaited) return;
    this.#places.arrived(record);
    this.#step(record.ancestors, atMs);
  }

  /** The room is cabled otherwise from `atMs` on. */
  recable(tree: PowerTree, atMs: number): void {
    const left: number[] = [];
    this.#places.reclaim(tree, this.#mover(atMs, left));
    for (const server of left) if (server >= 0) this.#observed?.left(server, atMs);
    this.#observed?.recabled();
  }

  /** First watts of an outlet: it, and perhaps its device's other outlets, count elsewhere from now on. */
  #becomeMetered(record: OutletRecord): void {
    const atMs = record.lastAtMs;
    const left: number[] = [];
    this.#places.becomeMetered(record, this.#mover(atMs, left));
    for (const server of left) if (server >= 0) this.#observed?.left(server, atMs);
  }

  #mover(atMs: number, left: number[]): Mover {
    return {
      leave: (outlet) => {
        const { server, ancestors } = this.#outlets.records[outlet]!;
        left.push(server);
        this.#withdraw(outlet, atMs);
        this.#touch(ancestors);
      },
      join: (outlet) => this.#share(outlet, this.#outlets.records[outlet]!, atMs),
    };
  }

  /** Last known, age unknown: fills what nothing fresh has told, counts in no sum. */
  #takeRetained(outlet: number, record: OutletRecord, reading: Reading): void {
    if (record.everFresh) return;
    this.#outlets.takeReading(outlet, reading, 0);
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
    if (record.server >= 0) this.#observed?.left(record.server, atMs);
  }

  /** While an input has not been heard since the start the draw of a sum is not known. */
  #step(ancestors: readonly number[], atMs: number): void {
    for (let i = 0; i < ancestors.length; i += 1) {
      const scope = ancestors[i]!;
      const expected = this.#places.expected[scope]!;
      const inSum = this.#sums.count(scope, wattsSum);
      this.#rollUps.step(
        scope,
        atMs,
        this.#places.awaited[scope]! > 0 ? Number.NaN : this.#sums.sum(scope, wattsSum),
        inSum < expected ? inSum / expected : 1,
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
    else if (this.#energy !== undefined && this.#scopes.kind(scope) === 'outlet')
      this.#energy.quarter(this.#places.members[scope]![0]!, row);
    rollUp(tier, { scope: this.#scopes.id(scope), ...row });
  }

  #todayWattHours(scope: number): number {
    const closed = this.#day.of(scope);
    const open = this.#rollUps.openWattHours(scope, this.#nowMs, this.#day.fromMs);
    return open === 0 ? closed : (Number.isNaN(closed) ? 0 : closed) + open;
  }
}
