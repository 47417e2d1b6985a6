import type { LookAgain } from './rule.ts';

/** Of all rules; beyond it the oldest is forgotten: its alert stays until its clear dwell ends. */
const happeningsMax = 20_000;

/**
 * What happens in a moment and is over: raised in the tick in which it is told, clear from the next on, so that the
 * clear dwell says for how long it is shown.
 */
export class Happenings<T> {
  readonly #look: LookAgain;
  readonly #known = new Map<number, { readonly atMs: number; readonly what: T }>();
  #fresh: number[] = [];

  constructor(look: LookAgain) {
    this.#look = look;
  }

  /** By the room's number of the scope; within a tick. */
  add(scope: number, what: T, nowMs: number): void {
    if (scope < 0) return;
    if (this.#known.size >= happeningsMax) this.#known.delete(this.#known.keys().next().value!);
    this.#known.delete(scope);
    this.#known.set(scope, { atMs: nowMs, what });
    this.#fresh.push(scope);
    this.#look(scope);
  }

  tick(nowMs: number): void {
    if (this.#fresh.length === 0) return;
    this.#fresh = this.#fresh.filter((scope) => {
      this.#look(scope);
      return (this.#known.get(scope)?.atMs ?? 0) >= nowMs;
    });
  }

  /** The last one of this scope, and whether it is of this very tick. */
  of(scope: number, nowMs: number): { readonly what: T; readonly isNow: boolean } | undefined {
    const known = this.#known.get(scope);
    return known && { what: known.what, isNow: known.atMs >= nowMs };
  }

  scopes(): Iterable<number> {
    return this.#known.keys();
  }
}
