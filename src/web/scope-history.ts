import { type ReadonlySignal, signal } from '@preact/signals';
import type { HistoryAnswer } from '../api/shapes.ts';
import { apiPath, readAnswer } from './answers.ts';
import type { SpanMs } from './chart-span.ts';
import { type HistoryColumns, settledOnly, settleMs } from './timeline.ts';

const points = 600;
/** A little more than is shown, so that the line comes in from the edge. */
export const leadMs = ({ fromMs, toMs }: SpanMs) => 120_000 + (toMs - fromMs) / 100;
const retryMs = 15_000;
/** The newest buckets are not closed yet when the page asks first; so long after they are. */
const settleSpareMs = 5_000;

/** What the store knows of one scope's watts over the span that is looked at. */
export class ScopeHistory {
  readonly #scope: string;
  readonly #columns = signal<HistoryColumns | undefined>(undefined);
  readonly #problem = signal<string | undefined>(undefined);
  readonly #reading = signal(true);

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

  /** A question about another span than before is not answered yet. */
  get reading(): ReadonlySignal<boolean> {
    return this.#reading;
  }

  /** Asks now, once more when the newest buckets are closed, and again after a failure, until called off. */
  follow(spanNow: () => SpanMs, nowMs: () => number): () => void {
    let calledOff = false;
    let timer = 0;
    this.#reading.value = true;
    const ask = async (settled: boolean) => {
      const span = spanNow();
      const ok = await this.#read(span, nowMs(), () => calledOff);
      if (calledOff || (ok && (settled || span.toMs < nowMs() - settleMs))) return;
      timer = window.setTimeout(() => void ask(ok), ok ? settleMs + settleSpareMs : retryMs);
    };
    void ask(false);
    return () => {
      calledOff = true;
      clearTimeout(timer);
    };
  }

  async #read(span: SpanMs, nowMs: number, calledOff: () => boolean): Promise<boolean> {
    const query = new URLSearchParams({
      scope: this.#scope,
      from: String(Math.floor(span.fromMs - leadMs(span))),
      to: String(Math.ceil(Math.min(nowMs, span.toMs + leadMs(span)))),
      points: String(points),
    });
    try {
      const columns = await readAnswer<HistoryAnswer>(apiPath(`history?${query}`));
      if (calledOff()) return true;
      this.#columns.value = settledOnly(columns, nowMs);
      this.#problem.value = undefined;
      this.#reading.value = false;
      return true;
    } catch (error) {
      if (!calledOff()) {
        this.#problem.value = (error as Error).message;
        this.#reading.value = false;
      }
      return false;
    }
  }
}
