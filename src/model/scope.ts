/** What a figure or a question can be about. Written `room`, or `<kind>:<name>`. */
export const scopeKinds = ['room', 'feed', 'breaker', 'rack', 'server', 'device', 'outlet'] as const;
export type ScopeKind = (typeof scopeKinds)[number];

export function scopeId(kind: ScopeKind, name: string): string {
  return kind === 'room' ? 'room' : `${kind}:${name}`;
}

/** `server:hv-01` → kind and name; undefined when the text is no scope. Names may hold any further `:`. */
export function parseScope(text: string): { kind: ScopeKind; name: string } | undefined {
  if (text === 'room') return { kind: 'room', name: '' };
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(colon, 0));
  const name = text.slice(colon + 1);
  if (name === '' || kind === 'room' || !(scopeKinds as readonly string[]).includes(kind)) return undefined;
  return { kind: kind as ScopeKind, name };
}

/** Does a subscription or question such as `*`, `server:*` or `server:hv-01` include this scope? */
export function scopeMatches(pattern: string, id: string): boolean {
  if (pattern === '*' || pattern === id) return true;
  return pattern.endsWith(':*') && id.startsWith(pattern.slice(0, -1));
}
