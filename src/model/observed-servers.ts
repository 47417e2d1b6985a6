import type { Figure, PowerState } from './figure.ts';
import type { Places } from './places.ts';
import { quantities } from './quantity.ts';
import type { Reading } from './reading.ts';
import { type ScopeSums, summed } from './scope-sums.ts';
import { type ServerObserver, told, toldWidth } from './server-observer.ts';

const wattsColumn = quantities.indexOf('watts');
const voltsColumn = quantities.indexOf('volts');
const wattsSum = summed.indexOf('watts');
const voltsSum = summed.indexOf('volts');
const scopesMin = 1024;
/** What is told between two figures of watts says so often that they still hold. */
const aliveMs = 30_000;

/**
 * Tells the observer what each server draws as a whole, from the room's running sums, and puts what the observer
 * knows better into figures. A server of which an input is missing is lost until all of them are heard again.
 */
export class ObservedServers {
  readonly #observer: ServerObserver;
  readonly #places: Places;
  readonly #sums: ScopeSums;
  readonly #row = new Float64Array(toldWidth);
  /** By scope: the observer knows of it. */
  #opened = new Uint8Array(scopesMin);
  /** By scope: every input was fresh when last looked at. */
  #whole = new Uint8Array(scopesMin);
  /** By scope: when it was last told. */
  #toldMs = new Float64Array(scopesMin);

  constructor(observer: ServerObserver, places: Places, sums: ScopeSums) {
    this.#observer = observer;
    this.#places = places;
    this.#sums = sums;
  }

  /** Announces the servers that are there from the start; others are when they are first heard. */
  openAll(scopeCount: number): void {
    for (let scope = 0; scope < scopeCount; scope += 1) {
      if (this.#places.scopes.kind(scope) === 'server') this.#open(scope);
    }
  }

  /** A fresh reading with watts of this input is in the sums; the server's time is the newest of all its inputs. */
  heard(server: number, outlet: number, atMs: number): void {
    const expected = this.#places.expected[server]!;
    const sums = this.#sums;
    if (sums.count(server, wattsSum) < expected) return;
    if (!this.#opened[server]) this.#open(server);
    this.#whole[server] = 1;
    this.#toldMs[server] = atMs;
    const row = this.#row;
    row[told.atMs] = atMs;
    row[told.watts] = sums.sum(server, wattsSum);
    row[told.volts] = sums.sum(server, voltsSum) / sums.count(server, voltsSum);
    row[told.input] = this.#places.members[server]!.indexOf(outlet);
    row[told.inputWatts] = this.#places.outlets.value(outlet, wattsColumn);
    row[told.inputVolts] = this.#places.outlets.value(outlet, voltsColumn);
    this.#observer.observe(server, row);
  }

  /** A fresh reading of this input; what it said of volts and amps is told whether the server is whole or not. */
  heardInput(server: number, outlet: number, reading: Reading): void {
    if (reading.volts === undefined && reading.amps === undefined) return;
    if (!this.#opened[server]) return;
    const row = this.#row;
    row[told.atMs] = reading.atMs;
    row[told.input] = this.#places.members[server]!.indexOf(outlet);
    row[told.inputVolts] = reading.volts ?? Number.NaN;
    row[told.inputAmps] = reading.amps ?? Number.NaN;
    this.#observer.observeInput(server, row);
  }

  /**
   * A fresh reading without watts: a meter that tells only what has changed is there, and its watts have not. A
   * flat load on such a meter would otherwise seem to have said nothing for hours.
   */
  alive(server: number, outlet: number, atMs: number): void {
    if (this.#opened[server] && atMs - this.#toldMs[server]! >= aliveMs) this.heard(server, outlet, atMs);
  }

  /** Outlets moved from server to server: tells again what each has. */
  recabled(): void {
    for (let server = 0; server < this.#opened.length; server += 1) {
      if (this.#opened[server]) this.#open(server);
    }
  }

  /** One of its inputs left the sums: perhaps it is not whole any more. */
  left(server: number, atMs: number): void {
    if (!this.#whole[server]) return;
    const expected = this.#places.expected[server]!;
    if (expected > 0 && this.#sums.count(server, wattsSum) >= expected) return;
    this.#whole[server] = 0;
    this.#observer.lost(server, atMs);
  }

  /** State and idle level of a server, and of the outlet that is its only input. */
  amend(scope: number, figure: Figure): void {
    const server = this.#serverOf(scope);
    if (server < 0 || !this.#opened[server]) return;
    const idleWatts = this.#observer.idleWattsOf(server);
    if (!Number.isNaN(idleWatts)) figure.idleWatts = Math.round(idleWatts * 1000) / 1000;
    if (!this.#whole[server]) return;
    const state = this.#observer.stateOf(server);
    if (state !== undefined) figure.state = state;
  }

  /** What the server does, where every input of it is fresh and the observer knows. */
  stateOf(server: number): PowerState | undefined {
    return this.#opened[server] && this.#whole[server] ? this.#observer.stateOf(server) : undefined;
  }

  /** The outlet's own scope, where it is a server's only input; −1 where it is one of several. */
  soleInputOf(server: number): number {
    const [outlet, ...others] = this.#places.members[server]!;
    return outlet === undefined || others.length > 0 ? -1 : this.#places.outlets.records[outlet]!.scope;
  }

  #open(server: number): void {
    if (server >= this.#opened.length) {
      this.#opened = grown(this.#opened, server);
      this.#whole = grown(this.#whole, server);
      const told = new Float64Array(this.#opened.length);
      told.set(this.#toldMs);
      this.#toldMs = told;
    }
    this.#opened[server] = 1;
    const { scopes, members, outlets } = this.#places;
    this.#observer.opened(
      server,
      scopes.id(server),
      members[server]!.map((outlet) => outlets.records[outlet]!.outlet),
    );
  }

  #serverOf(scope: number): number {
    if (this.#places.scopes.kind(scope) === 'server') return scope;
    const [outlet] = this.#places.members[scope]!;
    const server = outlet === undefined ? -1 : this.#places.outlets.records[outlet]!.server;
    return server >= 0 && this.#places.members[server]!.length === 1 ? server : -1;
  }
}

function grown(flags: Uint8Array, scope: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(scope + 1, flags.length * 2));
  larger.set(flags);
  return larger;
}
