import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { StartRow, StartsAnswer } from '../api/shapes.ts';
import { type Answer, apiPath, Polled } from './answers.ts';

/** So many starts are held; the oldest fall off. */
export const startsHeldMax = 200;
const everyMs = 300_000;

/**
 * The latest starts of the room or of one part of it, newest first: what was answered, overtaken at once by what
 * is told live.
 */
export class StartLog {
  readonly #polled: Polled<StartsAnswer>;
  readonly #told = signal<readonly StartRow[]>([]);
  /** Absent until first answered or told. */
  readonly answer: ReadonlySignal<Answer<readonly StartRow[]>>;

  /** `fromMs`: no starts before; the service's own span when left out. */
  constructor(scope?: string, fromMs?: number) {
    const query = new URLSearchParams({ limit: String(startsHeldMax) });
    if (scope !== undefined) query.set('scope', scope);
    if (fromMs !== undefined) query.set('from', String(Math.floor(fromMs)));
    this.#polled = new Polled(apiPath(`starts?${query}`), everyMs);
    this.answer = computed(() => {
      const { value, problem } = this.#polled.answer.value;
      const told = this.#told.value;
      const rows = value || told.length > 0 ? mergeStarts(value?.rows ?? [], told) : undefined;
      return { ...(rows && { value: rows }), ...(problem !== undefined && { problem }) };
    });
  }

  follow(): () => void {
    return this.#polled.follow();
  }

  ask(): Promise<void> {
    return this.#polled.ask();
  }

  /** A start was told live, for the first time or again. */
  take(start: StartRow): void {
    this.#told.value = mergeStarts(this.#told.peek(), [start]);
  }
}

/** Newest first; of two that tell of the same start the one that knows more counts. */
export function mergeStarts(known: readonly StartRow[], told: readonly StartRow[]): readonly StartRow[] {
  const rows = new Map(known.map((row) => [row.id, row]));
  for (const row of told) {
    const before = rows.get(row.id);
    if (!before || row.complete || !before.complete) rows.set(row.id, row);
  }
  return [...rows.values()].sort((a, b) => b.atMs - a.atMs).slice(0, startsHeldMax);
}
