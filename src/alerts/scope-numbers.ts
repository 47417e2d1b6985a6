import type { ScopeKind } from '../model/scope.ts';
import type { AlertRoom } from './alert-room.ts';

/** The numbers of all scopes of a kind. */
export function* scopesOfKind(room: AlertRoom, ...kinds: readonly ScopeKind[]): Generator<number> {
  for (let scope = 0; scope < room.scopeCount; scope += 1)
    if (kinds.includes(room.kindAt(scope))) yield scope;
}
