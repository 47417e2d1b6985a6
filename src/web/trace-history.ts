import type { HistoryAnswer } from '../api/shapes.ts';
import { apiPath, readAnswer } from './answers.ts';
import { type Traces, traceStepMs, traceSteps } from './traces.ts';

const atOnceMax = 2;
const askedMax = 500;
/** Minutes: kept for every server, while readings themselves may be gone or never have been. */
const points = 10;

/**
 * Gives the rows in sight the minutes before the page was opened, a few at a time and each once. A trace without
 * them only begins later, so a failure ends the asking until rows come in sight again.
 */
export class TraceHistory {
  readonly #traces: Traces;
  readonly #nowMs: () => number;
  readonly #asked = new Set<string>();
  #waiting: readonly string[] = [];
  #asking = 0;

  constructor(traces: Traces, nowMs: () => number) {
    this.#traces = traces;
    this.#nowMs = nowMs;
  }

  /** These are looked at now; what was in sight before and is not yet asked for is dropped. */
  inSight(scopes: readonly string[]): void {
    this.#waiting = scopes;
    while (this.#asking < atOnceMax && this.#next()) this.#asking += 1;
  }

  #next(): boolean {
    const scope = this.#waiting.find((waiting) => !this.#asked.has(waiting));
    if (scope === undefined || this.#asked.size >= askedMax) return false;
    this.#asked.add(scope);
    void this.#ask(scope).finally(() => {
      if (!this.#next()) this.#asking -= 1;
    });
    return true;
  }

  async #ask(scope: string): Promise<void> {
    const toMs = this.#nowMs();
    const query = new URLSearchParams({
      scope,
      from: String(Math.floor(toMs - traceSteps * traceStepMs)),
      to: String(Math.ceil(toMs)),
      points: String(points),
    });
    try {
      const { atMs, stepMs, mean } = await readAnswer<HistoryAnswer>(apiPath(`history?${query}`));
      this.#traces.fill(scope, atMs, stepMs, mean);
    } catch {
      // The trace begins with live figures; whatever is in sight next may ask again.
      this.#asked.delete(scope);
      this.#waiting = [];
    }
  }
}
