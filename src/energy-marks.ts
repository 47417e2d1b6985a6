/** A stretch of time of one outlet whose energy is to be made again. */
export interface EnergyMark {
  /** `<device>/<label>` */
  readonly outlet: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** When it was marked last. */
  readonly markedMs: number;
}

/** Stretches closer than this are one. */
const nearMs = 3_600_000;
/** So many stretches of one outlet are kept apart; more are joined to the nearest. */
const stretchesMax = 8;

/** What is to be made again, by outlet: so never more than 8 stretches for each. */
export class EnergyMarks {
  readonly #marks = new Map<string, EnergyMark[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(outlet: string, fromMs: number, toMs: number, markedMs: number): void {
    let mark: EnergyMark = { outlet, fromMs, toMs, markedMs };
    const kept = this.#marks.get(outlet) ?? [];
    this.#count -= kept.length;
    const near = kept.filter((other) => gapBetween(mark, other) <= nearMs);
    const apart = kept.filter((other) => !near.includes(other));
    if (near.length === 0 && apart.length >= stretchesMax) {
      apart.sort((a, b) => gapBetween(mark, b) - gapBetween(mark, a));
      near.push(apart.pop()!);
    }
    for (const other of near)
      mark = {
        outlet,
        fromMs: Math.min(mark.fromMs, other.fromMs),
        toMs: Math.max(mark.toMs, other.toMs),
        markedMs: Math.max(mark.markedMs, other.markedMs),
      };
    apart.push(mark);
    this.#count += apart.length;
    this.#marks.set(outlet, apart);
  }

  /** All that wait. */
  all(): EnergyMark[] {
    return [...this.#marks.values()].flat();
  }

  /** Is something of [fromMs, toMs) to be made again? */
  touches(outlet: string, fromMs: number, toMs: number): boolean {
    return this.#marks.get(outlet)?.some((mark) => mark.fromMs < toMs && mark.toMs >= fromMs) ?? false;
  }

  /** Takes out those of up to so many outlets that ended, and were marked last, before this. */
  take(endedBeforeMs: number, markedBeforeMs: number, max: number): EnergyMark[] {
    const taken: EnergyMark[] = [];
    for (const [outlet, marks] of this.#marks) {
      if (taken.length >= max) break;
      const due = marks.filter((mark) => mark.toMs < endedBeforeMs && mark.markedMs < markedBeforeMs);
      if (due.length === 0) continue;
      taken.push(...due);
      this.#count -= due.length;
      const left = marks.filter((mark) => !due.includes(mark));
      if (left.length === 0) this.#marks.delete(outlet);
      else this.#marks.set(outlet, left);
    }
    return taken;
  }
}

function gapBetween(a: EnergyMark, b: EnergyMark): number {
  return Math.max(0, a.fromMs - b.toMs, b.fromMs - a.toMs);
}
