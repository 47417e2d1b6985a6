import type { AlertRule } from '../model/alert.ts';
import { IdleVerdicts } from './idle-verdicts.ts';
import { InputMemory } from './input-memory.ts';
import type { Rule } from './rule.ts';
import type { RuleParts } from './rule-parts.ts';
import { circuitLoad } from './rules/circuit-load.ts';
import { demandForecast } from './rules/demand-forecast.ts';
import { deviceSilent } from './rules/device-silent.ts';
import { energyBudget } from './rules/energy-budget.ts';
import { failoverOverload } from './rules/failover-overload.ts';
import { feedLost } from './rules/feed-lost.ts';
import { highIdle } from './rules/high-idle.ts';
import { idleCandidate } from './rules/idle-candidate.ts';
import { idleMoved } from './rules/idle-moved.ts';
import { meterImplausible } from './rules/meter-implausible.ts';
import { redundancyLost } from './rules/redundancy-lost.ts';
import { serverBack } from './rules/server-back.ts';
import { serverOff } from './rules/server-off.ts';
import { backlogGrowing, brokerAway, storeAway } from './rules/service.ts';
import { startSag } from './rules/start-sag.ts';
import { startSurge } from './rules/start-surge.ts';
import { RunMemory } from './run-memory.ts';

/** What several rules look at. */
interface Memories {
  readonly idle: IdleVerdicts;
  readonly inputs: InputMemory;
  readonly runs: RunMemory;
}

/** Every rule there is, each in a file of its own. */
const makers: Readonly<Record<AlertRule, (parts: RuleParts, memories: Memories) => Rule>> = {
  'high-idle': (parts, { idle }) => highIdle(parts, idle),
  'idle-moved': idleMoved,
  'idle-candidate': (parts, { idle }) => idleCandidate(parts, idle),
  'start-surge': startSurge,
  'start-sag': startSag,
  'circuit-load': circuitLoad,
  // Before the loss of a feed: what inputs usually draw is learnt by it.
  'redundancy-lost': (parts, { inputs }) => redundancyLost(parts, inputs),
  'feed-lost': (parts, { inputs }) => feedLost(parts, inputs),
  'failover-overload': failoverOverload,
  'server-off': (parts, { runs }) => serverOff(parts, runs),
  'server-back': (parts, { runs }) => serverBack(parts, runs),
  'device-silent': deviceSilent,
  'meter-implausible': meterImplausible,
  'energy-budget': energyBudget,
  'demand-forecast': demandForecast,
  'broker-away': brokerAway,
  'store-away': storeAway,
  'backlog-growing': backlogGrowing,
};

/** `partsFor` gives a rule what it works with. */
export function makeRules(partsFor: (rule: AlertRule) => RuleParts): Rule[] {
  const { room, topology, outside } = partsFor('redundancy-lost');
  const memories: Memories = {
    idle: new IdleVerdicts(() => outside.idle()),
    inputs: new InputMemory(room, topology),
    runs: new RunMemory(room, topology),
  };
  return (Object.keys(makers) as AlertRule[]).map((rule) => makers[rule](partsFor(rule), memories));
}
