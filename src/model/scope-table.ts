import { type ScopeKind, scopeId } from './scope.ts';

/** Every scope of the room with its dense number, given in order of appearance and never changed. */
export class ScopeTable {
  readonly #ids: string[] = [];
  readonly #kinds: ScopeKind[] = [];
  readonly #numbers = new Map<string, number>();

  get size(): number {
    return this.#ids.length;
  }

  /** The number of a scope, a new one if it was not known. */
  number(kind: ScopeKind, name: string): number {
    const id = scopeId(kind, name);
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    const next = this.#ids.length;
    this.#ids.push(id);
    this.#kinds.push(kind);
    this.#numbers.set(id, next);
    return next;
  }

  id(number: number): string {
    return this.#ids[number]!;
  }

  kind(number: number): ScopeKind {
    return this.#kinds[number]!;
  }

  /** −1 when unknown. */
  find(id: string): number {
    return this.#numbers.get(id) ?? -1;
  }
}
