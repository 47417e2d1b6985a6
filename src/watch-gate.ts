import type { PowerState } from './model/figure.ts';
import type { ServerObserver } from './model/server-observer.ts';

export interface WatchGateParts {
  readonly watch: ServerObserver;
  /** What is shown of this scope of the live room may have changed. */
  readonly changed: (roomScope: number) => void;
}

/** Observations that wait at most; beyond, the past is given up and the gate opens. */
export const waitingMax = 200_000;
/** Scope, time, watts, volts, amps. */
const width = 5;

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
  #waiting: number[] | undefined = [];

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
    observe: (scope, atMs, watts, volts, amps) => {
      const number = this.#live[scope]!;
      if (this.#waiting === undefined) this.#parts.watch.observe(number, atMs, watts, volts, amps);
      else this.#wait(number, atMs, watts, volts, amps);
    },
    lost: (scope, atMs) => {
      const number = this.#live[scope]!;
      if (this.#waiting === undefined) this.#parts.watch.lost(number, atMs);
      else this.#wait(number, atMs, Number.NaN, Number.NaN, Number.NaN);
    },
    stateOf: (scope): PowerState | undefined =>
      this.#waiting === undefined ? this.#parts.watch.stateOf(this.#live[scope]!) : undefined,
    idleWattsOf: (scope) => this.#parts.watch.idleWattsOf(this.#live[scope]!),
  };
  /** By the live room's scope: the watch's number. */
  readonly #live: number[] = [];

  /** For the room that the past is replayed through; deaf as soon as the gate is open. */
  past(): ServerObserver {
    const { watch } = this.#parts;
    const numbers: number[] = [];
    return {
      opened: (scope, id, outlets) => {
        const number = this.#number(id);
        numbers[scope] = number;
        if (!this.isOpen && this.#roomScopes[number] === -1) watch.opened(number, id, outlets);
      },
      observe: (scope, atMs, watts, volts, amps) => {
        if (!this.isOpen) watch.observe(numbers[scope]!, atMs, watts, volts, amps);
      },
      lost: (scope, atMs) => {
        if (!this.isOpen) watch.lost(numbers[scope]!, atMs);
      },
      stateOf: () => undefined,
      idleWattsOf: () => Number.NaN,
    };
  }

  /** Lets through what waits, and from now on everything at once. */
  open(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    const { watch, changed } = this.#parts;
    for (let i = 0; i < waiting.length; i += width) {
      const number = waiting[i]!;
      if (Number.isNaN(waiting[i + 2]!)) watch.lost(number, waiting[i + 1]!);
      else watch.observe(number, waiting[i + 1]!, waiting[i + 2]!, waiting[i + 3]!, waiting[i + 4]!);
    }
    for (const scope of this.#roomScopes) if (scope >= 0) changed(scope);
  }

  /** The watch says that what it knows of its scope `number` changed. */
  changed(number: number): void {
    const scope = this.#roomScopes[number] ?? -1;
    if (scope >= 0 && this.isOpen) this.#parts.changed(scope);
  }

  #wait(number: number, atMs: number, watts: number, volts: number, amps: number): void {
    this.#waiting!.push(number, atMs, watts, volts, amps);
    if (this.#waiting!.length >= waitingMax * width) this.open();
  }

  #number(id: string): number {
    let number = this.#numbers.get(id);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(id, number);
      this.#roomScopes.push(-1);
    }
    return number;
  }
}
