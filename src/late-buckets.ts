/** Quarters of outlets that wait at most; more are given up and counted. */
const waitingMax = 200_000;

/** Quarters in which late readings fell, and whose: their minutes and peaks are to be made again. */
export class LateBuckets {
  /** By the start of the quarter. */
  readonly #quarters = new Map<number, { readonly outlets: Set<string>; addedMs: number }>();
  #waiting = 0;
  #given = 0;

  /** Quarters of outlets that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Given up so far. */
  get given(): number {
    return this.#given;
  }

  /** Says whether that is news. */
  add(outlet: string, quarterMs: number, nowMs: number): boolean {
    let quarter = this.#quarters.get(quarterMs);
    if (quarter !== undefined) quarter.addedMs = nowMs;
    if (quarter?.outlets.has(outlet)) return false;
    if (this.#waiting >= waitingMax) {
      this.#given += 1;
      return false;
    }
    if (quarter === undefined) {
      quarter = { outlets: new Set(), addedMs: nowMs };
      this.#quarters.set(quarterMs, quarter);
    }
    quarter.outlets.add(outlet);
    this.#waiting += 1;
    return true;
  }

  /** Takes out the first quarter that began before `beganBeforeMs` and got nothing more since `addedBeforeMs`. */
  take(
    beganBeforeMs: number,
    addedBeforeMs: number,
  ): { readonly quarterMs: number; readonly outlets: readonly string[] } | undefined {
    for (const [quarterMs, { outlets, addedMs }] of this.#quarters) {
      if (quarterMs >= beganBeforeMs || addedMs >= addedBeforeMs) continue;
      this.#quarters.delete(quarterMs);
      this.#waiting -= outlets.size;
      return { quarterMs, outlets: [...outlets] };
    }
    return undefined;
  }

  /** All that wait: starts of quarters, and whose. */
  all(): [quarterMs: number, outlets: string[]][] {
    return [...this.#quarters].map(([quarterMs, { outlets }]) => [quarterMs, [...outlets]]);
  }

  giveUp(count: number): void {
    this.#given += count;
  }
}
