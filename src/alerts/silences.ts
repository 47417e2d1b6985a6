import type { AlertRule, Silence } from '../model/alert.ts';
import { ScopePatterns } from './scope-pattern.ts';

/** What a silence is made of; the rest is given to it. */
export type SilenceWish = Omit<Silence, 'id'>;

/** More than people ever set; a program that sets one at each event would fill the memory. */
export const silencesMax = 1_000;

/** Silences that hold or will. */
export class Silences {
  readonly #held = new Map<string, { readonly silence: Silence; readonly patterns?: ScopePatterns }>();
  #made = 0;

  get size(): number {
    return this.#held.size;
  }

  /** The next to end first. */
  list(nowMs: number): Silence[] {
    return [...this.#held.values()]
      .map(({ silence }) => silence)
      .filter(({ toMs }) => toMs > nowMs)
      .sort((a, b) => a.toMs - b.toMs);
  }

  /** Undefined: there are as many as there may be. */
  add(wish: SilenceWish, nowMs: number): Silence | undefined {
    this.forgetEnded(nowMs);
    if (this.#held.size >= silencesMax) return undefined;
    this.#made += 1;
    let id = '';
    do id = `${Math.floor(nowMs).toString(36)}-${this.#made.toString(36)}`;
    while (this.#held.has(id));
    const silence: Silence = { id, ...wish };
    this.restore(silence);
    return silence;
  }

  /** One that was saved. */
  restore(silence: Silence): void {
    const { scopes } = silence;
    this.#held.set(silence.id, {
      silence,
      ...(scopes === undefined ? {} : { patterns: new ScopePatterns(scopes) }),
    });
  }

  /** False: there is none of that id. */
  end(id: string): boolean {
    return this.#held.delete(id);
  }

  /** Which one says nothing of an alert of this rule on these scopes (its own and those it is part of). */
  of(rule: AlertRule, scopes: Iterable<string>, nowMs: number): Silence | undefined {
    for (const { silence, patterns } of this.#held.values()) {
      const { fromMs, toMs, rules } = silence;
      if (nowMs < fromMs || nowMs >= toMs) continue;
      if (rules !== undefined && !rules.includes(rule)) continue;
      if (patterns === undefined || patterns.fitsAny(scopes)) return silence;
    }
    return undefined;
  }

  /** When one begins or ends next; Infinity: never. */
  nextChangeMs(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { silence } of this.#held.values()) {
      for (const atMs of [silence.fromMs, silence.toMs]) if (atMs > nowMs && atMs < next) next = atMs;
    }
    return next;
  }

  forgetEnded(nowMs: number): void {
    for (const [id, { silence }] of this.#held) if (silence.toMs <= nowMs) this.#held.delete(id);
  }
}
