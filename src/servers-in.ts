import type { PowerTree, Server } from './model/power-tree.ts';
import { splitOutlet } from './model/reading.ts';
import type { Room } from './model/room.ts';
import { parseScope, scopeId } from './model/scope.ts';

/**
 * The server scopes that a scope, or a pattern such as `rack:*`, is about: what stands in it, hangs on it or is
 * plugged into it. Undefined: all of them.
 */
export function serversIn(
  scope: string,
  tree: PowerTree,
  room: Pick<Room, 'unclaimedOutlets'>,
): string[] | undefined {
  const parsed = parseScope(scope);
  if (scope === '*' || parsed === undefined) return undefined;
  const { kind, name } = parsed;
  const any = name === '*';
  const claimed = (is: (server: Server) => boolean) =>
    tree.servers.filter(is).map((server) => scopeId('server', server.name));
  switch (kind) {
    case 'room':
      return undefined;
    case 'server':
      return any ? undefined : [scope];
    case 'rack':
      return claimed(({ rack }) => rack !== undefined && (any || rack === name));
    case 'breaker':
      return claimed(({ inputs }) =>
        inputs.some(({ breaker }) => breaker !== undefined && (any || breaker === name)),
      );
    case 'feed': {
      const feeds = tree.feeds.filter((feed) => any || feed.name === name);
      const breakers = new Set(feeds.flatMap((feed) => feed.breakers.map((breaker) => breaker.name)));
      return claimed(({ inputs }) =>
        inputs.some(({ breaker }) => breaker !== undefined && breakers.has(breaker)),
      );
    }
    case 'device':
    case 'outlet': {
      if (any) return undefined;
      const isIn = (outlet: string) =>
        kind === 'outlet' ? outlet === name : splitOutlet(outlet).device === name;
      const unclaimed = room.unclaimedOutlets().filter(isIn);
      return [
        ...claimed(({ inputs }) => inputs.some(({ outlet }) => isIn(outlet))),
        ...unclaimed.map((outlet) => scopeId('server', outlet)),
      ];
    }
  }
}
