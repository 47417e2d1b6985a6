/** Scopes that a silence, a maintenance window or an override names, with `*` for any text. */
export class ScopePatterns {
  readonly #names = new Set<string>();
  /** What stands between the `*` of a pattern. */
  readonly #patterns: (readonly string[])[] = [];

  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      if (pattern.includes('*')) this.#patterns.push(pattern.split('*'));
      else this.#names.add(pattern);
    }
  }

  /** Is one of these (a scope and everything it is part of) meant? */
  fitsAny(scopes: Iterable<string>): boolean {
    for (const scope of scopes) {
      if (this.#names.has(scope) || this.#patterns.some((parts) => fits(parts, scope))) return true;
    }
    return false;
  }
}

/** Each part at the earliest place it can have: no pattern takes long to try, as a regular expression might. */
function fits(parts: readonly string[], text: string): boolean {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
