const dayMs = 86_400_000;
/** Gaps between readings that tell how often a meter reports. */
const gapsMax = 63;
const intervalMsDefault = 60_000;
const intervalMsMax = 3_600_000;

/** Of which outlets readings came, on which days (of UTC), and how often each reports. */
export class ImportedOutlets {
  readonly #days = new Map<number, Set<string>>();
  readonly #seen = new Map<string, { lastMs: number; readonly gapsMs: number[] }>();
  #firstMs: number | undefined;
  #lastMs: number | undefined;
  #dayCount = 0;

  /** Days of outlets, summed up. */
  get dayCount(): number {
    return this.#dayCount;
  }

  get names(): Iterable<string> {
    return this.#seen.keys();
  }

  add(outlet: string, atMs: number): void {
    const day = Math.floor(atMs / dayMs);
    let outlets = this.#days.get(day);
    if (outlets === undefined) {
      outlets = new Set();
      this.#days.set(day, outlets);
    }
    if (!outlets.has(outlet)) {
      outlets.add(outlet);
      this.#dayCount += 1;
    }
    this.#firstMs = Math.min(this.#firstMs ?? atMs, atMs);
    this.#lastMs = Math.max(this.#lastMs ?? atMs, atMs);
    const seen = this.#seen.get(outlet);
    if (seen === undefined) this.#seen.set(outlet, { lastMs: atMs, gapsMs: [] });
    else {
      const gapMs = Math.abs(atMs - seen.lastMs);
      if (gapMs > 0 && seen.gapsMs.length < gapsMax) seen.gapsMs.push(gapMs);
      seen.lastMs = atMs;
    }
  }

  /** Day by day in the order of time: the number of the day since 1970, and whose readings came. */
  days(): [day: number, outlets: ReadonlySet<string>][] {
    return [...this.#days].sort(([a], [b]) => a - b);
  }

  /** The middle one of its first gaps. */
  intervalMs(outlet: string): number {
    const gaps = this.#seen.get(outlet)?.gapsMs ?? [];
    const middle = gaps.toSorted((a, b) => a - b)[gaps.length >> 1];
    return Math.min(intervalMsMax, middle ?? intervalMsDefault);
  }

  /** From the first to the last of both. */
  joinedSpan(other: ImportedOutlets): { firstMs: number | undefined; lastMs: number | undefined } {
    const of = (values: (number | undefined)[]) => values.filter((value) => value !== undefined);
    const firsts = of([this.#firstMs, other.#firstMs]);
    const lasts = of([this.#lastMs, other.#lastMs]);
    return {
      firstMs: firsts.length > 0 ? Math.min(...firsts) : undefined,
      lastMs: lasts.length > 0 ? Math.max(...lasts) : undefined,
    };
  }
}
