import type { AlertRule } from '../model/alert.ts';
import type { Rule } from './rule.ts';
import type { RuleParts } from './rule-parts.ts';
import { circuitLoad } from './rules/circuit-load.ts';
import { deviceSilent } from './rules/device-silent.ts';
import { highIdle } from './rules/high-idle.ts';

type RuleMaker = (parts: RuleParts) => Rule;

/** Every rule there is, each in a file of its own. */
const makers: { readonly [rule in AlertRule]?: RuleMaker } = {
  'high-idle': highIdle,
  'circuit-load': circuitLoad,
  'device-silent': deviceSilent,
};

/** `partsFor` gives a rule what it works with. */
export function makeRules(partsFor: (rule: AlertRule) => RuleParts): Rule[] {
  return (Object.entries(makers) as [AlertRule, RuleMaker][]).map(([rule, make]) => make(partsFor(rule)));
}
