import type { PowerTree } from './power-tree.ts';
import type { ScopeTable } from './scope-table.ts';

/** Where a claimed outlet's draw counts, besides its own scope, its device and the room. */
export interface Claim {
  readonly server: number;
  /** Rack, breaker and feed, as far as they are known. */
  readonly places: readonly number[];
}

/** Reads the admin's tree into scopes: every scope it names exists from the start, with or without readings. */
export function claimsOf(tree: PowerTree, scopes: ScopeTable): Map<string, Claim> {
  const feedOfBreaker = new Map<string, string>();
  for (const feed of tree.feeds) {
    scopes.number('feed', feed.name);
    for (const breaker of feed.breakers) {
      scopes.number('breaker', breaker.name);
      feedOfBreaker.set(breaker.name, feed.name);
    }
  }
  for (const rack of tree.racks) scopes.number('rack', rack.name);

  const claims = new Map<string, Claim>();
  for (const server of tree.servers) {
    const serverScope = scopes.number('server', server.name);
    for (const input of server.inputs) {
      const places: number[] = [];
      if (server.rack !== undefined) places.push(scopes.number('rack', server.rack));
      if (input.breaker !== undefined) {
        places.push(scopes.number('breaker', input.breaker));
        const feed = feedOfBreaker.get(input.breaker);
        if (feed !== undefined) places.push(scopes.number('feed', feed));
      }
      claims.set(input.outlet, { server: serverScope, places });
    }
  }
  return claims;
}
