import type { PowerState } from '../model/figure.ts';
import type { AlertRoom } from './alert-room.ts';

/** Of a server: since when it is on or off, and whether it ever ran for some minutes. */
interface Run {
  isOn: boolean;
  sinceMs: number;
  ran: boolean;
}

/** What was on for less was no run. */
const ranMs = 10 * 60_000;
/** Where no detector knows better: what the cheapest meters show of nothing. */
const offWatts = 3;
/** Management controllers draw no more of what the machine idles at. */
const standbyShare = 0.3;
const serversMax = 200_000;

/** Which servers are on, since when, over restarts. */
export class RunMemory {
  readonly #room: AlertRoom;
  #runs = new Map<string, Run>();

  constructor(room: AlertRoom) {
    this.#room = room;
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

  /** Follows one server; answers what was before where it has just changed. */
  update(scope: number, nowMs: number): { run: Run; before?: { isOn: boolean; forMs: number } } | undefined {
    const isOn = this.isOn(scope);
    const id = this.#room.scopeAt(scope);
    const run = this.#runs.get(id);
    if (isOn === undefined) return undefined;
    if (run === undefined) {
      const first = { isOn, sinceMs: nowMs, ran: false };
      if (this.#runs.size < serversMax) this.#runs.set(id, first);
      return { run: first };
    }
    if (run.isOn && nowMs - run.sinceMs >= ranMs) run.ran = true;
    if (isOn === run.isOn) return { run };
    const before = { isOn: run.isOn, forMs: nowMs - run.sinceMs };
    run.isOn = isOn;
    run.sinceMs = nowMs;
    return { run, before };
  }

  of(id: string): Readonly<Run> | undefined {
    return this.#runs.get(id);
  }

  save(): Record<string, [isOn: number, sinceMs: number, ran: number]> {
    return Object.fromEntries(
      [...this.#runs].map(([id, { isOn, sinceMs, ran }]) => [id, [isOn ? 1 : 0, sinceMs, ran ? 1 : 0]]),
    );
  }

  load(saved: Record<string, [number, number, number]>): void {
    this.#runs = new Map(
      Object.entries(saved)
        .filter(([, run]) => Array.isArray(run) && run.every(Number.isFinite))
        .map(([id, [isOn, sinceMs, ran]]) => [id, { isOn: isOn === 1, sinceMs, ran: ran === 1 }]),
    );
  }
}
