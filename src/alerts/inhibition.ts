import type { AlertRule } from '../model/alert.ts';
import { parseScope } from '../model/scope.ts';
import type { Topology } from './topology.ts';

/** An alert as far as inhibition looks at it. */
export interface Cause {
  readonly rule: AlertRule;
  readonly scope: string;
}

/**
 * Does one alert explain another, so that only the first is told? One incident for one root cause: a lost feed is not
 * twenty servers without redundancy.
 */
export function explains(cause: Cause, effect: Cause, topology: Topology): boolean {
  if (cause.rule === effect.rule && cause.scope === effect.scope) return false;
  switch (cause.rule) {
    case 'broker-away':
      return ['device-silent', 'feed-lost', 'server-off', 'redundancy-lost'].includes(effect.rule);
    case 'store-away':
      return effect.rule === 'backlog-growing';
    case 'feed-lost':
      return explainedByLoss(cause.scope, effect, topology);
    case 'server-off':
      return (
        (effect.rule === 'redundancy-lost' || effect.rule === 'server-back') && effect.scope === cause.scope
      );
    case 'high-idle':
      return (
        (effect.rule === 'idle-moved' || effect.rule === 'idle-candidate') && effect.scope === cause.scope
      );
    case 'start-surge':
      return effect.rule === 'start-sag' && topology.containersOf(effect.scope).has(cause.scope);
    default:
      return false;
  }
}

/** Of a feed: its breakers too. A meter is explained only where all it feeds hangs on what was lost. */
function explainedByLoss(lost: string, { rule, scope }: Cause, topology: Topology): boolean {
  switch (rule) {
    case 'feed-lost':
      return parseScope(scope)?.kind === 'breaker' && topology.circuits.get(scope)?.feed === lost;
    case 'redundancy-lost':
    case 'server-off':
      return topology.containersOf(scope).has(lost);
    case 'device-silent': {
      const inputs = topology.inputsOn(scope);
      return inputs.length > 0 && inputs.every(({ breaker, feed }) => breaker === lost || feed === lost);
    }
    default:
      return false;
  }
}

/** Rules whose alerts may explain others. */
export const causes: ReadonlySet<AlertRule> = new Set<AlertRule>([
  'broker-away',
  'store-away',
  'feed-lost',
  'server-off',
  'high-idle',
  'start-surge',
]);
