import type { PowerTree, ServerInput } from '../../model/power-tree.ts';
import { parseScope, scopeId } from '../../model/scope.ts';

/** The scopes that a scope lies in: rack, breakers and feeds of a server, the feed of a breaker, the room of all. */
export function widerScopes(scope: string, tree: PowerTree): string[] {
  return [...new Set([...around(scope, tree), 'room'])].filter((one) => one !== scope);
}

function around(scope: string, tree: PowerTree): string[] {
  const parsed = parseScope(scope);
  if (parsed === undefined) return [];
  const { kind, name } = parsed;
  switch (kind) {
    case 'breaker':
      return feedsOf(name, tree);
    case 'server':
      return tree.servers
        .filter((server) => server.name === name)
        .flatMap((server) => ofServer(server, tree));
    case 'outlet':
    case 'device':
      return tree.servers.flatMap((server) => {
        const inputs = server.inputs.filter(({ outlet }) =>
          kind === 'outlet' ? outlet === name : outlet.startsWith(`${name}/`),
        );
        return inputs.length === 0
          ? []
          : [scopeId('server', server.name), ...ofServer({ ...server, inputs }, tree)];
      });
    case 'room':
    case 'feed':
    case 'rack':
      return [];
  }
}

function ofServer(
  { rack, inputs }: { rack?: string | undefined; inputs: readonly ServerInput[] },
  tree: PowerTree,
): string[] {
  const breakers = inputs.flatMap(({ breaker }) => breaker ?? []);
  return [
    ...(rack === undefined ? [] : [scopeId('rack', rack)]),
    ...breakers.flatMap((breaker) => [scopeId('breaker', breaker), ...feedsOf(breaker, tree)]),
  ];
}

function feedsOf(breaker: string, tree: PowerTree): string[] {
  return tree.feeds
    .filter(({ breakers }) => breakers.some(({ name }) => name === breaker))
    .map(({ name }) => scopeId('feed', name));
}
