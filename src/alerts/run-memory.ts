import type { PowerState } from '../model/figure.ts';
import type { AlertRoom } from './alert-room.ts';
import type { Topology } from './topology.ts';

/** Of a server: since when it is on or off, and whether it ever ran for some minutes. */
interface Run {
  readonly isOn: boolean;
  readonly sinceMs: number;
  readonly ran: boolean;
  /** How long it was the opposite before; undefined: that was not seen. */
  readonly otherForMs: number | undefined;
}

type SavedRun = readonly [isOn: number, sinceMs: number, ran: number];

/** What was on for less was no run. */
const ranMs = 10 * 60_000;
/** Where no detector knows better: what the cheapest meters show of nothing. */
const offWatts = 3;
/** Management controllers draw no more of what the machine idles at. */
const standbyShare = 0.3;

/** Which servers of the settings are on, since when, over restarts. */
export class RunMemory {
  readonly #room: AlertRoom;
  readonly #topology: () => Topology;
  /** By the room's number of the server; null: none of the settings. */
  #runs: (Run | null | undefined)[] = [];
  #known: Topology;
  /** Of earlier runs of the service, and from before the room was cabled otherwise; by id. */
  #earlier = new Map<string, Run>();

  constructor(room: AlertRoom, topology: () => Topology) {
    this.#room = room;
    this.#topology = topology;
    this.#known = topology();
  }

  /** Undefined: nothing fresh says. */
  isOn(scope: number): boolean | undefined {
    const state: PowerState | undefined = this.#room.stateAt(scope);
    if (state === 'off' || state === 'standby') return !this.#isFarBelowIdle(scope);
    if (state !== undefined && state !== 'unknown') return true;
    const expected = this.#room.expectedIn(scope);
    if (expected === 0 || this.#room.contributorsAt(scope, 'watts') < expected) return undefined;
    return Math.abs(this.#room.sumAt(scope, 'watts')) >= offWatts;
  }

  /** A machine that rests lower than it used to is not off, whatever it is called. */
  #isFarBelowIdle(scope: number): boolean {
    const watts = Math.abs(this.#room.sumAt(scope, 'watts'));
    const { idleWatts } = this.#room.figureAt(scope);
    return watts < offWatts || idleWatts === undefined || watts < standbyShare * idleWatts;
  }

  /** Is it a server of the settings? What nobody named may come and go as it likes. */
  isNamed(scope: number): boolean {
    if (this.#known !== this.#topology()) this.#recabled();
    return this.#runs[scope] !== null && (this.#runs[scope] !== undefined || this.#open(scope) !== null);
  }

  /**
   * Follows one server; asked again in the same tick it answers the same. `sinceMs` is now where it has just changed.
   * Undefined: nothing fresh says, or nobody named it.
   */
  update(scope: number, nowMs: number): Run | undefined {
    if (!this.isNamed(scope)) return undefined;
    const isOn = this.isOn(scope);
    if (isOn === undefined) return undefined;
    const run = this.#runs[scope];
    if (run && run.isOn === isOn) {
      if (run.ran || !isOn || nowMs - run.sinceMs < ranMs) return run;
      return this.#set(scope, { ...run, ran: true });
    }
    const forMs = run ? nowMs - run.sinceMs : undefined;
    const ran = run ? run.ran || (run.isOn && nowMs - run.sinceMs >= ranMs) : false;
    return this.#set(scope, { isOn, sinceMs: nowMs, ran, otherForMs: forMs });
  }

  save(): Record<string, SavedRun> {
    const saved: [string, Run][] = [...this.#earlier];
    this.#runs.forEach((run, scope) => {
      if (run) saved.push([this.#room.scopeAt(scope), run]);
    });
    return Object.fromEntries(
      saved.map(([id, { isOn, sinceMs, ran }]) => [id, [isOn ? 1 : 0, sinceMs, ran ? 1 : 0]]),
    );
  }

  load(saved: Record<string, SavedRun>): void {
    this.#runs = [];
    this.#earlier = new Map(
      Object.entries(saved)
        .filter(([, run]) => Array.isArray(run) && run.every(Number.isFinite))
        .map(([id, [isOn, sinceMs, ran]]) => [
          id,
          { isOn: isOn === 1, sinceMs, ran: ran === 1, otherForMs: undefined },
        ]),
    );
  }

  #set(scope: number, run: Run): Run {
    this.#runs[scope] = run;
    return run;
  }

  /** Of a server not looked at yet; null: none of the settings. */
  #open(scope: number): Run | null | undefined {
    const id = this.#room.scopeAt(scope);
    const earlier = this.#known.inputsOf(id).length === 0 ? null : this.#earlier.get(id);
    if (earlier !== undefined) this.#runs[scope] = earlier;
    if (earlier !== null) this.#earlier.delete(id);
    return earlier;
  }

  #recabled(): void {
    this.#runs.forEach((run, scope) => {
      if (run) this.#earlier.set(this.#room.scopeAt(scope), run);
    });
    this.#runs = [];
    this.#known = this.#topology();
  }
}
