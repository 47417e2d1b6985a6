import type { PowerTree } from '../model/power-tree.ts';
import { splitOutlet } from '../model/reading.ts';
import { scopeId } from '../model/scope.ts';

/** The circuits a load hangs on: the breakers of its inputs or, where none is named, the devices it is plugged into. */
export function circuitsOf(tree: PowerTree): (outlets: readonly string[]) => string[] {
  const breakers = new Map<string, string>();
  for (const server of tree.servers) {
    for (const input of server.inputs) {
      if (input.breaker !== undefined) breakers.set(input.outlet, scopeId('breaker', input.breaker));
    }
  }
  return (outlets) => [
    ...new Set(
      outlets.map((outlet) => breakers.get(outlet) ?? scopeId('device', splitOutlet(outlet).device)),
    ),
  ];
}
