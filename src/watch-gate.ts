import type { PowerState } from './model/figure.ts';
import { type ServerObserver, told, toldWidth } from './model/server-observer.ts';
import { WatchWaiting } from './watch-waiting.ts';

/** The watch, as far as the gate goes. */
export interface GuardedWatch extends ServerObserver {
  /** When the newest was that it observed of the scope; 0: nothing yet. */
  observedUntilMs(scope: number): number;
}

export interface WatchGateParts {
  readonly watch: GuardedWatch;
  /** What is shown of this scope of the live room may have changed. */
  readonly changed: (roomScope: number) => void;
}

/** Observations that wait at most; beyond, the past is given up and the gate opens. */
export const waitingMax = 200_000;

/**
 * Stands between rooms and the watch after a start: what is observed live waits until the readings since the
 * last checkpoint have been observed. It numbers servers by itself, since the live room and the one that the past
 * is replayed through do not agree on numbers.
 */
export class WatchGate {
  readonly #parts: WatchGateParts;
  readonly #numbers = new Map<string, number>();
  /** By the watch's number: the live room's scope; −1: it has none (yet). */
  readonly #roomScopes: number[] = [];
  /** By the watch's number: the time of the newest that was observed, or waits to be. */
  readonly #newestMs: number[] = [];
  /** By the watch's number: the newest time of it that the past has brought. */
  readonly #pastMs: number[] = [];
  /** By the watch's number: up to when it was observed before the past was taken up; NaN: not looked up yet. */
  readonly #seenMs: number[] = [];
  #waiting: WatchWaiting | undefined = new WatchWaiting();

  constructor(parts: WatchGateParts) {
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#waiting === undefined;
  }

  /** For the live room. */
  readonly live: ServerObserver = {
    opened: (scope, id, outlets) => {
      const number = this.#number(id);
      this.#roomScopes[number] = scope;
      this.#live[scope] = number;
      this.#parts.watch.opened(number, id, outlets);
    },
    observe: (scope, row) => this.#observe(this.#live[scope]!, row),
    // Steps of load while it waits teach nothing of the supply; there are others.
    observeInput: (scope, row) => {
      if (this.#waiting === undefined) this.#parts.watch.observeInput(this.#live[scope]!, row);
    },
    lost: (scope, atMs) => {
      const number = this.#live[scope]!;
      if (this.#waiting === undefined) this.#parts.watch.lost(number, atMs);
      else this.#wait(number, lostAt(atMs));
    },
    stateOf: (scope): PowerState | undefined =>
      this.#waiting === undefined ? this.#parts.watch.stateOf(this.#live[scope]!) : undefined,
    idleWattsOf: (scope) => this.#parts.watch.idleWattsOf(this.#live[scope]!),
  };
  /** By the live room's scope: the watch's number. */
  readonly #live: number[] = [];

  /**
   * For the room that the past is replayed through; deaf as soon as the gate is open. It may reach back beyond the
   * checkpoint, since readings come late: of a load only what is newer than all that was observed of it is heard, of its
   * inputs what is not older than `inputsFromMs`.
   */
  past(inputsFromMs = Number.NEGATIVE_INFINITY): ServerObserver {
    const { watch } = this.#parts;
    const numbers: number[] = [];
    return {
      opened: (scope, id, outlets) => {
        const number = this.#number(id);
        numbers[scope] = number;
        if (!this.isOpen && this.#roomScopes[number] === -1) watch.opened(number, id, outlets);
      },
      observe: (scope, row) => {
        if (this.isOpen) return;
        const number = numbers[scope]!;
        const atMs = row[told.atMs]!;
        if (Number.isNaN(this.#seenMs[number]!)) this.#seenMs[number] = watch.observedUntilMs(number);
        // Or the store went away, and the past is read once more from its beginning.
        if (atMs <= this.#seenMs[number]! || atMs < this.#pastMs[number]!) return;
        this.letThrough(atMs);
        this.#noteTime(number, atMs);
        this.#pastMs[number] = atMs;
        watch.observe(number, row);
      },
      observeInput: (scope, row) => {
        if (!this.isOpen && row[told.atMs]! >= inputsFromMs) watch.observeInput(numbers[scope]!, row);
      },
      lost: (scope, atMs) => {
        if (!this.isOpen) watch.lost(numbers[scope]!, atMs);
      },
      stateOf: () => undefined,
      idleWattsOf: () => Number.NaN,
    };
  }

  /** For the room of what comes late: heard as long as it is newer than all that was observed of the load. */
  late(): ServerObserver {
    const { watch } = this.#parts;
    const numbers: number[] = [];
    return {
      opened: (scope, id, outlets) => {
        const number = this.#number(id);
        numbers[scope] = number;
        if (this.#roomScopes[number] === -1) watch.opened(number, id, outlets);
      },
      observe: (scope, row) => {
        const number = numbers[scope]!;
        if (row[told.atMs]! > this.#newestMs[number]!) this.#observe(number, row);
      },
      // Steps of the supply are learnt from the present.
      observeInput: () => {},
      // Whether an input is silent is for the live room to say.
      lost: () => {},
      stateOf: () => undefined,
      idleWattsOf: () => Number.NaN,
    };
  }

  #observe(number: number, row: Float64Array): void {
    this.#noteTime(number, row[told.atMs]!);
    if (this.#waiting === undefined) this.#parts.watch.observe(number, row);
    else this.#wait(number, row);
  }

  #noteTime(number: number, atMs: number): void {
    if (atMs > this.#newestMs[number]!) this.#newestMs[number] = atMs;
  }

  /** Lets through what waits of the time before this moment. */
  letThrough(beforeMs: number): void {
    const { watch } = this.#parts;
    this.#waiting?.takeBefore(beforeMs, (number, row) => {
      const atMs = row[told.atMs]!;
      if (Number.isNaN(row[told.watts]!)) watch.lost(number, atMs);
      else if (atMs > this.#pastMs[number]!) watch.observe(number, row);
    });
  }

  /** Lets through all that waits, and from now on everything at once. */
  open(): void {
    if (this.#waiting === undefined) return;
    this.letThrough(Number.POSITIVE_INFINITY);
    this.#waiting = undefined;
    for (const scope of this.#roomScopes) if (scope >= 0) this.#parts.changed(scope);
  }

  /** The watch says that what it knows of its scope `number` changed. */
  changed(number: number): void {
    const scope = this.#roomScopes[number] ?? -1;
    if (scope >= 0 && this.isOpen) this.#parts.changed(scope);
  }

  #wait(number: number, row: Float64Array): void {
    this.#waiting!.push(number, row);
    if (this.#waiting!.count >= waitingMax) this.open();
  }

  #number(id: string): number {
    let number = this.#numbers.get(id);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(id, number);
      this.#roomScopes.push(-1);
      this.#newestMs.push(0);
      this.#pastMs.push(Number.NEGATIVE_INFINITY);
      this.#seenMs.push(Number.NaN);
    }
    return number;
  }
}

/** Without watts: that is how what waits says that an input fell silent. */
function lostAt(atMs: number): Float64Array {
  const row = new Float64Array(toldWidth).fill(Number.NaN);
  row[told.atMs] = atMs;
  return row;
}
