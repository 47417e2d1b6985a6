import type { Clock } from '../base/clock.ts';

/** More than a broker with the usual 20 messages in flight ever gives at once. */
const busyCount = 100;

/** For how long the open batch has been collecting, and whether that is long enough. */
export class Collecting {
  readonly #clock: Clock;
  readonly #collectMs: number;
  readonly #longEnough: () => void;
  #sinceMs: number | undefined;
  #cancel: (() => void) | undefined;
  #isLongEnough = false;
  #busy = false;

  /** `longEnough` is called when it has collected for `collectMs`. */
  constructor(clock: Clock, collectMs: number, longEnough: () => void) {
    this.#clock = clock;
    this.#collectMs = collectMs;
    this.#longEnough = longEnough;
  }

  /** When the first of the batch was seen; now when it has not been yet. */
  get sinceMs(): number {
    return this.#sinceMs ?? this.#clock.nowMs();
  }

  get isLongEnough(): boolean {
    return this.#isLongEnough;
  }

  /** Will look again by itself. */
  get isWaiting(): boolean {
    return this.#cancel !== undefined;
  }

  /** The last batch was a large one. */
  get busy(): boolean {
    return this.#busy;
  }

  goOn(): void {
    this.#sinceMs ??= this.#clock.nowMs();
    if (this.#isLongEnough) return;
    this.#cancel ??= this.#clock.after(this.#collectMs, () => {
      this.#cancel = undefined;
      this.#isLongEnough = true;
      this.#longEnough();
    });
  }

  /** The batch has been cut, with so much in it; the next one begins. */
  begin(count: number): void {
    this.#busy = count >= busyCount;
    this.#sinceMs = undefined;
    this.#isLongEnough = false;
    this.stop();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
