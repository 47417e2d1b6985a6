/** Refused at once, so often, before the waits begin. */
export const freeAttempts = 5;
const waitMsFirst = 1_000;
export const waitMsMax = 300_000;
/** So long after its last failure an address is forgotten. */
const forgetMs = 900_000;
const addressesMax = 10_000;

/** Failed sign-ins by address: each one more beyond the free ones doubles the wait. */
export class Attempts {
  readonly #nowMs: () => number;
  readonly #failed = new Map<string, { count: number; lastMs: number }>();
  #total = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get total(): number {
    return this.#total;
  }

  failed(address: string): void {
    this.#total += 1;
    const { count } = this.#failed.get(address) ?? { count: 0 };
    this.#failed.delete(address);
    this.#failed.set(address, { count: count + 1, lastMs: this.#nowMs() });
    // In the order of their last failure: the first is the oldest.
    if (this.#failed.size > addressesMax) this.#failed.delete(this.#failed.keys().next().value as string);
  }

  /** How long this address has to wait before its next attempt is looked at, ms; 0: not at all. */
  waitMs(address: string): number {
    const failed = this.#failed.get(address);
    if (failed === undefined || failed.count < freeAttempts) return 0;
    const waitMs = Math.min(waitMsFirst * 2 ** (failed.count - freeAttempts), waitMsMax);
    const passedMs = this.#nowMs() - failed.lastMs;
    // A clock that was set back must not lock anybody out for longer.
    return passedMs < 0 ? 0 : Math.max(0, waitMs - passedMs);
  }

  tick(): void {
    const nowMs = this.#nowMs();
    for (const [address, { lastMs }] of this.#failed) {
      if (nowMs - lastMs < forgetMs) return;
      this.#failed.delete(address);
    }
  }
}
