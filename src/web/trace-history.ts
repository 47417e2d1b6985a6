import type { HistoriesAnswer, HistoryAnswer } from '../api/shapes.ts';
import { apiPath, readAnswer } from './answers.ts';
import { type Traces, traceStepMs, traceSteps } from './traces.ts';

/** A question asks for so many servers, so that an address stays short; all that are in sight take a few. */
const scopesPerQuestion = 25;
const askedMax = 2_000;
/** Minutes: kept for every server, while readings themselves may be gone or never have been. */
const points = 11;
const notFound = 404;

/**
 * Gives the rows in sight the minutes before the page was opened, many with one question and each once. A trace
 * without them only begins later, so a failure ends the asking until rows come in sight again.
 */
export class TraceHistory {
  readonly #traces: Traces;
  readonly #nowMs: () => number;
  readonly #asked = new Set<string>();
  #waiting: readonly string[] = [];
  #asking = false;

  constructor(traces: Traces, nowMs: () => number) {
    this.#traces = traces;
    this.#nowMs = nowMs;
  }

  /** These are looked at now; what was in sight before and is not yet asked for is dropped. */
  inSight(scopes: readonly string[]): void {
    this.#waiting = scopes;
    if (!this.#asking) void this.#askAll();
  }

  async #askAll(): Promise<void> {
    this.#asking = true;
    for (let scopes = this.#next(); scopes.length > 0; scopes = this.#next()) await this.#ask(scopes);
    this.#asking = false;
  }

  #next(): readonly string[] {
    const spare = Math.min(scopesPerQuestion, askedMax - this.#asked.size);
    const scopes = this.#waiting.filter((scope) => !this.#asked.has(scope)).slice(0, Math.max(0, spare));
    for (const scope of scopes) this.#asked.add(scope);
    return scopes;
  }

  async #ask(scopes: readonly string[]): Promise<void> {
    const toMs = this.#nowMs();
    const query = new URLSearchParams({
      from: String(Math.floor(toMs - traceSteps * traceStepMs)),
      to: String(Math.ceil(toMs)),
      points: String(points),
    });
    for (const scope of scopes) query.append('scope', scope);
    try {
      const answer = await readAnswer<HistoryAnswer | HistoriesAnswer>(apiPath(`history?${query}`));
      const series = 'series' in answer ? answer.series : [answer];
      for (const { scope, atMs, stepMs, mean } of series) this.#traces.fill(scope, atMs, stepMs, mean);
    } catch (error) {
      // One that is not known is refused with all the others: these are asked for in halves until it stands alone.
      if ((error as Error).cause === notFound) return this.#askHalves(scopes);
      // The traces begin with live figures; whatever is in sight next may ask again.
      for (const scope of scopes) this.#asked.delete(scope);
      this.#waiting = [];
    }
  }
  async #askHalves(scopes: readonly string[]): Promise<void> {
    if (scopes.length < 2) return;
    const half = scopes.length >> 1;
    await this.#ask(scopes.slice(0, half));
    await this.#ask(scopes.slice(half));
  }
}
