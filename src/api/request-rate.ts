const burstSeconds = 10;
const addressesMax = 20_000;

/** So many requests a second from one address on average, ten seconds' worth of them at once. */
export class RequestRate {
  readonly #perSecond: number;
  readonly #atOnce: number;
  readonly #nowMs: () => number;
  /** What is left to each, and as of when. */
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  /** `perSecond` 0: no limit. */
  constructor(perSecond: number, nowMs: () => number) {
    this.#perSecond = perSecond;
    this.#atOnce = Math.max(1, perSecond * burstSeconds);
    this.#nowMs = nowMs;
  }

  /** Counts a request; answers the ms until the next one is taken when this one is too many, else 0. */
  take(address: string): number {
    if (this.#perSecond === 0) return 0;
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(address) ?? this.#newBucket(address, nowMs);
    const gained = (Math.max(0, nowMs - bucket.atMs) / 1_000) * this.#perSecond;
    bucket.left = Math.min(this.#atOnce, bucket.left + gained);
    bucket.atMs = nowMs;
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return 0;
    }
    return Math.ceil(((1 - bucket.left) / this.#perSecond) * 1_000);
  }

  /** Those whose allowance is whole again need not be remembered. */
  tick(): void {
    const longAgoMs = this.#nowMs() - (this.#atOnce / this.#perSecond) * 1_000;
    for (const [address, { atMs }] of this.#buckets) if (atMs < longAgoMs) this.#buckets.delete(address);
  }

  #newBucket(address: string, atMs: number): { left: number; atMs: number } {
    if (this.#buckets.size >= addressesMax) this.#buckets.delete(this.#buckets.keys().next().value as string);
    const bucket = { left: this.#atOnce, atMs };
    this.#buckets.set(address, bucket);
    return bucket;
  }
}
