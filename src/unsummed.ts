import { ledgerStepMs } from './analysis/ledger-row.ts';

/** Outlets and quarters of which one or the other was made again: no more than there are of both. */
export class Unsummed {
  #outlets = new Set<string>();
  #quarters = new Set<number>();

  add(outlet: string, quarterMs: number): void {
    this.#outlets.add(outlet);
    this.#quarters.add(quarterMs);
  }

  all(): { readonly outlets: string[]; readonly quarters: number[] } {
    return { outlets: [...this.#outlets], quarters: [...this.#quarters] };
  }

  /** Those quarters that ended by `untilMs`, in the order of time. */
  take(untilMs: number): { readonly outlets: string[]; readonly quarters: number[] } {
    const quarters = [...this.#quarters].filter((at) => at + ledgerStepMs <= untilMs).sort((a, b) => a - b);
    const outlets = [...this.#outlets];
    for (const quarterMs of quarters) this.#quarters.delete(quarterMs);
    if (this.#quarters.size === 0) this.#outlets = new Set();
    return { outlets, quarters };
  }
}
