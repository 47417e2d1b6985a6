import type { PowerEvent } from '../model/event.ts';
import type { PowerState } from '../model/figure.ts';
import type { IdleBaseline } from '../model/idle.ts';
import type { PowerTree } from '../model/power-tree.ts';
import type { ServerObserver } from '../model/server-observer.ts';
import type { StartRecord } from '../model/start.ts';
import { stepTime } from './cadence.ts';
import { circuitsOf } from './circuits.ts';
import { fineIdle, forgetBelow, idleBaseline, idleNews, isFarBelow, learnDraw } from './idle-learner.ts';
import { Circuit, followVolts, type Impedance } from './impedance.ts';
import * as at from './load-state.ts';
import { off, on } from './load-state.ts';
import { type Load, LoadTable } from './load-table.ts';
import { OpenStart } from './open-start.ts';
import { readSaved, type Saved, writeSaved } from './saved-watch.ts';
import { doubtStandby } from './standby.ts';
import { confirmHeld, observeDraw } from './start-detector.ts';
import { startId } from './start-id.ts';
import { isStuck } from './stuck.ts';
import { type Turn, turn } from './turn.ts';

export interface WatchOptions {
  readonly tree: PowerTree;
  /** Told of every start (announced, told again, complete: one id) and of every baseline. */
  readonly event: (event: PowerEvent) => void;
  /** What is shown of this scope besides its watts may have changed. */
  readonly changed?: (scope: number) => void;
}

/** Starts and possible starts watched at the same time; beyond, a start is found but has no trace of its own. */
const openMax = 20_000;
/** Starts whose onsets are this close happened together. */
const togetherMs = 60_000;
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
  readonly #open = new Map<Load, OpenStart>();
  readonly #circuits = new Map<string, Circuit>();
  readonly #circuitNames: (outlets: readonly string[]) => string[];
  /** From a checkpoint, for loads that have not appeared yet. */
  #saved: Saved | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
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
    if (saved.start !== undefined) this.#open.set(load, OpenStart.restored(saved.start));
  }

  observe(scope: number, atMs: number, watts: number, volts: number, amps: number): void {
    const load = this.#loads.get(scope)!;
    const s = load.state;
    load.lost = false;
    if (!(Math.abs(watts) <= wattsMax)) return;
    const beforeMs = s[at.lastMs]!;
    const start = this.#open.get(load);
    if (!stepTime(s, atMs)) {
      start?.late(atMs, watts, volts);
      return;
    }
    s[at.drawWatts] = Math.abs(watts);
    if (s[at.gapMs]! > 0 && !isStuck(s, watts !== s[at.lastWatts])) this.#learn(load);
    const what = observeDraw(s, start);
    s[at.lastWattsBefore] = s[at.lastWatts]!;
    s[at.lastWatts] = watts;
    if (what === turn.nothing) start?.take(atMs, watts, volts);
    else this.#turned(load, what, atMs, watts, volts, beforeMs);
    if (start !== undefined && what !== turn.fallen) this.#tellOrEnd(load, start, atMs);
    if (!Number.isNaN(volts) && !Number.isNaN(amps)) {
      for (const circuit of load.circuits) circuit.take(scope, s, volts, amps);
    }
    followVolts(s, volts, amps);
  }

  lost(scope: number): void {
    const load = this.#loads.get(scope);
    if (load !== undefined) load.lost = true;
  }

  /** Lets time pass: ends starts and confirms rises of meters that say nothing while nothing changes. */
  tick(nowMs: number): void {
    for (const [load, start] of this.#open) {
      if (confirmHeld(load.state, nowMs)) this.#announce(load, start, nowMs);
      this.#tellOrEnd(load, start, nowMs);
    }
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

  #turned(load: Load, what: Turn, atMs: number, watts: number, volts: number, beforeMs: number): void {
    const start = this.#open.get(load);
    switch (what) {
      case turn.rise:
        this.#beginRise(load, atMs, watts, volts, beforeMs);
        return;
      case turn.fallen:
        if (start?.detectedAtMs === 0) this.#open.delete(load);
        return;
      case turn.start:
        start?.take(atMs, watts, volts);
        this.#announce(load, start, atMs);
        return;
      case turn.standby:
        start?.take(atMs, watts, volts);
        forgetBelow(load.state, load.bins, load.state[at.standbyWatts]!);
        return;
      case turn.off:
        if (start !== undefined) start.endMs = load.state[at.phaseSinceMs]!;
        this.#options.changed?.(load.scope);
    }
  }

  #beginRise(load: Load, atMs: number, watts: number, volts: number, beforeMs: number): void {
    const s = load.state;
    const running = this.#open.get(load);
    // A start that has not been summed up yet while the next rise is there: it is over.
    if (running !== undefined && running.detectedAtMs > 0) {
      if (running.endMs === 0 && s[at.phase] === off) running.endMs = s[at.phaseSinceMs]!;
      this.#complete(load, running, atMs);
    }
    if (this.#open.size >= openMax) return;
    const start = new OpenStart(load.id, atMs, s[at.riseFromWatts]!, s[at.usualGapMs]!);
    if (beforeMs > 0) start.before(beforeMs, s[at.lastWattsBefore]!, s[at.lastVolts]! || Number.NaN);
    if (s[at.voltsUsual]! > 0) start.voltsBefore = s[at.voltsUsual]!;
    start.take(atMs, watts, volts);
    this.#open.set(load, start);
  }

  #announce(load: Load, start: OpenStart | undefined, atMs: number): void {
    if (start === undefined || start.detectedAtMs > 0) return;
    start.certain(atMs);
    forgetBelow(load.state, load.bins, start.fromWatts);
    for (const [other, others] of this.#open) {
      if (other === load || others.detectedAtMs === 0) continue;
      if (Math.abs(others.atMs - start.atMs) > togetherMs) continue;
      if (!other.circuits.some((circuit) => load.circuits.includes(circuit))) continue;
      start.concurrent.add(other.id);
      others.concurrent.add(load.id);
    }
    this.#tell(load, start, atMs);
    this.#options.changed?.(load.scope);
  }

  #tellOrEnd(load: Load, start: OpenStart, nowMs: number): void {
    if (start.detectedAtMs === 0) return;
    if (start.isOver(nowMs)) this.#complete(load, start, nowMs);
    else if (start.isTimeToTell(nowMs)) this.#tell(load, start, nowMs);
  }

  #complete(load: Load, start: OpenStart, nowMs: number): void {
    if (start.endMs === 0 && !start.isOver(nowMs)) start.endMs = nowMs;
    const { peakWatts, settledWatts } = this.#tell(load, start, nowMs);
    this.#open.delete(load);
    doubtStandby(load.state, start.atMs, peakWatts, settledWatts ?? peakWatts);
    const volts = load.state[at.voltsUsual]!;
    const amps = volts > 0 ? (start.peakWatts - start.fromWatts) / volts : 0;
    for (const circuit of load.circuits) circuit.started(amps);
    this.#options.changed?.(load.scope);
  }

  #tell(load: Load, start: OpenStart, nowMs: number): StartRecord {
    const record = this.#record(load, start, nowMs);
    this.#options.event({ kind: 'start', scope: load.id, atMs: record.atMs, start: record });
    return record;
  }

  #record(load: Load, start: OpenStart, nowMs: number): StartRecord {
    return start.record(nowMs, startId(load.id, start.atMs), load.outlets, load.state[at.lowSinceMs]!);
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
    const start = this.#open.get(load);
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
    return [...this.#open]
      .filter(([, start]) => start.detectedAtMs > 0)
      .map(([load, start]) => this.#record(load, start, load.state[at.lastMs]!))
      .sort((a, b) => b.atMs - a.atMs);
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

  /** The newest reading it has seen, epoch ms; what came later is to be observed again after `load`. */
  save(): Iterable<Uint8Array> {
    return writeSaved({
      loads: [...this.#loads.all()],
      startOf: (load) => this.#open.get(load)?.saved(),
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

  get loadCount(): number {
    return this.#loads.size;
  }
}
