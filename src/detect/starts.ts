import type { PowerEvent } from '../model/event.ts';
import { told, toldWidth } from '../model/server-observer.ts';
import type { StartRecord } from '../model/start.ts';
import type { Branch } from './branch.ts';
import { holdMs } from './cadence.ts';
import type { Circuit } from './circuit.ts';
import { GroupStarts, type SavedGroup, togetherMs } from './group-starts.ts';
import { forgetBelow } from './idle-learner.ts';
import * as at from './load-state.ts';
import { off } from './load-state.ts';
import type { Load } from './load-table.ts';
import { OpenStart, type SavedStart } from './open-start.ts';
import { doubtStandby } from './standby.ts';
import { confirmHeld } from './start-detector.ts';
import { startId } from './start-id.ts';
import { type Turn, turn } from './turn.ts';

/** Starts and possible starts watched at the same time. */
const openMax = 20_000;

export interface StartsSink {
  /** A start is certain, told again, or complete. */
  readonly event: (event: PowerEvent) => void;
  /** The state of this scope may be another. */
  readonly changed?: (scope: number) => void;
  /** What a load's outlets hang on, with their places. */
  readonly groupsOf: (load: Load) => ReadonlyMap<string, readonly number[]>;
}

/** The starts under way, and the rises that may become some: from the first reading until all is told. */
export class Starts {
  readonly #sink: StartsSink;
  readonly #open = new Map<Load, OpenStart>();
  /** Those that are certain, by the circuits they draw from. */
  readonly #starting = new Map<Circuit, Set<Load>>();
  readonly #groups: GroupStarts;
  /** Rises that came while `openMax` were under way: not followed, and no start is told of them. */
  dropped = 0;
  #tickedMs = 0;

  constructor(sink: StartsSink) {
    this.#sink = sink;
    this.#groups = new GroupStarts((start) =>
      sink.event({ kind: 'start', scope: start.scope, atMs: start.atMs, start }),
    );
  }

  of(load: Load): OpenStart | undefined {
    return this.#open.get(load);
  }

  restore(load: Load, saved: SavedStart): void {
    const start = OpenStart.restored(saved);
    this.#open.set(load, start);
    if (start.detectedAtMs === 0) return;
    this.plugged(load);
    this.#groups.join(load, start, this.#sink.groupsOf(load));
  }

  /** The load draws from its circuits from now on: if it is starting, others that start there are told of it. */
  plugged(load: Load): void {
    if (!this.#open.get(load)?.detectedAtMs) return;
    for (const circuit of load.circuits) {
      const starting = this.#starting.get(circuit);
      if (starting === undefined) this.#starting.set(circuit, new Set([load]));
      else starting.add(load);
    }
  }

  /** It draws from its circuits no more. */
  unplugged(load: Load): void {
    for (const circuit of load.circuits) this.#starting.get(circuit)?.delete(load);
  }

  saveGroups(): SavedGroup[] {
    return this.#groups.save();
  }

  /** To be called before any start is restored. */
  loadGroups(saved: readonly SavedGroup[]): void {
    this.#groups.load(saved);
  }

  /** Of a rise that is not certain yet nothing more will be known. */
  dropRise(load: Load): void {
    if (this.#open.get(load)?.detectedAtMs === 0) this.#open.delete(load);
  }

  /** Takes a reading (columns of `told`), and what the detector made of it. */
  take(load: Load, what: Turn, row: Float64Array): void {
    const start = this.#open.get(load);
    const atMs = load.state[at.lastMs]!;
    if (what === turn.rise) this.#beginRise(load, start, row);
    else if (what === turn.fallen) {
      if (start?.detectedAtMs === 0) this.#open.delete(load);
    } else if (what === turn.off) {
      if (start !== undefined) start.endMs = load.state[at.phaseSinceMs]!;
      this.#sink.changed?.(load.scope);
    } else start?.take(row);
    if (what === turn.start && start !== undefined) this.#announce(load, start, atMs);
    const now = this.#open.get(load);
    if (now === undefined) return;
    now.lagMs = Math.max(0, this.#tickedMs - atMs);
    this.#tellOrEnd(load, now, atMs);
  }

  tick(nowMs: number): void {
    this.#tickedMs = nowMs;
    for (const [load, start] of this.#open) {
      const measuredMs = nowMs - start.lagMs;
      if (confirmHeld(load.state, measuredMs)) this.#announce(load, start, measuredMs);
      else this.#tellOrEnd(load, start, measuredMs);
    }
    this.#groups.tick(nowMs);
  }

  /** What is known so far of those that are certain, of loads and of several together, newest first. */
  records(): StartRecord[] {
    return [...this.#open]
      .filter(([, start]) => start.detectedAtMs > 0)
      .map(([load, start]) => recordOf(load, start, load.state[at.lastMs]!))
      .concat(this.#groups.records(this.#tickedMs))
      .sort((a, b) => b.atMs - a.atMs);
  }

  #beginRise(load: Load, running: OpenStart | undefined, row: Float64Array): void {
    const s = load.state;
    const atMs = s[at.lastMs]!;
    // A start that has not been summed up yet while the next rise is there: it is over.
    if (running !== undefined && running.detectedAtMs > 0) {
      if (running.endMs === 0) running.endMs = s[at.phase] === off ? s[at.phaseSinceMs]! : atMs;
      this.#complete(load, running, atMs);
    }
    if (this.#open.size >= openMax) {
      this.dropped += 1;
      return;
    }
    const start = new OpenStart(load.id, atMs, s[at.riseFromWatts]!, s[at.usualGapMs]!, load.outlets.length);
    if (s[at.gapMs]! >= 0) start.before(readingBefore(s, load.outlets.length));
    if (s[at.voltsUsual]! > 0) start.voltsBefore = s[at.voltsUsual]!;
    start.take(row);
    this.#open.set(load, start);
  }

  #announce(load: Load, start: OpenStart, atMs: number): void {
    if (start.detectedAtMs > 0) return;
    start.certain(atMs);
    forgetBelow(load.state, load.bins, start.fromWatts);
    for (const circuit of load.circuits) {
      for (const other of this.#starting.get(circuit) ?? []) this.#joinWith(load, start, other);
    }
    this.plugged(load);
    this.#groups.join(load, start, this.#sink.groupsOf(load));
    if (start.isOver(atMs)) this.#complete(load, start, atMs);
    else this.#tell(load, start, atMs);
    this.#sink.changed?.(load.scope);
  }

  #joinWith(load: Load, start: OpenStart, other: Load): void {
    const others = this.#open.get(other);
    if (others === undefined || Math.abs(others.atMs - start.atMs) > togetherMs) return;
    start.concurrent.add(other.id);
    others.concurrent.add(load.id);
  }

  #tellOrEnd(load: Load, start: OpenStart, nowMs: number): void {
    if (start.detectedAtMs === 0) return;
    if (start.isOver(nowMs)) this.#complete(load, start, nowMs);
    else if (start.isTimeToTell(nowMs)) this.#tell(load, start, nowMs);
  }

  #complete(load: Load, start: OpenStart, nowMs: number): void {
    const { peakWatts, settledWatts } = this.#tell(load, start, nowMs);
    this.#open.delete(load);
    doubtStandby(load.state, start.atMs, peakWatts, settledWatts ?? peakWatts);
    const volts = load.state[at.voltsUsual]!;
    const amps = volts > 0 ? (peakWatts - start.fromWatts) / volts : 0;
    for (const branch of load.branches) {
      for (const circuit of branch.circuits) circuit.started(amps * shareOf(branch, load.branches));
    }
    this.unplugged(load);
    this.#sink.changed?.(load.scope);
  }

  #tell(load: Load, start: OpenStart, nowMs: number): StartRecord {
    const record = recordOf(load, start, nowMs);
    this.#sink.event({ kind: 'start', scope: load.id, atMs: record.atMs, start: record });
    return record;
  }
}

/** What is known of the reading before the last, as a row: nothing of its inputs but how many there are. */
function readingBefore(s: Float64Array, inputs: number): Float64Array {
  const row = new Float64Array(toldWidth).fill(Number.NaN);
  row[told.atMs] = s[at.lastMs]! - s[at.gapMs]!;
  row[told.watts] = s[at.lastWattsBefore]!;
  row[told.volts] = s[at.lastVolts]! || Number.NaN;
  row[told.input] = 0;
  row[told.inputWatts] = s[at.lastWattsBefore]! / inputs;
  return row;
}

/** Which part of a load's current flows in this branch; where amps are not told, by its inputs. */
function shareOf(branch: Branch, all: readonly Branch[]): number {
  const amps = all.reduce((sum, one) => sum + one.amps, 0);
  if (amps > 0) return branch.amps / amps;
  return branch.inputs.length / all.reduce((sum, one) => sum + one.inputs.length, 0);
}

function recordOf(load: Load, start: OpenStart, nowMs: number): StartRecord {
  return start.record({
    nowMs,
    id: startId(load.id, start.atMs),
    outlets: load.outlets,
    lowSinceMs: load.state[at.lowSinceMs]!,
    holdMs: holdMs(load.state),
  });
}
