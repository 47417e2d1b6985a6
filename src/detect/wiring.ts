import type { PowerTree } from '../model/power-tree.ts';
import { splitOutlet } from '../model/reading.ts';
import { scopeId } from '../model/scope.ts';

/** What a load's outlets hang on. */
export interface Wiring {
  /** The circuit of an outlet: the breaker of its input or, where none is named, the device. */
  circuitOf(outlet: string): string;
  /** Undefined where none is named. */
  breakerOf(outlet: string): string | undefined;
  /** Undefined where the outlet's breaker is on none. */
  feedOf(outlet: string): string | undefined;
}

export function wiringOf(tree: PowerTree): Wiring {
  const feeds = new Map<string, string>();
  for (const { name, breakers } of tree.feeds) {
    for (const breaker of breakers) feeds.set(scopeId('breaker', breaker.name), scopeId('feed', name));
  }
  const breakers = new Map<string, string>();
  for (const server of tree.servers) {
    for (const { outlet, breaker } of server.inputs) {
      if (breaker !== undefined) breakers.set(outlet, scopeId('breaker', breaker));
    }
  }
  const circuitOf = (outlet: string) => breakers.get(outlet) ?? deviceOf(outlet);
  const breakerOf = (outlet: string) => breakers.get(outlet);
  return { circuitOf, breakerOf, feedOf: (outlet) => feeds.get(circuitOf(outlet)) };
}

export function deviceOf(outlet: string): string {
  return scopeId('device', splitOutlet(outlet).device);
}

/** What outlets hang on, each once, with the places of its outlets in the list. */
export function placesBy(
  outlets: readonly string[],
  scopeOf: (outlet: string) => string | undefined,
): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [place, outlet] of outlets.entries()) {
    const scope = scopeOf(outlet);
    if (scope === undefined) continue;
    const those = places.get(scope);
    if (those === undefined) places.set(scope, [place]);
    else those.push(place);
  }
  return places;
}
