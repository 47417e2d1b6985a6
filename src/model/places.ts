import { type OutletRecord, OutletTable } from './outlet-table.ts';
import type { PowerTree } from './power-tree.ts';
import { splitOutlet, totalLabel } from './reading.ts';
import { scopeId } from './scope.ts';
import { ScopeTable } from './scope-table.ts';
import { type Claim, claimsOf } from './topology.ts';

interface DeviceRecord {
  readonly scope: number;
  readonly outlets: number[];
  /** Its `total` tells watts: then the device's figure is that, not the sum of its outlets. */
  totalMetered: boolean;
  /** An outlet of its own tells watts: then `total` counts in no server, rack or room. */
  outletMetered: boolean;
}

/** Who keeps the sums: told when an outlet moves from some of them to others. */
export interface Mover {
  /** Takes the outlet out of the sums it is in. */
  leave(outlet: number): void;
  /** Puts it into the sums it belongs to now; only for fresh ones. */
  join(outlet: number): void;
}

/**
 * Who counts where: every scope and every outlet of the room, which scopes an outlet's draw counts in, and which
 * outlets a scope ought to have. Changes only when an outlet appears or first tells watts.
 */
export class Places {
  readonly scopes = new ScopeTable();
  readonly outlets = new OutletTable();
  /** By scope: outlets of a server or an outlet; empty for the wider scopes. */
  readonly members: number[][] = [];
  /** By scope: outlets that ought to be in its sum. */
  readonly expected: number[] = [];
  /** By scope: outlets in its sum that have not been heard since the start. */
  readonly awaited: number[] = [];
  #claims: Map<string, Claim>;
  readonly #devices = new Map<string, DeviceRecord>();
  /** Grows when an outlet is met, when one tells its first watts, and when the cabling changes. */
  version = 0;
  readonly #roomScope: number;
  readonly #scopeOpened: (scope: number, id: string) => void;

  /** `scopeOpened` is called for every scope, in the order of their numbers. */
  constructor(tree: PowerTree, scopeOpened: (scope: number, id: string) => void) {
    this.#scopeOpened = scopeOpened;
    this.#roomScope = this.scopes.number('room', '');
    this.#claims = claimsOf(tree, this.scopes);
    this.#openScopes();
    for (const outlet of this.#claims.keys()) this.#claim(outlet);
  }

  /** By number, of a device; none when it is not known. */
  outletsOf(device: string): readonly number[] {
    return this.#devices.get(device)?.outlets ?? [];
  }

  /** Outlets that no server claims and that have told watts, by id. */
  unclaimedOutlets(): string[] {
    return this.outlets.records
      .filter((record) => record.metered && !this.#claims.has(record.outlet) && !this.#isPart(record))
      .map((record) => record.outlet);
  }

  /** The number of an outlet that was not known. */
  openOutlet(outlet: string): number {
    this.version += 1;
    const scope = this.scopes.number('outlet', outlet);
    const number = this.outlets.open(outlet, scope);
    const record = this.outlets.records[number]!;
    const device = this.#deviceOf(record.device);
    device.outlets.push(number);
    this.#openScopes();
    this.members[scope] = [number];
    const claim = this.#claims.get(outlet);
    if (claim !== undefined) this.members[claim.server]!.push(number);
    this.#place(record, device);
    return number;
  }

  /** It has been heard, or is not waited for any more. */
  arrived(record: OutletRecord): void {
    record.awaited = false;
    for (const scope of record.ancestors) this.awaited[scope]! -= 1;
  }

  /**
   * First watts of an outlet. An unclaimed one becomes a server of its own; and what a device says of itself as
   * a whole is weighed anew against what its outlets say, so that nothing is counted twice.
   */
  becomeMetered(record: OutletRecord, mover: Mover): void {
    this.version += 1;
    const device = this.#devices.get(record.device)!;
    const news = record.isTotal ? !device.totalMetered : !device.outletMetered;
    const touched = news ? device.outlets : [this.outlets.find(record.outlet)];
    for (const outlet of touched) {
      const sibling = this.outlets.records[outlet]!;
      if (sibling.counted) this.#expect(sibling, -1);
      mover.leave(outlet);
    }
    record.metered = true;
    record.counted ||= record.fresh;
    if (record.isTotal) device.totalMetered = true;
    else device.outletMetered = true;
    for (const outlet of touched) {
      const sibling = this.outlets.records[outlet]!;
      this.#place(sibling, device);
      if (sibling.counted) this.#expect(sibling, 1);
      if (sibling.fresh) mover.join(outlet);
    }
  }

  /** The room is cabled otherwise from now on: outlets of which that is true count elsewhere. */
  reclaim(tree: PowerTree, mover: Mover): void {
    this.version += 1;
    const before = this.#claims;
    const claims = claimsOf(tree, this.scopes);
    this.#openScopes();
    const changed = [...new Set([...before.keys(), ...claims.keys()])].filter(
      (outlet) => !isSame(before.get(outlet), claims.get(outlet)),
    );
    // What a device says as a whole depends on who claims its outlets.
    const touched = new Set(changed.flatMap((outlet) => this.outletsOf(splitOutlet(outlet).device)));
    for (const outlet of touched) {
      const record = this.outlets.records[outlet]!;
      if (record.counted) this.#expect(record, -1);
      mover.leave(outlet);
      if (record.server < 0) continue;
      this.members[record.server] = this.members[record.server]!.filter((member) => member !== outlet);
    }
    this.#claims = claims;
    for (const outlet of touched) {
      const record = this.outlets.records[outlet]!;
      const claim = claims.get(record.outlet);
      if (claim !== undefined) this.members[claim.server]!.push(outlet);
      // What nobody claims any more is missed only if it was ever there.
      record.counted = claim !== undefined || (record.metered && record.everFresh);
      record.awaited &&= claim !== undefined;
      this.#place(record, this.#deviceOf(record.device));
      if (record.counted) this.#expect(record, 1);
      if (record.fresh) mover.join(outlet);
    }
    for (const outlet of changed) if (this.outlets.find(outlet) < 0) this.#claim(outlet);
  }

  /** Opens an outlet that a server claims: its sums wait for it. */
  #claim(outlet: string): void {
    const record = this.outlets.records[this.openOutlet(outlet)]!;
    record.counted = true;
    record.awaited = true;
    this.#expect(record, 1);
  }

  #deviceOf(name: string): DeviceRecord {
    let device = this.#devices.get(name);
    if (device === undefined) {
      device = {
        scope: this.scopes.number('device', name),
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
      this.expected[scope]! += change;
      if (record.awaited) this.awaited[scope]! += change;
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

  #place(record: OutletRecord, device: DeviceRecord): void {
    record.server = -1;
    // There are as many as outlets: the copy is without the spare room that growing leaves.
    record.ancestors = this.#placed(record, device).slice();
  }

  /** Finds its server, opens one where it is its own, and answers the scopes that its draw counts in. */
  #placed(record: OutletRecord, device: DeviceRecord): number[] {
    const ancestors = [record.scope];
    if (record.isTotal || !device.totalMetered) ancestors.push(device.scope);
    if (this.#isPart(record)) {
      const server = this.scopes.find(scopeId('server', record.outlet));
      if (server >= 0) {
        this.members[server] = [];
        this.expected[server] = 0;
      }
      return ancestors;
    }
    const claim = this.#claims.get(record.outlet);
    if (claim !== undefined) {
      record.server = claim.server;
      ancestors.push(claim.server, ...claim.places, this.#roomScope);
    } else if (record.metered) {
      record.server = this.scopes.number('server', record.outlet);
      this.#openScopes();
      this.members[record.server] = [this.outlets.find(record.outlet)];
      ancestors.push(record.server, this.#roomScope);
    }
    return ancestors;
  }

  #openScopes(): void {
    for (let scope = this.expected.length; scope < this.scopes.size; scope += 1) {
      this.members.push([]);
      this.expected.push(0);
      this.awaited.push(0);
      this.#scopeOpened(scope, this.scopes.id(scope));
    }
  }
}

function isSame(a: Claim | undefined, b: Claim | undefined): boolean {
  return a?.server === b?.server && (a?.places ?? []).join() === (b?.places ?? []).join();
}
