import type { IdleVerdict } from '../model/idle.ts';

/** Levels move slowly; an idle level that is learnt or moves is looked at sooner. */
const everyMs = 15 * 60_000;
const soonMs = 10_000;

/** The verdicts of the idle limits, asked for when they may have changed: for the rules that judge idling. */
export class IdleVerdicts {
  readonly #ask: () => readonly IdleVerdict[];
  #rows = new Map<string, IdleVerdict>();
  #nextMs = 0;
  #newMs = 0;

  constructor(ask: () => readonly IdleVerdict[]) {
    this.#ask = ask;
  }

  of(scope: string): IdleVerdict | undefined {
    return this.#rows.get(scope);
  }

  scopes(): Iterable<string> {
    return this.#rows.keys();
  }

  /** An idle level was learnt or has moved. */
  stale(nowMs: number): void {
    this.#nextMs = Math.min(this.#nextMs, nowMs + soonMs);
  }

  /** Are there new ones in this tick? */
  isNew(nowMs: number): boolean {
    if (nowMs >= this.#nextMs) {
      this.#nextMs = nowMs + everyMs;
      this.#newMs = nowMs;
      this.#rows = new Map(this.#ask().map((row) => [row.scope, row]));
    }
    return nowMs === this.#newMs;
  }
}
