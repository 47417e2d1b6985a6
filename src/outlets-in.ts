import type { PowerTree, ServerInput } from './model/power-tree.ts';
import { splitOutlet, totalLabel } from './model/reading.ts';
import { parseScope } from './model/scope.ts';

/**
 * The outlets whose draw a scope is the sum of, each once. `unclaimed`: those that no server claims. What a device tells
 * of itself as a whole counts only where none of its outlets does.
 */
export function outletsIn(scope: string, tree: PowerTree, unclaimed: readonly string[]): string[] {
  const parsed = parseScope(scope);
  if (parsed === undefined) return [];
  const { kind, name } = parsed;
  const inputs = (is: (input: ServerInput, rack: string | undefined) => boolean) =>
    tree.servers.flatMap((server) => server.inputs.filter((input) => is(input, server.rack)));
  const named = (found: readonly ServerInput[]) => found.map(({ outlet }) => outlet);
  switch (kind) {
    case 'outlet':
      return [name];
    case 'server': {
      const server = tree.servers.find((known) => known.name === name);
      return server === undefined ? [name] : withoutTotals(named(server.inputs));
    }
    case 'rack':
      return withoutTotals(named(inputs((_, rack) => rack === name)));
    case 'breaker':
      return withoutTotals(named(inputs(({ breaker }) => breaker === name)));
    case 'feed': {
      const feed = tree.feeds.find((known) => known.name === name);
      const breakers = new Set(feed?.breakers.map((breaker) => breaker.name));
      return withoutTotals(named(inputs(({ breaker }) => breaker !== undefined && breakers.has(breaker))));
    }
    case 'device':
      return withoutTotals(
        [...named(inputs(() => true)), ...unclaimed].filter((outlet) => splitOutlet(outlet).device === name),
      );
    case 'room':
      return withoutTotals([...named(inputs(() => true)), ...unclaimed]);
  }
}

function withoutTotals(outlets: readonly string[]): string[] {
  const isTotal = (outlet: string) => splitOutlet(outlet).label === totalLabel;
  const metered = new Set(
    outlets.filter((outlet) => !isTotal(outlet)).map((outlet) => splitOutlet(outlet).device),
  );
  return [...new Set(outlets)].filter(
    (outlet) => !isTotal(outlet) || !metered.has(splitOutlet(outlet).device),
  );
}
