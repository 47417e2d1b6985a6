import type { StartEvent } from '../model/event.ts';
import type { Topology } from './topology.ts';

interface Start {
  readonly id: string;
  /** Of the server. */
  readonly scope: string;
  readonly untilMs: number;
  readonly fromWatts: number;
  peakWatts: number;
}

/** A start of which no end is told does not mute for ever. */
const startMsMax = 30 * 60_000;
/** Beside one another; more mute nothing, and are counted by nobody: alerts are rather told than swallowed. */
const startsMax = 20_000;

/** Which scopes have a start under way: for alerts that say nothing meanwhile. */
export class Starting {
  readonly #topology: () => Topology;
  /** By start, the scopes it is in. */
  readonly #starts = new Map<string, { readonly start: Start; readonly scopes: readonly string[] }>();
  readonly #byScope = new Map<string, Map<string, Start>>();

  constructor(topology: () => Topology) {
    this.#topology = topology;
  }

  event({ start: { id, scope, complete, fromWatts, peakWatts } }: StartEvent, nowMs: number): void {
    const known = this.#starts.get(id)?.start;
    if (complete) this.#end(id);
    else if (known !== undefined) known.peakWatts = Math.max(known.peakWatts, peakWatts);
    else if (this.#starts.size < startsMax) {
      const start: Start = { id, scope, untilMs: nowMs + startMsMax, fromWatts, peakWatts };
      const scopes = [...this.#topology().containersOf(scope)];
      this.#starts.set(id, { start, scopes });
      for (const one of scopes) {
        const there = this.#byScope.get(one);
        if (there === undefined) this.#byScope.set(one, new Map([[id, start]]));
        else there.set(id, start);
      }
    }
  }

  get isAny(): boolean {
    return this.#starts.size > 0;
  }

  /**
   * The id of a start under way in this scope that explains an excess of so many watts, with the others under way there;
   * without an excess, one of the scope itself. `wattsOf` says what a server draws now; NaN: not known.
   */
  explaining(
    scope: string,
    excessWatts: number | undefined,
    wattsOf: (server: string) => number,
  ): string | undefined {
    let explained = 0;
    for (const start of this.#byScope.get(scope)?.values() ?? []) {
      if (excessWatts === undefined) {
        if (start.scope === scope) return start.id;
        continue;
      }
      const watts = wattsOf(start.scope);
      explained += Math.max(start.peakWatts, Number.isNaN(watts) ? 0 : watts) - start.fromWatts;
      if (explained >= excessWatts) return start.id;
    }
    return undefined;
  }

  /** Says whether any was given up. */
  tick(nowMs: number): boolean {
    let any = false;
    // In the order they began, and all of them last the same.
    for (const [id, { start }] of this.#starts) {
      if (start.untilMs > nowMs) break;
      this.#end(id);
      any = true;
    }
    return any;
  }

  #end(id: string): void {
    const known = this.#starts.get(id);
    if (known === undefined) return;
    this.#starts.delete(id);
    for (const scope of known.scopes) {
      const there = this.#byScope.get(scope);
      there?.delete(id);
      if (there?.size === 0) this.#byScope.delete(scope);
    }
  }
}
