import { type ReadonlySignal, signal } from '@preact/signals';
import type { HistoryAnswer } from '../api/shapes.ts';
import { apiPath, readAnswer } from './answers.ts';
import { type HistoryColumns, settledOnly, settleMs } from './timeline.ts';

const points = 600;
/** A little more than is shown, so that the line comes in from the edge. */
export const leadMs = (spanMs: number) => 120_000 + spanMs / 100;
const retryMs = 15_000;
/** The newest buckets are not closed yet when the page asks first; so long after they are. */
const settleSpareMs = 5_000;

/** What the store knows of one scope's watts over the span that is looked at. */
export class ScopeHistory {
  readonly #scope: string;
  readonly #columns = signal<HistoryColumns | undefined>(undefined);
  readonly #problem = signal<string | undefined>(undefined);

  constructor(scope: string) {
    this.#scope = scope;
  }

  get columns(): ReadonlySignal<HistoryColumns | undefined> {
    return this.#columns;
  }

  /** Why the last question failed. */
  get problem(): ReadonlySignal<string | undefined> {
    return this.#problem;
  }

  /** Asks now, once more when the newest buckets are closed, and again after a failure, until called off. */
  follow(spanMs: number, nowMs: () => number): () => void {
    let calledOff = false;
    let timer = 0;
    const ask = async (settled: boolean) => {
      const ok = await this.#read(nowMs() - spanMs - leadMs(spanMs), nowMs(), () => calledOff);
      if (calledOff || (ok && settled)) return;
      timer = window.setTimeout(() => void ask(ok), ok ? settleMs + settleSpareMs : retryMs);
    };
    void ask(false);
    return () => {
      calledOff = true;
      clearTimeout(timer);
    };
  }

  async #read(fromMs: number, toMs: number, calledOff: () => boolean): Promise<boolean> {
    const query = new URLSearchParams({
      scope: this.#scope,
      from: String(Math.floor(fromMs)),
      to: String(Math.ceil(toMs)),
      points: String(points),
    });
    try {
      const columns = await readAnswer<HistoryAnswer>(apiPath(`history?${query}`));
      if (calledOff()) return true;
      this.#columns.value = settledOnly(columns, toMs);
      this.#problem.value = undefined;
      return true;
    } catch (error) {
      if (!calledOff()) this.#problem.value = (error as Error).message;
      return false;
    }
  }
}
