import { parseScope } from '../model/scope.ts';

/** A scope as people say it: `breaker A1`, `feed A`; a server or the room by its name alone. */
export function named(scope: string): string {
  const parsed = parseScope(scope);
  if (parsed === undefined) return scope;
  switch (parsed.kind) {
    case 'room':
      return 'the room';
    case 'server':
      return parsed.name;
    default:
      return `${parsed.kind} ${parsed.name}`;
  }
}

/** The same at the beginning of a sentence. */
export function capital(text: string): string {
  return text === '' ? text : text[0]!.toUpperCase() + text.slice(1);
}

/** `a, b and 3 others` */
export function listed(scopes: readonly string[], max = 5): string {
  const names = scopes.slice(0, max).map((scope) => named(scope));
  const left = scopes.length - names.length;
  if (left > 0) return `${names.join(', ')} and ${left} ${left === 1 ? 'other' : 'others'}`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
