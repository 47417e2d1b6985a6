import type { PowerEvent } from '../model/event.ts';
import type { PowerState } from '../model/figure.ts';
import type { IdleBaseline } from '../model/idle.ts';
import type { PowerTree } from '../model/power-tree.ts';
import type { ServerObserver } from '../model/server-observer.ts';
import type { StartRecord } from '../model/start.ts';
import { stepTime } from './cadence.ts';
import { circuitsOf } from './circuits.ts';
import { isFarBelow } from './far-below.ts';
import { fineIdle, forgetBelow, idleBaseline, idleNews, learnDraw } from './idle-learner.ts';
import { Circuit, followVolts, type Impedance } from './impedance.ts';
import * as at from './load-state.ts';
import { off, on } from './load-state.ts';
import { type Load, LoadTable } from './load-table.ts';
import { readSaved, type Saved, writeSaved } from './saved-watch.ts';
import { loseTrack, observeDraw } from './start-detector.ts';
import { Starts } from './starts.ts';
import { isStuck } from './stuck.ts';
import { turn } from './turn.ts';

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
  readonly #circuitNames: (outlets: readonly string[]) => string[];
  /** From a checkpoint, for loads that have not appeared yet. */
  #saved: Saved | undefined;
  /** Readings since `#saved` are missing. */
  #missedSome = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#starts = new Starts(options);
    this.#circuitNames = circuitsOf(options.tree);
  }

  // ── what is observed ─────────────────────────────────────────────────────────────────────────────────

  opened(scope: number, id: string, outlets: readonly string[]): void {
    const load = this.#loads.open(scope, id);
    load.outlets = outlets;
    load.circuits = this.#circuitNames(outlets).map((name) => this.#circuit(name));
    const saved = this.#saved?.take(id);
    if (saved === undefined) return;
    load.state.set(saved.state);
    load.bins.set(saved.bins);
    if (saved.start !== undefined) this.#starts.restore(load, saved.start);
    if (this.#missedSome) this.#loseTrack(load);
  }

  observe(scope: number, atMs: number, watts: number, volts: number, amps: number): void {
    const load = this.#loads.get(scope)!;
    const s = load.state;
    load.lost = false;
    if (!(Math.abs(watts) <= wattsMax)) return;
    const beforeMs = s[at.lastMs]!;
    const start = this.#starts.of(load);
    if (!stepTime(s, atMs, load.outlets.length)) {
      start?.late(atMs, watts, volts);
      return;
    }
    s[at.drawWatts] = Math.abs(watts);
    if (s[at.gapMs]! > 0 && !isStuck(s, watts !== s[at.lastWatts])) this.#learn(load);
    const what = observeDraw(s, start);
    s[at.lastWattsBefore] = s[at.lastWatts]!;
    s[at.lastWatts] = watts;
    if (what !== turn.nothing || start !== undefined) this.#starts.take(load, what, watts, volts, beforeMs);
    if (what === turn.standby) forgetBelow(s, load.bins, s[at.standbyWatts]!);
    // How a server on two circuits shares its amps between them is not known here.
    if (load.circuits.length === 1 && !Number.isNaN(volts) && !Number.isNaN(amps))
      load.circuits[0]!.take(scope, s, volts, amps);
    followVolts(s, volts, amps);
  }

  lost(scope: number): void {
    const load = this.#loads.get(scope);
    if (load !== undefined) load.lost = true;
  }

  /** Lets time pass: ends starts and confirms rises of meters that say nothing while nothing changes. */
  tick(nowMs: number): void {
    this.#starts.tick(nowMs);
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

  // ── over a restart ───────────────────────────────────────────────────────────────────────────────────

  /** As bytes, to be written one after the other; what is observed from here on is to be observed again after `load`. */
  save(nowMs: number): Iterable<Uint8Array> {
    return writeSaved({
      nowMs,
      loads: [...this.#loads.all()],
      startOf: (load) => this.#starts.of(load),
      circuits: [...this.#circuits.values()].map((circuit) => circuit.save()),
      notYet: this.#saved,
    });
  }

  /** Takes up what was saved; to be called before anything is observed. Throws on what it did not write. */
  load(bytes: Uint8Array): void {
    this.#saved = readSaved(bytes);
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
