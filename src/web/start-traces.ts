import { type ReadonlySignal, signal } from '@preact/signals';
import type { StartAnswer, StartsAnswer } from '../api/shapes.ts';
import { type Answer, apiPath, readAnswer } from './answers.ts';
import { isGroupStart } from './start-words.ts';

/** Earlier starts of the same server that are drawn behind one. */
export const earlierMax = 5;
/** The starts of a breaker's servers are told between its own. */
const groupLookMax = 100;
const keptMax = 60;
const earlierDays = 400;
/** While a start is under way its trace grows. */
const growsEveryMs = 2_000;
const retryMs = 15_000;

/** A start with its trace, and those before it, newest first. */
export interface TracedStart {
  readonly start: StartAnswer;
  readonly earlier: readonly StartAnswer[];
}

/** Whole starts with their traces, as far as they were looked at; at most `keptMax` of them are kept. */
export class StartTraces {
  readonly #kept = new Map<string, StartAnswer>();
  readonly #looks = new Map<string, () => void>();

  /** It was told that this start is further on. */
  changed(id: string): void {
    this.#kept.delete(id);
    this.#looks.get(id)?.();
  }

  /** This start, asked again as long as it is under way, until `stop`. */
  look(id: string): { readonly answer: ReadonlySignal<Answer<TracedStart>>; stop(): void } {
    const answer = signal<Answer<TracedStart>>({});
    let timer = 0;
    let stopped = false;
    let earlier: readonly StartAnswer[] = [];
    const ask = async () => {
      clearTimeout(timer);
      const { found, problem } = await this.#read(id);
      if (stopped) return;
      if (found && answer.peek().value === undefined) {
        answer.value = { value: { start: found, earlier } };
        earlier = await this.#earlierThan(found);
        if (stopped) return;
      }
      if (found) answer.value = { value: { start: found, earlier } };
      else answer.value = { ...answer.peek(), problem };
      clearTimeout(timer);
      if (!found) timer = window.setTimeout(() => void ask(), retryMs);
      else if (!found.complete) timer = window.setTimeout(() => void ask(), growsEveryMs);
    };
    this.#looks.set(id, () => void ask());
    void ask();
    return {
      answer,
      stop: () => {
        stopped = true;
        clearTimeout(timer);
        this.#looks.delete(id);
      },
    };
  }

  async #read(id: string): Promise<{ found?: StartAnswer; problem: string }> {
    const kept = this.#kept.get(id);
    if (kept) return { found: kept, problem: '' };
    try {
      const found = await readAnswer<StartAnswer>(apiPath(`starts/${encodeURIComponent(id)}`));
      if (found.complete) this.#keep(found);
      return { found, problem: '' };
    } catch (error) {
      return { problem: (error as Error).message };
    }
  }

  /** Without them the trace stands alone, so a failure is not told. */
  async #earlierThan({ scope, atMs }: StartAnswer): Promise<readonly StartAnswer[]> {
    const query = new URLSearchParams({
      scope,
      from: String(Math.floor(atMs - earlierDays * 86_400_000)),
      to: String(Math.floor(atMs)),
      limit: String(isGroupStart({ scope }) ? groupLookMax : earlierMax),
    });
    try {
      const { rows } = await readAnswer<StartsAnswer>(apiPath(`starts?${query}`));
      const own = rows.filter((row) => row.scope === scope).slice(0, earlierMax);
      const read = await Promise.all(own.map((row) => this.#read(row.id)));
      return read.flatMap(({ found }) => found ?? []);
    } catch {
      return [];
    }
  }

  #keep(start: StartAnswer): void {
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= keptMax) this.#kept.delete(oldest);
    this.#kept.set(start.id, start);
  }
}
