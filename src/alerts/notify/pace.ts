/** Lets so many through a minute, a few of them at once: a bucket of tokens that fills up again. */
export class Pace {
  readonly #perMinute: number;
  readonly #atOnce: number;
  #tokens: number;
  #filledAtMs: number | undefined;

  constructor(perMinute: number, atOnce = Math.max(1, Math.min(5, perMinute))) {
    this.#perMinute = perMinute;
    this.#atOnce = atOnce;
    this.#tokens = atOnce;
  }

  /** Whether one may go now; then it counts as gone. */
  take(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - (this.#filledAtMs ?? nowMs));
    this.#tokens = Math.min(this.#atOnce, this.#tokens + (passedMs / 60_000) * this.#perMinute);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
