import type { PowerEvent } from '../model/event.ts';
import type { PowerState } from '../model/figure.ts';
import type { IdleBaseline } from '../model/idle.ts';
import type { PowerTree } from '../model/power-tree.ts';
import { type ServerObserver, told } from '../model/server-observer.ts';
import type { StartRecord } from '../model/start.ts';
import { Branch, branchColumns } from './branch.ts';
import { stepTime } from './cadence.ts';
import { Circuit, type Impedance } from './circuit.ts';
import { isFarBelow } from './far-below.ts';
import { fineIdle, forgetBelow, idleBaseline, idleNews, learnDraw } from './idle-learner.ts';
import * as at from './load-state.ts';
import { off, on } from './load-state.ts';
import { type Load, LoadTable } from './load-table.ts';
import { RowPool } from './row-pool.ts';
import { readSaved, type Saved, writeSaved } from './saved-watch.ts';
import { loseTrack, observeDraw } from './start-detector.ts';
import { Starts } from './starts.ts';
import { isStuck } from './stuck.ts';
import { turn } from './turn.ts';
import { followVolts } from './usual-volts.ts';
import { deviceOf, placesBy, type Wiring, wiringOf } from './wiring.ts';

export interface WatchOptions {
  readonly tree: PowerTree;
  /** Told of every start (announced, told again, complete: one id) and of every baseline. */
  readonly event: (event: PowerEvent) => void;
  /** What is shown of this scope besides its watts may have changed. */
  readonly changed?: (scope: number) => void;
}

/** More than any load of a room: no reading. */
const wattsMax = 1e9;
/** What rests above this is in standby rather than off (a PC that is off draws 2–6 W). */
const offWattsMax = 6;

/**
 * The detectors of a room: starts, idle baselines, source impedance, and from them the state of every load. A
 * fold over readings, load by load; time comes with the readings and with `tick`. From here events go to the
 * store and the live stream.
 */
export class Watch implements ServerObserver {
  readonly #options: WatchOptions;
  readonly #loads = new LoadTable();
  readonly #starts: Starts;
  readonly #circuits = new Map<string, Circuit>();
  #wiring: Wiring;
  readonly #rows = new RowPool();
  /** Lists of circuits that branches share. */
  readonly #circuitLists = new Map<string, readonly Circuit[]>();
  /** From a checkpoint, for loads that have not appeared yet. */
  #saved: Saved | undefined;
  /** Readings since `#saved` are missing. */
  #missedSome = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#starts = new Starts({ ...options, groupsOf: (load) => this.#groupsOf(load) });
    this.#wiring = wiringOf(options.tree);
  }

  // ── what is observed ─────────────────────────────────────────────────────────────────────────────────

  opened(scope: number, id: string, outlets: readonly string[]): void {
    const load = this.#loads.open(scope, id);
    this.#wire(load, outlets);
    const saved = this.#saved?.take(id);
    if (saved === undefined) return;
    load.state.set(saved.state);
    load.bins.set(saved.bins);
    if (saved.start !== undefined) this.#starts.restore(load, saved.start);
    if (this.#missedSome) this.#loseTrack(load);
  }

  observe(scope: number, row: Float64Array): void {
    const load = this.#loads.get(scope)!;
    const s = load.state;
    const watts = row[told.watts]!;
    load.lost = false;
    if (!(Math.abs(watts) <= wattsMax)) return;
    const start = this.#starts.of(load);
    if (!stepTime(s, row, load.outlets.length)) {
      start?.late(row);
      return;
    }
    s[at.drawWatts] = Math.abs(watts);
    if (s[at.gapMs]! > 0 && !isStuck(s, watts !== s[at.lastWatts])) this.#learn(load);
    const what = observeDraw(s, start);
    s[at.lastWattsBefore] = s[at.lastWatts]!;
    s[at.lastWatts] = watts;
    if (what !== turn.nothing || start !== undefined) this.#starts.take(load, what, row);
    if (what === turn.standby) forgetBelow(s, load.bins, s[at.standbyWatts]!);
    followVolts(s, row);
  }

  observeInput(scope: number, row: Float64Array): void {
    this.#loads.get(scope)!.branchOf[row[told.input]!]?.take(row);
  }

  /** When the newest was that was observed of the scope, epoch ms; 0: nothing yet. */
  observedUntilMs(scope: number): number {
    return this.#loads.get(scope)?.state[at.lastMs] ?? 0;
  }

  lost(scope: number): void {
    const load = this.#loads.get(scope);
    if (load !== undefined) load.lost = true;
  }

  /** Lets time pass: ends starts and confirms rises of meters that say nothing while nothing changes. */
  tick(nowMs: number): void {
    this.#starts.tick(nowMs);
    for (const circuit of this.#circuits.values()) circuit.settle(nowMs);
  }

  /** The room is cabled otherwise from now on; what is plugged in where is told by `opened`. */
  recable(tree: PowerTree): void {
    this.#wiring = wiringOf(tree);
    for (const load of this.#loads.all()) this.#wire(load, load.outlets);
  }

  #wire(load: Load, outlets: readonly string[]): void {
    for (const branch of load.branches) branch.close();
    this.#starts.unplugged(load);
    const { circuitOf, feedOf } = this.#wiring;
    load.outlets = outlets;
    load.branches = [...placesBy(outlets, circuitOf)].map(([name, places]) => {
      const feed = feedOf(outlets[places[0]!]!);
      const circuits = this.#circuitsOf(feed === undefined ? [name] : [name, feed]);
      return new Branch(circuits, places, this.#rows.take(branchColumns(places.length)));
    });
    load.circuits = load.branches.map((branch) => branch.circuits[0]!);
    load.branchOf = outlets.map((_, place) => load.branches.find(({ inputs }) => inputs.includes(place))!);
    this.#starts.plugged(load);
  }

  #groupsOf({ outlets }: Load): Map<string, number[]> {
    const { breakerOf, feedOf } = this.#wiring;
    return new Map([breakerOf, feedOf, deviceOf].flatMap((scopeOf) => [...placesBy(outlets, scopeOf)]));
  }

  #circuitsOf(names: readonly string[]): readonly Circuit[] {
    const key = names.join('\n');
    const known = this.#circuitLists.get(key) ?? names.map((name) => this.#circuit(name));
    this.#circuitLists.set(key, known);
    return known;
  }

  #learn(load: Load): void {
    const s = load.state;
    const before = s[at.idleWatts]!;
    const news = learnDraw(s, load.bins);
    if (news === idleNews.nothing) return;
    const moved = news === idleNews.moved;
    this.#options.event({
      kind: 'idle',
      scope: load.id,
      atMs: Math.floor(s[at.lastMs]!),
      change: moved ? 'moved' : 'learnt',
      idleWatts: Math.round(fineIdle(s) * 100) / 100,
      ...(moved ? { fromWatts: Math.round(before * 100) / 100 } : {}),
      sinceMs: Math.floor(s[at.idleSinceMs]!),
    });
    this.#options.changed?.(load.scope);
  }

  #circuit(name: string): Circuit {
    let circuit = this.#circuits.get(name);
    if (circuit === undefined) {
      circuit = new Circuit(name);
      const saved = this.#saved?.circuits.find((state) => state.scope === name);
      if (saved !== undefined) circuit.load(saved);
      this.#circuits.set(name, circuit);
    }
    return circuit;
  }

  // ── what is known ────────────────────────────────────────────────────────────────────────────────────

  stateOf(scope: number): PowerState | undefined {
    const load = this.#loads.get(scope);
    if (load === undefined || load.lost) return undefined;
    const s = load.state;
    if (s[at.phase] === off) return s[at.restWatts]! > offWattsMax ? 'standby' : 'off';
    if (s[at.phase] !== on) return undefined;
    const start = this.#starts.of(load);
    if (start !== undefined && start.detectedAtMs > 0 && start.isBooting(s[at.lastMs]!)) return 'starting';
    if (s[at.learnt] !== 1) return 'active';
    const draw = Math.abs(s[at.lastWatts]!);
    if (isFarBelow(s, draw)) return 'standby';
    return draw <= s[at.idleWatts]! * 1.15 + 3 ? 'idle' : 'active';
  }

  idleWattsOf(scope: number): number {
    const s = this.#loads.get(scope)?.state;
    return s === undefined || s[at.learnt] !== 1 ? Number.NaN : fineIdle(s);
  }

  /** Starts under way, newest first. */
  openStarts(): StartRecord[] {
    return this.#starts.records();
  }

  /** Of every load that has been observed. */
  idle(): IdleBaseline[] {
    return [...this.#loads.all()]
      .filter((load) => load.state[at.lastMs]! > 0)
      .map((load) => idleBaseline(load.id, load.state, load.bins));
  }

  idleOf(scope: string): IdleBaseline | undefined {
    const load = this.#loads.find(scope);
    return load === undefined ? undefined : idleBaseline(load.id, load.state, load.bins);
  }

  impedances(): Impedance[] {
    return [...this.#circuits.values()]
      .map((circuit) => circuit.impedance())
      .filter((impedance) => impedance !== undefined);
  }

  /** Circuits whose impedance is not known yet, by name, with the clean steps seen on each. */
  unlearntSupplies(): { scope: string; steps: number }[] {
    return [...this.#circuits.values()]
      .filter((circuit) => circuit.impedance() === undefined)
      .map(({ scope, steps }) => ({ scope, steps }))
      .sort((a, b) => (a.scope < b.scope ? -1 : 1));
  }

  // ── over a restart ───────────────────────────────────────────────────────────────────────────────────

  /** As bytes, to be written one after the other; what is observed from here on is to be observed again after `load`. */
  save(nowMs: number): Iterable<Uint8Array> {
    return writeSaved({
      nowMs,
      loads: [...this.#loads.all()],
      startOf: (load) => this.#starts.of(load),
      circuits: [...this.#circuits.values()].map((circuit) => circuit.save()),
      groups: this.#starts.saveGroups(),
      notYet: this.#saved,
    });
  }

  /** Takes up what was saved; to be called before anything is observed. Throws on what it did not write. */
  load(bytes: Uint8Array): void {
    this.#saved = readSaved(bytes);
    this.#starts.loadGroups(this.#saved.groups);
    for (const load of [...this.#loads.all()]) this.opened(load.scope, load.id, load.outlets);
    for (const state of this.#saved.circuits) this.#circuit(state.scope).load(state);
  }

  /**
   * Readings since what was loaded will not be observed: nobody knows what the loads did meanwhile, and one that was
   * off then and is on now is no start that was seen.
   */
  missed(): void {
    this.#missedSome = true;
    for (const load of this.#loads.all()) this.#loseTrack(load);
  }

  #loseTrack(load: Load): void {
    loseTrack(load.state);
    this.#starts.dropRise(load);
  }

  /** Rises not followed because too many were under way. */
  get startsDropped(): number {
    return this.#starts.dropped;
  }

  get loadCount(): number {
    return this.#loads.size;
  }
}
